/**
 * The text of a Postfix configuration while it is put together as a container does it: lines that the image writes,
 * lines that come out of a variable, lines of a file. Each remembers where a person would change it.
 */
import { type Span, sourceOf } from "../../../text/source.ts";
import type { Variable } from "../../deployment/variables.ts";
import type { Caveat, Unknown } from "../../rules.ts";

export interface MadeLine {
  readonly text: string;
  readonly where: Span | null;
}

/** The lines of a file as they are. */
export function linesOf(file: string, text: string): readonly MadeLine[] {
  const source = sourceOf(file, text);
  return Array.from({ length: Math.min(source.lineCount, 20_000) }, (_, index) => {
    const line = source.line(index + 1);
    const end = { line: index + 1, column: line.length + 1 };
    return { text: line, where: { file, start: { line: index + 1, column: 1 }, end, text: line } };
  });
}

/** A setting that the image writes by itself. */
export const usual = (name: string, value: string): MadeLine => ({ text: `${name} = ${value}`, where: null });

/** A setting out of a variable; one whose value no file tells is a setting that cannot be told either. */
export function fromVariable(name: string, { value, where }: Variable, change = (text: string) => text): MadeLine {
  // No such table type exists: the reading of lists calls its answers unknown, which they are.
  const text = value === null ? `variable:${name}` : change(oneLine(value));
  return { text: `${name} = ${text}`, where };
}

/** A value must stay in its line: what follows would be a setting of its own. */
export const oneLine = (value: string): string => value.replace(/[\r\n\0]+/g, " ").trim();

export interface Rendered {
  readonly main: readonly MadeLine[];
  readonly master: readonly MadeLine[];
  /** Further files in the container: by the path there, the path among ours and the text. */
  readonly mounted: ReadonlyMap<string, { readonly path: string; readonly text: string }>;
  readonly version: string | null;
  /** What may still be otherwise, and makes the verdict conditional. */
  readonly caveats: readonly Caveat[];
  readonly assumes: readonly string[];
  readonly unreadable: readonly Unknown[];
}
