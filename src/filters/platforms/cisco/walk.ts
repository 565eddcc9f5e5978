/**
 * Lines and the blocks they belong to. Where a file is indented, what is not indented opens a block or stands alone;
 * where nothing is (copied out of a page or a mail), a block lasts until something else opens one.
 */
import type { Line } from "./lines.ts";
import { split } from "./words.ts";

export interface Block {
  /** A line of the block; false: it is none of the block's. */
  readonly line: (words: readonly string[], line: Line) => boolean;
  /** A block in a block, deeper indented, is not looked into. */
  readonly flat: boolean;
}

/** `undefined`: the line opens no block; null: it is understood, and stands alone. */
export type Open = (words: readonly string[], line: Line) => Block | null | undefined;

export function walk(lines: readonly Line[], open: Open): void {
  const flat = lines.every(({ indent }) => indent === 0);
  let block: Block | null = null;
  let depth = 0;
  for (const line of lines) {
    const words = split(line.body);
    if (line.indent === 0) {
      const opened = open(words, line);
      if (opened !== undefined) {
        block = opened;
        depth = 0;
        continue;
      }
      if (block === null) continue;
      if (flat ? leaves(words) || !block.line(words, line) : !isEntry(words) || !block.line(words, line)) block = null;
      continue;
    }
    if (block === null) continue;
    if (depth === 0) depth = line.indent;
    if (block.flat && line.indent > depth) continue;
    block.line(words, line);
  }
}

const leaves = ([first = ""]: readonly string[]): boolean => first === "exit" || first === "end";

/** No command outside of lists begins so: an entry that lost its indentation. */
export const isEntry = ([first = "", second = ""]: readonly string[]): boolean =>
  /^(permit|deny|remark)$/.test(first) || (/^\d+$/.test(first) && /^(permit|deny|remark)$/.test(second));
