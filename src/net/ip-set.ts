/**
 * Sets of IP addresses and their algebra: per family, sorted ranges that neither overlap nor touch. Membership is a
 * binary search, so a site or a filter with 100,000 prefixes costs no more than one with ten.
 */
import { type IpAddress, widthOf } from "./ip.ts";
import { type IpRange, type Prefix, prefixOf, prefixRange } from "./prefix.ts";
import { indexAtOrBelow } from "./sorted.ts";

/** An immutable set of addresses of both families. */
export interface IpSet {
  /** Merged and sorted, IPv4 first. */
  readonly ranges: readonly IpRange[];
  readonly isEmpty: boolean;
  has(address: IpAddress): boolean;
  union(other: IpSet): IpSet;
  intersect(other: IpSet): IpSet;
  subtract(other: IpSet): IpSet;
  /** All addresses of both families that are not in the set. */
  complement(): IpSet;
  /** Whether every address of the other set is in this one. */
  includes(other: IpSet): boolean;
  equals(other: IpSet): boolean;
  /** The fewest prefixes that make up the set, in order. */
  toPrefixes(): readonly Prefix[];
}

/** The set of all addresses in these prefixes. */
export function ipSet(prefixes: Iterable<Prefix>): IpSet {
  return ipSetOfRanges(Array.from(prefixes, prefixRange));
}

/** The set of all addresses in these ranges, which may overlap and come in any order. */
export function ipSetOfRanges(ranges: Iterable<IpRange>): IpSet {
  const by = { 4: [] as Span[], 6: [] as Span[] };
  for (const { family, first, last } of ranges) if (first <= last) by[family].push({ first, last });
  return make(merge(by[4]), merge(by[6]));
}

interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** Spans of one family, sorted, with at least one address between any two. */
type Spans = readonly Span[];

const whole = { 4: [{ first: 0n, last: (1n << 32n) - 1n }], 6: [{ first: 0n, last: (1n << 128n) - 1n }] } as const;

function make(v4: Spans, v6: Spans): IpSet {
  const ranges: readonly IpRange[] = [
    ...v4.map((span) => ({ family: 4 as const, ...span })),
    ...v6.map((span) => ({ family: 6 as const, ...span })),
  ];
  // IPv4 bounds fit numbers, which compare several times faster than bigints.
  const first4 = Float64Array.from(v4, (span) => Number(span.first));
  const last4 = Float64Array.from(v4, (span) => Number(span.last));
  const first6 = v6.map((span) => span.first);
  const each = (other: IpSet, combine: (a: Spans, b: Spans) => Spans): IpSet =>
    make(combine(v4, spansOf(other, 4)), combine(v6, spansOf(other, 6)));

  const set: IpSet = {
    ranges,
    isEmpty: ranges.length === 0,
    has({ family, bits }) {
      if (family === 4) {
        const value = Number(bits);
        const index = indexAtOrBelow(first4, value);
        return index >= 0 && value <= (last4[index] ?? -1);
      }
      const span = v6[indexAtOrBelow(first6, bits)];
      return span !== undefined && bits <= span.last;
    },
    union: (other) => each(other, (a, b) => merge([...a, ...b])),
    intersect: (other) => each(other, intersection),
    subtract: (other) => each(other, difference),
    complement: () => make(gaps(v4, whole[4][0]), gaps(v6, whole[6][0])),
    // Ranges neither overlap nor touch: whatever is covered is covered by a single one.
    includes: (other) => other.ranges.every((range) => covers(range.family === 4 ? v4 : v6, range)),
    equals: (other) =>
      ranges.length === other.ranges.length &&
      ranges.every((range, index) => {
        const twin = other.ranges[index];
        return range.family === twin?.family && range.first === twin.first && range.last === twin.last;
      }),
    toPrefixes: () => ranges.flatMap(prefixesOf),
  };
  return set;
}

function spansOf(set: IpSet, family: 4 | 6): Spans {
  return set.ranges.filter((range) => range.family === family);
}

function merge(spans: Span[]): Spans {
  const sorted = spans.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: Span[] = [];
  let open: Span | undefined;
  for (const span of sorted) {
    if (open === undefined || span.first > open.last + 1n) {
      if (open !== undefined) merged.push(open);
      open = { first: span.first, last: span.last };
    } else if (span.last > open.last) open = { first: open.first, last: span.last };
  }
  if (open !== undefined) merged.push(open);
  return merged;
}

function intersection(a: Spans, b: Spans): Spans {
  const common: Span[] = [];
  let i = 0;
  let j = 0;
  for (let x = a[i], y = b[j]; x !== undefined && y !== undefined; x = a[i], y = b[j]) {
    const first = x.first > y.first ? x.first : y.first;
    const last = x.last < y.last ? x.last : y.last;
    if (first <= last) common.push({ first, last });
    if (x.last < y.last) i += 1;
    else j += 1;
  }
  return common;
}

function covers(spans: Spans, { first, last }: Span): boolean {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spans[middle]!.first <= first) low = middle + 1;
    else high = middle;
  }
  const span = spans[low - 1];
  return span !== undefined && last <= span.last;
}

function difference(a: Spans, b: Spans): Spans {
  const left: Span[] = [];
  let j = 0;
  for (const { first, last } of a) {
    let next = first;
    while (b[j] !== undefined && b[j]!.last < next) j += 1;
    for (let at = j; b[at] !== undefined && b[at]!.first <= last; at += 1) {
      const { first: from, last: to } = b[at]!;
      if (from > next) left.push({ first: next, last: from - 1n });
      next = to + 1n;
      if (next > last) break;
    }
    if (next <= last) left.push({ first: next, last });
  }
  return left;
}

function gaps(spans: Spans, all: Span): Spans {
  const missing: Span[] = [];
  let next = all.first;
  for (const { first, last } of spans) {
    if (first > next) missing.push({ first: next, last: first - 1n });
    next = last + 1n;
  }
  if (next <= all.last) missing.push({ first: next, last: all.last });
  return missing;
}

/** The largest aligned block that starts here and fits, again and again: no smaller number of prefixes can do. */
function prefixesOf({ family, first, last }: IpRange): readonly Prefix[] {
  const width = widthOf(family);
  const prefixes: Prefix[] = [];
  for (let at = first; at <= last; ) {
    let host = 0;
    while (host < width) {
      const block = 1n << BigInt(host + 1);
      if ((at & (block - 1n)) !== 0n || at + block - 1n > last) break;
      host += 1;
    }
    prefixes.push(prefixOf({ family, bits: at }, width - host));
    at += 1n << BigInt(host);
  }
  return prefixes;
}
