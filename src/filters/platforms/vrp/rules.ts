/** One rule of an access list: what follows `rule 5 permit`. */

import { wildcard } from "../../addresses.ts";
import type { Addresses, Match, Range } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { addressesOf, addressOf, masked } from "../reading/addresses.ts";
import { lastPort, only, rangesBut } from "../reading/conditions.ts";
import { numbersOf, portsOf, protocolsOf } from "../reading/names.ts";
import type { Line } from "./lines.ts";

export interface VrpRule {
  readonly id: number | null;
  readonly action: "permit" | "deny";
  readonly match: Match;
  readonly line: number;
  /** For `match-order auto`: the more exactly a rule says what it is about, the earlier it stands. */
  readonly exactness: readonly number[];
}

/** Sets of addresses by name: `acl ip-pool`. */
export type Pools = ReadonlyMap<string, Addresses>;

/** With how many words behind them: what the model does not hold. */
const unseen: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ dscp: 1, precedence: 1, tos: 1, "traffic-class": 1, "flow-label": 1, "time-range": 1, "vpn-instance": 1 },
    ...{
      "igmp-type": 1,
      "vlan-id": 1,
      "packet-length": 2,
      "ttl-expired": 0,
      "local-as": 0,
      routing: 0,
      "hop-by-hop": 0,
    },
    ...{ "source-mac": 2, "destination-mac": 2, "l2-protocol": 1, "user-group": 1, cos: 1, "public-net": 0 },
    ...{
      "first-fragment": 0,
      "fragment-spe-first": 0,
      ttl: 2,
      "ip-options": 1,
      "source-object": 1,
      "destination-object": 1,
    },
  }),
);

const ignored: ReadonlyMap<string, number> = new Map(
  Object.entries({
    logging: 0,
    log: 0,
    counting: 0,
    count: 0,
    name: 1,
    description: 99,
    comment: 99,
  }),
);

const icmpTypes: Readonly<Record<string, readonly [number, number | null]>> = {
  ...{
    echo: [8, 0],
    "echo-reply": [0, 0],
    "fragmentneed-dfset": [3, 4],
    "host-redirect": [5, 1],
    "host-tos-redirect": [5, 3],
  },
  ...{
    "host-unreachable": [3, 1],
    "information-reply": [16, 0],
    "information-request": [15, 0],
    "net-redirect": [5, 0],
  },
  ...{
    "net-tos-redirect": [5, 2],
    "net-unreachable": [3, 0],
    "parameter-problem": [12, 0],
    "port-unreachable": [3, 3],
  },
  ...{
    "protocol-unreachable": [3, 2],
    "reassembly-timeout": [11, 1],
    "source-quench": [4, 0],
    "source-route-failed": [3, 5],
  },
  ...{ "timestamp-reply": [14, 0], "timestamp-request": [13, 0], "ttl-exceeded": [11, 0] },
};

const icmp6Types: Readonly<Record<string, readonly [number, number | null]>> = {
  ...{ echo: [128, 0], "echo-request": [128, 0], "echo-reply": [129, 0], "packet-too-big": [2, 0], redirect: [137, 0] },
  ...{ "neighbor-solicitation": [135, 0], "neighbor-advertisement": [136, 0], "router-solicitation": [133, 0] },
  ...{
    "router-advertisement": [134, 0],
    "host-unreachable": [1, 3],
    "network-unreachable": [1, 0],
    "port-unreachable": [1, 4],
  },
  ...{
    "hop-limit-exceeded": [3, 0],
    "frag-time-exceeded": [3, 1],
    "err-Header-field": [4, 0],
    "unknown-next-hdr": [4, 1],
  },
};

const flagBits: ReadonlyMap<string, number> = new Map(
  Object.entries({ fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 }),
);

/** Words of a line, taken one after the other. */
class Words {
  readonly #words: readonly string[];
  at = 0;
  constructor(words: readonly string[]) {
    this.#words = words;
  }
  get next(): string | undefined {
    return this.#words[this.at];
  }
  take(): string {
    this.at += 1;
    return this.#words[this.at - 1] ?? "";
  }
}

/** What is not understood makes the rule one that perhaps holds; `says` tells why. */
export function ruleOf(
  { words, line }: Line,
  {
    family,
    kind,
    pools,
  }: { readonly family: Family; readonly kind: "basic" | "advanced" | "other"; readonly pools: Pools },
): { readonly rule: VrpRule | null; readonly says: string | null } {
  const text = new Words(words.slice(1));
  const id = /^\d+$/.test(text.next ?? "") ? Number(text.take()) : null;
  if (text.next === "name" || text.next === "alias") {
    text.take();
    text.take();
  }
  const action = text.take();
  // `rule 5 description …` says something about a rule, and is none.
  if (/^(description|comment|remark)$/.test(action)) return { rule: null, says: null };
  if (action !== "permit" && action !== "deny") return { rule: null, says: `"${action}" is neither permit nor deny` };
  let match: { -readonly [Key in keyof Match]: Match[Key] } = {};
  const doubts: string[] = [];
  let says: string | null = null;
  let specific = 0;
  if (
    kind === "advanced" &&
    text.next !== undefined &&
    !unseen.has(text.next) &&
    !/^(source|destination)$/.test(text.next)
  ) {
    const protocol = text.take().toLowerCase();
    if (protocol !== "ip" && protocol !== "ipv6") {
      const range = protocolsOf(protocol.replace(/^ipv6-/, "")) ?? protocolsOf(protocol);
      if (range === null) {
        says = `the protocol "${protocol}" is not known`;
        doubts.push(says);
      } else {
        match.protocols = [range];
        specific = 1;
      }
    }
  }
  if (kind === "other") doubts.push("a list for frames or of a form of its own");
  while (text.next !== undefined && kind !== "other") {
    const key = text.take();
    const part = conditionOf(key, text, { family, pools });
    if (part === "unknown") {
      says = `"${key}" with what follows is not understood`;
      doubts.push(`"${key}"`);
      break;
    }
    if (typeof part === "string") doubts.push(part);
    else if (part !== null) match = { ...match, ...part };
  }
  if (match.flags !== undefined && match.protocols === undefined) match.protocols = [only(6)];
  const exactness = [
    doubts.includes("vpn-instance") ? 1 : 0,
    specific,
    careOf(match.source),
    careOf(match.destination),
    -sizeOf(match.destinationPorts) - sizeOf(match.sourcePorts),
  ];
  const rule = {
    id,
    action,
    line,
    exactness,
    match: doubts.length === 0 ? match : { ...match, unsure: doubts.join(", ") },
  } as const;
  return { rule, says };
}

/** A part of a match, a doubt in words, or null for what looks at nothing. */
function conditionOf(
  key: string,
  text: Words,
  { family, pools }: { readonly family: Family; readonly pools: Pools },
): Match | string | null {
  switch (key) {
    case "source":
    case "destination":
    case "source-ip":
    case "destination-ip": {
      const side = key.startsWith("source") ? "source" : "destination";
      if (text.next === "any") {
        text.take();
        return null;
      }
      if (text.next === "object-group" || text.next === "address-set") {
        text.take();
        return `the group ${text.take()}`;
      }
      const addresses = addressesAt(text, family);
      return addresses === null ? "unknown" : { [side]: addresses };
    }
    case "source-pool":
    case "destination-pool": {
      const pool = pools.get(text.take());
      return pool === undefined ? "unknown" : { [key === "source-pool" ? "source" : "destination"]: pool };
    }
    case "source-port":
    case "destination-port": {
      const ports = portsAt(text);
      return ports === null ? "unknown" : { [key === "source-port" ? "sourcePorts" : "destinationPorts"]: ports };
    }
    case "tcp-flag":
      return tcpFlagsAt(text);
    case "established":
      return {
        flags: [
          { mask: 16, value: 16 },
          { mask: 4, value: 4 },
        ],
      };
    case "icmp-type":
    case "icmp6-type":
      return icmpAt(text, key === "icmp-type" ? icmpTypes : icmp6Types);
    case "fragment":
    case "none-first-fragment":
      return { laterFragment: true };
    case "fragment-type":
      return fragmentAt(text);
    default:
  }
  const bit = flagBits.get(key);
  if (bit !== undefined) {
    // Comware: `syn 1 ack 0`.
    const value = text.next;
    if (value !== "0" && value !== "1") return "unknown";
    text.take();
    return { flags: [{ mask: bit, value: value === "1" ? bit : 0 }] };
  }
  const skipped = ignored.get(key) ?? unseen.get(key);
  if (skipped === undefined) return "unknown";
  for (let count = 0; count < skipped && text.next !== undefined; count += 1) text.take();
  return ignored.has(key) ? null : key;
}

/** `192.0.2.0 0.0.0.255`, `192.0.2.1 0`, `192.0.2.0/24`, `2001:db8::/32`, `2001:db8:: 32`. */
function addressesAt(text: Words, family: Family): Addresses | null {
  const word = text.take();
  if (word.includes("/")) return addressesOf(word);
  const address = addressOf(word);
  const mask = text.next ?? "";
  if (address === null) return null;
  if (/^\d+$/.test(mask)) {
    text.take();
    // A zero alone is the mask of one host; in IPv6 a number is a length.
    return family === 4 ? (mask === "0" ? addressesOf(word) : null) : masked(address, mask);
  }
  const dontCare = addressOf(mask);
  if (dontCare === null || dontCare.family !== address.family) return null;
  text.take();
  return wildcard(address.family, address.bits, dontCare.bits);
}

function portsAt(text: Words): readonly Range[] | null {
  const operator = text.take();
  const first = portsOf(text.take());
  if (first === null || first.first !== first.last) return null;
  switch (operator) {
    case "eq": {
      // CE and NE take several ports.
      const all = [first];
      for (let more = portsOf(text.next ?? ""); more !== null; more = portsOf(text.next ?? "")) {
        text.take();
        all.push(more);
      }
      return all;
    }
    case "neq":
      return rangesBut([first], lastPort);
    case "gt":
      return first.last === lastPort ? [] : [only(first.last + 1, lastPort)];
    case "lt":
      return first.first === 0 ? [] : [only(0, first.first - 1)];
    case "range": {
      const last = portsOf(text.take());
      return last === null || last.first !== last.last
        ? null
        : [only(Math.min(first.first, last.first), Math.max(first.first, last.first))];
    }
    default:
      return null;
  }
}

/** `established`, `syn ack`, `16 mask 16`. */
function tcpFlagsAt(text: Words): Match | "unknown" {
  if (text.next === "established") {
    text.take();
    return {
      flags: [
        { mask: 16, value: 16 },
        { mask: 4, value: 4 },
      ],
    };
  }
  if (/^\d+$/.test(text.next ?? "")) {
    const value = Number(text.take()) & 63;
    if (text.next !== "mask") return { flags: [{ mask: 63, value }] };
    text.take();
    const mask = Number(text.take()) & 63;
    return { flags: [{ mask, value: value & mask }] };
  }
  let mask = 0;
  while (text.next !== undefined && flagBits.has(text.next)) mask |= flagBits.get(text.take()) ?? 0;
  return mask === 0 ? "unknown" : { flags: [{ mask, value: mask }] };
}

function icmpAt(text: Words, names: Readonly<Record<string, readonly [number, number | null]>>): Match | "unknown" {
  const word = text.take();
  const named = Object.hasOwn(names, word) ? names[word] : undefined;
  const type = named?.[0] ?? numbersOf(word, {}, 255)?.first ?? null;
  if (type === null) return "unknown";
  let code = named?.[1] ?? null;
  if (named === undefined && /^\d+$/.test(text.next ?? "")) code = Number(text.take());
  const base = type * 256;
  return { destinationPorts: [code === null ? only(base, base + 255) : only(base + code)] };
}

function fragmentAt(text: Words): Match | string {
  switch (text.take()) {
    case "fragment":
    case "fragment-subseq":
      return { laterFragment: true };
    case "non-fragment":
      return "whether it is a fragment at all";
    case "non-subseq":
      return { laterFragment: false };
    default:
      return "which fragment it is";
  }
}

/** How many bits of an address count. */
function careOf(addresses: Addresses | undefined): number {
  if (addresses === undefined) return 0;
  const care = addresses.masked[0]?.care ?? null;
  if (care !== null) return [...care.toString(2)].filter((bit) => bit === "1").length;
  return addresses.set.toPrefixes()[0]?.length ?? 0;
}

const sizeOf = (ranges: readonly Range[] | undefined): number =>
  ranges === undefined ? lastPort + 1 : ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
