/**
 * IP addresses, parsed strictly: four decimal octets without leading zeros (RFC 6943 §3.1.1 tells why the looser forms
 * are dangerous), or RFC 4291 §2.2 text. IPv4-mapped IPv6 addresses become IPv4 (RFC 4291 §2.5.5.2), so that one host
 * has one value. Knows no mail: address literals are read in `smtp/`.
 */
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";

/** A family and its bits. IPv4 uses the low 32 bits. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** How many bits an address of the family has. */
export function widthOf(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** The address with these bits; IPv4-mapped IPv6 bits become IPv4. */
export function ipFromBits(family: 4 | 6, bits: bigint): IpAddress {
  return family === 6 && bits >> 32n === 0xffffn ? { family: 4, bits: bits & 0xffffffffn } : { family, bits };
}

/** Reads an address. Zone ids (`fe80::1%eth0`) are refused: they mean nothing outside the machine that wrote them. */
export function parseIp(text: string): Parsed<IpAddress> {
  return text.includes(":") ? parseIp6(text) : parseIp4(text, 0);
}

/** Writes an address: dotted decimal, or RFC 5952 §4. */
export function formatIp(address: IpAddress): string {
  return address.family === 4 ? formatIp4(Number(address.bits)) : formatIp6(address.bits);
}

/** The name that holds the address's PTR records: `9.100.51.198.in-addr.arpa` (RFC 1035 §3.5), nibbles for IPv6 (RFC 3596 §2.5). */
export function reverseName(address: IpAddress): string {
  if (address.family === 4) return `${formatIp(address).split(".").reverse().join(".")}.in-addr.arpa`;
  return `${[...address.bits.toString(16).padStart(32, "0")].reverse().join(".")}.ip6.arpa`;
}

export function sameIp(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && a.bits === b.bits;
}

/** Orders addresses: IPv4 before IPv6, then by number. */
export function compareIp(a: IpAddress, b: IpAddress): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.bits < b.bits ? -1 : a.bits > b.bits ? 1 : 0;
}

/** `127.0.0.0/8` or `::1` (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(address: IpAddress): boolean {
  return address.family === 4 ? address.bits >> 24n === 127n : address.bits === 1n;
}

/** All zeros: "this host", never a peer (RFC 1122 §3.2.1.3, RFC 4291 §2.5.2). */
export function isUnspecified(address: IpAddress): boolean {
  return address.bits === 0n;
}

/**
 * Whether the address is used by many sites at once, so that it names no one's machine on the Internet: private
 * (RFC 1918), shared (RFC 6598), link-local (RFC 3927, RFC 4291 §2.5.6), unique local (RFC 4193).
 */
export function isPrivate({ family, bits }: IpAddress): boolean {
  if (family === 6) return bits >> 121n === 0xfcn >> 1n || bits >> 118n === 0xfe80n >> 6n;
  return (
    bits >> 24n === 10n ||
    bits >> 20n === 0xac1n || // 172.16/12
    bits >> 16n === 0xc0a8n || // 192.168/16
    bits >> 22n === 0x6440n >> 6n || // 100.64/10
    bits >> 16n === 0xa9fen // 169.254/16
  );
}

const ip4Form = "expected an IPv4 address: four numbers from 0 to 255 without leading zeros, such as 192.0.2.1";
const ip6Form = "expected an IPv6 address, such as 2001:db8::1";

function parseIp4(text: string, start: number): Parsed<IpAddress> {
  let bits = 0;
  let at = start;
  for (let octet = 0; octet < 4; octet += 1) {
    if (octet > 0) {
      if (text[at] !== ".") return notParsed(at, ip4Form);
      at += 1;
    }
    const from = at;
    let value = 0;
    while (at < from + 3 && isDigit(text.charCodeAt(at))) {
      value = value * 10 + text.charCodeAt(at) - 0x30;
      at += 1;
    }
    // A leading zero may mean octal to the next reader (RFC 6943 §3.1.1), so nobody may write one.
    if (at === from || value > 255 || (at - from > 1 && text[from] === "0")) return notParsed(from, ip4Form);
    bits = bits * 256 + value;
  }
  return at === text.length ? parsed({ family: 4, bits: BigInt(bits) }) : notParsed(at, ip4Form);
}

function parseIp6(text: string): Parsed<IpAddress> {
  const zone = text.indexOf("%");
  if (zone >= 0) return notParsed(zone, `${ip6Form}, without a zone`);
  const groups: number[] = [];
  let gap = -1; // where `::` stood
  let at = 0;
  if (text.startsWith("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    if (groups.length === 8) return notParsed(at, `${ip6Form}: at most eight groups`);
    const from = at;
    let value = 0;
    while (at < from + 4 && isHexDigit(text.charCodeAt(at))) {
      value = value * 16 + Number.parseInt(text.charAt(at), 16);
      at += 1;
    }
    if (text[at] === ".") {
      const tail = parseIp4(text, from);
      if (!tail.ok) return tail;
      if (groups.length > 6) return notParsed(from, `${ip6Form}: at most eight groups`);
      groups.push(Number(tail.value.bits >> 16n), Number(tail.value.bits & 0xffffn));
      at = text.length;
      break;
    }
    if (at === from) return notParsed(at, ip6Form);
    groups.push(value);
    if (at === text.length) break;
    if (text[at] !== ":") return notParsed(at, ip6Form);
    at += 1;
    if (text[at] === ":") {
      if (gap >= 0) return notParsed(at, `${ip6Form}: "::" only once`);
      gap = groups.length;
      at += 1;
    } else if (at === text.length) return notParsed(at, ip6Form); // a single colon at the end
  }
  // RFC 4291 §2.2: "::" stands for one or more groups.
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) {
    return notParsed(text.length, gap < 0 ? `${ip6Form}: eight groups, or "::" for some zeros` : ip6Form);
  }
  const zeros = new Array<number>(8 - groups.length).fill(0);
  const all = gap < 0 ? groups : [...groups.slice(0, gap), ...zeros, ...groups.slice(gap)];
  let bits = 0n;
  for (const group of all) bits = (bits << 16n) | BigInt(group);
  return parsed(ipFromBits(6, bits));
}

function formatIp4(bits: number): string {
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

function formatIp6(bits: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((bits >> shift) & 0xffffn));
  // RFC 5952 §4.2: the longest run of at least two zero groups, the first of equals.
  let start = 0;
  let length = 1;
  for (let i = 0; i < 8; i += 1) {
    let end = i;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);
}
