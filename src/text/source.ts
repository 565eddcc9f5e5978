/** Places in a text a person wrote: files, lines and columns, as editors and compilers count them. */

/** Both count from 1; the column counts characters, not bytes. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A stretch of a file, its end excluded. `text` is what stands there. */
export interface Span {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
  readonly text: string;
}

/** A text with its line starts known, so that an offset is placed by binary search. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly lineCount: number;
  positionAt(offset: number): Position;
  /** The line without its line end; empty beyond the end. */
  line(number: number): string;
  span(from: number, to: number): Span;
}

/** Lines end at LF or CRLF; a bare CR is content, as it is for the mailers whose files we read. */
export function sourceOf(file: string, text: string): Source {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);

  const positionAt = (offset: number): Position => {
    const clamped = Math.max(0, Math.min(offset, text.length));
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= clamped) low = middle + 1;
      else high = middle;
    }
    return { line: low, column: clamped - (starts[low - 1] ?? 0) + 1 };
  };

  return {
    file,
    text,
    lineCount: starts.length,
    positionAt,
    line(number) {
      const start = starts[number - 1];
      if (start === undefined) return "";
      return text.slice(start, (starts[number] ?? text.length + 1) - 1).replace(/\r$/, "");
    },
    span: (from, to) => ({ file, start: positionAt(from), end: positionAt(to), text: text.slice(from, to) }),
  };
}
