/**
 * Lookup tables (`type:name`): files of every type that can be read, tables written in place, and combinations. Types
 * whose answers the files cannot tell (SQL, LDAP, a socket) answer "unknown". Indexed tables are read from their source,
 * which `postmap` compiles.
 */
import { posix } from "node:path";
import { parseIp } from "../../../net/ip.ts";
import {
  contains,
  formatPrefix,
  type IpRange,
  type Prefix,
  parsePrefix,
  prefixOf,
  prefixRange,
} from "../../../net/prefix.ts";
import type { ConfigTree } from "../../../ports.ts";
import { type Span, sourceOf } from "../../../text/source.ts";
import { compilePattern, matches, samplesOf } from "../../pattern.ts";
import type { Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import { closing } from "./expand.ts";
import { logicalLines } from "./main-cf.ts";
import { tokens } from "./parameters.ts";

export interface Found {
  readonly value: string;
  readonly where: Span | null;
  /** The domain part of the value comes out of the key: whoever writes the key chooses it. */
  readonly copiesDomain: boolean;
}

/** An entry, for those who look for keys to try. */
export interface Entry {
  /** The key, or a text that the pattern matches. */
  readonly key: string;
  readonly value: string;
  readonly where: Span | null;
}

export interface Table {
  readonly ref: string;
  /** `exact` tables are asked for parts of a key as well; patterns only for the whole. */
  readonly kind: "exact" | "pattern" | "unknown";
  readonly lookup: (key: string) => Found | Unknown | null;
  readonly entries: readonly Entry[];
  /** Ranges of addresses that its entries tell apart. */
  readonly ranges: readonly IpRange[];
}

export interface TableContext {
  readonly tree: ConfigTree;
  /** `/etc/postfix`. */
  readonly home: string;
  readonly cache: Map<string, Table>;
  /** A table that could not be read, told once. */
  readonly trouble: (unknown: Unknown) => void;
}

const sourceTypes = new Set(["hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash"]);

/** Whether the text names a table. */
export function isTableRef(text: string): boolean {
  return /^[a-z0-9]+:\S/.test(text) && !/^\[/.test(text) && !/^[0-9a-f]*:[0-9a-f]*:/i.test(text);
}

/** Opens a table; one that cannot be read is a table that answers "unknown". */
export function openTable(ref: string, where: Span | null, context: TableContext): Table {
  const known = context.cache.get(ref);
  if (known !== undefined) return known;
  const table = open(ref, where, context);
  context.cache.set(ref, table);
  return table;
}

function open(ref: string, where: Span | null, context: TableContext): Table {
  const colon = ref.indexOf(":");
  const type = ref.slice(0, colon);
  const name = ref.slice(colon + 1);
  if (type === "proxy") return { ...openTable(name, where, context), ref };
  if (type === "static") return constant(ref, unbraced(name), where);
  if (type === "inline") return inline(ref, name, where);
  if (type === "unionmap" || type === "pipemap") return combined(type, ref, name, where, context);
  if (!sourceTypes.has(type) && !["cidr", "regexp", "pcre"].includes(type))
    return unclear(ref, `the answers of ${ref}, which are not in the files`, where, context, type !== "unix");
  const path = posix.resolve(context.home, name);
  const at = fileAt(context.tree, path, context.home);
  if (at === null) return unclear(ref, `${ref}, which is not among the files`, where, context, true);
  if (at.file.kind !== "text") {
    const why = at.file.kind === "unreadable" ? at.file.why : at.file.kind;
    return unclear(ref, `${ref}, which cannot be read (${why})`, where, context, true);
  }
  const lines = logicalLines(sourceOf(at.path, at.file.text));
  switch (type) {
    case "cidr":
      return cidr(ref, lines, context);
    case "regexp":
    case "pcre":
      return patterns(ref, lines, context);
    default:
      // A line without a value is warned about, and left out (postmap(1)).
      return exact(
        ref,
        lines.flatMap(({ text, span }) => keyAndValue(text, span)).filter(({ value }) => value !== ""),
      );
  }
}

function unclear(ref: string, unknown: string, where: Span | null, context: TableContext, tell: boolean): Table {
  const because: Unknown = { unknown, where };
  if (tell) context.trouble(because);
  return { ref, kind: "unknown", lookup: () => because, entries: [], ranges: [] };
}

function constant(ref: string, value: string, where: Span | null): Table {
  return { ref, kind: "pattern", lookup: () => ({ value, where, copiesDomain: false }), entries: [], ranges: [] };
}

const unbraced = (text: string): string =>
  text.startsWith("{") && text.endsWith("}") ? text.slice(1, -1).trim() : text;

/** `key value` of a table's source; a key may be quoted. */
function keyAndValue(text: string, where: Span): readonly Entry[] {
  const line = text.trim();
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*(.*)$/s.exec(line);
  if (quoted !== null)
    return [{ key: (quoted[1] ?? "").replace(/\\(.)/g, "$1"), value: (quoted[2] ?? "").trim(), where }];
  const space = line.search(/\s/);
  return space < 0
    ? [{ key: line, value: "", where }]
    : [{ key: line.slice(0, space), value: line.slice(space).trim(), where }];
}

function inline(ref: string, body: string, where: Span | null): Table {
  const entries = tokens(unbraced(body)).flatMap(({ text }): Entry[] => {
    const pair = unbraced(text);
    const equals = pair.indexOf("=");
    return equals < 0 ? [] : [{ key: pair.slice(0, equals).trim(), value: pair.slice(equals + 1).trim(), where }];
  });
  return exact(ref, entries);
}

/** Keys are compared in lower case; of twins the first holds, as postmap warns. */
function exact(ref: string, entries: readonly Entry[]): Table {
  const byKey = new Map<string, Entry>();
  for (const entry of entries) {
    const key = entry.key.toLowerCase();
    if (!byKey.has(key)) byKey.set(key, entry);
  }
  return {
    ref,
    kind: "exact",
    lookup(key) {
      const entry = byKey.get(key.toLowerCase());
      return entry === undefined ? null : { value: entry.value, where: entry.where, copiesDomain: false };
    },
    entries: [...byKey.values()],
    ranges: [...byKey.keys()].flatMap(rangeOfKey),
  };
}

/** `192.0.2`, `192.0.2.1`, `2001:db8`: an access table's key for a network. */
function rangeOfKey(key: string): readonly IpRange[] {
  if (!/^[0-9a-f.:]+$/.test(key)) return [];
  const whole = parseIp(key);
  if (whole.ok) return [prefixRange({ address: whole.value, length: whole.value.family === 4 ? 32 : 128 })];
  if (/^\d{1,3}(\.\d{1,3}){0,2}$/.test(key)) {
    const parts = key.split(".");
    const padded = parseIp([...parts, "0", "0", "0"].slice(0, 4).join("."));
    return padded.ok ? [prefixRange(prefixOf(padded.value, parts.length * 8))] : [];
  }
  if (/^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,6}$/.test(key)) {
    const padded = parseIp(`${key}::`);
    return padded.ok && padded.value.family === 6
      ? [prefixRange(prefixOf(padded.value, key.split(":").length * 16))]
      : [];
  }
  return [];
}

type Lines = ReturnType<typeof logicalLines>;

/** Conditions of `if … endif`, each nested in those before. */
function scoped<T>(
  lines: Lines,
  read: (line: string) => T | null,
): readonly { readonly line: Lines[number]; readonly scope: readonly T[]; readonly text: string }[] {
  const found: { line: Lines[number]; scope: readonly T[]; text: string }[] = [];
  let scope: readonly T[] = [];
  for (const line of lines) {
    const text = line.text.trim();
    if (/^if(\s|!|\/)/i.test(text)) {
      const condition = read(text.slice(2).trim());
      if (condition !== null) scope = [...scope, condition];
    } else if (/^endif\b/i.test(text)) scope = scope.slice(0, -1);
    else found.push({ line, scope, text });
  }
  return found;
}

function cidr(ref: string, lines: Lines, context: TableContext): Table {
  interface Block {
    readonly not: boolean;
    readonly prefix: Prefix;
  }
  const readBlock = (text: string): Block | null => {
    const not = text.startsWith("!");
    const word = (not ? text.slice(1) : text).trim().split(/\s/)[0] ?? "";
    const prefix = parsePrefix(word.replace(/^\[(.*)\]/, "$1"));
    return prefix.ok ? { not, prefix: prefix.value } : null;
  };
  const rows: {
    readonly block: Block;
    readonly scope: readonly Block[];
    readonly value: string;
    readonly where: Span;
  }[] = [];
  for (const { line, scope, text } of scoped(lines, readBlock)) {
    const block = readBlock(text);
    const value = /^!?\s*\S+\s+(.*)$/s.exec(text)?.[1]?.trim() ?? "";
    if (block === null)
      context.trouble({
        unknown: `the line "${text.slice(0, 60)}", which is no CIDR pattern and is skipped`,
        where: line.span,
      });
    else rows.push({ block, scope, value, where: line.span });
  }
  // An exception (!) is only one among addresses of its own family.
  const holds = ({ not, prefix }: Block, address: Parameters<typeof contains>[1]): boolean =>
    prefix.address.family === address.family && contains(prefix, address) !== not;
  // Single hosts and networks without conditions are found by their bits; the first line that matches holds.
  const simple = new Map<string, number>();
  const lengths = new Set<string>();
  const others: number[] = [];
  for (const [index, { block, scope }] of rows.entries()) {
    const { address, length } = block.prefix;
    if (block.not || scope.length > 0) {
      others.push(index);
      continue;
    }
    const key = `${address.family}/${length}/${address.bits}`;
    lengths.add(`${address.family}/${length}`);
    if (!simple.has(key)) simple.set(key, index);
  }
  const widths = [...lengths].map((text) => text.split("/").map(Number) as [4 | 6, number]); // made just above
  return {
    ref,
    kind: "pattern",
    lookup(key) {
      const address = parseIp(key);
      if (!address.ok) return null;
      let best = Number.POSITIVE_INFINITY;
      for (const [family, length] of widths) {
        if (family !== address.value.family) continue;
        const index = simple.get(`${family}/${length}/${prefixOf(address.value, length).address.bits}`);
        if (index !== undefined && index < best) best = index;
      }
      for (const index of others) {
        if (index > best) break;
        const row = rows[index];
        if (row !== undefined && [...row.scope, row.block].every((block) => holds(block, address.value))) {
          best = index;
          break;
        }
      }
      const row = rows[best];
      return row === undefined ? null : { value: row.value, where: row.where, copiesDomain: false };
    },
    entries: rows.map(({ block, value, where }) => ({ key: formatPrefix(block.prefix), value, where })),
    ranges: rows.flatMap(({ block, scope }) => [block, ...scope].map(({ prefix }) => prefixRange(prefix))),
  };
}

function patterns(ref: string, lines: Lines, context: TableContext): Table {
  interface Pattern {
    readonly not: boolean;
    readonly regex: RegExp | null;
    readonly rest: string;
  }
  const pcre = ref.startsWith("pcre:");
  const readPattern = (text: string): Pattern | null => {
    const not = text.startsWith("!");
    const from = (not ? text.slice(1) : text).trimStart();
    const mark = from[0];
    if (mark === undefined || /[A-Za-z0-9\s]/.test(mark)) return null;
    let end = 1;
    while (end < from.length && from[end] !== mark) end += from[end] === "\\" ? 2 : 1;
    if (end >= from.length) return null;
    const flags = /^[A-Za-z]*/.exec(from.slice(end + 1))?.[0] ?? "";
    // Patterns ignore case unless a flag says otherwise.
    const ours = `${flags.includes("i") ? "" : "i"}${pcre && !flags.includes("s") ? "s" : ""}${flags.includes("m") ? "m" : ""}${flags.includes("x") ? "x" : ""}`;
    return { not, regex: compilePattern(from.slice(1, end), ours), rest: from.slice(end + 1 + flags.length).trim() };
  };
  const rows = scoped(lines, readPattern).flatMap(({ line, scope, text }) => {
    const pattern = readPattern(text);
    if (pattern === null) {
      context.trouble({
        unknown: `the line "${text.slice(0, 60)}", which is no pattern and is skipped`,
        where: line.span,
      });
      return [];
    }
    return [{ pattern, scope, where: line.span }];
  });
  const meets = ({ not, regex }: Pattern, key: string): boolean | null =>
    regex === null ? null : (matches(regex, key) !== null) !== not;
  const lookup = (key: string): Found | Unknown | null => {
    for (const { pattern, scope, where } of rows) {
      const outcomes = [...scope, pattern].map((one) => meets(one, key));
      if (outcomes.includes(false)) continue;
      if (outcomes.includes(null)) return { unknown: "a pattern that is not understood", where };
      const match = pattern.not || pattern.regex === null ? null : matches(pattern.regex, key);
      return {
        value: pattern.rest.replace(
          /\$(?:(\d)|\{(\d+)\}|\((\d+)\))/g,
          (_, a?: string, b?: string, c?: string) => match?.[Number(a ?? b ?? c)] ?? "",
        ),
        where,
        copiesDomain: /@[^\s,]*\$[\d{(]/.test(pattern.rest) || /^\$[\d{(]\S*$/.test(pattern.rest),
      };
    }
    return null;
  };
  return {
    ref,
    kind: "pattern",
    lookup,
    entries: rows
      .slice(0, 2000)
      .flatMap(({ pattern, where }) =>
        pattern.regex === null || pattern.not
          ? []
          : samplesOf(pattern.regex).map((key): Entry => ({ key, value: pattern.rest, where })),
      ),
    ranges: [],
  };
}

function combined(type: string, ref: string, body: string, where: Span | null, context: TableContext): Table {
  const close = body.startsWith("{") ? closing(body, 0) : -1;
  const parts = tokens(close < 0 ? body : body.slice(1, close)).map(({ text }) =>
    openTable(unbraced(text), where, context),
  );
  const lookup = (key: string): Found | Unknown | null => {
    const found: Found[] = [];
    let asked = key;
    for (const part of parts) {
      const one = part.lookup(asked);
      if (one !== null && "unknown" in one) return one;
      if (one === null) {
        if (type === "pipemap") return null;
        continue;
      }
      found.push(one);
      if (type === "pipemap") asked = one.value;
    }
    const last = found.at(-1);
    if (last === undefined) return null;
    return type === "pipemap" ? last : { ...last, value: found.map(({ value }) => value).join(",") };
  };
  return {
    ref,
    kind: parts.some(({ kind }) => kind === "unknown")
      ? "unknown"
      : parts.every(({ kind }) => kind === "exact")
        ? "exact"
        : "pattern",
    lookup,
    entries: parts.flatMap(({ entries }) => entries),
    ranges: parts.flatMap(({ ranges }) => ranges),
  };
}
