/**
 * RouterOS' export as statements: a menu (`/ip firewall filter`), a command, and `key=value` words. Lines go on after a
 * backslash, also inside a value; scripts around the commands are not run.
 */
import type { Source } from "../../../text/source.ts";

export interface Statement {
  /** `ip firewall filter`. */
  readonly menu: string;
  readonly command: string;
  readonly values: ReadonlyMap<string, string>;
  /** Words without an equals sign: numbers of items. */
  readonly words: readonly string[];
  /** `[find …]`, without its brackets. */
  readonly find: string | null;
  readonly line: number;
}

export interface Statements {
  readonly all: readonly Statement[];
  /** Lines that were not understood. */
  readonly odd: readonly { readonly menu: string; readonly line: number }[];
}

const commands = new Set([
  ...[
    "add",
    "set",
    "remove",
    "move",
    "enable",
    "disable",
    "print",
    "export",
    "edit",
    "comment",
    "unset",
    "reset-counters",
  ],
]);

export function statementsOf(source: Source): Statements {
  const all: Statement[] = [];
  const odd: { readonly menu: string; readonly line: number }[] = [];
  let menu = "";
  for (const { text, line } of logicalLines(source)) {
    const trimmed = text.trim();
    if (trimmed === "" || trimmed.startsWith("#") || /^[:{}\])]/.test(trimmed)) continue;
    const read = wordsOf(trimmed);
    let words = read.words;
    let path: readonly string[] = [];
    if (trimmed.startsWith("/")) {
      while (words.length > 0) {
        const [first = ""] = words;
        if (first.includes("=") || first.startsWith("[")) break;
        const parts = first.split("/").filter((part) => part !== "");
        const command = parts.findIndex((part) => commands.has(part));
        if (command >= 0) {
          path = path.concat(parts.slice(0, command));
          words = [parts[command] ?? "", ...words.slice(1)];
          break;
        }
        path = path.concat(parts);
        words = words.slice(1);
      }
      menu = path.join(" ");
    }
    const [command, ...rest] = words;
    if (!read.closed) odd.push({ menu, line });
    if (command === undefined) continue;
    if (!commands.has(command)) {
      odd.push({ menu, line });
      continue;
    }
    const values = new Map<string, string>();
    const others: string[] = [];
    let find: string | null = null;
    for (const word of rest) {
      const equals = word.indexOf("=");
      if (word.startsWith("[")) find = word.slice(1, word.endsWith("]") ? -1 : undefined).trim();
      else if (equals > 0) values.set(word.slice(0, equals), word.slice(equals + 1));
      // `!key` in a verbose export: the key is not set.
      else if (!/^![a-z]/.test(word)) others.push(word);
    }
    all.push({ menu, command, values, words: others, find, line });
  }
  return { all, odd };
}

function* logicalLines(source: Source): Generator<{ readonly text: string; readonly line: number }> {
  let parts: string[] = [];
  let start = 1;
  for (let line = 1; line <= source.lineCount; line += 1) {
    const raw = source.line(line);
    if (parts.length === 0) start = line;
    // What goes on is indented, and the indent is no part of the value.
    const text = parts.length === 0 ? raw : raw.replace(/^\s+/, "");
    if (/(^|[^\\])(\\\\)*\\\s*$/.test(text.slice(-200)) && line < source.lineCount && !/^\s*#/.test(raw)) {
      parts.push(text.replace(/\\\s*$/, ""));
      continue;
    }
    yield { text: parts.join("") + text, line: start };
    parts = [];
  }
  if (parts.length > 0) yield { text: parts.join(""), line: start };
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", _: " " };

/** Words with their quotes taken off; what stands in brackets is one word. */
function wordsOf(text: string): { readonly words: readonly string[]; readonly closed: boolean } {
  const words: string[] = [];
  let word: string | null = null;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (char === '"') {
      quoted = !quoted;
      word = depth > 0 ? `${word ?? ""}"` : (word ?? "");
    } else if (char === "\\" && quoted) {
      at += 1;
      const next = text[at] ?? "";
      word = (word ?? "") + (escapes[next] ?? next);
    } else if (quoted) word = (word ?? "") + char;
    else if (char === "[") {
      depth += 1;
      word = `${word ?? ""}[`;
    } else if (char === "]") {
      depth = Math.max(0, depth - 1);
      word = `${word ?? ""}]`;
    } else if (depth === 0 && (char === " " || char === "\t")) {
      if (word !== null) words.push(word);
      word = null;
    } else if (depth === 0 && char === ";") {
      // A second command on a line is a script's.
      break;
    } else word = (word ?? "") + char;
  }
  if (word !== null) words.push(word);
  return { words, closed: !quoted && depth === 0 };
}
