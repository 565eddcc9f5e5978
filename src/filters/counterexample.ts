/** Packets that show what a condition is about: each in words and numbers, with the line that decides. Pure. */
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { IpSet } from "../net/ip-set.ts";
import type { Compiled } from "./compile.ts";
import { type Diagram, type Diagrams, no, yes } from "./diagram.ts";
import type { Asked, Crossing, Place } from "./model.ts";
import {
  bitsOf,
  describePacket,
  type Family,
  familyName,
  layout,
  type Packet,
  packetFrom,
  protocolName,
  protocolNumbers,
  tcpFlags,
} from "./packet.ts";
import type { FilterPacket } from "./result.ts";
import { smtpPort, type Wanted } from "./wanted.ts";

/** So many packets are shown of each kind. */
const maxShown = 20;

/** Of chains with more rules than these only one packet that no rule decides is shown. */
const maxRules = 2000;

/** What packets of one crossing are looked for in. */
export interface Shown {
  readonly asked: Asked;
  readonly compiled: Compiled;
  readonly crossing: Crossing;
  readonly insides: readonly string[];
  /** What a packet looks like where nothing else is asked for. */
  readonly model: Packet;
}

/** Packets for which the condition holds: one for each line that decides so. */
export function packetsOf(shown: Shown, condition: Diagram, why: string): readonly FilterPacket[] {
  const { compiled, crossing, asked } = shown;
  const { diagrams } = compiled;
  const packets: FilterPacket[] = [];
  let left = condition;
  let seen: Diagram = no;
  let atEnd = false;
  while (left !== no && packets.length < maxShown) {
    const packet = somePacket(shown, left);
    if (packet === null) break;
    const { rule, place, why: doubt } = compiled.decide(crossing, packet);
    if (rule !== null || !atEnd)
      packets.push(toldPacket(shown, packet, place, doubt === null ? why : `${why} ${sentence(doubt)}`));
    if (rule === null) {
      // Nothing decides it but the end: what rules decide is still to be shown.
      atEnd = true;
      const ruled = compiled.met.reduce<Diagram>((sum, one) => diagrams.or(sum, compiled.about(one)), no);
      if (compiled.met.length > maxRules) break;
      left = diagrams.minus(diagrams.and(left, ruled), seen);
      if (diagrams.at(left, bitsOf(packet)) === yes) break;
    } else {
      const about = compiled.about(rule);
      seen = diagrams.or(seen, about);
      left =
        about === no ? diagrams.minus(left, onePacket(diagrams, asked.family, packet)) : diagrams.minus(left, about);
    }
  }
  return packets;
}

/** A packet for which the condition holds: one that opens a session if there is one, else an answer. */
function somePacket({ compiled: { diagrams }, asked, model }: Shown, condition: Diagram): Packet | null {
  const answer: Packet = {
    ...model,
    sourcePort: smtpPort,
    destinationPort: model.sourcePort,
    flags: 1 << tcpFlags.indexOf("ack"),
    state: "established",
  };
  for (const one of [model, answer]) {
    const bits = diagrams.witness(condition, bitsOf(one));
    if (bits === null) return null;
    const packet = packetFrom(asked.family, bits, one);
    if (one === answer || packet.destinationPort === smtpPort || packet.protocol !== protocolNumbers.tcp) return packet;
    if (packet.sourcePort !== smtpPort && packet.state === "new") return packet;
  }
  return null;
}

/** The packet's addresses, whatever else it bears. */
function onePacket(diagrams: Diagrams, family: Family, packet: Packet): Diagram {
  let made: Diagram = yes;
  for (const field of ["source", "destination"] as const) {
    const { first, width } = layout(family)[field];
    for (let bit = 0; bit < width; bit += 1) {
      const variable = first + width - 1 - bit;
      const one = ((packet[field].bits >> BigInt(bit)) & 1n) === 1n;
      made = one ? diagrams.node(variable, no, made) : diagrams.node(variable, made, no);
    }
  }
  return made;
}

const sentence = (text: string): string => (text === "" ? "" : `${text[0]?.toUpperCase()}${text.slice(1)}.`);

/** A packet in words and numbers, with the line that decides. */
export function toldPacket({ asked, insides }: Shown, packet: Packet, place: Place | null, why: string): FilterPacket {
  const hasPorts =
    (packet.protocol === protocolNumbers.tcp || packet.protocol === protocolNumbers.udp) && !packet.laterFragment;
  const inside = packet.inside === 0 ? null : (insides[packet.inside - 1] ?? null);
  return {
    family: familyName(asked.family),
    direction: asked.direction,
    protocol: protocolName(packet.protocol),
    source: formatIp(packet.source),
    sourcePort: hasPorts ? packet.sourcePort : null,
    destination: formatIp(packet.destination),
    destinationPort: hasPorts ? packet.destinationPort : null,
    flags:
      packet.protocol === protocolNumbers.tcp ? tcpFlags.filter((_, bit) => ((packet.flags >> bit) & 1) === 1) : [],
    state: packet.state,
    inside,
    says: `${describePacket(packet)}, ${asked.direction}${inside === null ? "" : ` (inside: ${inside})`}`,
    line: place,
    why,
  };
}

/** Looks like a session that a person would try. */
export function modelPacket(wanted: Wanted, { family, direction }: Asked): Packet {
  const stranger = someAddress(
    wanted.strangers,
    family,
    family === 4 ? 0xcb007109n : (0x20010db8000c0000n << 64n) | 9n,
  );
  const insider = someAddress(wanted.inside.subtract(wanted.mailers), family, null);
  return {
    source: direction === "in" ? stranger : insider,
    destination: direction === "in" ? insider : stranger,
    protocol: protocolNumbers.tcp,
    sourcePort: 40_000,
    destinationPort: smtpPort,
    flags: 1 << tcpFlags.indexOf("syn"),
    state: "new",
    laterFragment: false,
    extended: false,
    inside: 0,
  };
}

function someAddress(set: IpSet, family: Family, wish: bigint | null): IpAddress {
  if (wish !== null && set.has({ family, bits: wish })) return { family, bits: wish };
  const range = set.ranges.find((one) => one.family === family);
  if (range === undefined) return { family, bits: 1n };
  return { family, bits: range.last - range.first > 8n ? range.first + 7n : range.first };
}
