/** What a field of a rule is: which of its values fit which packets. */
import type { Condition } from "../unix/conditions.ts";
import type { Item, Operator } from "./statements.ts";

export interface Field {
  /** What holds whenever the field is there to be looked at. */
  readonly takes: Condition;
  /** One of these values; null: a value is not understood. */
  is(items: readonly Item[]): readonly Condition[] | null;
  /** None of these. */
  not(items: readonly Item[]): readonly Condition[] | null;
  /** `<` and the like. */
  compare?(operator: Operator, item: Item): readonly Condition[] | null;
  /** Values that are sets of bits: words that are not in braces are read together. */
  bits?(operator: Operator, words: readonly string[], mask: readonly string[] | null): readonly Condition[] | null;
  /** `field & mask` for anything else. */
  masked?(operator: Operator, words: readonly string[], mask: readonly string[]): readonly Condition[] | null;
}

/** A few values that the packet has exactly one of. */
export function chosen<T>(
  wordValue: (text: string) => T | null,
  all: readonly T[],
  holds: (some: readonly T[]) => Condition,
): Field {
  const values = (items: readonly Item[]): readonly T[] | null => {
    const found: T[] = [];
    for (const item of items) {
      const value = item.kind === "one" ? wordValue(item.text) : null;
      if (value === null) return null;
      found.push(value);
    }
    return found;
  };
  const made = (some: readonly T[]): readonly Condition[] => (some.length === 0 ? [] : [holds(some)]);
  return {
    takes: {},
    is(items) {
      const found = values(items);
      return found === null ? null : made(found);
    },
    not(items) {
      const found = values(items);
      return found === null ? null : made(all.filter((value) => !found.includes(value)));
    },
  };
}

/** Fits no packet. */
export const never: Condition = { protocols: [] };
