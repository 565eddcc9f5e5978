/**
 * Lookups in files (specification §9): whether a file is there, and what it holds for a key. Only files of the snapshot
 * are read; of everything else the answer is that it cannot be told.
 */
import { posix } from "node:path";
import { type IpAddress, parseIp } from "../../../net/ip.ts";
import { contains, parsePrefix } from "../../../net/prefix.ts";
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Truth, Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import { parseExpansion } from "./expansion.ts";
import { toRegExp } from "./regex.ts";
import { eximHome } from "./syntax.ts";
import { errorOf } from "./value.ts";

export interface Tables {
  readonly exists: (path: string, where: Span | null) => Truth;
  /** The lines of a file without comments, or unknown. */
  readonly lines: (path: string, where: Span | null) => readonly string[] | Unknown;
  /** What the table holds for a key; `null`: nothing. `type` is `lsearch`, `partial-lsearch`, `net24-iplsearch`, …*/
  readonly lookup: (type: string, path: string, key: string, where: Span | null) => string | null | Unknown;
  /** The keys of a table that can be read; bounded. */
  readonly keys: (type: string, path: string) => readonly string[];
}

/** `partial2(.)-lsearch*@,ret=full` */
const typePattern = /^(?:(partial)(\d*)(?:\([^)]*\))?-|(net\d*)-)?([a-z0-9]+)(\*@?)?(?:,.*)?$/;

interface Table {
  readonly entries: ReadonlyMap<string, string>;
  /** Keys that are patterns (`wildlsearch`), in order. */
  readonly list: readonly (readonly [string, string])[];
}

export function tablesOf(tree: ConfigTree): Tables {
  const tables = new Map<string, Table>();
  const find = (path: string) => fileAt(tree, path, eximHome);
  const inside = (path: string): boolean =>
    !tree.incomplete &&
    [...tree.files.keys()].some((one) => one.startsWith(`${tree.root}/`)) &&
    (path.startsWith(`${eximHome}/`) || path.startsWith(`${tree.root}/`));
  const unread = (path: string, where: Span | null): Unknown => ({
    unknown: `the file ${path}, which was not given`,
    where,
  });
  const folder = (path: string): string | null => {
    for (const one of [path, posix.join(tree.root, posix.relative(eximHome, path)), posix.join(tree.root, path)]) {
      for (const file of tree.files.keys()) if (file.startsWith(`${one}/`)) return one;
    }
    return null;
  };

  const textOf = (path: string, where: Span | null): string | Unknown => {
    const at = find(path);
    if (at === null) return unread(path, where);
    if (at.file.kind === "text") return at.file.text;
    // A compiled table: its source often lies beside it.
    const source = find(path.replace(/\.(?:db|cdb|dbm|pag)$/, ""));
    if (source !== null && source.path !== at.path && source.file.kind === "text") return source.file.text;
    return { unknown: `the file ${path}, which cannot be read`, where };
  };
  const tableOf = (path: string, where: Span | null): Table | Unknown => {
    const known = tables.get(path);
    if (known !== undefined) return known;
    const text = textOf(path, where);
    if (typeof text !== "string") return text;
    const table = readTable(text);
    tables.set(path, table);
    return table;
  };

  return {
    exists(path, where) {
      const plain = path.trim();
      if (find(plain) !== null || folder(plain) !== null) return "yes";
      return inside(plain) ? "no" : { unknown: `whether ${plain} exists`, where };
    },
    lines(path, where) {
      const text = textOf(path, where);
      if (typeof text !== "string") return text;
      return text.split("\n").flatMap((line) => {
        const plain = line.replace(/(^|\s)#.*$/, "").trim();
        return plain === "" ? [] : [plain];
      });
    },
    lookup(type, path, key, where) {
      const kind = typePattern.exec(type);
      if (kind === null) return { unknown: `a lookup of type ${type}`, where };
      const [, partial, labels, , name = "", star] = kind;
      if (name === "dsearch") return searchFolder(path, key, where);
      if (!["lsearch", "wildlsearch", "nwildlsearch", "iplsearch", "cdb", "dbm", "dbmnz", "dbmjz"].includes(name))
        return { unknown: `a lookup of type ${name} (${path.slice(0, 60)})`, where };
      const table = tableOf(path, where);
      if ("unknown" in table) return table;
      // The keys of wildlsearch are expanded; what that comes to in a session is not looked into.
      if (name === "wildlsearch") {
        for (const [pattern] of table.list) {
          const tree = pattern.includes("$") ? parseExpansion(pattern) : [];
          if (tree === null) return errorOf(`the key ${pattern} of ${path}, which cannot be expanded`, where);
          if (tree.some((node) => node.kind !== "text")) return { unknown: `the key ${pattern} of ${path}`, where };
        }
      }
      const one = (text: string): string | null => {
        if (name === "iplsearch") return networkEntry(table, text);
        const exact = name.includes("wild") ? undefined : table.entries.get(text.toLowerCase());
        if (exact !== undefined) return exact;
        return name.includes("wild") ? patternEntry(table, text.toLowerCase()) : null;
      };
      const exact = one(key);
      if (exact !== null) return exact;
      if (partial !== undefined) {
        const part = partialEntry(key, labels === "" ? 2 : Number(labels), one);
        if (part !== null) return part;
      }
      if (star === "*@" && key.includes("@")) {
        const atDomain = one(`*@${key.slice(key.lastIndexOf("@") + 1)}`);
        if (atDomain !== null) return atDomain;
      }
      return star === undefined ? null : one("*");
    },
    keys(type, path) {
      const name = typePattern.exec(type)?.[4] ?? "";
      if (name === "dsearch") {
        const at = folder(path);
        if (at === null) return [];
        return [...tree.files.keys()]
          .filter((one) => one.startsWith(`${at}/`))
          .map((one) => one.slice(at.length + 1).split("/")[0] ?? "")
          .slice(0, 1000);
      }
      const table = tableOf(path, null);
      return "unknown" in table ? [] : table.list.slice(0, 1000).map(([key]) => key);
    },
  };

  function searchFolder(path: string, key: string, where: Span | null): string | null | Unknown {
    const at = folder(path);
    if (at === null) return { unknown: `the folder ${path}, which was not given`, where };
    if (key === "" || key === "." || key === ".." || key.includes("/")) return null;
    const found = [...tree.files.keys()].some((one) => one === `${at}/${key}` || one.startsWith(`${at}/${key}/`));
    return found ? key : tree.incomplete ? { unknown: `what else is in ${path}`, where } : null;
  }
}

/** `key: value` or `key value` a line; a key may be quoted; lines that begin with a blank go on. */
function readTable(text: string): Table {
  const entries = new Map<string, string>();
  const list: [string, string][] = [];
  for (const line of text.split("\n")) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const last = list.at(-1);
    if (/^\s/.test(line) && last !== undefined) {
      last[1] = `${last[1]} ${line.trim()}`;
      if (entries.has(last[0])) entries.set(last[0], last[1]);
      continue;
    }
    const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(line);
    // A colon ends a key, but not one that is an address of IPv6.
    const word = quoted?.[0] ?? /^\S+/.exec(line)?.[0] ?? "";
    const whole = quoted !== null || parsePrefix(word).ok || parseIp(word).ok;
    const written = whole ? word : (/^[^:\s]+/.exec(word)?.[0] ?? word);
    const key = quoted?.[1] === undefined ? written : quoted[1].replace(/\\(.)/g, "$1");
    const entry: [string, string] = [
      key.toLowerCase(),
      line
        .slice(written.length)
        .replace(/^\s*:?\s*/, "")
        .trim(),
    ];
    list.push(entry);
    if (!entries.has(entry[0])) entries.set(entry[0], entry[1]);
  }
  return { entries, list };
}

function partialEntry(key: string, least: number, one: (text: string) => string | null): string | null {
  // "*.key" itself, then with labels taken off from the left, while at least `least` remain.
  for (let rest = key; rest !== ""; ) {
    if (rest.split(".").length < least) return null;
    const found = one(`*.${rest}`);
    if (found !== null) return found;
    const dot = rest.indexOf(".");
    if (dot < 0) return null;
    rest = rest.slice(dot + 1);
  }
  return null;
}

function patternEntry(table: Table, key: string): string | null {
  for (const [pattern, value] of table.list) {
    if (pattern.startsWith("^") ? toRegExp(pattern, "i")?.test(key) : wild(pattern, key)) return value;
  }
  return null;
}

const wild = (pattern: string, key: string): boolean =>
  pattern.startsWith("*") ? key.endsWith(pattern.slice(1)) : pattern === key;

function networkEntry(table: Table, key: string): string | null {
  const address = parseIp(key);
  if (!address.ok) return null;
  for (const [text, value] of table.list) if (inNetwork(text, address.value)) return value;
  return null;
}

function inNetwork(text: string, address: IpAddress): boolean {
  const prefix = parsePrefix(text);
  if (prefix.ok) return contains(prefix.value, address);
  const single = parseIp(text);
  return single.ok && single.value.family === address.family && single.value.bits === address.bits;
}
