/** Texts of m4 and their places: quotes, numbers, arguments put in, and the lines that come out. */
import type { Span } from "../../../text/source.ts";

/** A line of text that is put out, to the diversion that was in force. */
export interface M4Line {
  readonly text: string;
  readonly where: Span;
}

/** Places by line: the whole line that a macro stands on. */
export type Place = (offset: number) => Span;

export function filledIn(value: string, name: string, args: readonly string[]): string {
  return value.replace(/\$([0-9#*@])/g, (_, what: string) => {
    if (what === "0") return name;
    if (what === "#") return String(args.length);
    return what === "*" || what === "@" ? args.join(",") : (args[Number(what) - 1] ?? "");
  });
}

/** Numbers compared or counted; `null`: more than this understands. */
export function evaluated(text: string): string | null {
  const read = /^\s*(-?\d+)\s*(?:(>=|<=|==|!=|>|<|\+|-)\s*(-?\d+)\s*)?$/.exec(text);
  if (read === null) return null;
  const [a, operator, b] = [Number(read[1]), read[2], Number(read[3] ?? "0")];
  const truth = (is: boolean): string => (is ? "1" : "0");
  switch (operator) {
    case undefined:
      return String(a);
    case ">=":
      return truth(a >= b);
    case "<=":
      return truth(a <= b);
    case "==":
      return truth(a === b);
    case "!=":
      return truth(a !== b);
    case ">":
      return truth(a > b);
    case "<":
      return truth(a < b);
    default:
      return String(operator === "+" ? a + b : a - b);
  }
}

/** Quotes nest. */
export function closingQuote(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "`") depth += 1;
    else if (text[at] === "'") {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return text.length;
}

export function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Each offset's whole line; made once a line. */
export function lineOf(file: string, text: string): Place {
  let number = 1;
  let from = 0;
  let until = lineEnd(text, 0);
  let span: Span | null = null;
  return (offset) => {
    if (offset < from) {
      number = 1;
      from = 0;
      until = lineEnd(text, 0);
      span = null;
    }
    while (offset > until && until < text.length) {
      number += 1;
      from = until + 1;
      until = lineEnd(text, from);
      span = null;
    }
    span ??= {
      file,
      start: { line: number, column: 1 },
      end: { line: number, column: until - from + 1 },
      text: text.slice(from, until),
    };
    return span;
  };
}

/** Pieces put together to lines, each with the place where it begins. */
export function linesOf(pieces: readonly { readonly text: string; readonly where: Span }[]): readonly M4Line[] {
  const lines: M4Line[] = [];
  let text = "";
  let where: Span | null = null;
  for (const piece of pieces) {
    const parts = piece.text.split("\n");
    for (const [index, part] of parts.entries()) {
      if (index > 0) {
        if (where !== null) lines.push({ text, where });
        text = "";
        where = null;
      }
      if (part === "") continue;
      text += part;
      where ??= shifted(piece.where, index);
    }
  }
  if (where !== null) lines.push({ text, where });
  return lines;
}

/** The line that is so many below, within a quoted text of several lines. */
function shifted(where: Span, lines: number): Span {
  if (lines === 0) return where;
  const line = where.start.line + lines;
  return { ...where, start: { line, column: 1 }, end: { line, column: 1 } };
}
