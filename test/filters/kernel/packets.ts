// Packets that are really sent: as the model sees them, and as bytes on the wire.
import type { Direction, Packet } from "../../../src/filters/packet.ts";
import type { IpAddress } from "../../../src/net/ip.ts";

export interface Sent {
  /** Told in the packet itself, so that it is known again on the other side. */
  readonly id: number;
  readonly direction: Direction;
  readonly packet: Packet;
  /** TCP's numbers (RFC 9293 §3.4), so that connection tracking believes a session. */
  readonly sequence?: number;
  readonly acknowledged?: number;
}

const bytesOf = ({ family, bits }: IpAddress): Buffer =>
  Buffer.from(bits.toString(16).padStart(family === 4 ? 8 : 32, "0"), "hex");

/** RFC 1071. */
function checksum(...parts: readonly Buffer[]): number {
  const all = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < all.length; at += 2) sum += (all[at]! << 8) | (all[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const number = (width: 1 | 2 | 4, value: number): Buffer => {
  const made = Buffer.alloc(width);
  made.writeUIntBE(value, 0, width);
  return made;
};

/** The frame as hexadecimal text. */
export function frameOf(sent: Sent, macs: { readonly to: string; readonly from: string }): string {
  const { packet } = sent;
  const mark = Buffer.from(`FP25:${String(sent.id).padStart(8, "0")};`);
  const { family } = packet.source;
  const body = packet.laterFragment ? Buffer.concat([mark, Buffer.alloc(2)]) : transport(sent, mark);
  const mac = (text: string): Buffer => Buffer.from(text.replaceAll(":", ""), "hex");
  const header = Buffer.concat([mac(macs.to), mac(macs.from), number(2, family === 4 ? 0x0800 : 0x86dd)]);
  return Buffer.concat([header, family === 4 ? ip4(packet, sent.id, body) : ip6(packet, sent.id, body)]).toString(
    "hex",
  );
}

function ip4(packet: Packet, id: number, body: Buffer): Buffer {
  const header = Buffer.concat([
    number(1, 0x45),
    number(1, 0),
    number(2, 20 + body.length),
    number(2, id & 0xffff),
    // Eight times eight bytes came before.
    number(2, packet.laterFragment ? 8 : 0),
    number(1, 64),
    number(1, packet.protocol),
    number(2, 0),
    bytesOf(packet.source),
    bytesOf(packet.destination),
  ]);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, body]);
}

function ip6(packet: Packet, id: number, body: Buffer): Buffer {
  // RFC 8200 §4.5 and §4.6: a fragment's header, or destination options with padding alone.
  const extension = packet.laterFragment
    ? Buffer.concat([number(1, packet.protocol), number(1, 0), number(2, 8 << 3), number(4, id)])
    : packet.extended
      ? Buffer.concat([number(1, packet.protocol), number(1, 0), Buffer.from([1, 4, 0, 0, 0, 0])])
      : Buffer.alloc(0);
  const next = packet.laterFragment ? 44 : packet.extended ? 60 : packet.protocol;
  return Buffer.concat([
    number(4, 0x60000000),
    number(2, extension.length + body.length),
    number(1, next),
    number(1, 64),
    bytesOf(packet.source),
    bytesOf(packet.destination),
    extension,
    body,
  ]);
}

function transport({ packet, sequence = 1000, acknowledged = 0, id }: Sent, mark: Buffer): Buffer {
  const { protocol } = packet;
  const pseudo = (length: number): Buffer =>
    Buffer.concat([bytesOf(packet.source), bytesOf(packet.destination), number(4, length), number(4, protocol)]);
  const ports = Buffer.concat([number(2, packet.sourcePort), number(2, packet.destinationPort)]);
  if (protocol === 6) {
    // The mark is an option (kind 253, RFC 4727 §3.5): a session's numbers count no byte of it.
    const options = Buffer.concat([number(1, 253), number(1, 2 + mark.length), mark]);
    const padded = Buffer.concat([options, Buffer.alloc((4 - (options.length % 4)) % 4)]);
    const segment = Buffer.concat([
      ports,
      number(4, sequence),
      number(4, acknowledged),
      number(1, ((20 + padded.length) / 4) << 4),
      number(1, packet.flags),
      number(2, 65535),
      number(2, 0),
      number(2, 0),
      padded,
    ]);
    segment.writeUInt16BE(checksum(pseudo(segment.length), segment), 16);
    return segment;
  }
  if (protocol === 17) {
    const datagram = Buffer.concat([ports, number(2, 8 + mark.length), number(2, 0), mark]);
    datagram.writeUInt16BE(checksum(pseudo(datagram.length), datagram), 6);
    return datagram;
  }
  if (protocol === 1 || protocol === 58) {
    const message = Buffer.concat([
      number(2, packet.destinationPort),
      number(2, 0),
      number(2, id & 0xffff),
      number(2, 1),
      mark,
    ]);
    message.writeUInt16BE(protocol === 1 ? checksum(message) : checksum(pseudo(message.length), message), 2);
    return message;
  }
  // Any other protocol: nobody looks into it.
  return mark;
}
