/**
 * FortiOS' configuration as tables: `config TABLE`, `edit NAME`, `set KEY VALUES`, `next`, `end`, within virtual domains.
 * Statements change what was there: `append`, `unset`, `delete`, `move`, `rename` and `purge` do as they do on the device.
 */
import type { Source } from "../../../text/source.ts";
import type { Draft } from "../reading/draft.ts";

export interface Setting {
  readonly values: readonly string[];
  readonly line: number;
}

export interface Entry {
  readonly name: string;
  readonly line: number;
  readonly settings: ReadonlyMap<string, Setting>;
}

export type Table = ReadonlyMap<string, Entry>;

/** Tables by name; those that every virtual domain shares are in the domain "". */
export interface FortiConfig {
  /** Virtual domains that have tables of their own; [""] where there are none. */
  readonly domains: readonly string[];
  table(domain: string, name: string): Table;
  /** A setting of a table without entries: `config system settings`. */
  setting(domain: string, name: string, key: string): Setting | null;
  /** `7.2.4`, from the first line of a backup. */
  readonly version: readonly number[] | null;
}

const maxDepth = 8;

interface GrowingEntry {
  name: string;
  line: number;
  readonly settings: Map<string, Setting>;
}

interface Level {
  readonly table: string;
  readonly line: number;
  entry: GrowingEntry | null;
}

/** Tables whose statements are looked at: in others nothing is troubling. */
const looked = /^(firewall |system (interface|zone|settings|sdwan|virtual-wan-link))/;

export function readConfig(source: Source, draft: Draft): FortiConfig {
  const domains = new Map<string, Map<string, Map<string, GrowingEntry>>>();
  const levels: Level[] = [];
  let domain = "";
  let fresh = 0;

  const tableOf = (name: string): Map<string, GrowingEntry> => {
    const tables = domains.get(domain) ?? new Map<string, Map<string, GrowingEntry>>();
    domains.set(domain, tables);
    const table = tables.get(name) ?? new Map<string, GrowingEntry>();
    tables.set(name, table);
    return table;
  };
  const entryOf = (name: string, line: number): GrowingEntry => {
    const table = tableOf(levels.at(-1)?.table ?? "");
    const entry = table.get(name) ?? { name, line, settings: new Map() };
    table.set(name, entry);
    return entry;
  };
  const isDomains = (level: Level | undefined): boolean => level?.table === "vdom" && levels.length === 1;

  for (const { words, line } of statementsOf(source, draft)) {
    const [command = "", ...rest] = words;
    const level = levels.at(-1);
    switch (command) {
      case "config": {
        const name = rest.join(" ");
        const outer = level === undefined || isDomains(level) || level.table === "global";
        const above = level?.entry == null ? (level?.table ?? "") : `${level.table}/${level.entry.name}`;
        // Nothing that is looked for lies deep, and names of endless depth would grow without end.
        levels.push({
          table: outer ? name : levels.length > maxDepth ? "too deep" : `${above}/${name}`,
          line,
          entry: null,
        });
        break;
      }
      case "edit":
        if (level === undefined) draft.trouble(line, "edit outside of a table");
        else if (isDomains(level)) {
          domain = rest[0] ?? "";
          level.entry = { name: domain, line, settings: new Map() };
        } else {
          // `edit 0` takes the next free number.
          const isNew = rest[0] === "0" && level.table.startsWith("firewall ");
          if (isNew) fresh += 1;
          level.entry = entryOf(isNew ? `0 (new ${fresh})` : (rest[0] ?? ""), line);
        }
        break;
      case "next":
        if (level === undefined || level.entry === null) draft.trouble(line, "next without an edit");
        else level.entry = null;
        break;
      case "end": {
        const closed = levels.pop();
        if (closed === undefined) draft.trouble(line, "end without a config");
        else if (closed.table === "vdom" && levels.length === 0) domain = "";
        break;
      }
      case "set":
      case "append":
      case "select":
      case "unset":
      case "unselect":
        if (level !== undefined) change(level.entry ?? entryOf("", line), command, rest, line);
        break;
      case "delete":
        if (level !== undefined) tableOf(level.table).delete(rest[0] ?? "");
        break;
      case "purge":
        if (level !== undefined) tableOf(level.table).clear();
        break;
      case "move":
      case "rename":
      case "clone":
        if (level !== undefined && !reorder(tableOf(level.table), command, rest) && looked.test(level.table))
          draft.trouble(line, `${command}: what it names is not there`);
        break;
      case "abort":
        break;
      default:
        if (level !== undefined && looked.test(level.table)) draft.trouble(line, `"${command}" is not known here`);
    }
  }
  for (const { table, line } of levels) draft.trouble(line, `config ${table} has no end: the text stops inside it`);
  const version = /^#\s*config-version=[^\s:]*?-(\d+)\.(\d+)\.(\d+)/m.exec(source.text.slice(0, 2000));
  const own = [...domains].filter(([name, tables]) => name !== "" && tables.size > 0).map(([name]) => name);
  return {
    domains: own.length === 0 ? [""] : own,
    table: (name, table) => domains.get(name)?.get(table) ?? new Map<string, Entry>(),
    setting: (name, table, key) => domains.get(name)?.get(table)?.get("")?.settings.get(key) ?? null,
    version: version === null ? null : version.slice(1, 4).map(Number),
  };
}

function change(entry: GrowingEntry, command: string, [key = "", ...values]: readonly string[], line: number): void {
  const old = entry.settings.get(key)?.values ?? [];
  if (command === "unset") entry.settings.delete(key);
  else if (command === "unselect")
    entry.settings.set(key, { values: old.filter((value) => !values.includes(value)), line });
  else entry.settings.set(key, { values: command === "append" ? [...old, ...values] : values, line });
}

function reorder(table: Map<string, GrowingEntry>, command: string, words: readonly string[]): boolean {
  const [name = "", way = "", other = ""] = words;
  const entry = table.get(name);
  if (entry === undefined) return false;
  if (command !== "move") {
    if (way !== "to" || other === "") return false;
    const copy = { name: other, line: entry.line, settings: new Map(entry.settings) };
    if (command === "clone") table.set(other, copy);
    else
      replaceAll(
        table,
        [...table.values()].map((one) => (one === entry ? copy : one)),
      );
    return true;
  }
  if (!table.has(other) || other === name || (way !== "before" && way !== "after")) return false;
  const rest = [...table.values()].filter((one) => one !== entry);
  const at = rest.findIndex((one) => one.name === other) + (way === "after" ? 1 : 0);
  replaceAll(table, [...rest.slice(0, at), entry, ...rest.slice(at)]);
  return true;
}

function replaceAll(table: Map<string, GrowingEntry>, entries: readonly GrowingEntry[]): void {
  table.clear();
  for (const entry of entries) table.set(entry.name, entry);
}

interface Statement {
  readonly words: readonly string[];
  readonly line: number;
}

/** Lines as words; a quoted word may go over several lines (certificates, comments). */
function* statementsOf(source: Source, draft: Draft): Generator<Statement> {
  const { text } = source;
  let at = 0;
  let line = 1;
  let hopeless = false;
  while (at < text.length) {
    const words: string[] = [];
    const start = line;
    let word: string | null = null;
    for (; at < text.length && text[at] !== "\n"; at += 1) {
      const char = text[at] ?? "";
      if (char === " " || char === "\t" || char === "\r") {
        if (word !== null) words.push(word);
        word = null;
      } else if (char === "#" && words.length === 0 && word === null) {
        const end = text.indexOf("\n", at);
        at = (end < 0 ? text.length : end) - 1;
      } else if (char === "\\" && at + 1 < text.length) {
        at += 1;
        word = (word ?? "") + (text[at] ?? "");
        if (text[at] === "\n") line += 1;
      } else if (char === "'" && word === null && text.indexOf("'", at + 1) > 0) {
        const end = text.indexOf("'", at + 1);
        word = text.slice(at + 1, end);
        for (const sign of word) if (sign === "\n") line += 1;
        at = end;
      } else if (char === '"' && !hopeless) {
        const quoted = quotedAt(text, at);
        if (quoted === null) {
          hopeless = true;
          draft.trouble(line, "a quoted text without an end");
        } else {
          word = (word ?? "") + quoted.value;
          for (let end = text.indexOf("\n", at); end >= 0 && end < quoted.end; end = text.indexOf("\n", end + 1))
            line += 1;
          at = quoted.end;
        }
      } else word = (word ?? "") + char;
    }
    if (word !== null) words.push(word);
    at += 1;
    line += 1;
    if (words.length > 0) yield { words, line: start };
  }
}

/** The value, and where the closing quote stands. */
function quotedAt(text: string, from: number): { readonly value: string; readonly end: number } | null {
  const parts: string[] = [];
  let start = from + 1;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "\\") {
      parts.push(text.slice(start, at));
      start = at + 1;
      at += 1;
    } else if (text[at] === '"') return { value: parts.join("") + text.slice(start, at), end: at };
  }
  return null;
}
