/**
 * Maps (`K` lines; Installation and Operation Guide §5.9): what each type answers. Files are asked in their sources. Of
 * the DNS it is assumed that names of strangers exist and that no block list holds them; other maps cannot be told.
 */
import type { Span } from "../../../text/source.ts";
import { compilePattern, matches } from "../../pattern.ts";
import type { Unknown } from "../../rules.ts";
import type { MailFiles } from "./files.ts";
import type { Entry, Found, RewriteMap, Running } from "./machine.ts";

const none: Found = { kind: "none" };
const text = (value: string): Found => ({ kind: "found", text: value, entry: null, copies: false });

/** A macro of ours: whether the recipient's domain names this mailer as a later MX. */
export const backupMacro = "\u0001backup";

interface Options {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: string;
}

/** `-o -T<TMPF> -k0 /etc/mail/access.db` */
function optionsOf(args: string): Options {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  let rest = args.trim();
  for (let read = /^-(.)(\S*)\s*/.exec(rest); read !== null; read = /^-(.)(\S*)\s*/.exec(rest)) {
    const [whole, flag = "", value = ""] = read;
    flags.add(flag);
    values.set(flag, value);
    rest = rest.slice(whole.length);
    const separate = "kvz".includes(flag) && value === "" ? /^(\S+)\s*/.exec(rest) : null;
    if (separate === null) continue;
    values.set(flag, separate[1] ?? "");
    rest = rest.slice(separate[0].length);
  }
  return { flags, values, rest };
}

/** Reads a map's definition. */
export function readMap(name: string, type: string, args: string, where: Span | null, files: MailFiles): RewriteMap {
  const options = optionsOf(args);
  const bare = { name, where, entries: [], unread: null };
  const append = options.values.get("a") ?? "";
  switch (type) {
    case "hash":
    case "btree":
    case "dbm":
    case "cdb":
    case "lmdb":
    case "text":
      return fileMap(name, type, options, where, files);
    case "host":
      // Where a block list of domains is asked through it (FEATURE(rhsbl)), the name tells: no stranger is listed.
      return { ...bare, find: (key) => (name === "dnsbl" ? none : hostFound(key, append)) };
    case "dns":
      return {
        ...bare,
        find: (key) => (isListing(key) || /bl$/.test(name) ? none : untold(`what DNS says of ${key}`, where)),
      };
    case "bestmx":
      return { ...bare, find: (key, _args, run) => text(mailExchangers(key, options, run)) };
    case "dequote":
      return { ...bare, find: (key) => dequoted(key) };
    case "macro":
      return {
        ...bare,
        find: (key, given, run) => {
          run.setMacro(key.replace(/^\{(.*)\}$/, "$1"), given[0] ?? "");
          return text("");
        },
      };
    case "arith":
      return { ...bare, find: (key, given) => arithmetic(key, given) };
    case "regex":
      return regexMap(name, options, where);
    case "null":
      return { ...bare, find: () => none };
    case "user":
      return userMap(name, append, where, files);
    default: {
      const because: Unknown = { unknown: `the map ${name} of type ${type}`, where };
      return { ...bare, unread: because, find: () => ({ kind: "unknown", because }) };
    }
  }
}

const untold = (unknown: string, where: Span | null): Found => ({ kind: "unknown", because: { unknown, where } });

function fileMap(name: string, type: string, options: Options, where: Span | null, files: MailFiles): RewriteMap {
  const path = options.rest.split(/\s+/)[0] ?? "";
  const optional = options.flags.has("o");
  const append = options.values.get("a") ?? "";
  const table = path.includes("@")
    ? null
    : type === "text"
      ? columns(path, options, where, files)
      : files.table(path, where);
  if (table?.kind !== "entries") {
    const because: Unknown =
      table?.kind === "unread" ? table.because : { unknown: `the map ${name}, whose file ${path} is missing`, where };
    if (table?.kind === "absent" && optional) return { name, where, entries: [], unread: null, find: () => none };
    return { name, where, entries: [], unread: because, find: () => ({ kind: "unknown", because }) };
  }
  return {
    name,
    where,
    entries: table.entries,
    unread: null,
    find: (key, args) => {
      const entry = table.byKey.get(key.toLowerCase());
      if (entry === undefined) return none;
      const value = options.flags.has("m") ? key : filledIn(entry.value, key, args);
      return { kind: "found", text: value + append, entry, copies: copiesDestination(entry.value) };
    },
  };
}

/** A map of type `text`: columns parted by white space or `-z`. */
function columns(
  path: string,
  { values }: Options,
  where: Span | null,
  files: MailFiles,
): ReturnType<MailFiles["table"]> {
  const file = files.text(path, where);
  if (file.kind !== "text") return file;
  const keyColumn = Number(values.get("k") ?? "0");
  const valueColumn = Number(values.get("v") ?? "1");
  const entries: Entry[] = [];
  const byKey = new Map<string, Entry>();
  for (let number = 1; number <= file.source.lineCount; number += 1) {
    const line = file.source.line(number);
    if (line === "" || line.startsWith("#")) continue;
    const parts = values.has("z") ? line.split(values.get("z") || ",") : line.trim().split(/\s+/);
    const key = parts[keyColumn]?.trim().toLowerCase();
    if (key === undefined || byKey.has(key)) continue;
    const at = { line: number, column: 1 };
    const where: Span = {
      file: file.source.file,
      start: at,
      end: { line: number, column: line.length + 1 },
      text: line,
    };
    const entry: Entry = { key, value: parts[valueColumn]?.trim() ?? "", where };
    entries.push(entry);
    byKey.set(key, entry);
  }
  return { kind: "entries", entries, byKey };
}

/** `%0` is the key, `%1` the first argument. */
function filledIn(value: string, key: string, args: readonly string[]): string {
  return value.replace(/%([0-9%])/g, (_, what: string) =>
    what === "%" ? "%" : what === "0" ? key : (args[Number(what) - 1] ?? ""),
  );
}

/** Whether where the mail goes is taken out of what the client wrote. */
function copiesDestination(value: string): boolean {
  const at = value.lastIndexOf("@");
  return /%\d/.test(at < 0 ? value : value.slice(at));
}

/** A name that a block list would be asked for: it begins with an address, reversed. */
const isListing = (key: string): boolean => /^(?:\d{1,3}\.){4}|^(?:[0-9a-f]\.){16}/i.test(key);

function hostFound(key: string, append: string): Found {
  const name = key.replace(/\.$/, "");
  if (isListing(key) || name === "" || name.startsWith("[") || !name.includes(".")) return none;
  if (!/^[\w.-]+$/.test(name)) return none;
  return text(`${name}.${append}`);
}

function mailExchangers(domain: string, options: Options, run: Running): string {
  const name = domain.replace(/\.$/, "");
  const own = `${run.macro("j")}.`;
  if (run.isIn("w", name) !== null) return own;
  const other = `mx.${name}.`;
  const backup = run.macro(backupMacro) === "yes";
  return options.flags.has("z") && backup ? `${other}${options.values.get("z") || ":"}${own}` : other;
}

/** What stands in quotes, without them; nothing where there are none or something does not balance. */
function dequoted(key: string): Found {
  let plain = "";
  let quotes = 0;
  let angles = 0;
  let parentheses = 0;
  for (let at = 0; at < key.length; at += 1) {
    const c = key[at] as string; // the index is in bounds
    if (c === "\\") {
      at += 1;
      if (at >= key.length) return none;
      plain += key[at];
      continue;
    }
    if (c === '"') {
      quotes += 1;
      continue;
    }
    if (c === "(") parentheses += 1;
    else if (c === ")" && (parentheses -= 1) < 0) return none;
    else if (c === "<") angles += 1;
    else if (c === ">" && (angles -= 1) < 0) return none;
    plain += c;
  }
  return quotes === 0 || quotes % 2 === 1 || angles !== 0 || parentheses !== 0 ? none : text(plain);
}

function arithmetic(operator: string, [left = "", right = ""]: readonly string[]): Found {
  const [a, b] = [Number.parseInt(left, 10) || 0, Number.parseInt(right, 10) || 0];
  const truth = (is: boolean): Found => text(is ? "TRUE" : "FALSE");
  switch (operator) {
    case "+":
      return text(String(a + b));
    case "-":
      return text(String(a - b));
    case "*":
      return text(String(a * b));
    case "/":
      return b === 0 ? none : text(String(Math.trunc(a / b)));
    case "l":
    case "<":
      return truth(a < b);
    case "=":
      return truth(a === b);
    case "|":
      return text(String(a | b));
    case "&":
      return text(String(a & b));
    case "%":
      return b === 0 ? none : text(String(a % b));
    default:
      return none;
  }
}

/** `-a` is what a match gives, `-s` gives its groups, `-m` the key, `-n` turns it round. */
function regexMap(name: string, { flags, values, rest }: Options, where: Span | null): RewriteMap {
  const pattern = flags.has("b") ? null : compilePattern(rest, flags.has("f") ? "" : "i");
  const because: Unknown = { unknown: `the pattern of the map ${name}`, where };
  if (pattern === null)
    return { name, where, entries: [], unread: because, find: () => ({ kind: "unknown", because }) };
  const between = values.get("d") ?? "$";
  return {
    name,
    where,
    entries: [],
    unread: null,
    find: (key) => {
      const hit = matches(pattern, key);
      if ((hit === null) !== flags.has("n")) return none;
      const append = values.get("a") ?? "";
      if (flags.has("m") || hit === null) return text(key + append);
      const groups = values.get("s");
      if (groups === undefined) return text(append === "" ? key : append);
      const wanted = groups === "" ? hit.map((_, index) => index).slice(1) : groups.split(",").map(Number);
      return text(wanted.map((number) => hit[number] ?? "").join(between) + append);
    },
  };
}

/** Accounts of the machine. */
function userMap(name: string, append: string, where: Span | null, files: MailFiles): RewriteMap {
  const file = files.text("/etc/passwd", where);
  const users = file.kind === "text" ? new Set(file.source.text.split("\n").map((line) => line.split(":")[0])) : null;
  const because: Unknown = { unknown: "which accounts the machine has", where };
  return {
    name,
    where,
    entries: [],
    unread: null,
    find: (key) =>
      users === null ? { kind: "unknown", because } : users.has(key.toLowerCase()) ? text(key + append) : none,
  };
}
