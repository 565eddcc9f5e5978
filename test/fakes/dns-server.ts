/** The DNS literal as a real server on loopback, for whole commands: `--resolver` names it. */
import dgram from "node:dgram";
import { type Answer, decode, encode, RECURSION_AVAILABLE, RECURSION_DESIRED } from "dns-packet";
import type { DnsLiteral } from "./resolver.ts";

const NXDOMAIN = 3;
const SERVFAIL = 2;

export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:5353` */
  readonly address: string;
}

export async function startDns(dns: DnsLiteral): Promise<DnsServer> {
  const socket = dgram.createSocket("udp4");
  socket.on("message", (bytes, peer) => {
    const query = decode(bytes);
    const [question] = query.questions ?? [];
    if (question === undefined) return;
    const name = question.name.toLowerCase();
    const answers = answersTo(name, question.type, dns);
    const known = [dns.A, dns.AAAA, dns.MX, dns.TXT].some((table) => table?.[name] !== undefined);
    const failed = dns.fail?.some((one) => one === `${question.type} ${name}` || one === "*") === true;
    const flags = RECURSION_DESIRED | RECURSION_AVAILABLE | (failed ? SERVFAIL : known ? 0 : NXDOMAIN);
    socket.send(
      encode({ type: "response", id: query.id ?? 0, flags, questions: [question], answers }),
      peer.port,
      peer.address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

function answersTo(name: string, type: string, dns: DnsLiteral): Answer[] {
  const records = type === "A" || type === "AAAA" || type === "MX" || type === "TXT" ? (dns[type]?.[name] ?? []) : [];
  return records.map((text) => ({ name, type, ttl: 60, data: type === "MX" ? mx(text) : text }));
}

function mx(text: string): { preference: number; exchange: string } {
  const [preference = "", exchange = ""] = text.split(" ");
  return { preference: Number(preference), exchange };
}
