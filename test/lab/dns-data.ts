// What the lab's name server knows: names, the site's and the world's, and the reverse names of both.
import { elsewhere, strangersDomain } from "../../src/witness/strangers.ts";
import {
  catcher,
  inside,
  mailerA,
  mailerB,
  neighbour,
  outsideSink,
  resolver,
  senderDomain,
  site,
  stranger,
} from "./addresses.ts";

export type Records = {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly MX?: readonly { readonly preference: number; readonly exchange: string }[];
  readonly TXT?: readonly string[];
  readonly PTR?: readonly string[];
};
/** A name beginning with `*.` stands for all names below that have no records of their own. */
export type DnsData = Readonly<Record<string, Records>>;

const mx = (exchange: string): NonNullable<Records["MX"]> => [{ preference: 10, exchange }];

const hosts: Readonly<Record<string, { readonly v4: string; readonly v6?: string }>> = {
  [mailerA.host]: mailerA,
  [mailerB.host]: mailerB,
  "pc77.ourcollege.ac.uk": inside,
  "host9.isp.example": stranger,
  "host9.neighbour.example": neighbour,
  // IPv4 only: the tester's catcher listens on its IPv4 address alone.
  [`mx.${catcher.domain}`]: { v4: catcher.v4 },
  "mx.elsewhere.example": outsideSink,
  "ns.elsewhere.example": { v4: resolver },
};

const toCatcher: Records = { MX: mx(`mx.${catcher.domain}`) };
const toSink: Records = { MX: mx("mx.elsewhere.example") };

export const dnsData: DnsData = {
  ...forward(),
  ...reverse(),
  [site.domain]: { MX: mx(mailerA.host), A: [mailerA.v4], AAAA: [mailerA.v6], TXT: ["v=spf1 mx -all"] },
  [catcher.domain]: toCatcher,
  [`*.${catcher.domain}`]: toCatcher,
  [senderDomain]: { ...toCatcher, TXT: [`v=spf1 ip4:${stranger.v4} ip6:${stranger.v6} -all`] },
  [outsideSink.domain]: toSink,
  [`*.${outsideSink.domain}`]: toSink,
  // The names that stand for strangers in the witnesses of an audit.
  [elsewhere]: toSink,
  [`*.${elsewhere}`]: toSink,
  [strangersDomain]: toSink,
  [outsideSink.backupDomain]: backedUpBy("mx.elsewhere.example"),
  [catcher.backupDomain]: backedUpBy(`mx.${catcher.domain}`),
  "forwarded.example": toSink,
};

function backedUpBy(first: string): Records {
  return {
    MX: [
      { preference: 10, exchange: first },
      { preference: 20, exchange: mailerA.host },
    ],
  };
}

function forward(): DnsData {
  return Object.fromEntries(
    Object.entries(hosts).map(([name, { v4, v6 }]) => [name, { A: [v4], ...(v6 === undefined ? {} : { AAAA: [v6] }) }]),
  );
}

function reverse(): DnsData {
  return Object.fromEntries(
    Object.entries(hosts).flatMap(([name, { v4, v6 }]) => [
      [reverseName4(v4), { PTR: [name] }],
      ...(v6 === undefined ? [] : [[reverseName6(v6), { PTR: [name] }]]),
    ]),
  );
}

function reverseName4(address: string): string {
  return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
}

/** RFC 3596 §2.5: nibbles, reversed. */
function reverseName6(address: string): string {
  const [head = "", tail = ""] = address.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail.split(":").filter(Boolean);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  const nibbles = [...left, ...zeros, ...right].map((group) => group.padStart(4, "0")).join("");
  return `${[...nibbles].reverse().join(".")}.ip6.arpa`;
}
