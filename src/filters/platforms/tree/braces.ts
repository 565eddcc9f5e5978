/**
 * Reads the brace form of Junos and PAN-OS (`a { b c; d [ e f ]; }`) and, between its blocks, commands (`set a b c`):
 * people paste both into one file. One pass over the text, whatever its depth.
 */
import type { Source } from "../../../text/source.ts";
import { Commands, commandWords, otherCommands, pathsOf, type Words } from "./commands.ts";
import type { GrowingNode } from "./node.ts";
import { Tree } from "./tree.ts";

type Mark = "inactive" | "replace" | "delete" | "protect" | "active" | "unprotect";
const marks: ReadonlySet<string> = new Set(["inactive:", "replace:", "delete:", "protect:", "active:", "unprotect:"]);

/** `{master:0}` and the like, `[edit firewall]`, and prompts with a command for the eye: no configuration. */
const noise = /^\s*(\{[a-z]+(:[^}]*)?\}\s*$|\[edit[^\]]*\]\s*$|[^\s{};"]+@[^\s{};"]*>)/;
/** Before a command in configuration mode. */
const prompt = /^\s*[^\s{};"]+@[^\s{};"]*#(\s+|$)/;

export function readBraces(source: Source): Tree {
  const { text } = source;
  const tree = new Tree();
  const commands = new Commands(tree);
  const open: { readonly node: GrowingNode; readonly line: number }[] = [];
  let at = 0;
  let line = 1;
  let here = tree.root;
  let words: (string | readonly string[])[] = [];
  let list: string[] | null = null;
  let marked: Mark | null = null;
  let startLine = 1;
  /** Only what begins a line at the top can be a command. */
  let command: string | null = null;

  const put = (word: string): void => {
    if (words.length === 0 && list === null) startLine = line;
    if (list === null) words.push(word);
    else list.push(word);
  };
  const clear = (): void => {
    words = [];
    list = null;
    marked = null;
  };
  const closeList = (): void => {
    if (list !== null) words.push(list);
    list = null;
  };
  const statement = (): void => {
    closeList();
    if (words.length > 0) {
      const paths = pathsOf(words);
      for (const path of paths) {
        if (marked === "delete") tree.delete(here, path);
        else {
          if (marked === "replace") tree.find(here, path)?.clear();
          const node = tree.set(here, path, startLine);
          if (marked === "inactive") node.inactive = true;
        }
      }
    }
    clear();
  };
  const block = (): void => {
    closeList();
    const path = pathsOf(words)[0] ?? [];
    if (marked === "delete") tree.delete(here, path);
    if (marked === "replace") tree.find(here, path)?.clear();
    open.push({ node: here, line: startLine });
    here = tree.ensure(here, path, startLine);
    if (marked === "inactive" && path.length > 0) here.inactive = true;
    clear();
  };
  const endCommand = (): void => {
    closeList();
    if (command !== null) commands.run(command, words as Words, startLine);
    command = null;
    clear();
  };
  const skipLine = (): void => {
    const end = text.indexOf("\n", at);
    at = end < 0 ? text.length : end;
  };

  let quotesEnd = true;
  let lineStart = true;
  while (at < text.length) {
    const char = text[at] ?? "";
    if (lineStart) {
      lineStart = false;
      if (open.length === 0 && words.length === 0 && command === null) {
        const whole = source.line(line).slice(0, 300); // a prompt is short
        if (noise.test(whole)) {
          skipLine();
          continue;
        }
        const asked = prompt.exec(whole);
        if (asked !== null) {
          at += asked[0].length;
          continue;
        }
      }
    }
    if (char === "\n") {
      if (command !== null) endCommand();
      line += 1;
      at += 1;
      lineStart = true;
    } else if (char === " " || char === "\t" || char === "\r" || char === "\f") at += 1;
    else if (char === "#" || (char === "!" && words.length === 0 && command === null)) skipLine();
    else if (char === "/" && text[at + 1] === "*") {
      const end = text.indexOf("*/", at + 2);
      if (end < 0) tree.trouble(line, "a comment without an end");
      const stop = end < 0 ? text.length : end + 2;
      line += countLines(text, at, stop);
      at = stop;
    } else if (char === '"') {
      // Where one quote has no end no later one has: it is not looked for again.
      const quoted = quotesEnd ? readQuoted(text, at) : restOfLine(text, at);
      const from = line;
      if (!quoted.closed) {
        quotesEnd = false;
        tree.trouble(line, "a quoted text without an end");
      }
      put(quoted.value);
      line += countLines(text, at, quoted.next);
      if (words.length === 1) startLine = from;
      at = quoted.next;
    } else if (char === "[" && list === null) {
      if (words.length === 0) startLine = line;
      list = [];
      at += 1;
    } else if (char === "]" && list !== null) {
      closeList();
      at += 1;
    } else if (command === null && char === "{") {
      block();
      at += 1;
    } else if (command === null && char === ";") {
      statement();
      at += 1;
    } else if (command === null && char === "}") {
      if (words.length > 0 || list !== null) {
        tree.trouble(startLine, "a statement without an end");
        statement();
      }
      const above = open.pop();
      if (above === undefined) tree.trouble(line, "a closing brace without an opening one");
      else here = above.node;
      at += 1;
    } else {
      let end = at + 1;
      const wild = char === "<";
      while (end < text.length) {
        const next = text[end] ?? "";
        if (/\s/.test(next) || next === '"') break;
        if (command === null && (next === ";" || next === "{" || next === "}")) break;
        if (next === "]" && list !== null && !wild) break;
        end += 1;
      }
      const word = text.slice(at, end);
      at = end;
      if (words.length === 0 && list === null && command === null) {
        if (open.length === 0 && commandWords.has(word)) {
          command = word;
          startLine = line;
          continue;
        }
        if (open.length === 0 && otherCommands.has(word)) {
          skipLine();
          continue;
        }
        if (marks.has(word)) {
          marked = word.slice(0, -1) as Mark; // the set holds each with its colon
          continue;
        }
      }
      put(word);
      if (command !== null && words.length === 1) startLine = line;
    }
  }
  if (command !== null) endCommand();
  else if (words.length > 0 || list !== null) {
    tree.trouble(startLine, "a statement without an end");
    statement();
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) tree.trouble(unclosed.line, "a block without an end: the text stops inside it");
  return tree;
}

interface Quoted {
  readonly value: string;
  readonly next: number;
  readonly closed: boolean;
}

function readQuoted(text: string, from: number): Quoted {
  const parts: string[] = [];
  let start = from + 1;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (char === "\\" && at + 1 < text.length) {
      parts.push(text.slice(start, at));
      start = at + 1;
      at += 1;
    } else if (char === '"') return { value: parts.join("") + text.slice(start, at), next: at + 1, closed: true };
  }
  return restOfLine(text, from);
}

/** Only the line is lost, not the rest of the file. */
function restOfLine(text: string, from: number): Quoted {
  const end = text.indexOf("\n", from);
  const next = end < 0 ? text.length : end;
  return { value: text.slice(from + 1, next), next, closed: false };
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}
