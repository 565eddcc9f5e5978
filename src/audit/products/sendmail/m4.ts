/**
 * A small m4 for `sendmail.mc`: quotes, `define`, `ifdef`, `ifelse`, `include`, `divert`, `dnl` and macros of the
 * owner's. The packaged macros (`FEATURE`, `MAILER`, …) are not expanded but told, with the line they stand on.
 */
import type { Span } from "../../../text/source.ts";
import { closingQuote, evaluated, filledIn, lineEnd, lineOf, linesOf, type M4Line, type Place } from "./m4-text.ts";

/** One use of a packaged macro. */
export interface M4Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly where: Span;
}

export interface M4Result {
  readonly calls: readonly M4Call[];
  readonly defined: ReadonlyMap<string, { readonly value: string; readonly where: Span }>;
  /** Lines by diversion. */
  readonly lines: ReadonlyMap<number, readonly M4Line[]>;
  /** What could not be followed. */
  readonly strange: readonly { readonly says: string; readonly where: Span }[];
}

/** The text of an included file; `null`: it is packaged and known, `undefined`: it was not given. */
export type Include = (path: string) => { readonly file: string; readonly text: string } | null | undefined;

const maxCalls = 20_000;
const maxDepth = 40;
const maxText = 2_000_000;
const maxScanned = 30_000_000;

export function runM4(
  file: string,
  text: string,
  packaged: ReadonlySet<string>,
  known: ReadonlyMap<string, string>,
  include: Include,
): M4Result {
  // Without the line, m4 is given the packaged macros first.
  const machine = new M4(packaged, include, !/include\([`\s]*[^)]{0,200}cf\.m4/.test(text));
  const start = lineOf(file, text)(0);
  for (const [name, value] of known) machine.define(name, value, start);
  machine.source(file, text, 0);
  return machine.result();
}

class M4 {
  readonly #packaged: ReadonlySet<string>;
  readonly #include: Include;
  readonly #macros = new Map<string, { value: string; where: Span }[]>();
  readonly #calls: M4Call[] = [];
  readonly #strange: { says: string; where: Span }[] = [];
  readonly #pieces = new Map<number, { text: string; where: Span }[]>();
  #diversion = 0;
  /** Before the packaged macros are included their names are words like others. */
  #active: boolean;
  #count = 0;
  #scanned = 0;
  #size = 0;

  constructor(packaged: ReadonlySet<string>, include: Include, active: boolean) {
    this.#active = active;
    this.#packaged = packaged;
    this.#include = include;
  }

  define(name: string, value: string, where: Span): void {
    this.#macros.set(name, [{ value, where }]);
  }

  /** Reads a file; what it puts out goes to the diversion in force. */
  source(file: string, text: string, depth: number): void {
    const place = lineOf(file, text);
    this.#scan(text, place, depth, (piece, where) => this.#put(piece, where));
  }

  result(): M4Result {
    // What a value holds that nobody used is not done.
    const [calls, strange] = [[...this.#calls], [...this.#strange]];
    const defined = [...this.#macros].flatMap(([name, stack]) => {
      const last = stack.at(-1);
      // A value is read again where it is used.
      return last === undefined ? [] : [[name, { ...last, value: this.#text(last.value, last.where, 0) }] as const];
    });
    const lines = [...this.#pieces].map(([number, pieces]) => [number, linesOf(pieces)] as const);
    return { calls, defined: new Map(defined), lines: new Map(lines), strange };
  }

  #put(text: string, where: Span): void {
    if (this.#diversion < 0 || this.#size > maxText) return;
    this.#size += text.length;
    const pieces = this.#pieces.get(this.#diversion) ?? [];
    this.#pieces.set(this.#diversion, pieces);
    pieces.push({ text, where });
  }

  #odd(says: string, where: Span): void {
    if (this.#strange.length < 100) this.#strange.push({ says, where });
  }

  /** Goes through text, expanding what is not quoted. `dnl` is done here, because it takes what follows. */
  #scan(text: string, place: Place, depth: number, put: (text: string, where: Span) => void): void {
    let at = 0;
    this.#scanned += text.length;
    if (depth > maxDepth || this.#scanned > maxScanned) {
      this.#odd("macros that call one another without end", place(0));
      return;
    }
    while (at < text.length) {
      const c = text[at] as string; // the index is in bounds
      const where = place(at);
      if (c === "`") {
        const close = closingQuote(text, at);
        put(text.slice(at + 1, close), where);
        at = close + 1;
        continue;
      }
      if (c === "#") {
        // A comment is put out as it is.
        const end = lineEnd(text, at);
        put(text.slice(at, end), where);
        at = end;
        continue;
      }
      const name = /^[A-Za-z_]\w*/.exec(text.slice(at, at + 100))?.[0];
      if (name === undefined) {
        put(c, where);
        at += 1;
        continue;
      }
      at += name.length;
      if (name === "dnl") {
        at = lineEnd(text, at) + 1;
        continue;
      }
      if (!this.#isMacro(name) || (needsArguments.has(name) && text[at] !== "(")) {
        put(name, where);
        continue;
      }
      const read = text[at] === "(" ? this.#args(text, at, place, depth) : null;
      if (read !== null) at = read.end;
      this.#count += 1;
      if (this.#count > maxCalls) {
        this.#odd("more macros than an audit follows", where);
        return;
      }
      // What a macro stands for is read again, with the place of the macro.
      const made = this.#expand(name, read?.args ?? null, where, depth);
      if (made !== "") this.#scan(made, () => where, depth + 1, put);
    }
  }

  #isMacro(name: string): boolean {
    return builtIn.has(name) || (this.#active && this.#packaged.has(name)) || this.#macros.has(name);
  }

  /** Arguments from the parenthesis at `from`: expanded, one level of quotes taken off, blanks before them dropped. */
  #args(text: string, from: number, place: Place, depth: number): { readonly args: string[]; readonly end: number } {
    const args: string[] = [];
    let at = from + 1;
    let start = at;
    let parentheses = 0;
    const end = (until: number): void => {
      let made = "";
      const raw = text.slice(start, until).replace(/^\s+/, "");
      const shift = until - raw.length;
      this.#scan(
        raw,
        (offset) => place(shift + offset),
        depth + 1,
        (piece) => {
          if (made.length < maxText) made += piece;
        },
      );
      args.push(made);
    };
    for (; at < text.length; at += 1) {
      const c = text[at];
      if (c === "`") at = closingQuote(text, at);
      else if (c === "(") parentheses += 1;
      else if (c === ")") {
        if (parentheses === 0) break;
        parentheses -= 1;
      } else if (c === "," && parentheses === 0) {
        end(at);
        start = at + 1;
      } else if (c === "d" && /^dnl\b/.test(text.slice(at, at + 4)) && !/\w/.test(text[at - 1] ?? ""))
        at = lineEnd(text, at);
    }
    if (at >= text.length) this.#odd("a parenthesis that is not closed", place(from));
    end(at);
    return { args, end: at + 1 };
  }

  #expand(name: string, args: readonly string[] | null, where: Span, depth: number): string {
    const [a = "", b = "", c = ""] = args ?? [];
    switch (name) {
      case "define":
      case "pushdef": {
        const stack = name === "define" ? [] : (this.#macros.get(a) ?? []);
        this.#macros.set(a, [...stack, { value: b, where }]);
        return "";
      }
      case "undefine":
        for (const one of args ?? []) this.#macros.delete(one);
        return "";
      case "popdef":
        this.#macros.get(a)?.pop();
        return "";
      case "defn":
        return quoted(this.#macros.get(a)?.at(-1)?.value ?? "");
      case "ifdef":
        return this.#isMacro(a) ? b : c;
      case "ifelse":
        return this.#ifelse(args ?? [], where);
      case "divert":
        this.#diversion = Number.parseInt(a || "0", 10) || 0;
        return "";
      case "undivert":
      case "errprint":
      case "changecom":
        return "";
      case "divnum":
        return String(this.#diversion);
      case "include":
      case "sinclude":
        this.#included(a.trim(), name === "sinclude", where, depth);
        return "";
      case "eval":
        return evaluated(a) ?? this.#unknown(`eval(${a})`, where);
      case "len":
        return String(a.length);
      case "index":
        return String(a.indexOf(b));
      case "substr":
        return c === "" ? a.slice(Number(b) || 0) : a.slice(Number(b) || 0, (Number(b) || 0) + (Number(c) || 0));
      case "shift":
        return (args ?? []).slice(1).map(quoted).join(",");
      case "incr":
        return String((Number(a) || 0) + 1);
      case "translit":
      case "changequote":
      case "syscmd":
      case "esyscmd":
        return this.#unknown(name, where);
      default:
    }
    const own = this.#macros.get(name)?.at(-1);
    if (own !== undefined) return filledIn(own.value, name, args ?? []);
    // What a packaged macro puts out is read again, and its arguments with it.
    const again = (args ?? []).map((arg) => this.#text(arg, where, depth + 1));
    this.#calls.push({ name, args: again, where });
    const diversion = diversions[name];
    if (diversion !== undefined) this.#diversion = diversion;
    return "";
  }

  /** Text as it is once its macros are put in. */
  #text(text: string, where: Span, depth: number): string {
    let made = "";
    this.#scan(
      text,
      () => where,
      depth,
      (piece) => {
        if (made.length < maxText) made += piece;
      },
    );
    return made;
  }

  #unknown(says: string, where: Span): string {
    this.#odd(says, where);
    return "";
  }

  #ifelse(args: readonly string[], where: Span): string {
    for (let at = 0; at < args.length; at += 3) {
      if (args.length - at < 3) return args[at] ?? "";
      if (args[at] === args[at + 1]) return args[at + 2] ?? "";
      if (args.length - at === 4) return args[at + 3] ?? "";
      if (at > 300) this.#odd("ifelse with more cases than an audit follows", where);
    }
    return "";
  }

  #included(path: string, optional: boolean, where: Span, depth: number): void {
    const found = this.#include(path);
    if (found === null) this.#active = true;
    if (found === undefined && !optional) this.#odd(`the included file ${path}, which was not given`, where);
    if (found !== null && found !== undefined && found.text.length <= maxText)
      this.source(found.file, found.text, depth + 1);
  }
}

const builtIn: ReadonlySet<string> = new Set(
  (
    "define pushdef undefine popdef defn ifdef ifelse divert undivert divnum include sinclude eval len index substr shift " +
    "incr translit changequote changecom errprint syscmd esyscmd"
  ).split(" "),
);
/** Without arguments these are words like others. */
const needsArguments: ReadonlySet<string> = new Set(
  "define pushdef undefine popdef defn ifdef ifelse include sinclude eval len index substr shift incr translit".split(
    " ",
  ),
);

/** Where the packaged macros send the lines that follow (cf/README, "LOCAL CONFIGURATION"). */
const diversions: Readonly<Record<string, number>> = {
  LOCAL_NET_CONFIG: 1,
  LOCAL_RULE_3: 2,
  LOCAL_RULE_0: 3,
  LOCAL_UUCP: 4,
  LOCAL_CONFIG: 6,
  MAILER_DEFINITIONS: 7,
  LOCAL_DNSBL: 8,
  LOCAL_RULE_1: 10,
  LOCAL_RULE_2: 10,
  LOCAL_RULESETS: 9,
};

const quoted = (text: string): string => `\`${text}'`;
