/** Protocols in entries: names and numbers of the field in the IP header (RFC 791 §3.1, RFC 8200 §3). */
import type { Range } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { isNumber } from "./words.ts";

const numbers: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ ah: 51, ahp: 51, dccp: 33, egp: 8, eigrp: 88, esp: 50, gre: 47, icmp: 1, icmp6: 58, icmpv6: 58, igmp: 2 },
    ...{ igp: 9, igrp: 9, ipinip: 4, ipsec: 50, isis: 124, l2tp: 115, nos: 94, ospf: 89, pcp: 108, pim: 103, pptp: 47 },
    ...{ rsvp: 46, sctp: 132, snp: 109, tcp: 6, udp: 17, udplite: 136, vrrp: 112 },
  }),
);

const everything: readonly string[] = ["ip", "ipv4", "ipv6"];

/** What a word stands for: null: no protocol; `undefined` inside: every protocol. */
export function protocolOf(word: string, family: Family | null): { readonly protocols?: readonly Range[] } | null {
  const name = word.toLowerCase();
  if (everything.includes(name)) return {};
  // In a list of IPv6 `icmp` is ICMPv6.
  const number = name === "icmp" && family === 6 ? 58 : isNumber(name) ? Number(name) : numbers.get(name);
  if (number === undefined || number > 255) return null;
  // Number 0 is written for `ip` in lists of IPv4, where no packet bears it.
  if (number === 0 && family === 4) return {};
  return { protocols: [{ first: number, last: number }] };
}

export const isOnly = (protocols: readonly Range[] | undefined, ...allowed: readonly number[]): boolean =>
  protocols?.every(({ first, last }) => first === last && allowed.includes(first)) === true;
