/**
 * Addresses as configurations write them: more forgiving than the site's (devices clear host bits themselves), and
 * without the turn from IPv4-mapped IPv6 into IPv4, because a list of one family never sees a packet of the other.
 */
import type { IpAddress } from "../../../net/ip.ts";
import { parseIp, widthOf } from "../../../net/ip.ts";
import { type IpSet, ipSet, ipSetOfRanges } from "../../../net/ip-set.ts";
import type { IpRange } from "../../../net/prefix.ts";
import { plain, wildcard } from "../../addresses.ts";
import type { Addresses } from "../../model.ts";
import type { Family } from "../../packet.ts";

/** One address, in the family it is written in. */
export function addressOf(text: string): IpAddress | null {
  const read = parseIp(text);
  if (!read.ok) return null;
  const { family, bits } = read.value;
  return family === 4 && text.includes(":") ? { family: 6, bits: (0xffffn << 32n) | bits } : { family, bits };
}

/** All addresses of the family. */
export const everywhere = (family: Family): IpRange => ({
  family,
  first: 0n,
  last: (1n << BigInt(widthOf(family))) - 1n,
});

/** The addresses that agree with this one in the first bits. */
export function prefixRangeOf({ family, bits }: IpAddress, length: number): IpRange {
  const host = (1n << BigInt(widthOf(family) - length)) - 1n;
  return { family, first: (bits | host) ^ host, last: bits | host };
}

/**
 * `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `192.0.2.1-192.0.2.9`, `10/8`; null: it is none of them. A
 * mask with holes gives what it holds (Junos takes such masks).
 */
export function addressesOf(text: string): Addresses | null {
  const dash = text.indexOf("-");
  if (dash > 0) {
    const first = addressOf(text.slice(0, dash));
    const last = addressOf(text.slice(dash + 1));
    if (first === null || last === null || first.family !== last.family || first.bits > last.bits) return null;
    return ofRanges([{ family: first.family, first: first.bits, last: last.bits }]);
  }
  const slash = text.indexOf("/");
  if (slash < 0) {
    const address = addressOf(text);
    return address === null ? null : ofRanges([prefixRangeOf(address, widthOf(address.family))]);
  }
  const address = addressOf(text.slice(0, slash)) ?? shortened(text.slice(0, slash));
  if (address === null) return null;
  return masked(address, text.slice(slash + 1));
}

/** An address with a length or a netmask beside it. */
export function masked(address: IpAddress, mask: string): Addresses | null {
  const width = widthOf(address.family);
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= width ? ofRanges([prefixRangeOf(address, Number(mask))]) : null;
  const bits = addressOf(mask);
  if (bits === null || bits.family !== address.family) return null;
  return wildcard(address.family, address.bits, ((1n << BigInt(width)) - 1n) ^ bits.bits);
}

export const ofRanges = (ranges: Iterable<IpRange>): Addresses => plain(ipSetOfRanges(ranges));

/** Everything but these; null where a mask with holes stands in the way. */
export function butNot({ set, masked: holes }: Addresses): Addresses | null {
  return holes.length > 0 ? null : plain(set.complement());
}

export const isNowhere = ({ set, masked: holes }: Addresses): boolean => set.isEmpty && holes.length === 0;

/** So many prefixes of a set are met with masks with holes. */
const maxMasked = 512;

/** Addresses that are in both; null: that would be too many pieces. */
export function inBoth(a: Addresses, b: Addresses): Addresses | null {
  const set = a.set.intersect(b.set);
  if (a.masked.length === 0 && b.masked.length === 0) return plain(set);
  const masksOf = (sets: IpSet): Addresses["masked"] =>
    sets.toPrefixes().map(({ address: { family, bits }, length }) => ({
      family,
      value: bits,
      care: (((1n << BigInt(length)) - 1n) << BigInt(widthOf(family) - length)) as bigint,
    }));
  const left = masksOf(a.set);
  const right = masksOf(b.set);
  const pairs: (readonly [Addresses["masked"], Addresses["masked"]])[] = [
    [a.masked, [...b.masked, ...right]],
    [left, b.masked],
  ];
  if (pairs.some(([some, others]) => some.length * others.length > maxMasked)) return null;
  return {
    set,
    masked: pairs.flatMap(([some, others]) =>
      some.flatMap((one) =>
        others.flatMap((other) =>
          one.family === other.family && ((one.value ^ other.value) & one.care & other.care) === 0n
            ? [{ family: one.family, value: one.value | other.value, care: one.care | other.care }]
            : [],
        ),
      ),
    ),
  };
}

/** All addresses of both families. */
export const anyAddress: Addresses = plain(ipSet([]).complement());

/** `10` and `172.16`: what is missing at the end is zero. */
function shortened(text: string): IpAddress | null {
  return /^\d{1,3}(\.\d{1,3}){0,2}$/.test(text)
    ? addressOf([...text.split("."), "0", "0", "0"].slice(0, 4).join("."))
    : null;
}
