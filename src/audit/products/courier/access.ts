/**
 * Who may connect and what a session is given (couriertcpd(8), -access): the longest entry of the client's address
 * counts, octet by octet (IPv6: group by group), and at last `*`. An entry that sets RELAYCLIENT lets its clients relay.
 */
import { type IpSet, ipSetOfRanges } from "../../../net/ip-set.ts";
import { type IpRange, parsePrefix, prefixRange } from "../../../net/prefix.ts";
import type { Span } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { type CourierFolder, databaseOf, type Entry } from "./files.ts";

export interface AccessEntry {
  readonly says: string;
  /** Clients for whom no longer entry counts. */
  readonly set: IpSet;
  readonly does: "deny" | "block" | "relay" | "allow";
  readonly where: Span;
}

export interface Access {
  readonly entries: readonly AccessEntry[];
  /** Networks written with a length: they count where makedat finds Net::CIDR. */
  readonly unclear: readonly { readonly set: IpSet; readonly because: Unknown }[];
}

export function accessOf(name: string, folder: CourierFolder): Access {
  const read = databaseOf(name, folder).map((entry) => ({ entry, range: rangeOf(entry.key) }));
  const known = read.flatMap(({ entry, range }) => (range === null ? [] : [{ entry, ranges: range }]));
  const star = read.find(({ entry }) => entry.key === "*");
  const size = ({ first, last }: IpRange): bigint => last - first;
  // The shortest prefix first, so that the longer ones take from it.
  const sorted = [...known].sort((a, b) => (size(a.ranges) > size(b.ranges) ? -1 : 1));
  const entries = sorted.map(({ entry, ranges }, index): AccessEntry => {
    const own = ipSetOfRanges([ranges]);
    const longer = sorted
      .slice(index + 1)
      .filter(({ ranges: other }) => isWithin(other, ranges) && size(other) < size(ranges));
    const set = longer.length === 0 ? own : own.subtract(ipSetOfRanges(longer.map(({ ranges: one }) => one)));
    return { says: `smtpaccess ${entry.key} ${entry.value}`, set, does: meaningOf(entry), where: entry.where };
  });
  if (star !== undefined) {
    const rest = ipSetOfRanges(known.map(({ ranges }) => ranges)).complement();
    const { entry } = star;
    entries.push({ says: `smtpaccess * ${entry.value}`, set: rest, does: meaningOf(entry), where: entry.where });
  }
  const unclear = read.flatMap(({ entry, range }) => {
    const net = range === null ? networkOf(entry.key) : null;
    if (net === null || meaningOf(entry) !== "relay") return [];
    const because = { unknown: `whether Net::CIDR was there when ${entry.key} was compiled`, where: entry.where };
    return [{ set: net, because }];
  });
  return { entries, unclear };
}

const isWithin = (inner: IpRange, outer: IpRange): boolean =>
  inner.family === outer.family && inner.first >= outer.first && inner.last <= outer.last;

/** `10.1.1`, `:2001:0db8:0001` (four digits a group, lower case); `null`: a key that no client comes to. */
function rangeOf(key: string): IpRange | null {
  if (/^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){0,3}$/.test(key)) {
    const octets = key.split(".").map(Number);
    if (octets.some((octet) => octet > 255)) return null;
    return rangeFrom(4, octets.map(BigInt), 8n, 32n);
  }
  if (!/^(?::[0-9a-f]{4}){1,8}$/.test(key)) return null;
  return rangeFrom(
    6,
    key
      .slice(1)
      .split(":")
      .map((group) => BigInt(`0x${group}`)),
    16n,
    128n,
  );
}

function rangeFrom(family: 4 | 6, parts: readonly bigint[], each: bigint, width: bigint): IpRange {
  const rest = width - each * BigInt(parts.length);
  const first = parts.reduce((sum, part) => (sum << each) | part, 0n) << rest;
  return { family, first, last: first | ((1n << rest) - 1n) };
}

function networkOf(key: string): IpSet | null {
  const read = parsePrefix(key.replace(/^:/, ""));
  return read.ok && key.includes("/") ? ipSetOfRanges([prefixRange(read.value)]) : null;
}

/** `deny`, or `allow` with settings of the session's environment, parted by commas outside quotes. */
function meaningOf({ value }: Entry): AccessEntry["does"] {
  if (value.startsWith("deny")) return "deny";
  const settings = value.replace(/^allow,?/, "").match(/(?:[^,"']|"[^"]*"|'[^']*')+/g) ?? [];
  const names = settings.map((one) => one.trim().replace(/["']/g, ""));
  if (names.some((one) => /^BLOCK=./.test(one))) return "block";
  return names.some((one) => /^RELAYCLIENT(?:=|$)/.test(one)) ? "relay" : "allow";
}

/** Addresses that entries of this kind hold. */
export function setOf({ entries }: Access, does: AccessEntry["does"]): IpSet {
  return ipSetOfRanges(entries.filter((one) => one.does === does).flatMap(({ set }) => set.ranges));
}
