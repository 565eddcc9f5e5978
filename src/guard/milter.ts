/**
 * The milter protocol as mailers speak it (libmilter's mfdef.h, versions 2 to 6): packets of a length (four octets, the
 * highest first), a command, and its data. Pure.
 *
 * Steps that a filter does not need are declined in the negotiation, and those that need no answer are asked for without.
 */

/** What breaks the protocol: nothing that follows can be trusted to be a packet. */
export class MilterProtocolError extends Error {
  override readonly name = "MilterProtocolError";
}

export interface Packet {
  /** One letter. */
  readonly command: string;
  /** One character a byte. */
  readonly data: string;
}

/** A chunk of a body has 65,535 octets; nothing else comes near that. */
const maxPacket = 128 * 1024;

/** Takes chunks, gives packets as they are complete. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Throws `MilterProtocolError`. */
  push(chunk: Uint8Array): readonly Packet[] {
    const all = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const packets: Packet[] = [];
    let at = 0;
    while (all.length - at >= 4) {
      const length = all.readUInt32BE(at);
      if (length < 1 || length > maxPacket) throw new MilterProtocolError(`a packet of ${length} octets`);
      if (all.length - at < 4 + length) break;
      const command = all.toString("latin1", at + 4, at + 5);
      packets.push({ command, data: all.toString("latin1", at + 5, at + 4 + length) });
      at += 4 + length;
    }
    this.#rest = all.subarray(at);
    return packets;
  }
}

export function packet(command: string, data = ""): Uint8Array {
  const bytes = Buffer.alloc(5 + data.length);
  bytes.writeUInt32BE(1 + data.length, 0);
  bytes.write(command + data, 4, "latin1");
  return bytes;
}

/** Strings that each end in NUL. */
export function stringsOf(data: string): readonly string[] {
  const parts = data.split("\0");
  return data.endsWith("\0") ? parts.slice(0, -1) : parts;
}

/** Macros, as name and value in turn; names of more than one letter stand in braces. */
export function macrosOf(data: string): ReadonlyMap<string, string> {
  const strings = stringsOf(data);
  const macros = new Map<string, string>();
  for (let index = 0; index + 1 < strings.length; index += 2)
    macros.set((strings[index] ?? "").replace(/^\{(.*)\}$/, "$1"), strings[index + 1] ?? "");
  return macros;
}

/** Who connected; the address as text, null where there is none. */
export type Connected =
  | { readonly family: "inet"; readonly address: string }
  /** A program of the mailer's own machine. */
  | { readonly family: "local" }
  | { readonly family: "unknown" };

/** Host name, a letter for the family, the port, the address. */
export function connectedOf(data: string): Connected {
  const end = data.indexOf("\0");
  const family = data[end + 1];
  if (end < 0 || family === undefined) throw new MilterProtocolError("a connection without a family");
  if (family === "L") return { family: "local" };
  if (family !== "4" && family !== "6") return { family: "unknown" };
  // Sendmail writes IPv6:2001:db8::1.
  const address = (stringsOf(data.slice(end + 4))[0] ?? "").replace(/^IPv6:/i, "");
  return { family: "inet", address };
}

/** Steps of the protocol, each a bit by which a filter says that it does without. */
const step = {
  noHelo: 0x2,
  noBody: 0x10,
  noHeaders: 0x20,
  noEndOfHeaders: 0x40,
  noUnknown: 0x100,
  noData: 0x200,
  /** No answer to the connection, and none to MAIL. */
  noReplyConnect: 0x1000,
  noReplyMail: 0x4000,
} as const;

const wanted = Object.values(step).reduce((sum, bit) => sum | bit, 0);

const newest = 6;
const oldest = 2;

/** What was agreed on: the reply to the mailer's offer, and which steps still want an answer. */
export interface Negotiated {
  readonly reply: Uint8Array;
  readonly answersConnect: boolean;
  readonly answersMail: boolean;
}

export function negotiate(data: string): Negotiated {
  const bytes = Buffer.from(data, "latin1");
  if (bytes.length < 12) throw new MilterProtocolError("an offer that is too short");
  const version = bytes.readUInt32BE(0);
  if (version < oldest) throw new MilterProtocolError(`version ${version} of the protocol`);
  // Version 2 knows the first seven steps and no others, whatever it says.
  const offered = bytes.readUInt32BE(8) & (version < newest ? 0x7f : 0x1fffff);
  const agreed = wanted & offered;
  const reply = Buffer.alloc(12);
  reply.writeUInt32BE(Math.min(version, newest), 0);
  reply.writeUInt32BE(0, 4); // it changes nothing in a message
  reply.writeUInt32BE(agreed >>> 0, 8);
  return {
    reply: packet("O", reply.toString("latin1")),
    answersConnect: (agreed & step.noReplyConnect) === 0,
    answersMail: (agreed & step.noReplyMail) === 0,
  };
}

export const goOn = packet("c");
export const comeAgain = packet("t");

/** A refusal in words of our own. Mailers read a percent sign as the beginning of a format: there is none. */
export function refusal(code: number, enhanced: string, text: string): Uint8Array {
  return packet("y", `${code} ${enhanced} ${text.replaceAll("%", "?")}\0`);
}
