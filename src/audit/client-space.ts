/** Addresses that clients have: strangers to try, and where the rules may begin to treat them otherwise. */
import { formatIp, type IpAddress, widthOf } from "../net/ip.ts";
import { type IpSet, ipSet, ipSetOfRanges } from "../net/ip-set.ts";
import type { IpRange } from "../net/prefix.ts";
import { fixedIp, loopback, sharedSpace } from "./grounds.ts";

/** Candidates for "any stranger": public addresses, of which one that the rules do not single out is taken. */
export const strangers: Readonly<Record<4 | 6, readonly IpAddress[]>> = {
  4: ["203.0.113.7", "198.51.100.7", "192.0.2.7", "233.252.0.7", "90.130.70.73"].map(fixedIp),
  6: ["2001:db8:ffff::7", "2001:db8:1234:5678::7", "2a0a:e5c0::7"].map(fixedIp),
};

/** The first of them. */
export function plainStranger(family: 4 | 6): IpAddress {
  return strangers[family][0] as IpAddress; // the list is not empty
}

/** Nobody. */
export const none = ipSet([]);

/** Where stretches of addresses begin that the rules may treat alike. */
export function startsOf(family: 4 | 6, ranges: readonly IpRange[]): readonly bigint[] {
  const all = (1n << BigInt(widthOf(family))) - 1n;
  const starts = new Set<bigint>([0n]);
  const fixed = [...loopback.ranges, ...sharedSpace.ranges];
  for (const range of [...ranges, ...fixed]) {
    if (range.family !== family) continue;
    starts.add(range.first);
    if (range.last < all) starts.add(range.last + 1n);
  }
  return [...starts].sort((a, b) => (a < b ? -1 : 1));
}

/** A network no single organisation of our users has: shorter than /12, or /24 of IPv6. */
export function hasWide(set: IpSet): boolean {
  return set.toPrefixes().some(({ address, length }) => length < (address.family === 4 ? 12 : 24));
}

/** The stretches of `all` in which some of `part` lies: as they were written, before ours was taken out. */
export function around(all: IpSet, part: IpSet): IpSet {
  return ipSetOfRanges(
    all.intersect(sharedSpace).ranges.filter((range) => !ipSetOfRanges([range]).intersect(part).isEmpty),
  );
}

export function pickFrom(set: IpSet, family: 4 | 6): IpAddress {
  const range = set.ranges.find((one) => one.family === family) ?? set.ranges[0];
  if (range === undefined) return plainStranger(family);
  const size = range.last - range.first;
  return { family: range.family, bits: range.first + (size > 16n ? 9n : size / 2n) };
}

/**
 * Stretches that the rules name within a space, one client of each, without those that are known already. Bounded: the
 * first that are named.
 */
export function namedClients(
  ranges: readonly IpRange[],
  space: IpSet,
): readonly { readonly address: IpAddress; readonly clients: IpSet }[] {
  const found: { address: IpAddress; clients: IpSet }[] = [];
  let left = space;
  for (const range of ranges) {
    const clients = ipSetOfRanges([range]).intersect(left);
    if (clients.isEmpty) continue;
    found.push({ address: pickFrom(clients, range.family), clients });
    left = left.subtract(clients);
    if (found.length >= maxNamed) break;
  }
  return found;
}

const maxNamed = 12;

/** A few of the ranges, as people write them. */
export function listed(set: IpSet): string {
  const prefixes = set.toPrefixes();
  const texts = prefixes
    .slice(0, 4)
    .map(({ address, length }) =>
      length === widthOf(address.family) ? formatIp(address) : `${formatIp(address)}/${length}`,
    );
  return prefixes.length > 4 ? `${texts.join(", ")} and ${prefixes.length - 4} more` : texts.join(", ");
}
