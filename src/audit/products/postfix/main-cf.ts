/**
 * `main.cf`, as postconf(5) describes it: logical lines, continued by leading whitespace, comments even between; the
 * last assignment of a name holds. `postconf -n` writes the same form. Values are kept unexpanded, with their places.
 */
import { type Source, type Span, sourceOf } from "../../../text/source.ts";

export interface Setting {
  readonly name: string;
  /** Unexpanded. Continuation lines are joined as Postfix joins them. */
  readonly value: string;
  /** The whole logical line. */
  readonly where: Span;
  /** The place of a stretch of the value. */
  readonly placeOf: (from: number, to: number) => Span;
}

export interface LogicalLine {
  readonly text: string;
  readonly span: Span;
  /** The offset in the source of an offset in `text`. */
  readonly offsetOf: (at: number) => number;
  readonly source: Source;
}

/** Lines as Postfix reads them everywhere: main.cf, master.cf and table sources alike. */
export function logicalLines(source: Source): readonly LogicalLine[] {
  const lines: LogicalLine[] = [];
  let pieces: { readonly at: number; readonly offset: number }[] = [];
  let text = "";
  let end = 0;
  const flush = (): void => {
    const first = pieces[0];
    if (first !== undefined && text.trim() !== "") {
      const kept = pieces;
      const span = source.span(first.offset, end);
      const offsetOf = (at: number): number => {
        const piece = kept.findLast((one) => one.at <= at) ?? first;
        return piece.offset + at - piece.at;
      };
      lines.push({ text, span, offsetOf, source });
    }
    pieces = [];
    text = "";
  };
  let offset = 0;
  for (const raw of source.text.split("\n")) {
    const line = raw.replace(/\r$/, "");
    const start = offset;
    offset += raw.length + 1;
    const first = line.trimStart();
    if (first === "" || first.startsWith("#")) continue;
    if (!/^\s/.test(line)) flush();
    pieces.push({ at: text.length, offset: start });
    text += line;
    end = start + line.length;
  }
  flush();
  return lines;
}

export interface MainCf {
  readonly source: Source;
  readonly settings: ReadonlyMap<string, Setting>;
  /** Lines that are no assignment. */
  readonly strange: readonly Span[];
}

/** A parameter name, or `service/type/name` as `postconf -P` prints it. */
const assignment = /^\s*([^\s=]+)\s*=\s*/;

export function parseMainCf(file: string, text: string): MainCf {
  const source = sourceOf(file, text);
  const settings = new Map<string, Setting>();
  const strange: Span[] = [];
  for (const line of logicalLines(source)) {
    const match = assignment.exec(line.text);
    if (match?.[1] === undefined) {
      strange.push(line.span);
      continue;
    }
    const start = match[0].length;
    const value = line.text.slice(start).trimEnd();
    const placeOf = (from: number, to: number): Span => {
      const first = line.offsetOf(start + from);
      return source.span(first, Math.max(first, line.offsetOf(start + Math.max(from, to - 1)) + 1));
    };
    settings.set(match[1], { name: match[1], value, where: line.span, placeOf });
  }
  return { source, settings, strange };
}
