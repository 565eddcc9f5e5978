// A resolver on loopback in front of list servers, good and bad: it hands questions on to rbldnsd, or answers as a list
// would that lies, refuses, fails or is gone. UDP and TCP.
import dgram from "node:dgram";
import net from "node:net";
import { decode, encode, type Packet, RECURSION_AVAILABLE, RECURSION_DESIRED } from "dns-packet";

/** What becomes of a question in a zone. */
export type Behaviour =
  | { readonly kind: "hand-on"; readonly port: number }
  /** Records for every name. */
  | { readonly kind: "wildcard"; readonly records: readonly string[] }
  | { readonly kind: "rcode"; readonly rcode: "nxdomain" | "servfail" | "refused" | "formerr" }
  | { readonly kind: "nodata" }
  | { readonly kind: "silent" }
  /** Nothing fits into a datagram; the answer is there over TCP. */
  | { readonly kind: "truncated"; readonly over: Behaviour }
  /** A false answer with the wrong id before the true one, as one who guesses would send it. */
  | { readonly kind: "wrong-id"; readonly lie: string; readonly truth: Behaviour }
  /** Names and their records; others do not exist. */
  | { readonly kind: "names"; readonly names: Readonly<Record<string, readonly string[]>>; readonly text?: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** One behaviour for the first questions, another for the rest. */
  | { readonly kind: "turns"; readonly after: number; readonly first: Behaviour; readonly truth: Behaviour };

export interface ListResolver extends AsyncDisposable {
  /** `127.0.0.1:5353` */
  readonly address: string;
  /** Questions that came, by zone. */
  readonly asked: ReadonlyMap<string, number>;
}

const rcodes = { nxdomain: 3, servfail: 2, refused: 5, formerr: 1 } as const;
const truncatedFlag = 0x0200;

export interface ResolverOptions {
  readonly zones: Readonly<Record<string, Behaviour>>;
  /** What it says of names in no zone. */
  readonly elsewhere?: Behaviour;
  /** In place of "no such name": a resolver that sells answers. */
  readonly rewrites?: string;
}

export async function startResolver({
  zones,
  elsewhere = { kind: "rcode", rcode: "nxdomain" },
  rewrites,
}: ResolverOptions): Promise<ListResolver> {
  const asked = new Map<string, number>();
  const onward = dgram.createSocket("udp4");
  const pending = new Map<number, (bytes: Buffer) => void>();
  let next = 1;
  onward.on("message", (bytes) => {
    const id = bytes.readUInt16BE(0);
    pending.get(id)?.(bytes);
    pending.delete(id);
  });
  await new Promise<void>((resolve) => onward.bind(0, "127.0.0.1", resolve));

  const handOn = (query: Buffer, port: number): Promise<Buffer> =>
    new Promise((resolve) => {
      next = (next % 65_535) + 1;
      const mine = next;
      pending.set(mine, (bytes) => {
        const reply = Buffer.from(bytes);
        query.copy(reply, 0, 0, 2);
        resolve(reply);
      });
      const copy = Buffer.from(query);
      copy.writeUInt16BE(mine, 0);
      onward.send(copy, port, "127.0.0.1");
    });

  const replied = (query: Packet, flags: number, records: readonly string[]): Buffer => {
    const [question] = query.questions ?? [];
    const wanted = question === undefined || (question.type !== "A" && question.type !== "AAAA") ? [] : records;
    return encode({
      type: "response",
      id: query.id ?? 0,
      flags: RECURSION_DESIRED | RECURSION_AVAILABLE | flags,
      questions: query.questions ?? [],
      answers: wanted.map((data) => ({ name: question?.name ?? "", type: "A", ttl: 60, data })),
    });
  };

  const textReply = (query: Packet, text: string): Buffer =>
    encode({
      type: "response",
      id: query.id ?? 0,
      flags: RECURSION_DESIRED | RECURSION_AVAILABLE,
      questions: query.questions ?? [],
      answers: [{ name: query.questions?.[0]?.name ?? "", type: "TXT", ttl: 60, data: text }],
    });

  const sold = (query: Packet, reply: Buffer): Buffer =>
    rewrites !== undefined && (reply.readUInt16BE(2) & 15) === rcodes.nxdomain ? replied(query, 0, [rewrites]) : reply;

  const behave = async (
    behaviour: Behaviour,
    bytes: Buffer,
    query: Packet,
    transport: "udp" | "tcp",
    turn: number,
  ): Promise<readonly Buffer[]> => {
    switch (behaviour.kind) {
      case "hand-on":
        return [sold(query, await handOn(bytes, behaviour.port))];
      case "wildcard":
        return [replied(query, 0, behaviour.records)];
      case "rcode":
        return [sold(query, replied(query, rcodes[behaviour.rcode], []))];
      case "nodata":
        return [replied(query, 0, [])];
      case "silent":
        return [];
      case "truncated":
        return transport === "udp"
          ? [replied(query, truncatedFlag, [])]
          : behave(behaviour.over, bytes, query, transport, turn);
      case "wrong-id": {
        const lie = replied({ ...query, id: ((query.id ?? 0) + 1) & 0xffff }, 0, [behaviour.lie]);
        return [lie, ...(await behave(behaviour.truth, bytes, query, transport, turn))];
      }
      case "names": {
        const records = behaviour.names[query.questions?.[0]?.name.toLowerCase() ?? ""];
        if (records !== undefined && behaviour.text !== undefined && query.questions?.[0]?.type === "TXT")
          return [textReply(query, behaviour.text)];
        return [records === undefined ? sold(query, replied(query, rcodes.nxdomain, [])) : replied(query, 0, records)];
      }
      case "bytes":
        return [Buffer.concat([bytes.subarray(0, 2), behaviour.bytes])];
      case "turns":
        return behave(turn <= behaviour.after ? behaviour.first : behaviour.truth, bytes, query, transport, turn);
    }
  };

  const answers = async (bytes: Buffer, transport: "udp" | "tcp"): Promise<readonly Buffer[]> => {
    let query: Packet;
    try {
      query = decode(bytes);
    } catch {
      return [];
    }
    const name = query.questions?.[0]?.name.toLowerCase() ?? "";
    const zone = Object.keys(zones).find((one) => name === one || name.endsWith(`.${one}`)) ?? "";
    const turn = (asked.get(zone) ?? 0) + 1;
    asked.set(zone, turn);
    return behave(zones[zone] ?? elsewhere, bytes, query, transport, turn);
  };

  const udp = dgram.createSocket("udp4");
  udp.on("message", (bytes, peer) => {
    void answers(bytes, "udp").then((replies) => {
      for (const reply of replies) udp.send(reply, peer.port, peer.address);
    });
  });
  const tcp = net.createServer((socket) => {
    let held = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      held = Buffer.concat([held, chunk]);
      // RFC 1035 §4.2.2: each message has its length in front.
      while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
        const end = 2 + held.readUInt16BE(0);
        const message = held.subarray(2, end);
        held = held.subarray(end);
        void answers(message, "tcp").then((replies) => {
          for (const reply of replies) {
            const length = Buffer.alloc(2);
            length.writeUInt16BE(reply.length);
            socket.write(Buffer.concat([length, reply]));
          }
        });
      }
    });
  });
  // Both on one port: TCP first, whose ports are short.
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  const { port } = tcp.address() as net.AddressInfo; // it listens on an address
  await new Promise<void>((resolve) => udp.bind(port, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => udp.close(() => resolve()));
      await new Promise<void>((resolve) => onward.close(() => resolve()));
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
    },
  };
}
