/**
 * Lists as they are written down, before groups are known: entries by number, so that order, gaps, `no` and renumbering
 * come out as on the device, wherever the lines stand.
 */
import type { Place } from "../../model.ts";
import type { Family } from "../../packet.ts";

export interface DraftEntry {
  /** From `permit` or `deny` on. */
  readonly words: readonly string[];
  readonly place: Place;
  /** Why it cannot be what it says. */
  readonly problem: string | null;
}

export interface DraftList {
  readonly name: string;
  readonly family: Family;
  readonly standard: boolean;
  readonly place: Place;
  entries: Map<number, DraftEntry>;
  last: number;
  /** Lines that change all of it (`fragments permit-all`). */
  readonly notes: { readonly words: readonly string[]; readonly place: Place }[];
}

/** What a number that is used already does with the new line. */
export type Duplicates = "replace" | "refuse";

export class Lists {
  readonly #lists = new Map<string, DraftList>();
  readonly #duplicates: Duplicates;

  constructor(duplicates: Duplicates) {
    this.#duplicates = duplicates;
  }

  get all(): readonly DraftList[] {
    return [...this.#lists.values()];
  }

  get(name: string, family: Family): DraftList | undefined {
    return this.#lists.get(`${family} ${name}`);
  }

  open(name: string, family: Family, place: Place, kind: { readonly standard: boolean }): DraftList {
    const key = `${family} ${name}`;
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list: DraftList = { name, family, standard: kind.standard, place, entries: new Map(), last: 0, notes: [] };
    this.#lists.set(key, list);
    return list;
  }

  drop(name: string, family: Family): void {
    this.#lists.delete(`${family} ${name}`);
  }

  /** Without a number it comes behind the last (the last number and ten). */
  add(list: DraftList, number: number | null, entry: DraftEntry): void {
    const at = number ?? list.last + 10;
    const before = list.entries.get(at);
    if (before !== undefined && this.#duplicates === "refuse") {
      // IOS keeps the entry that is there ("Duplicate sequence number"); the same once more is no change.
      if (before.words.join(" ") === entry.words.join(" ")) return;
      list.entries.set(at, { ...before, problem: `line ${entry.place.line} has the same number` });
      return;
    }
    list.entries.set(at, entry);
    list.last = Math.max(list.last, at);
  }

  /** A number that is used for no entry. */
  keep(list: DraftList, number: number | null): void {
    list.last = Math.max(list.last, number ?? list.last + 10);
  }

  remove(list: DraftList, number: number | null, words: readonly string[]): void {
    if (number !== null) list.entries.delete(number);
    else {
      const text = words.join(" ");
      for (const [at, entry] of list.entries) if (entry.words.join(" ") === text) list.entries.delete(at);
    }
  }

  renumber(list: DraftList, start: number, step: number): void {
    const sorted = inOrder(list);
    list.entries = new Map(sorted.map((entry, index) => [start + index * step, entry]));
    list.last = sorted.length === 0 ? 0 : start + (sorted.length - 1) * step;
  }
}

export function inOrder({ entries }: DraftList): readonly DraftEntry[] {
  let last = -1;
  for (const number of entries.keys()) {
    // Mostly they are in order already.
    if (number < last) return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
    last = number;
  }
  return [...entries.values()];
}
