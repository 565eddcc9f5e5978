/**
 * A packet at the border, as far as filters look at it, and the bits that stand for it in a decision diagram. A family
 * has diagrams of its own: no rule's meaning spans both.
 */
import { formatIp, type IpAddress, ipFromBits, widthOf } from "../net/ip.ts";

export type Family = 4 | 6;

/** As documents have it. */
export const familyName = (family: Family): "ipv4" | "ipv6" => (family === 4 ? "ipv4" : "ipv6");

/** `in`: from outside to inside; `out`: from inside to outside. */
export type Direction = "in" | "out";

/** What a stateful filter takes a packet for. */
export const states = ["new", "established", "related", "invalid", "untracked"] as const;
export type State = (typeof states)[number];

/** As in the header (RFC 9293 §3.1), lowest bit first. */
export const tcpFlags = ["fin", "syn", "rst", "psh", "ack", "urg"] as const;

export const protocolNumbers = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

export interface Packet {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** The number in the IP header: 6 is TCP. */
  readonly protocol: number;
  readonly sourcePort: number;
  /** For ICMP: type × 256 + code, which have the same place in no header, but never meet a port. */
  readonly destinationPort: number;
  /** Bits of `tcpFlags`. */
  readonly flags: number;
  readonly state: State;
  /** A fragment that is not the first, and so shows no ports (RFC 791 §3.2). */
  readonly laterFragment: boolean;
  /** IPv6: an extension header stands before the transport header (RFC 8200 §4). */
  readonly extended: boolean;
  /** The inside interface or zone, as a number of the reading; 0: one that the configuration does not name. */
  readonly inside: number;
}

export type Field =
  | "inside"
  | "laterFragment"
  | "extended"
  | "state"
  | "flags"
  | "protocol"
  | "destinationPort"
  | "sourcePort"
  | "destination"
  | "source";

/** Where each field's bits stand; the first bit is the highest. */
export interface Layout {
  readonly first: number;
  readonly width: number;
}

const widths = {
  inside: 8,
  laterFragment: 1,
  extended: 1,
  state: 3,
  flags: 6,
  protocol: 8,
  destinationPort: 16,
  sourcePort: 16,
  destination: 128,
  source: 128,
} as const satisfies Record<Field, number>;

/** How many inside interfaces a configuration may name. */
export const maxInsides = (1 << widths.inside) - 1;

/** Fields in the order of their bits: few bits that split everything first, addresses last. */
export const fields = Object.keys(widths) as readonly Field[]; // the keys of the table above

function layoutOf(family: Family): Readonly<Record<Field, Layout>> {
  let next = 0;
  const entries = fields.map((field) => {
    const width = field === "source" || field === "destination" ? widthOf(family) : widths[field];
    const layout = { first: next, width };
    next += width;
    return [field, layout] as const;
  });
  return Object.fromEntries(entries) as Record<Field, Layout>; // one entry per field
}

const layouts = { 4: layoutOf(4), 6: layoutOf(6) } as const;

export const layout = (family: Family): Readonly<Record<Field, Layout>> => layouts[family];

/** The number that a field holds in a packet. */
export function numberIn(packet: Packet, field: Field): bigint {
  switch (field) {
    case "source":
    case "destination":
      return packet[field].bits;
    case "state":
      return BigInt(states.indexOf(packet.state));
    case "laterFragment":
    case "extended":
      return packet[field] ? 1n : 0n;
    default:
      return BigInt(packet[field]);
  }
}

/** The bits of a packet. */
export function bitsOf(packet: Packet): (variable: number) => 0 | 1 {
  const where = layouts[packet.source.family];
  const values = fields.map((field) => ({ ...where[field], value: numberIn(packet, field) }));
  return (variable) => {
    for (const { first, width, value } of values)
      if (variable < first + width) return Number((value >> BigInt(first + width - 1 - variable)) & 1n) as 0 | 1;
    return 0;
  };
}

/** The packet with these bits, and with the other's where none is given. */
export function packetFrom(family: Family, bits: ReadonlyMap<number, 0 | 1>, other: Packet): Packet {
  const fallback = bitsOf(other);
  const read = (field: Field): bigint => {
    const { first, width } = layouts[family][field];
    let value = 0n;
    for (let variable = first; variable < first + width; variable += 1)
      value = (value << 1n) | BigInt(bits.get(variable) ?? fallback(variable));
    return value;
  };
  const number = (field: Field): number => Number(read(field));
  return {
    source: ipFromBits(family, read("source")),
    destination: ipFromBits(family, read("destination")),
    protocol: number("protocol"),
    sourcePort: number("sourcePort"),
    destinationPort: number("destinationPort"),
    flags: number("flags"),
    state: states[number("state")] ?? "invalid",
    laterFragment: number("laterFragment") === 1,
    extended: number("extended") === 1,
    inside: number("inside"),
  };
}

const names: Readonly<Record<number, string>> = { 1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6" };

/** `tcp`, or the number of a protocol that is seldom named. */
export const protocolName = (number: number): string => names[number] ?? String(number);

/** One line: `tcp 203.0.113.9:40000 → 192.0.2.7:25 SYN`. */
export function describePacket(packet: Packet): string {
  const { protocol } = packet;
  const isIcmp = protocol === protocolNumbers.icmp || protocol === protocolNumbers.icmp6;
  const ports = protocol === protocolNumbers.tcp || protocol === protocolNumbers.udp;
  const end = (address: IpAddress, port: number): string => {
    const text = formatIp(address);
    return ports && !packet.laterFragment ? `${address.family === 6 ? `[${text}]` : text}:${port}` : text;
  };
  const flags = tcpFlags.filter((_, bit) => (packet.flags >> bit) & 1).map((flag) => flag.toUpperCase());
  return [
    protocolName(protocol),
    end(packet.source, packet.sourcePort),
    "→",
    end(packet.destination, packet.destinationPort),
    ...(protocol === protocolNumbers.tcp && !packet.laterFragment ? [flags.join(",")] : []),
    ...(isIcmp ? [`type ${packet.destinationPort >> 8} code ${packet.destinationPort & 255}`] : []),
    ...(packet.laterFragment ? ["later fragment"] : []),
    ...(packet.extended ? ["with an extension header"] : []),
  ]
    .filter((part) => part !== "")
    .join(" ");
}
