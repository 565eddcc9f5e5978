/**
 * Unified diffs of small, known edits: lines that are replaced, put in or taken out. No search for a shortest edit is
 * needed, because whoever edits knows the lines.
 */

/** Replaces the lines `from` to `to` (both counted from 1, both included; `to = from - 1` inserts before `from`). */
export interface LineEdit {
  readonly from: number;
  readonly to: number;
  readonly with: readonly string[];
}

const context = 3;

/** The text with its edits made; edits may not overlap. */
export function applyEdits(text: string, edits: readonly LineEdit[]): string {
  const lines = text.split("\n");
  for (const edit of [...edits].sort((a, b) => b.from - a.from))
    lines.splice(edit.from - 1, edit.to - edit.from + 1, ...edit.with);
  return lines.join("\n");
}

/** A unified diff of the edits, as `diff -u` writes it and `patch` reads it. */
export function unifiedDiff(file: string, text: string, edits: readonly LineEdit[]): string {
  const lines = text.split("\n");
  const noEnd = lines.at(-1) !== "";
  if (!noEnd) lines.pop();
  const sorted = [...edits].sort((a, b) => a.from - b.from);
  const hunks: string[] = [];
  let shift = 0;
  for (let at = 0; at < sorted.length; ) {
    const group: LineEdit[] = [];
    for (let edit = sorted[at]; edit !== undefined; edit = sorted[at]) {
      const before = group.at(-1);
      if (before !== undefined && edit.from - before.to > 2 * context + 1) break;
      group.push(edit);
      at += 1;
    }
    const first = Math.max(1, (group[0]?.from ?? 1) - context);
    const last = Math.min(lines.length, (group.at(-1)?.to ?? 0) + context);
    const body: string[] = [];
    let next = first;
    const keep = (until: number): void => {
      for (; next <= until; next += 1) body.push(...written(" ", next));
    };
    const written = (mark: string, number: number): readonly string[] => {
      const line = `${mark}${lines[number - 1] ?? ""}`;
      return noEnd && number === lines.length ? [line, "\\ No newline at end of file"] : [line];
    };
    let added = 0;
    let removed = 0;
    for (const edit of group) {
      keep(edit.from - 1);
      for (; next <= edit.to; next += 1) {
        body.push(...written("-", next));
        removed += 1;
      }
      for (const line of edit.with) {
        body.push(`+${line}`);
        added += 1;
      }
    }
    keep(last);
    const oldCount = last - first + 1;
    const newCount = oldCount - removed + added;
    hunks.push(`@@ -${range(first, oldCount)} +${range(first + shift, newCount)} @@`, ...body);
    shift += added - removed;
  }
  const path = file.replace(/^\//, "");
  return hunks.length === 0 ? "" : `--- a/${path}\n+++ b/${path}\n${hunks.join("\n")}\n`;
}

function range(start: number, count: number): string {
  if (count === 1) return `${start}`;
  return `${count === 0 ? start - 1 : start},${count}`;
}
