// What is sent at a border: single packets of all kinds, and sessions whose answers depend on what came before.
import { type Direction, type Packet, tcpFlags } from "../../../src/filters/packet.ts";
import { parseIp } from "../../../src/net/ip.ts";
import type { Random } from "./random.ts";

/** Addresses that rules are made of as well. */
export const hosts = {
  inside4: ["192.0.2.7", "192.0.2.25", "192.0.2.26", "192.0.2.130", "198.51.100.25", "198.51.100.100"],
  inside6: ["2001:db8:25::25", "2001:db8:25::26", "2001:db8:25:8000::1", "2001:db8:25:ffff::25"],
  outside4: ["203.0.113.9", "203.0.113.25", "203.0.113.130", "198.51.100.129", "198.51.100.200"],
  outside6: ["2001:db8:f::9", "2001:db8:f::25", "2001:db8:99::9", "2001:db8:f:8000::1"],
} as const;

export const ports = [22, 24, 25, 26, 80, 443, 465, 587, 1023, 1024, 2525, 40_000] as const;

const flag = (name: (typeof tcpFlags)[number]): number => 1 << tcpFlags.indexOf(name);
const [syn, ack] = [flag("syn"), flag("ack")];

export interface Try {
  readonly direction: Direction;
  readonly packet: Packet;
  /** Answered by the other side, and that once more, if it passes. */
  readonly session: boolean;
}

export class Traffic {
  readonly #random: Random;
  readonly #seen = new Set<string>();
  #port = 20_000;

  constructor(random: Random) {
    this.#random = random;
  }

  next(fragments: boolean): Try {
    const random = this.#random;
    const direction = random.chance(0.65) ? "in" : "out";
    const family = random.chance(0.5) ? 4 : 6;
    const [insider, outsider] =
      family === 4
        ? [random.one(hosts.inside4), random.one(hosts.outside4)]
        : [random.one(hosts.inside6), random.one(hosts.outside6)];
    const [from, to] = direction === "in" ? [outsider, insider] : [insider, outsider];
    const kind: string = random.one<string>([
      ...(["syn", "syn", "syn", "session", "session", "synack", "ack", "odd", "udp", "icmp", "other"] as const),
      ...(fragments ? (["fragment"] as const) : []),
      ...(family === 6 ? (["extended"] as const) : []),
    ]);
    this.#port = this.#port >= 60_000 ? 20_000 : this.#port + 1;
    const destinationPort = random.chance(0.5) ? 25 : random.one(ports);
    const base: Packet = {
      source: address(from),
      destination: address(to),
      protocol: 6,
      sourcePort: random.chance(0.15) ? random.one(ports) : this.#port,
      destinationPort,
      flags: 0,
      // Connection tracking does not take up a session in the middle (nf_conntrack_tcp_loose is 0).
      state: "invalid",
      laterFragment: false,
      extended: kind === "extended",
      inside: 0,
    };
    const packet = this.#of(kind, base, family);
    const key = `${[from, to].sort().join()},${packet.sourcePort},${packet.destinationPort},${kind}`;
    // The second of two alike would belong to the session of the first.
    if (this.#seen.has(key) && kind !== "fragment" && kind !== "icmp") return this.next(fragments);
    this.#seen.add(key);
    return { direction, packet, session: kind === "session" };
  }

  #of(kind: string, base: Packet, family: 4 | 6): Packet {
    const random = this.#random;
    switch (kind) {
      case "syn":
      case "session":
      case "extended":
        return { ...base, flags: syn, state: "new" };
      case "synack":
        return { ...base, flags: syn | ack };
      case "ack":
        return { ...base, flags: ack };
      case "odd":
        return {
          ...base,
          flags: random.one([0, flag("fin"), flag("fin") | syn, flag("rst"), flag("psh") | ack, 0b111111]),
        };
      case "udp":
        return { ...base, protocol: 17, state: "new" };
      case "icmp":
        // Echo requests: an answer or an error without a question is invalid.
        return {
          ...base,
          protocol: family === 4 ? 1 : 58,
          sourcePort: 0,
          destinationPort: (family === 4 ? 8 : 128) * 256,
          state: "new",
        };
      case "fragment":
        return {
          ...base,
          protocol: random.chance(0.7) ? 6 : 17,
          laterFragment: true,
          extended: family === 6,
          sourcePort: 0,
          destinationPort: 0,
        };
      default:
        return { ...base, protocol: random.one([50, 112]), sourcePort: 0, destinationPort: 0, state: "new" };
    }
  }
}

/** The other side's answer to an opening, and the first one's to that. */
export const answerTo = (packet: Packet): Packet => ({ ...turned(packet), flags: syn | ack, state: "established" });
export const thirdOf = (packet: Packet): Packet => ({ ...packet, flags: ack, state: "established" });

const turned = (packet: Packet): Packet => ({
  ...packet,
  source: packet.destination,
  destination: packet.source,
  sourcePort: packet.destinationPort,
  destinationPort: packet.sourcePort,
});

export function address(text: string) {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}
