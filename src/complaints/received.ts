/**
 * Who handed the offending message over, by its trace (RFC 5321 §4.4). A line is worth as much as the server that wrote it:
 * from the top, lines of the complainant's own side are believed; the first client beyond is the source; what stands below
 * was written by, or passed through, that client. Only if the client is ours do we know the writer of the next line again.
 */
import type { HeaderField } from "../message/header.ts";
import { parseReceived } from "../message/received.ts";
import { parentOf, parseDomain } from "../net/domain.ts";
import { formatIp, type IpAddress, isLoopback, isPrivate, parseIp } from "../net/ip.ts";
import { ipSet } from "../net/ip-set.ts";
import { parsePrefix } from "../net/prefix.ts";
import type { SiteLookup } from "../site/lookup.ts";
import type { Mailer } from "../site/model.ts";
import { organisationOf } from "./organisation.ts";
import { parseTime } from "./time.ts";

/** One Received line. */
export interface Hop {
  /** What the client called itself. */
  readonly helo: string | null;
  /** The name that the writer looked up for the client's address; null: it did not say. */
  readonly name: string | null;
  readonly address: IpAddress | null;
  readonly by: string | null;
  readonly id: string | null;
  readonly at: string | null;
  /** The client had logged in (RFC 3848), or wrote through a web page. */
  readonly login: boolean;
  /** It began on this machine: a program, or a script of a web page. */
  readonly local: boolean;
  /** Taken by LMTP. */
  readonly lmtp: boolean;
}

export interface Trace {
  readonly hops: readonly Hop[];
  /** The line that names the source: the last one that is believed. */
  readonly source: Hop | null;
  /** The mailer of ours that handed it over. */
  readonly mailer: Mailer | null;
  /** The source lies in our networks. */
  readonly ours: boolean;
  /** How it came to our mailer, by the line that our mailer wrote; null: no such line. */
  readonly entry: {
    readonly by: string;
    readonly client: IpAddress | null;
    readonly id: string | null;
    readonly at: string | null;
    readonly way: "stranger" | "inside" | "login" | "local";
  } | null;
  /** Addresses in lines that nobody vouches for. */
  readonly claimed: readonly IpAddress[];
}

const maxHops = 100;

export function traceOf(
  fields: readonly HeaderField[],
  lookup: SiteLookup | null,
  reporterDomain: string | null,
): Trace {
  const hops = fields
    .filter(({ name }) => name === "received")
    .slice(0, maxHops)
    .map(({ value }) => hopOf(value));
  const isOurs = (address: IpAddress): boolean =>
    lookup !== null && (lookup.isOurAddress(address) || lookup.mailerAt(address) !== null);
  const at = hops.findIndex((hop) => isHandOver(hop, isOurs, reporterDomain));
  if (at < 0) return { hops, source: null, mailer: null, ours: false, entry: null, claimed: [] };
  const source = hops[at]!;
  const address = source.address!;
  const ours = isOurs(address);
  const mailer = lookup?.mailerAt(address) ?? null;
  const { entry, next } =
    ours && lookup !== null ? entryBelow(hops, at + 1, lookup, isOurs) : { entry: null, next: at + 1 };
  const claimed = hops.slice(next).flatMap((hop) => (hop.address === null ? [] : [hop.address]));
  return { hops, source, mailer, ours, entry, claimed: unique(claimed, [address, entry?.client ?? null]) };
}

/** Whether the client of this line is the first beyond the complainant's own side. */
function isHandOver(hop: Hop, isOurs: (address: IpAddress) => boolean, reporterDomain: string | null): boolean {
  const { address, name, by } = hop;
  if (address === null) return false;
  if (isOurs(address)) return true;
  if (isLoopback(address) || isPrivate(address) || isPrivateBySixToFour(address)) return false;
  // LMTP ends within a house (RFC 2033 §1): its client is a machine of the writer's own.
  if (hop.lmtp) return false;
  // A HELO may claim any name: only a name that was looked up shows that the client is of the writer's own house.
  const house = name === null ? null : organisationOf(name);
  if (house !== null && (house === organisationOf(by ?? "") || house === reporterDomain)) return false;
  return !insideProvider(hop);
}

/** 2002:aabb:ccdd::/48 stands for an IPv4 address (RFC 3056): Google writes its private ones so. */
function isPrivateBySixToFour({ family, bits }: IpAddress): boolean {
  return family === 6 && bits >> 112n === 0x2002n && isPrivate({ family: 4, bits: (bits >> 80n) & 0xffffffffn });
}

/** Hops within a provider that writes no looked-up names: its name and its own addresses together. */
const providers = [
  {
    domain: "outlook.com",
    addresses: ["2603:1000::/24", "2a01:111::/32", "40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17"],
  },
].map(({ domain, addresses }) => ({
  domain,
  addresses: ipSet(
    addresses.flatMap((text) => {
      const read = parsePrefix(text);
      return read.ok ? [read.value] : [];
    }),
  ),
}));

function insideProvider({ helo, address, by }: Hop): boolean {
  return (
    address !== null &&
    providers.some(
      ({ domain, addresses }) =>
        organisationOf(helo ?? "") === domain && organisationOf(by ?? "") === domain && addresses.has(address),
    )
  );
}

/** Down through our own machines to the client that brought the message in. */
function entryBelow(
  hops: readonly Hop[],
  from: number,
  lookup: SiteLookup,
  isOurs: (address: IpAddress) => boolean,
): { readonly entry: Trace["entry"]; readonly next: number } {
  let entry: Trace["entry"] = null;
  let at = from;
  for (; at < hops.length; at += 1) {
    const hop = hops[at]!;
    if (hop.by === null || !isOurName(hop.by, lookup)) break;
    const { by, address: client, id, at: time } = hop;
    const inside = client === null || isOurs(client) || isPrivate(client) || isLoopback(client);
    const way = hop.login ? "login" : hop.local ? "local" : inside ? "inside" : "stranger";
    entry = { by, client, id, at: time, way };
    if (!inside || hop.login) return { entry, next: at + 1 };
  }
  return { entry, next: at };
}

/** A name or address that our machines write of themselves. */
function isOurName(by: string, lookup: SiteLookup): boolean {
  const literal = parseIp(by.replace(/^\[|\]$/g, ""));
  if (literal.ok) return lookup.isOurAddress(literal.value) || lookup.mailerAt(literal.value) !== null;
  const name = parseDomain(by);
  for (let at = name.ok ? name.value : null; at !== null; at = parentOf(at))
    if (lookup.endsWithUs({ kind: "name", name: at })) return true;
  return false;
}

export function hopOf(value: string): Hop {
  const text = value.slice(0, 2000);
  const claim = parseReceived(text);
  const address = claim.address === null ? null : parseIp(claim.address);
  const at = text.lastIndexOf(";");
  const word = (pattern: RegExp): string | null => pattern.exec(text)?.[1]?.slice(0, 200) ?? null;
  return {
    helo: claim.from,
    name: nameIn(text, claim.from),
    address: address?.ok === true ? address.value : null,
    by: claim.by,
    id: word(/\sid\s+<?([^\s;()<>]{1,200})/i),
    at: parseTime(at < 0 ? text.slice(-80) : text.slice(at + 1), null)?.at ?? null,
    login:
      /^(?:utf8)?[el]?s?mtps?a$/i.test(claim.with ?? "") ||
      /^https?$/i.test(claim.with ?? "") ||
      /\(authenticated sender:|\bauthenticated\b|\bauth(?:id|_login)?=\S|\(auth(?:enticated)? user/i.test(text),
    lmtp: /^lmtps?a?$/i.test(claim.with ?? ""),
    local: /from userid \d|invoked by uid|\(from \S{1,100}@localhost\)|\bwith local\b/i.test(text),
  };
}

/**
 * `from HELO (NAME [ADDRESS])` (Postfix, Sendmail), `from NAME ([ADDRESS] helo=HELO)` (Exim), `from NAME (HELO HELO)
 * (ADDRESS)` (qmail). Elsewhere the only name is the client's own word.
 */
function nameIn(text: string, first: string | null): string | null {
  const inside = /\(([\w.-]{1,255}\.[\w-]{2,63})\.? \[/.exec(text.slice(0, 600))?.[1];
  if (inside !== undefined) return inside.toLowerCase();
  if (
    first !== null &&
    /\b(?:helo[ =]|ehlo[ =])/i.test(text) &&
    first.includes(".") &&
    /[a-z]/i.test(first) &&
    !first.startsWith("[")
  )
    return first.toLowerCase();
  return null;
}

function unique(addresses: readonly IpAddress[], without: readonly (IpAddress | null)[]): readonly IpAddress[] {
  const seen = new Set(without.flatMap((one) => (one === null ? [] : [formatIp(one)])));
  return addresses.filter((address) => {
    const key = formatIp(address);
    if (seen.has(key) || isLoopback(address) || isPrivate(address)) return false;
    seen.add(key);
    return true;
  });
}
