/** Addresses as entries and groups write them: with a wildcard (IOS), a netmask (groups of IOS) or a length. */
import { formatIp, ipFromBits } from "../../../net/ip.ts";
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";

const isHost = ({ address, length }: Prefix): boolean => length === (address.family === 4 ? 32 : 128);

/** The bits that need not agree. */
const hostBits = ({ length }: Prefix): bigint => (1n << BigInt(32 - length)) - 1n;

/** `any`, `host A`, `A/len`. */
export function withLength(prefix: Prefix | null): string {
  if (prefix === null || prefix.length === 0) return "any";
  return isHost(prefix) ? `host ${formatIp(prefix.address)}` : formatPrefix(prefix);
}

/** The same, with a mask behind an address of IPv4. */
export function withMask(prefix: Prefix | null, mask: "wildcard" | "netmask"): string {
  if (prefix === null || prefix.address.family === 6 || isHost(prefix) || prefix.length === 0)
    return withLength(prefix);
  const bits = mask === "wildcard" ? hostBits(prefix) : 0xffffffffn & ~hostBits(prefix);
  return `${formatIp(prefix.address)} ${formatIp(ipFromBits(4, bits))}`;
}
