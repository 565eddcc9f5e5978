/**
 * The text of an Exim configuration as logical lines: comments, continuation, macros, conditional parts and includes
 * (Exim specification §6). Macros are plain text: they are replaced in every physical line before it means anything.
 * What is included must lie in the snapshot; what does not is named as unreadable.
 */
import { posix } from "node:path";
import type { ConfigTree } from "../../../ports.ts";
import { type Source, type Span, sourceOf } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";

export interface LogicalLine {
  /** Macros replaced, continuation joined, no space around it. */
  readonly text: string;
  readonly where: Span;
  /** The macros that were replaced in it. */
  readonly macros?: readonly string[];
}

export interface Macro {
  readonly value: string;
  readonly where: Span;
}

/** A text to read, and where it stands. */
export interface Piece {
  readonly file: string;
  readonly text: string;
  /** For a text that was made up: where its macros really come from. */
  readonly origins?: ReadonlyMap<string, Span>;
}

export interface Syntax {
  readonly lines: readonly LogicalLine[];
  readonly unreadable: readonly Unknown[];
  readonly macros: ReadonlyMap<string, Macro>;
  readonly files: readonly string[];
}

/** Where the files of Exim live on its machine. */
export const eximHome = "/etc/exim4";

const limits = { includes: 20, physicalLines: 300_000, expandedLine: 262_144 } as const;

/**
 * Reads pieces one after the other, as if they were one file. An insert takes the place of the line that is its key, as
 * Debian's generator does it.
 */
export function readSyntax(
  tree: ConfigTree,
  pieces: readonly Piece[],
  inserts: ReadonlyMap<string, Piece> = new Map(),
): Syntax {
  const reader = new Reader(tree, inserts);
  for (const piece of pieces) reader.read(piece, []);
  reader.finish();
  return { lines: reader.lines, unreadable: reader.unreadable, macros: reader.macros, files: [...reader.files] };
}

/** The start of a macro definition: the name is not replaced in it. */
const definition = /^([A-Z][A-Za-z0-9_]*)\s*(==?)\s*/;

interface Pending {
  text: string;
  readonly source: Source;
  readonly first: number;
  readonly macros: string[];
}

interface Replaced {
  readonly text: string;
  readonly found: boolean;
  readonly used: readonly string[];
}

class Reader {
  readonly lines: LogicalLine[] = [];
  readonly unreadable: Unknown[] = [];
  readonly macros = new Map<string, Macro>();
  readonly files = new Set<string>();
  readonly #tree: ConfigTree;
  readonly #inserts: ReadonlyMap<string, Piece>;
  /** One for each open `.ifdef`: whether its lines count, whether a branch of it counted before. */
  readonly #conditions: { on: boolean; taken: boolean }[] = [];
  #pending: Pending | null = null;
  #count = 0;
  #origins: ReadonlyMap<string, Span> = new Map();

  constructor(tree: ConfigTree, inserts: ReadonlyMap<string, Piece>) {
    this.#tree = tree;
    this.#inserts = inserts;
  }

  read(piece: Piece, within: readonly string[]): void {
    const source = sourceOf(piece.file, piece.text);
    this.files.add(piece.file);
    let offset = 0;
    for (let number = 1; number <= source.lineCount; number += 1) {
      const next = piece.text.indexOf("\n", offset);
      const end = next < 0 ? piece.text.length : next;
      const raw = piece.text.slice(offset, end);
      offset = end + 1;
      this.#count += 1;
      if (this.#count > limits.physicalLines) {
        this.#complain(`what follows line ${number}: the configuration is too long`, source, number);
        return;
      }
      this.#physical(raw, source, number, within);
    }
  }

  finish(): void {
    this.#flush(null);
  }

  #physical(raw: string, source: Source, number: number, within: readonly string[]): void {
    const start = raw.trimStart();
    if (start.startsWith("#")) return; // also between the lines of one logical line
    const insert = this.#inserts.get(start.trimEnd());
    if (insert !== undefined && within.length < limits.includes) {
      const before = this.#origins;
      this.#origins = insert.origins ?? before;
      this.read(insert, [...within, insert.file]);
      this.#origins = before;
      return;
    }
    const { text, found, used } = this.#replace(start, this.#pending === null, source, number);
    if (this.#conditional(text, found)) return;
    if (this.#conditions.some(({ on }) => !on)) return;
    const include = /^\.include(_if_exists)?\s+(.*?)\s*$/.exec(text);
    if (include !== null) {
      this.#include(include[2] ?? "", include[1] !== undefined, source, number, within);
      return;
    }
    const line = text.trimEnd();
    const continued = line.endsWith("\\");
    const content = continued ? line.slice(0, -1) : line;
    if (this.#pending === null) {
      if (line === "") return;
      this.#pending = { text: content, source, first: number, macros: [...used] };
    } else {
      this.#pending.text += content;
      this.#pending.macros.push(...used);
      if (this.#pending.text.length > limits.expandedLine) {
        this.#complain("a line that is longer than any that Exim reads", source, number);
        this.#pending = null;
        return;
      }
    }
    if (!continued) this.#flush(number);
  }

  #flush(last: number | null): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    const text = pending.text.trim();
    if (text === "") return;
    const { source, first } = pending;
    const until = last === null || last < first ? first : last;
    const where: Span = {
      file: source.file,
      start: { line: first, column: 1 },
      end: { line: until, column: source.line(until).length + 1 },
      text: source.line(first).trim(),
    };
    const macro = definition.exec(text);
    const name = macro?.[1];
    if (macro !== null && name !== undefined) {
      const origin = this.#origins.get(name) ?? where;
      this.#define(name, macro[2] === "==", { value: text.slice(macro[0].length), where: origin });
      return;
    }
    this.lines.push(pending.macros.length === 0 ? { text, where } : { text, where, macros: pending.macros });
  }

  #define(name: string, again: boolean, value: Macro): void {
    // Exim refuses a second definition with "="; the first one is what earlier lines were read with.
    if (this.macros.has(name) && !again) return;
    this.macros.set(name, value);
  }

  /** In the order of their definition; what one puts in is seen by those that come after it. */
  #replace(line: string, atStart: boolean, source: Source, number: number): Replaced {
    const own = atStart ? (definition.exec(line)?.[0] ?? "") : "";
    let text = line.slice(own.length);
    const used: string[] = [];
    let found = false;
    for (const [name, { value }] of this.macros) {
      if (!text.includes(name)) continue;
      found = true;
      used.push(name);
      text = text.split(name).join(value);
      if (text.length > limits.expandedLine) {
        this.#complain("a line that its macros make too long", source, number);
        return { text: "", found, used };
      }
    }
    // Names that Exim defines itself: what its build can do. We take it for a full build.
    if (!found && /^\.(?:el)?ifn?def\s/.test(line) && /(?:^|\s)_(?:HAVE|OPT|DRIVER|LOG|EXP)_/.test(line)) found = true;
    return { text: own + text, found, used };
  }

  /** Whether the line was a conditional one. */
  #conditional(text: string, found: boolean): boolean {
    const word = /^\.(ifdef|ifndef|elifdef|elifndef|else|endif)\b/.exec(text)?.[1];
    if (word === undefined) return false;
    const top = this.#conditions.at(-1);
    switch (word) {
      case "ifdef":
      case "ifndef": {
        const on = (word === "ifdef") === found;
        this.#conditions.push({ on, taken: on });
        break;
      }
      case "elifdef":
      case "elifndef":
        if (top !== undefined) {
          top.on = !top.taken && (word === "elifdef") === found;
          top.taken ||= top.on;
        }
        break;
      case "else":
        if (top !== undefined) {
          top.on = !top.taken;
          top.taken = true;
        }
        break;
      default:
        this.#conditions.pop();
    }
    return true;
  }

  #include(path: string, optional: boolean, source: Source, number: number, within: readonly string[]): void {
    const plain = path.replace(/^"(.*)"$/, "$1");
    const absolute = plain.startsWith("/") ? plain : posix.join(posix.dirname(source.file), plain);
    const at = fileAt(this.#tree, absolute, eximHome);
    if (at === null) {
      const insideTree = absolute.startsWith(`${eximHome}/`) || absolute.startsWith(`${this.#tree.root}/`);
      if (optional && insideTree && !this.#tree.incomplete) return;
      this.#complain(`the file ${absolute}, which is included and was not given`, source, number);
      return;
    }
    if (within.includes(at.path) || within.length >= limits.includes) {
      this.#complain(`the file ${absolute}, which includes itself`, source, number);
      return;
    }
    if (at.file.kind !== "text") {
      this.#complain(`the file ${absolute}, which cannot be read`, source, number);
      return;
    }
    this.read({ file: at.path, text: at.file.text }, [...within, at.path]);
  }

  #complain(what: string, source: Source, line: number): void {
    if (this.unreadable.length >= 100) return;
    const text = source.line(line).trim();
    const where = { file: source.file, start: { line, column: 1 }, end: { line, column: text.length + 1 }, text };
    this.unreadable.push({ unknown: what, where });
  }
}
