/**
 * Sendmail: `sendmail.cf`, which is what the daemon runs, or where there is none the `sendmail.mc` that it is made of.
 * The reading follows sendmail 8.17; `test/lab/audit-sendmail.ts` compares both with the running program.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import type { Configuration, Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import { type Host, readCf } from "./cf.ts";
import { differingSession } from "./differing.ts";
import { readDaemonPort } from "./doors.ts";
import { mailFiles } from "./files.ts";
import type { Machine } from "./machine.ts";
import { readMc } from "./mc.ts";
import { domainsOf, listenersOf, type Policy } from "./policy.ts";
import { addressText } from "./session.ts";

/** Reads the configuration in the snapshot; `null`: there is none of Sendmail in it. */
export function readSendmail(tree: ConfigTree, version: string | null): Configuration | null {
  const read = policyOfTree(tree);
  return read === null ? null : configurationOf(read, version);
}

export interface ReadPolicy {
  readonly policy: Policy;
  readonly version: string | null;
  readonly unreadable: readonly Unknown[];
  readonly assumes: readonly string[];
}

interface Text {
  readonly file: string;
  readonly text: string;
}

/** The file that the daemon runs, or is made of. That of the submission program is none. */
export function mainFile(tree: ConfigTree, kind: "cf" | "mc"): Text | null {
  const texts = [...tree.files].flatMap(([file, one]): Text[] =>
    one.kind === "text" && !/^submit\./.test(posix.basename(file)) ? [{ file, text: one.text }] : [],
  );
  const named = texts.filter(({ file }) => posix.basename(file) === `sendmail.${kind}`);
  const looksRight = kind === "cf" ? looksLikeCf : looksLikeMc;
  const other = texts.filter(({ file }) => kind === "cf" || file.endsWith(".mc"));
  return named.find(({ text }) => looksRight(text)) ?? other.find(({ text }) => looksRight(text)) ?? null;
}

const looksLikeCf = (text: string): boolean =>
  /^V\d+/m.test(text) && (/^S(?:parse\s*=\s*)?0\b/m.test(text) || /^Scheck_rcpt\b/m.test(text));
const looksLikeMc = (text: string): boolean =>
  /^\s*(?:OSTYPE|MAILER|FEATURE|DAEMON_OPTIONS)\(/m.test(text) && /^\s*(?:OSTYPE|MAILER)\(/m.test(text);

export function policyOfTree(tree: ConfigTree): ReadPolicy | null {
  const cf = mainFile(tree, "cf");
  const mc = mainFile(tree, "mc");
  if (cf === null) return mc === null ? null : fromMc(mc, tree);
  const read = fromCf(cf, tree);
  return mc === null ? read : { ...read, assumes: [...read.assumes, ...disagreement(read, fromMc(mc, tree), cf, mc)] };
}

/** What is taken for granted, if the `.mc` beside it would make another `.cf`. */
function disagreement(cf: ReadPolicy, mc: ReadPolicy, { file }: Text, made: Text): readonly string[] {
  const differs = differingSession(cf.policy, mc.policy);
  return differs === null
    ? []
    : [`the daemon runs ${file}; ${made.file} says otherwise (${differs}), so one was changed without the other`];
}

export function fromMc({ file, text }: Text, tree: ConfigTree): ReadPolicy {
  const files = mailFiles(tree);
  const given = /define\(`confDOMAIN_NAME',\s*`([\w.-]+)'/.exec(text)?.[1] ?? null;
  const daemons = [...text.matchAll(/^DAEMON_OPTIONS\(`([^']*)'/gm)].map((match) => match[1] ?? "");
  const host = hostOf(tree, given, daemons);
  const mc = readMc(file, text, tree, host.host, files);
  const version = mc.calls.find(({ name }) => name === "VERSIONID")?.args[0] ?? "";
  return {
    policy: { machine: mc.machine, options: mc.options, relaysBelow: !mc.settings.relayHostsOnly },
    // A number of two parts is the file's own revision.
    version: /\b(8\.\d+\.\d+(?:\.\d+)*)\b/.exec(version)?.[1] ?? null,
    unreadable: [...mc.unreadable, ...unreadOf(mc.machine)],
    assumes: host.assumes,
  };
}

function fromCf({ file, text }: Text, tree: ConfigTree): ReadPolicy {
  const files = mailFiles(tree);
  const given = /^Dj([\w.-]+)\s*$/m.exec(text)?.[1] ?? null;
  const daemons = [...text.matchAll(/^O\s+DaemonPortOptions=(.*)$/gim)].map((match) => match[1] ?? "");
  const host = hostOf(tree, given, daemons);
  const cf = readCf(file, text, host.host, files);
  const { machine } = cf;
  return {
    policy: { machine, options: cf.options, relaysBelow: relaysBelow(machine) },
    version: versionOf(machine.macros.get("Z")),
    unreadable: [...cf.unreadable, ...unreadOf(machine)],
    assumes: host.assumes,
  };
}

/** `8.17.1.9/Debian-2` */
export const versionOf = (text: string | undefined): string | null =>
  /^(8\.\d+(?:\.\d+)*)/.exec(text ?? "")?.[1] ?? null;

/** Whether a rule takes names below those of class R. */
function relaysBelow({ rulesets }: Machine): boolean {
  const rulesWithR = [...new Set(rulesets.values())].flatMap((set) =>
    "rules" in set
      ? set.rules.filter(({ left }) => left.some((part) => part.kind === "class" && part.name === "R"))
      : [],
  );
  const focused = rulesWithR.filter(({ left }) => left.some((part) => part.kind === "text" && part.token === "@"));
  return (
    focused.length === 0 ||
    focused.some(({ left }) => {
      const at = left.findIndex((part) => part.kind === "class" && part.name === "R");
      return left[at - 1]?.kind === "any";
    })
  );
}

export function unreadOf({ maps, classes }: Machine): readonly Unknown[] {
  return [...maps.values(), ...classes.values()].flatMap(({ unread }) => unread ?? []);
}

/** The machine's own name and addresses, as far as the files tell. */
export function hostOf(
  tree: ConfigTree,
  given: string | null,
  daemons: readonly string[],
): { readonly host: Host; readonly assumes: readonly string[] } {
  const file = fileAt(tree, "/etc/hostname", "/etc")?.file;
  const written = file?.kind === "text" ? /^\s*([\w.-]+)/.exec(file.text)?.[1] : undefined;
  const name = (written?.includes(".") === true ? written : given) ?? "mailer.invalid";
  const hosts = fileAt(tree, "/etc/hosts", "/etc")?.file;
  const own = hosts?.kind === "text" ? hosts.text.split("\n").filter((line) => line.split(/\s+/).includes(name)) : [];
  const bound = daemons.flatMap((value, index) => readDaemonPort(value, null, index)?.address ?? []);
  return {
    host: {
      name,
      addresses: [
        "[127.0.0.1]",
        ...own.map((line) => `[${/^\s*(\S+)/.exec(line)?.[1] ?? ""}]`).filter((text) => /\d/.test(text)),
        ...bound.map((address) => `[${addressText(address, false)}]`),
      ],
    },
    assumes: [
      ...(written === undefined && given === null ? ["the name of the machine is in no outside domain"] : []),
      "every domain outside has an MX or an address, and no stranger is on a block list that is asked",
    ],
  };
}

function configurationOf(read: ReadPolicy, version: string | null): Configuration {
  const { policy } = read;
  const name = policy.machine.macros.get("j") ?? "";
  const known = version ?? read.version;
  return {
    product: "sendmail",
    version: known,
    checkedAgainst: known?.startsWith("8.17.") === true ? "running" : "documents",
    listeners: listenersOf(policy),
    domains: domainsOf(policy),
    hostNames: name.endsWith(".invalid") || name === "" ? [] : [name],
    assumes: read.assumes,
    unreadable: read.unreadable,
  };
}
