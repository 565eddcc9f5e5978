// `node dns-server.ts ADDRESS DATA.json`: an authoritative name server for the lab, UDP and TCP, until stdin ends.
//
// It answers for everything, so that no lookup in the lab ever runs into a time-out: what it does not know is
// NXDOMAIN with an SOA, what it knows under another type is NOERROR with nothing in it.
import dgram from "node:dgram";
import { readFileSync } from "node:fs";
import net from "node:net";
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from "dns-packet";
import type { DnsData, Records } from "./dns-data.ts";

const [address = "127.0.0.1", file = ""] = process.argv.slice(2);
// The file is written by lab.ts from a value of this type.
const data = JSON.parse(readFileSync(file, "utf8")) as DnsData;
const NXDOMAIN = 3;
const TTL = 60;

const udp = dgram.createSocket("udp4");
udp.on("message", (bytes, peer) => {
  const reply = answer(bytes);
  if (reply !== null) udp.send(reply, peer.port, peer.address);
});
udp.bind(53, address, () => tcp.listen(53, address, () => process.stdout.write("ready\n")));

const tcp = net.createServer((socket) => {
  let held = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    held = Buffer.concat([held, bytes]);
    // RFC 1035 §4.2.2: over TCP each message has its length in front.
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const end = 2 + held.readUInt16BE(0);
      const reply = answer(held.subarray(2, end));
      held = held.subarray(end);
      if (reply === null) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    }
  });
});

process.stdin.on("end", () => process.exit(0)).resume();

function answer(bytes: Buffer): Buffer | null {
  let query: Packet;
  try {
    query = decode(bytes);
  } catch {
    return null;
  }
  const question = query.questions?.[0];
  if (query.id === undefined || question === undefined) return null;
  const records = lookUp(question.name.toLowerCase());
  const answers = records === undefined ? [] : answersTo(question, records);
  return encode({
    id: query.id,
    type: "response",
    flags: AUTHORITATIVE_ANSWER | RECURSION_DESIRED | RECURSION_AVAILABLE | (records === undefined ? NXDOMAIN : 0),
    questions: [question],
    answers,
    authorities: answers.length > 0 ? [] : [startOfAuthority(question.name)],
  });
}

/** RFC 4592: the name itself, or the nearest wildcard above it. A name with names below it exists, but is empty. */
function lookUp(name: string): Records | undefined {
  if (data[name] !== undefined) return data[name];
  for (let rest = name; rest.includes("."); ) {
    rest = rest.slice(rest.indexOf(".") + 1);
    if (data[`*.${rest}`] !== undefined) return data[`*.${rest}`];
    if (data[rest] !== undefined) break;
  }
  return Object.keys(data).some((known) => known.endsWith(`.${name}`)) ? {} : undefined;
}

function answersTo(question: Question, records: Records): Answer[] {
  const found = Object.entries(records).filter(([type]) => question.type === type || question.type === "ANY");
  return found.flatMap(([type, values]) =>
    values.map((value) => ({ name: question.name, type, class: "IN", ttl: TTL, data: value })),
  );
}

function startOfAuthority(name: string): Answer {
  const zone = name.split(".").slice(-2).join(".") || ".";
  return {
    name: zone,
    type: "SOA",
    class: "IN",
    ttl: TTL,
    data: {
      mname: "ns.elsewhere.example",
      rname: "hostmaster.elsewhere.example",
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86400,
      minimum: TTL,
    },
  };
}
