/** How smtpd compares a word of a session with an entry of a table (util.c, to.c, table.c). Keys come in lower case. */
import { parseIp } from "../../../net/ip.ts";
import { type IpRange, prefixOf, prefixRange } from "../../../net/prefix.ts";

/**
 * A name against a pattern. A star stands for everything up to the first occurrence of the sign behind it and is never
 * tried again: `*.example` covers a.example, but neither b.a.example nor example.
 */
export function matchesHost(name: string, pattern: string): boolean {
  let n = 0;
  let p = 0;
  while (p < pattern.length && n < name.length) {
    if (pattern[p] === "*") {
      while (pattern[p] === "*") p += 1;
      while (n < name.length && name[n] !== pattern[p]) n += 1;
      continue;
    }
    if (pattern[p] !== name[n]) return false;
    p += 1;
    n += 1;
  }
  return n === name.length && p === pattern.length;
}

export interface MailAddress {
  readonly user: string;
  readonly domain: string;
}

/** Splits at the last at sign; without one it is a user. */
export function mailAddressOf(text: string): MailAddress {
  const at = text.lastIndexOf("@");
  return at < 0 ? { user: text, domain: "" } : { user: text.slice(0, at), domain: text.slice(at + 1) };
}

/**
 * An address of a session against an entry: `@` alone is everybody, `@domain` all of a domain, a bare `name` that name
 * at any domain; without the delimiter in the entry, what stands behind it in the address does not count.
 */
export function matchesAddress(address: MailAddress, entry: MailAddress, delimiter: string): boolean {
  if (entry.user === "" && entry.domain === "") return true;
  if (entry.domain !== "" && !matchesHost(address.domain, entry.domain)) return false;
  if (entry.user === "") return true;
  const user = entry.user.includes(delimiter) ? address.user : untagged(address.user, delimiter);
  return user === entry.user;
}

export function untagged(user: string, delimiter: string): string {
  const at = user.indexOf(delimiter);
  return at < 0 ? user : user.slice(0, at);
}

/**
 * The addresses that an entry stands for; `null`: none, smtpd passes over it. Host bits may be set, IPv4 may be cut short
 * (`10.1` is 10.1.0.0/16; inet_net_pton(3)), IPv6 may stand in brackets.
 */
export function rangeOf(entry: string): IpRange | null {
  const text = entry.replace(/^ipv6:/i, "");
  const short = /^(\d{1,3}(?:\.\d{1,3}){0,3})\.?(?:\/(\d{1,2}))?$/.exec(text);
  if (short !== null) {
    const octets = (short[1] ?? "").split(".").map(Number);
    if (octets.some((octet) => octet > 255)) return null;
    const length = short[2] === undefined ? impliedLength(octets) : Number(short[2]);
    const full = [...octets, 0, 0, 0].slice(0, 4);
    const bits = full.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
    return length > 32 ? null : prefixRange(prefixOf({ family: 4, bits }, length));
  }
  const bare = text.startsWith("[") ? /^\[(?:ipv6:)?([^\]]*)\]$/i.exec(text)?.[1] : text;
  const parts = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(bare ?? "");
  if (parts === null || !(parts[1] ?? "").includes(":")) return null;
  const address = parseIp(parts[1] ?? "");
  // A mapped address is one of IPv6 to smtpd, and no client has one: IPv4 has a socket of its own.
  if (!address.ok || address.value.family === 4) return null;
  const length = parts[2] === undefined ? 128 : Number(parts[2]);
  return length > 128 ? null : prefixRange(prefixOf(address.value, length));
}

/** By class, but never shorter than what is written. */
function impliedLength(octets: readonly number[]): number {
  const first = octets[0] ?? 0;
  const byClass = first >= 240 ? 32 : first >= 224 ? 8 : first >= 192 ? 24 : first >= 128 ? 16 : 8;
  return Math.max(byClass, octets.length * 8);
}
