/**
 * The words of smtpd.conf(5): quoted and bare strings, signs, macros (`$name`), comments, lines that go on after a
 * backslash. A macro's value is read as if it stood there, but is not searched for macros again (parse.y, yylex).
 */
import type { Source, Span } from "../../../text/source.ts";

export interface Token {
  /** A `word` may be a keyword, a `string` was quoted and never is one. */
  readonly kind: "word" | "string" | "sign" | "end-of-line";
  readonly text: string;
  readonly where: Span;
}

export interface Lexer {
  /** The next token, or in words what is wrong from here to the end of the line; `null`: the file is at its end. */
  readonly next: () => Token | { readonly wrong: string; readonly where: Span } | null;
}

const startsString = /[A-Za-z0-9:_]/;
/** Any sign may stand in a bare string but these. */
const endsString = /[\s(){}<>!=#,]/;
/** smtpd refuses longer strings. */
const maxString = 8096;

export function lexerOf(source: Source, macro: (name: string) => string | null): Lexer {
  const { text } = source;
  let at = 0;
  /** What a macro stands for, read before the file goes on; its text is placed where the macro is. */
  let ahead = "";
  let aheadAt = 0;
  let aheadFrom = 0;
  let atEnd = false;
  const expanding = (): boolean => aheadAt < ahead.length;
  const peek = (): string => (expanding() ? (ahead[aheadAt] ?? "") : (text[at] ?? ""));
  const take = (): string => {
    const char = peek();
    if (expanding()) aheadAt += 1;
    else at += 1;
    return char;
  };
  /** Joins lines, and takes a backslash before any other sign away. */
  const joinLines = (): void => {
    while (peek() === "\\") {
      take();
      if (peek() !== "\n") return;
      take();
    }
  };
  const skipLine = (): void => {
    for (;;) {
      joinLines();
      const char = peek();
      if (char === "" || char === "\n") return;
      take();
    }
  };
  const wrong = (words: string, from: number) => {
    skipLine();
    return { wrong: words, where: source.span(from, Math.max(from, Math.min(at, from + 200))) };
  };
  const quoted = (quote: string): string | null => {
    let made = "";
    for (;;) {
      const char = take();
      if (char === "" || char === "\0") return null;
      if (char === quote) return made;
      if (char === "\n") continue;
      if (char === "\\") {
        const next = peek();
        if (next === quote || next === " " || next === "\t") made += take();
        else if (next === "\n") take();
        else made += char;
      } else made += char;
      if (made.length > maxString) return null;
    }
  };

  const next: Lexer["next"] = () => {
    for (;;) {
      joinLines();
      while (peek() === " " || peek() === "\t" || peek() === "\r") {
        take();
        joinLines();
      }
      if (peek() === "#") skipLine();
      const from = expanding() ? aheadFrom : at;
      const char = peek();
      const token = (kind: Token["kind"], value: string): Token => ({
        kind,
        text: value,
        where: source.span(from, Math.max(at, from)),
      });
      if (char === "") {
        // The end of a file ends its last line.
        if (atEnd) return null;
        atEnd = true;
        return token("end-of-line", "");
      }
      if (char === "$" && !expanding()) {
        take();
        let name = "";
        while (/[A-Za-z0-9_]/.test(peek())) name += take();
        const value = macro(name);
        if (value === null) return wrong(`the macro $${name}, which is not set`, from);
        // What follows the macro at once belongs to its last word.
        ahead = value;
        aheadAt = 0;
        aheadFrom = from;
        continue;
      }
      if (char === "\n") {
        take();
        return token("end-of-line", "\n");
      }
      if (char === '"' || char === "'") {
        take();
        const value = quoted(char);
        return value === null ? wrong("a quoted string without an end", from) : token("string", value);
      }
      const word = wordFrom(from);
      if (word !== null) return word;
      take();
      if (char === "=" && peek() === ">") {
        take();
        return token("sign", "=>");
      }
      return token("sign", char);
    }
  };

  function wordFrom(from: number): Token | null {
    if (!startsString.test(peek())) return null;
    let value = "";
    while (peek() !== "" && !endsString.test(peek()) && value.length <= maxString) {
      value += take();
      joinLines();
    }
    return { kind: "word", text: value, where: source.span(from, Math.max(at, from)) };
  }
  return { next };
}
