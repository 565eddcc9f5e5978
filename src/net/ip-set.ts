/**
 * Sets of IP addresses and their algebra: per family, sorted ranges that neither overlap nor touch. Membership is a
 * binary search, so a site or a filter with 100,000 prefixes costs no more than one with ten.
 */
import { type IpAddress, widthOf } from "./ip.ts";
import { type IpRange, type Prefix, prefixOf, prefixRange } from "./prefix.ts";
import { indexAtOrBelow } from "./sorted.ts";

/** The set of all addresses in these prefixes. */
export function ipSet(prefixes: Iterable<Prefix>): IpSet {
  return ipSetOfRanges(Array.from(prefixes, prefixRange));
}

/** The set of all addresses in these ranges, which may overlap and come in any order. */
export function ipSetOfRanges(ranges: Iterable<IpRange>): IpSet {
  const by = { 4: [] as Span[], 6: [] as Span[] };
  for (const { family, first, last } of ranges) if (first <= last) by[family].push({ first, last });
  return new IpSet(merge(by[4]), merge(by[6]));
}

interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** Spans of one family, sorted, with at least one address between any two. */
type Spans = readonly Span[];

const whole = { 4: [{ first: 0n, last: (1n << 32n) - 1n }], 6: [{ first: 0n, last: (1n << 128n) - 1n }] } as const;

/**
 * An immutable set of addresses of both families; `ipSet` and `ipSetOfRanges` make one. Filters have them by the hundred
 * thousand, most with a single range: what few need is made when it is asked for.
 */
export class IpSet {
  readonly #v4: Spans;
  readonly #v6: Spans;
  #ranges: readonly IpRange[] | null = null;
  #bounds: Bounds | null = null;

  constructor(v4: Spans, v6: Spans) {
    this.#v4 = v4;
    this.#v6 = v6;
  }

  /** Merged and sorted, IPv4 first. */
  get ranges(): readonly IpRange[] {
    this.#ranges ??= [
      ...this.#v4.map(({ first, last }) => ({ family: 4 as const, first, last })),
      ...this.#v6.map(({ first, last }) => ({ family: 6 as const, first, last })),
    ];
    return this.#ranges;
  }

  get isEmpty(): boolean {
    return this.#v4.length === 0 && this.#v6.length === 0;
  }

  has({ family, bits }: IpAddress): boolean {
    const { first4, last4, first6 } = this.#searched();
    if (family === 4) {
      const value = Number(bits);
      const index = indexAtOrBelow(first4, value);
      return index >= 0 && value <= (last4[index] ?? -1);
    }
    const span = this.#v6[indexAtOrBelow(first6, bits)];
    return span !== undefined && bits <= span.last;
  }

  union(other: IpSet): IpSet {
    return this.#with(other, (a, b) => merge([...a, ...b]));
  }

  intersect(other: IpSet): IpSet {
    return this.#with(other, intersection);
  }

  subtract(other: IpSet): IpSet {
    return this.#with(other, difference);
  }

  /** All addresses of both families that are not in the set. */
  complement(): IpSet {
    return new IpSet(gaps(this.#v4, whole[4][0]), gaps(this.#v6, whole[6][0]));
  }

  /** Whether every address of the other set is in this one. */
  includes(other: IpSet): boolean {
    const { first4, first6 } = this.#searched();
    // Ranges neither overlap nor touch: whatever is covered is covered by a single one.
    return other.ranges.every(({ family, first, last }) => {
      const span =
        family === 4 ? this.#v4[indexAtOrBelow(first4, Number(first))] : this.#v6[indexAtOrBelow(first6, first)];
      return span !== undefined && last <= span.last;
    });
  }

  equals(other: IpSet): boolean {
    return (
      this.ranges.length === other.ranges.length &&
      this.ranges.every((range, index) => {
        const twin = other.ranges[index];
        return range.family === twin?.family && range.first === twin.first && range.last === twin.last;
      })
    );
  }

  /** The fewest prefixes that make up the set, in order. */
  toPrefixes(): readonly Prefix[] {
    return this.ranges.flatMap(prefixesOf);
  }

  #searched(): Bounds {
    // IPv4 bounds fit numbers, which compare several times faster than bigints.
    this.#bounds ??= {
      first4: Float64Array.from(this.#v4, (span) => Number(span.first)),
      last4: Float64Array.from(this.#v4, (span) => Number(span.last)),
      first6: this.#v6.map((span) => span.first),
    };
    return this.#bounds;
  }

  #with(other: IpSet, combine: (a: Spans, b: Spans) => Spans): IpSet {
    return new IpSet(combine(this.#v4, other.#v4), combine(this.#v6, other.#v6));
  }
}

interface Bounds {
  readonly first4: Float64Array;
  readonly last4: Float64Array;
  readonly first6: readonly bigint[];
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
    const host = Math.min(at === 0n ? width : trailingZeros(at), floorLog2(last - at + 1n));
    prefixes.push(prefixOf({ family, bits: at }, width - host));
    at += 1n << BigInt(host);
  }
  return prefixes;
}

/** Of a number that is not 0. Word by word: shifting a bigint bit by bit is what a large set would spend its time on. */
function trailingZeros(value: bigint): number {
  let zeros = 0;
  let rest = value;
  for (; (rest & 0xffffffffn) === 0n; rest >>= 32n) zeros += 32;
  const word = Number(rest & 0xffffffffn);
  return zeros + 31 - Math.clz32(word & -word);
}

/** Of a number above 0. */
function floorLog2(value: bigint): number {
  const digits = value.toString(16);
  return 4 * (digits.length - 1) + 31 - Math.clz32(Number.parseInt(digits[0] as string, 16)); // it has a digit
}
