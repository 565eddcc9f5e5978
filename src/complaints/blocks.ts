/** Blocks of `Name: value` lines within a report: ARF's second part, X-ARF's report, delivery status. Pure. */
import { limits } from "./limits.ts";

export interface Entry {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
}

/**
 * The entries of a text, folded lines joined. Never read as YAML, though X-ARF is written in it: aliases and types are what a
 * stranger would attack with.
 */
export function entriesIn(text: string): readonly Entry[] {
  const entries: { name: string; value: string }[] = [];
  for (const raw of text.split("\n", 2000)) {
    const line = raw.slice(0, limits.lineLength).trimEnd();
    const last = entries.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined && !/^\s*[A-Za-z][\w-]{1,60}\s*:\s/.test(line)) {
      if (last.value.length < limits.lineLength) last.value += ` ${line.trim()}`;
      continue;
    }
    const match = /^\s*["']?([A-Za-z][\w -]{0,60}?)["']?\s*:(?:\s+(.*)|)$/.exec(line);
    const [, name, value = ""] = match ?? /^\s*([A-Za-z][\w-]{0,60}):(.*)$/.exec(line) ?? [];
    if (name !== undefined)
      entries.push({ name: name.toLowerCase(), value: value.trim().replace(/^(["'])(.*)\1$/, "$2") });
    if (entries.length >= 500) break;
  }
  return entries;
}

export function entryOf(entries: readonly Entry[], ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = entries.find((entry) => entry.name === name)?.value;
    if (value !== undefined && value !== "") return value;
  }
  return null;
}

export function entriesOf(entries: readonly Entry[], name: string): readonly string[] {
  return entries.filter((entry) => entry.name === name && entry.value !== "").map(({ value }) => value);
}
