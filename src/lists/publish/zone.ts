/**
 * A DNS list as zone files (RFC 5782): one master file (RFC 1035 §5) that BIND, Knot, NSD and unbound load, and two data
 * sets for rbldnsd. Written piece by piece: a list may have a million entries. The text of an answer names neither probe
 * nor path: it would tell others how to use the relay.
 */
import { type IpAddress, ipFromBits, reverseName } from "../../net/ip.ts";

export interface ZoneHead {
  /** Without a dot at the end. */
  readonly zone: string;
  readonly nameServers: readonly string[];
  readonly contact: string;
  readonly page: string;
  readonly ttl: number;
  /** Seconds since 1970: grows with every writing (RFC 1982 arithmetic until 2106). */
  readonly serial: number;
}

/** Pieces of a file, each of many lines. */
export type Pieces = Generator<string, void, undefined>;

const pieceLength = 64 * 1024;

/** Secondaries ask hourly, and forget the zone after a week without an answer. */
const [refresh, retry, expire] = [3600, 900, 604_800];

/** RFC 5782 §5: 127.0.0.2 is listed and 127.0.0.1 is not; for IPv6 the same, mapped. */
const test4: IpAddress = { family: 4, bits: 0x7f000002n };
const test6: IpAddress = { family: 6, bits: 0xffff7f000002n };

/** RFC 1035 §8: dots of the local-part are escaped. */
function mailboxName(contact: string): string {
  const at = contact.lastIndexOf("@");
  return `${contact.slice(0, at).replaceAll(".", "\\.")}.${contact.slice(at + 1)}.`;
}

const answer = "127.0.0.2";

function textOf({ page }: ZoneHead): string {
  return `Open relay, proved by delivery. ${page}`.replace(/["\\$]/g, "").slice(0, 200);
}

export function* masterFile(head: ZoneHead, addresses: Iterable<IpAddress>): Pieces {
  const { zone, nameServers, ttl, serial, contact } = head;
  const text = `"${textOf(head)}"`;
  yield [
    `$ORIGIN ${zone}.`,
    `$TTL ${ttl}`,
    `@ IN SOA ${nameServers[0]}. ${mailboxName(contact)} ${serial} ${refresh} ${retry} ${expire} ${ttl}`,
    ...nameServers.map((name) => `@ IN NS ${name}.`),
    `@ IN TXT ${text}`,
    "",
  ].join("\n");
  yield* lines(withTests(addresses), (ip) => {
    const name = listedName(ip);
    return `${name} IN A ${answer}\n${name} IN TXT ${text}\n`;
  });
}

export function rbldnsdIp4(head: ZoneHead, addresses: Iterable<IpAddress>): Pieces {
  return rbldnsd(head, addresses, 4, (ip) => `${dotted(ip.bits)}\n`);
}

/** Beside the IPv4 set of the same zone: it has no SOA of its own. */
export function rbldnsdIp6(head: ZoneHead, addresses: Iterable<IpAddress>): Pieces {
  return rbldnsd(head, addresses, 6, (ip) => `${groups(ip.bits)}/128\n`);
}

function* rbldnsd(
  head: ZoneHead,
  addresses: Iterable<IpAddress>,
  family: 4 | 6,
  line: (ip: IpAddress) => string,
): Pieces {
  const { nameServers, ttl, serial, contact } = head;
  yield [
    // rbldnsd stops answering from data that nobody renewed; seconds since 1970 it does not read.
    `$TIMESTAMP ${stamp(serial)} ${stamp(serial + expire)}`,
    ...(family === 4
      ? [
          `$SOA ${ttl} ${nameServers[0]} ${mailboxName(contact)} ${serial} ${refresh} ${retry} ${expire} ${ttl}`,
          `$NS ${ttl} ${nameServers.join(" ")}`,
        ]
      : []),
    `$TTL ${ttl}`,
    `:${answer}:${textOf(head)}`,
    "",
  ].join("\n");
  yield* lines(withTests(addresses, family), line);
}

/** `yyyy:mm:dd:hh:mm:ss`, in UTC. */
function stamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace(/[-T]/g, ":");
}

function* withTests(addresses: Iterable<IpAddress>, family?: 4 | 6): Generator<IpAddress> {
  for (const test of [test4, test6]) if (family === undefined || test.family === family) yield test;
  for (const ip of addresses) if (family === undefined || ip.family === family) yield ip;
}

function* lines(all: Iterable<IpAddress>, line: (ip: IpAddress) => string): Pieces {
  let piece = "";
  for (const ip of all) {
    piece += line(ip);
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** RFC 5782 §2.1 and §2.4: octets or nibbles, reversed. */
function listedName(ip: IpAddress): string {
  return reverseName(ip).replace(/\.(?:in-addr|ip6)\.arpa$/, "");
}

function dotted(bits: bigint): string {
  const number = Number(ipFromBits(4, bits).bits);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

/** Eight groups: rbldnsd reads them all, and mapped addresses stay IPv6. */
function groups(bits: bigint): string {
  return (bits.toString(16).padStart(32, "0").match(/.{4}/g) ?? [])
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
