/**
 * What is knocked at, in which order. The order visits every address once, never neighbours one after the other (one
 * router would answer for all of them, and limits its ICMP), and is the same for the same networks, so that a sweep can
 * be taken up where it ended. Pure.
 */
import type { IpAddress } from "../net/ip.ts";
import { type IpRange, type Prefix, prefixRange } from "../net/prefix.ts";
import type { Endpoint } from "../ports.ts";

/** So many addresses times ports one sweep may have: a /8 with one port. */
export const maxKnocks = 1 << 24;

/** IPv6 networks up to this length cannot be walked through: their hosts have to be known (RFC 7707 §4). */
const walkedFrom6 = 112;

export interface Targets {
  /** How many knocks there are in all. */
  readonly count: number;
  /** The address and port of the knock that is made in this place. */
  at(place: number): { readonly address: IpAddress; readonly port: number; readonly index: number };
  /** The address and port with this index. */
  byIndex(index: number): Endpoint;
  /** The index of an address and port, whatever its place; null if it is not swept. */
  indexOf(address: IpAddress, port: number): number | null;
  /** Networks that are walked through. */
  readonly walked: readonly Prefix[];
  /** Networks of which only known hosts are tried. */
  readonly unwalked: readonly Prefix[];
}

/** @param hosts addresses that are known to be there; those outside the networks are left out. */
export function targetsOf(networks: readonly Prefix[], hosts: readonly IpAddress[], ports: readonly number[]): Targets {
  const walked = networks.filter(({ address, length }) => address.family === 4 || length >= walkedFrom6);
  const unwalked = networks.filter((network) => !walked.includes(network));
  const ranges: readonly IpRange[] = [...walked.map(prefixRange), ...knownRanges(hosts, unwalked)];
  const starts: number[] = [];
  let addresses = 0;
  for (const { first, last } of ranges) {
    starts.push(addresses);
    addresses += Number(last - first) + 1;
  }
  const count = addresses * ports.length;
  const stride = strideFor(count);
  const byIndex = (index: number): Endpoint => {
    const number = Math.floor(index / ports.length);
    const range = rangeAt(starts, number);
    const { family, first } = ranges[range]!;
    return { address: { family, bits: first + BigInt(number - starts[range]!) }, port: ports[index % ports.length]! };
  };
  return {
    count,
    walked,
    unwalked,
    byIndex,
    at(place) {
      // The product of two numbers below 2^25 is exact.
      const index = (place * stride) % count;
      return { ...byIndex(index), index };
    },
    indexOf(address, port) {
      const which = ports.indexOf(port);
      const range = ranges.findIndex(
        ({ family, first, last }) => family === address.family && first <= address.bits && address.bits <= last,
      );
      if (which < 0 || range < 0) return null;
      return (starts[range]! + Number(address.bits - ranges[range]!.first)) * ports.length + which;
    },
  };
}

function knownRanges(hosts: readonly IpAddress[], networks: readonly Prefix[]): readonly IpRange[] {
  const within = networks.map(prefixRange);
  const known = new Map<string, IpRange>();
  for (const { family, bits } of hosts)
    if (within.some((range) => range.family === family && range.first <= bits && bits <= range.last))
      known.set(`${family}:${bits}`, { family, first: bits, last: bits });
  return [...known.values()].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
}

function rangeAt(starts: readonly number[], number: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle]! <= number) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Without a common divisor every index comes once; near the golden section neighbours come far apart. */
function strideFor(count: number): number {
  if (count < 3) return 1;
  let stride = Math.floor(count * 0.618_033_988_75) | 1;
  while (gcd(stride, count) !== 1) stride += 2;
  return stride;
}

function gcd(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
