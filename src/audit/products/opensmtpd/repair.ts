/** Edits that may mend a hole, the smallest first. Whether one does is found out by auditing what it makes. */
import { ipSetOfRanges } from "../../../net/ip-set.ts";
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Hole } from "../../hole.ts";
import type { FileEdit } from "../../product.ts";
import { opensmtpdPlace } from "./explain.ts";
import { rangeOf } from "./matching.ts";

export function repairsOf(hole: Hole, tree: ConfigTree, inside: readonly Prefix[]): readonly (readonly FileEdit[])[] {
  const where = opensmtpdPlace(hole);
  if (where === null || hole.certainty === "unknown") return [];
  const all: (readonly FileEdit[])[] = [];
  const add = (edits: readonly FileEdit[]): void => {
    if (edits.length > 0) all.push(edits);
  };
  const isRule = /^\s*(?:match|accept)\b/.test(where.text);
  if (hole.kind === "impersonation") {
    add([replaced(where, where.text.replace(/\s+proxy-v2\b/, ""))]);
    return all;
  }
  if (!isRule) return all;
  if (hole.kind === "passed-on") {
    add([before(where, 'match from any for rcpt-to regex "[%!].*@" reject')]);
    return all;
  }
  add(narrowed(hole, where, tree));
  const { offersAuth } = hole.listener;
  if (offersAuth !== "no" && where.text.startsWith("match") && !/\bauth\b/.test(where.text))
    add([replaced(where, where.text.replace(/^match\b/, "match auth"))]);
  add([
    replaced(
      where,
      where.text.replace(/\bdomain\s+regex\s+"([^"]*)"/, (_, pattern: string) => anchoredDomain(pattern)),
    ),
  ]);
  if (/\bfrom\s+any\b/.test(where.text) && !/\b(?:helo|mail-from|sender|rcpt-to)\b/.test(where.text)) {
    add([replaced(where, where.text.replace(/\bfrom\s+any\b/, "from local"))]);
    const own = inside.map((prefix) => `"${formatPrefix(prefix)}"`).join(", ");
    if (own !== "" && where.text.startsWith("match"))
      add([replaced(where, where.text.replace(/\bfrom\s+any\b/, `from src { ${own} }`))]);
  }
  add([removed(where)]);
  return all.filter((edits) => edits.some(({ path, edit }) => edit.with.join("\n") !== textOf(path, edit, tree)));
}

const removed = ({ file, start, end }: Span): FileEdit => ({
  path: file,
  edit: { from: start.line, to: end.line, with: [] },
});

const replaced = ({ file, start, end }: Span, text: string): FileEdit => ({
  path: file,
  edit: { from: start.line, to: end.line, with: text.split("\n") },
});

const before = ({ file, start }: Span, text: string): FileEdit => ({
  path: file,
  edit: { from: start.line, to: start.line - 1, with: [text] },
});

function textOf(path: string, { from, to }: FileEdit["edit"], tree: ConfigTree): string | null {
  const file = tree.files.get(path);
  if (file?.kind !== "text" || to < from) return null;
  return file.text
    .split("\n")
    .slice(from - 1, to)
    .join("\n");
}

const anchoredDomain = (pattern: string): string =>
  `domain regex "^${pattern.replace(/^\^|\$$/g, "").replace(/(^|[^\\])\./g, "$1\\.")}$"`;

/** The table behind `src` without the addresses in question: in the rule, in its own statement, or in its file. */
function narrowed(hole: Hole, where: Span, tree: ConfigTree): readonly FileEdit[] {
  const name = /\b(?:src|source)\s+<([^>]+)>/.exec(where.text)?.[1];
  const file = tree.files.get(where.file);
  if (file?.kind !== "text") return [];
  if (name === undefined) {
    const kept = withoutClients(where.text, hole);
    return kept === null ? [] : [replaced(where, kept)];
  }
  const lines = file.text.split("\n");
  const index = lines.findIndex((line) => new RegExp(`^\\s*table\\s+"?${escaped(name)}"?\\s`).test(line));
  if (index < 0) return [];
  const path = /(?:file:|\s)(\/[^\s"]+)/.exec(lines[index] ?? "")?.[1];
  if (path !== undefined) return fileWithout(path, hole, tree);
  const end = lines.findIndex((line, at) => at >= index && line.includes("}"));
  if (end < 0) return [];
  const kept = withoutClients(lines.slice(index, end + 1).join("\n"), hole);
  return kept === null ? [] : [{ path: where.file, edit: { from: index + 1, to: end + 1, with: kept.split("\n") } }];
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const within = (text: string, hole: Hole): boolean => {
  const range = rangeOf(text.toLowerCase());
  return range !== null && !ipSetOfRanges([range]).intersect(hole.clients).isEmpty;
};

/** A list in braces without its entries for these clients; `null`: none of it is left, or nothing is taken. */
function withoutClients(text: string, hole: Hole): string | null {
  const list = /\{([^}]*)\}/.exec(text)?.[1];
  if (list === undefined) return null;
  const items = list
    .split(/[,\n]/)
    .map((item) => item.trim())
    .filter((item) => item !== "");
  const kept = items.filter((item) => !within(item.replace(/^["']|["']$/g, ""), hole));
  if (kept.length === items.length || kept.length === 0) return null;
  return text.replace(/\{[^}]*\}/, `{ ${kept.join(", ")} }`);
}

function fileWithout(path: string, hole: Hole, tree: ConfigTree): readonly FileEdit[] {
  const entry = [...tree.files].find(([name]) => name === path || name.endsWith(path));
  if (entry?.[1].kind !== "text") return [];
  const [name, { text }] = entry as [string, { text: string }]; // narrowed above
  return text.split("\n").flatMap((line, index): FileEdit[] => {
    if (line.trim() === "" || !within(line.trim(), hole)) return [];
    return [{ path: name, edit: { from: index + 1, to: index + 1, with: [] } }];
  });
}
