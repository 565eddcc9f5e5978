/**
 * Prefixes: an address and how many of its leading bits count (RFC 4632 §3.1, RFC 4291 §2.3). Host bits must be zero:
 * `10.1.1.2/23` may mean the network or the host, and guessing wrong trusts strangers.
 */
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";
import { formatIp, type IpAddress, parseIp, widthOf } from "./ip.ts";

/** The address has no bits set beyond `length`; only `parsePrefix` and `prefixOf` make one. */
export interface Prefix {
  readonly address: IpAddress;
  readonly length: number;
}

/** Consecutive addresses of one family, both ends included. */
export interface IpRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** Reads `192.0.2.0/24`, `2001:db8::/32`, or a bare address as the prefix of that one host. */
export function parsePrefix(text: string): Parsed<Prefix> {
  const slash = text.indexOf("/");
  const addressText = slash < 0 ? text : text.slice(0, slash);
  const address = parseIp(addressText);
  if (!address.ok) return address;
  const width = widthOf(address.value.family);
  if (slash < 0) return parsed({ address: address.value, length: width });

  // An IPv4-mapped prefix is written with IPv6 lengths but is a set of IPv4 addresses.
  const mapped = address.value.family === 4 && addressText.includes(":") ? 96 : 0;
  const lengthText = text.slice(slash + 1);
  const length = /^(0|[1-9][0-9]{0,2})$/.test(lengthText) ? Number(lengthText) - mapped : Number.NaN;
  if (!(length >= 0 && length <= width)) {
    return notParsed(slash + 1, `expected a prefix length from ${mapped} to ${mapped + width} after the slash`);
  }
  const prefix = prefixOf(address.value, length);
  if (prefix.address.bits !== address.value.bits) {
    return notParsed(0, `host bits are set. Did you mean ${formatPrefix(prefix)}?`);
  }
  return parsed(prefix);
}

/** The prefix of this length that holds the address: its host bits are cleared. */
export function prefixOf(address: IpAddress, length: number): Prefix {
  const host = BigInt(widthOf(address.family) - length);
  return { address: { family: address.family, bits: (address.bits >> host) << host }, length };
}

/** Writes a prefix with its length, also for a single host. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.address)}/${prefix.length}`;
}

/** The first and last address of a prefix. */
export function prefixRange({ address, length }: Prefix): IpRange {
  const host = (1n << BigInt(widthOf(address.family) - length)) - 1n;
  return { family: address.family, first: address.bits, last: address.bits | host };
}

/** Whether the address lies in the prefix. An IPv6 prefix never holds an IPv4 address. */
export function contains({ address, length }: Prefix, candidate: IpAddress): boolean {
  const host = BigInt(widthOf(address.family) - length);
  return candidate.family === address.family && candidate.bits >> host === address.bits >> host;
}
