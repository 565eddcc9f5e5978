/**
 * Address literals (RFC 5321 §4.1.3):
 *
 *     address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]"
 *     IPv6-address-literal = "IPv6:" IPv6-addr
 *
 * General-address-literals are not read: no tag but `IPv6` was ever registered.
 */
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";

/** Reads a literal, brackets included. */
export function parseLiteral(text: string): Parsed<IpAddress> {
  const form = "expected an address literal, such as [192.0.2.1] or [IPv6:2001:db8::1]";
  if (!text.startsWith("[")) return notParsed(0, form);
  if (!text.endsWith("]")) return notParsed(text.length, form);
  const tagged = /^\[ipv6:/i.test(text);
  const start = tagged ? 6 : 1;
  const inner = text.slice(start, -1);
  // The tag decides, not the look: [2001:db8::1] is no literal of RFC 5321, nor is [IPv6:192.0.2.1].
  if (tagged !== inner.includes(":")) return notParsed(start, form);
  const address = parseIp(inner);
  return address.ok ? parsed(address.value) : notParsed(start + address.at, form);
}

/** Writes a literal, brackets included. */
export function formatLiteral(address: IpAddress): string {
  return address.family === 4 ? `[${formatIp(address)}]` : `[IPv6:${formatIp(address)}]`;
}
