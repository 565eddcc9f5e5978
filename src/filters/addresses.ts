/** Addresses as conditions of rules hold them. */
import { type IpSet, ipSet, ipSetOfRanges } from "../net/ip-set.ts";
import type { IpRange, Prefix } from "../net/prefix.ts";
import type { Addresses } from "./model.ts";
import type { Family } from "./packet.ts";

export const plain = (set: IpSet): Addresses => ({ set, masked: [] });
export const ofPrefixes = (prefixes: Iterable<Prefix>): Addresses => plain(ipSet(prefixes));
export const ofRange = (range: IpRange): Addresses => plain(ipSetOfRanges([range]));
export const nowhere: Addresses = plain(ipSet([]));

export function either(all: readonly Addresses[]): Addresses {
  const [first, ...rest] = all;
  if (first === undefined) return nowhere;
  if (rest.length === 0) return first;
  return { set: ipSetOfRanges(all.flatMap(({ set }) => set.ranges)), masked: all.flatMap(({ masked }) => masked) };
}

/**
 * An address with a wildcard mask, whose zero bits must agree (Cisco, Huawei). What is prefix-like becomes a prefix;
 * a mask with holes is kept as it is.
 */
export function wildcard(family: Family, value: bigint, dontCare: bigint): Addresses {
  const width = family === 4 ? 32 : 128;
  const all = (1n << BigInt(width)) - 1n;
  const care = all & ~dontCare;
  if ((dontCare & (dontCare + 1n)) === 0n)
    return ofRange({ family, first: value & care, last: (value & care) | dontCare });
  return { set: ipSet([]), masked: [{ family, value: value & care, care }] };
}
