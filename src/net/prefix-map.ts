/**
 * Longest-prefix lookup (RFC 1812 §5.2.4.3) over many prefixes: they are flattened once into disjoint segments, each
 * with the longest prefix that covers it, so that a lookup is one binary search.
 */
import type { IpAddress } from "./ip.ts";
import { type Prefix, prefixRange } from "./prefix.ts";
import { indexAtOrBelow } from "./sorted.ts";

/** What a lookup found: the longest prefix that holds the address, and its value. */
export interface PrefixMatch<T> {
  readonly prefix: Prefix;
  readonly value: T;
}

export interface PrefixMap<T> {
  readonly size: number;
  /** The entry with the longest prefix that holds the address, or `null`. */
  lookup(address: IpAddress): PrefixMatch<T> | null;
}

/** Of two entries with the same prefix the later one counts. */
export function prefixMap<T>(entries: Iterable<readonly [Prefix, T]>): PrefixMap<T> {
  const by = { 4: [] as Entry<T>[], 6: [] as Entry<T>[] };
  let size = 0;
  for (const [prefix, value] of entries) {
    const { family, first, last } = prefixRange(prefix);
    by[family].push({ first, last, match: { prefix, value } });
    size += 1;
  }
  const v4 = flatten(by[4]);
  const starts4 = Float64Array.from(v4.starts, Number);
  const v6 = flatten(by[6]);
  return {
    size,
    lookup({ family, bits }) {
      if (family === 4) return v4.matches[indexAtOrBelow(starts4, Number(bits))] ?? null;
      return v6.matches[indexAtOrBelow(v6.starts, bits)] ?? null;
    },
  };
}

interface Entry<T> {
  readonly first: bigint;
  readonly last: bigint;
  readonly match: PrefixMatch<T>;
}

interface Segments<T> {
  readonly starts: readonly bigint[];
  readonly matches: readonly (PrefixMatch<T> | null)[];
}

/** Two prefixes are nested or disjoint, so those that are open at any point form a stack. */
function flatten<T>(entries: Entry<T>[]): Segments<T> {
  // Outer before inner where both start alike; sorting is stable, so of twins the later one ends on top.
  const sorted = entries.sort((a, b) => compare(a.first, b.first) || compare(b.last, a.last));
  const starts: bigint[] = [];
  const matches: (PrefixMatch<T> | null)[] = [];
  const open: Entry<T>[] = [];
  const begin = (at: bigint, match: PrefixMatch<T> | null) => {
    if (starts.at(-1) === at) {
      starts.pop();
      matches.pop();
    }
    starts.push(at);
    matches.push(match);
  };
  const closeBefore = (at: bigint | null) => {
    for (let top = open.at(-1); top !== undefined && (at === null || top.last < at); top = open.at(-1)) {
      open.pop();
      // A twin or an outer prefix that ends at the same address is overwritten by the next turn.
      begin(top.last + 1n, open.at(-1)?.match ?? null);
    }
  };
  for (const entry of sorted) {
    closeBefore(entry.first);
    open.push(entry);
    begin(entry.first, entry.match);
  }
  closeBefore(null);
  return { starts, matches };
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
