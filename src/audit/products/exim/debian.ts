/**
 * Debian's way of keeping an Exim configuration: answers in `update-exim4.conf.conf`, and either one template with a file
 * of local macros or folders of parts, put together by `update-exim4.conf` as it is done here.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import { type Span, sourceOf } from "../../../text/source.ts";
import { fileAt } from "../../tree.ts";
import type { Piece } from "./syntax.ts";

export interface DebianParts {
  readonly pieces: readonly Piece[];
  readonly inserts: ReadonlyMap<string, Piece>;
  /** Lines `dc_…='…'` by name. */
  readonly answers: ReadonlyMap<string, Span>;
  readonly assumes: readonly string[];
}

const folder = "/etc/exim4";
const sections = ["main", "acl", "router", "transport", "retry", "rewrite", "auth"] as const;

/** `null`: the tree holds no Debian configuration. */
export function debianParts(tree: ConfigTree): DebianParts | null {
  const answersFile = textAt(tree, `${folder}/update-exim4.conf.conf`);
  const template = textAt(tree, `${folder}/exim4.conf.template`);
  const answers = answersFile === null ? new Map<string, Answer>() : readAnswers(answersFile);
  const value = (name: string): string => answers.get(name)?.value ?? "";
  const split = partsOf(tree);
  const usesSplit = answersFile === null ? template === null : value("dc_use_split_config").toLowerCase() === "true";
  const pieces = usesSplit
    ? split
    : [textAt(tree, `${folder}/exim4.conf.localmacros`), template].flatMap((piece) => (piece === null ? [] : [piece]));
  if (pieces.length === 0) return null;
  const spans = new Map([...answers].map(([name, answer]) => [name, answer.where] as const));
  const macros = macrosOf(answers, tree);
  return {
    pieces,
    inserts: answersFile === null ? new Map() : new Map([["UPEX4CmacrosUPEX4C = 1", macros]]),
    answers: spans,
    assumes: ["what update-exim4.conf was last run with is what its files say now"],
  };
}

interface Answer {
  readonly value: string;
  readonly where: Span;
}

function textAt(tree: ConfigTree, path: string): Piece | null {
  const at = fileAt(tree, path, folder);
  return at !== null && at.file.kind === "text" ? { file: at.path, text: at.file.text } : null;
}

/** The parts of all sections in the order in which they are put together; `.rul` stands in for the part it is named after. */
function partsOf(tree: ConfigTree): readonly Piece[] {
  const paths = [...tree.files.keys()];
  return sections.flatMap((section) => {
    const at = [
      `${folder}/conf.d/${section}/`,
      `${tree.root}/conf.d/${section}/`,
      `${tree.root}${folder}/conf.d/${section}/`,
    ];
    const base = at.find((one) => paths.some((path) => path.startsWith(one)));
    if (base === undefined) return [];
    return paths
      .filter((path) => path.startsWith(base) && /^[A-Za-z0-9_-]+$/.test(path.slice(base.length)))
      .sort((a, b) => (posix.basename(a) < posix.basename(b) ? -1 : 1))
      .flatMap((path): Piece[] => {
        const file = tree.files.get(`${path}.rul`) ?? tree.files.get(path);
        const name = tree.files.has(`${path}.rul`) ? `${path}.rul` : path;
        return file?.kind === "text" ? [{ file: name, text: file.text }] : [];
      });
  });
}

/** `name='value'` a line, as the shell reads it. */
function readAnswers(piece: Piece): ReadonlyMap<string, Answer> {
  const source = sourceOf(piece.file, piece.text);
  const answers = new Map<string, Answer>();
  for (let number = 1; number <= source.lineCount; number += 1) {
    const text = source.line(number);
    const set = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(?:'([^']*)'|"([^"]*)"|(\S*))/.exec(text);
    if (set === null) continue;
    const where: Span = {
      file: piece.file,
      start: { line: number, column: 1 },
      end: { line: number, column: text.length + 1 },
      text: text.trim(),
    };
    answers.set(set[1] ?? "", { value: set[2] ?? set[3] ?? set[4] ?? "", where });
  }
  return answers;
}

function macrosOf(answers: ReadonlyMap<string, Answer>, tree: ConfigTree): Piece {
  const value = (name: string): string => (answers.get(name)?.value ?? "").trim();
  const listed = (name: string): string => {
    const text = value(name);
    return text.includes(";") && !text.startsWith("<") ? `<; ${text}` : text;
  };
  const type = value("dc_eximconfig_configtype").toLowerCase();
  const nets = listed("dc_relay_nets").toLowerCase();
  const relayNets = nets.startsWith("<;") ? `${nets} ; 127.0.0.1 ; ::1` : `${nets} : 127.0.0.1 : ::::1`;
  const localDomains = `@:localhost:${value("dc_other_hostnames").toLowerCase()}`
    .replace(/[;: ]*$/, "")
    .replace(/ */, "")
    .replace(/;/g, ":");
  const mailname = /^[-\w@.]+/.exec(textAt(tree, "/etc/mailname")?.text ?? "")?.[0]?.toLowerCase() ?? "localhost";
  const rows: readonly (readonly [string, string, string])[] = [
    ...(value("dc_local_interfaces") === ""
      ? []
      : [["MAIN_LOCAL_INTERFACES", listed("dc_local_interfaces"), "dc_local_interfaces"] as const]),
    ...(value("dc_minimaldns") === "true" ? [["DC_minimaldns", "1", "dc_minimaldns"] as const] : []),
    ["MAIN_PACKAGE_VERSION", "unknown", ""],
    ["MAIN_LOCAL_DOMAINS", localDomains, "dc_other_hostnames"],
    ["MAIN_RELAY_TO_DOMAINS", listed("dc_relay_domains").toLowerCase(), "dc_relay_domains"],
    ["ETC_MAILNAME", mailname, ""],
    ["LOCAL_DELIVERY", value("dc_localdelivery") || "mail_spool", "dc_localdelivery"],
    ["MAIN_RELAY_NETS", relayNets, "dc_relay_nets"],
    ["DCreadhost", value("dc_readhost").toLowerCase(), "dc_readhost"],
    ["DCsmarthost", value("dc_smarthost").toLowerCase().replace(/;/g, ":"), "dc_smarthost"],
    ["DCconfig_".concat(type), "1", "dc_eximconfig_configtype"],
  ];
  // Of the kind "none" no macros are made.
  const known = ["internet", "smarthost", "satellite", "local"].includes(type);
  const text = known ? rows.map(([name, text]) => `.ifndef ${name}\n${name}=${text}\n.endif\n`).join("") : "";
  const origins = new Map(
    rows.flatMap(([name, , answer]) => {
      const where = answers.get(answer)?.where;
      return where === undefined ? [] : [[name, where] as const];
    }),
  );
  return { file: `${folder}/update-exim4.conf.conf`, text, origins };
}
