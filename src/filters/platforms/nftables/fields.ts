/**
 * What the fields of nft(8) mean as conditions on packets: which values fit, and what looking at the field takes for
 * granted (`tcp dport` only fits TCP, `ip saddr` only IPv4). A field that no packet of ours holds has no meaning here.
 */
import { parseIp } from "../../../net/ip.ts";
import { either } from "../../addresses.ts";
import type { Addresses, Range } from "../../model.ts";
import { type Family, type State, states, tcpFlags } from "../../packet.ts";
import { type Condition, complementOf, otherFlags, otherThan } from "../unix/conditions.ts";
import { anyTypeWith, icmpCode, icmpRange, portNumber, protocolNumber } from "../unix/names.ts";
import { addressesOf, addressRange } from "../unix/values.ts";
import { chosen, type Field, never } from "./field.ts";
import { routeField } from "./routes.ts";
import type { Item } from "./statements.ts";

/** Null: nothing that a packet of the model shows. */
export function fieldNamed(name: string): Field | null {
  return table[name] ?? (name.startsWith("fib ") ? routeField(name.slice(4)) : null);
}

type Numbers = "protocols" | "sourcePorts" | "destinationPorts";

function numbers(
  key: Numbers,
  takes: Condition,
  last: number,
  rangeOf: (item: Item) => readonly Range[] | null,
): Field {
  const all = (items: readonly Item[]): readonly Range[] | null => {
    const ranges = items.map(rangeOf);
    return ranges.includes(null) ? null : ranges.flatMap((range) => range ?? []);
  };
  const made = (ranges: readonly Range[]): readonly Condition[] =>
    ranges.length === 0 ? [] : [{ ...takes, [key]: ranges }];
  return {
    takes,
    is(items) {
      const ranges = all(items);
      return ranges === null ? null : made(ranges);
    },
    not(items) {
      const ranges = all(items);
      return ranges === null ? null : made(complementOf(ranges, last));
    },
    compare(operator, item) {
      const [range] = rangeOf(item) ?? [];
      if (range === undefined || range.first !== range.last) return null;
      const { first } = range;
      const from = operator === ">" ? first + 1 : operator === ">=" ? first : 0;
      const to = operator === "<" ? first - 1 : operator === "<=" ? first : last;
      return made(from <= to ? [{ first: from, last: to }] : []);
    },
  };
}

/** `a-b` in one word, or two words with a dash between. */
function ends(item: Item, numberOf: (text: string) => number | null): readonly Range[] | null {
  if (item.kind === "rest") return null;
  if (item.kind === "range") {
    const [first, last] = [numberOf(item.first), numberOf(item.last)];
    return first === null || last === null || first > last ? null : [{ first, last }];
  }
  const whole = numberOf(item.text);
  if (whole !== null) return [{ first: whole, last: whole }];
  for (let at = item.text.indexOf("-"); at > 0; at = item.text.indexOf("-", at + 1)) {
    const [first, last] = [numberOf(item.text.slice(0, at)), numberOf(item.text.slice(at + 1))];
    if (first !== null && last !== null && first <= last) return [{ first, last }];
  }
  return null;
}

const one = (protocol: number): readonly Range[] => [{ first: protocol, last: protocol }];
const withPorts: readonly Range[] = [6, 17, 33, 132, 136].map((number) => ({ first: number, last: number }));

const ports = (key: "sourcePorts" | "destinationPorts", protocols: readonly Range[]): Field =>
  numbers(key, { protocols }, 65535, (item) => ends(item, portNumber));

function addresses(side: "source" | "destination", family: Family): Field {
  const read = (item: Item): Addresses | null =>
    item.kind === "rest"
      ? null
      : item.kind === "range"
        ? addressRange(`${item.first}-${item.last}`, family)
        : (addressesOf(item.text, family) ?? addressRange(item.text, family));
  const all = (items: readonly Item[]): Addresses | null => {
    const found: Addresses[] = [];
    for (const item of items) {
      const next = read(item);
      if (next === null) return null;
      found.push(next);
    }
    return either(found);
  };
  return {
    takes: { family },
    is(items) {
      const found = all(items);
      return found === null ? null : [{ family, [side]: found }];
    },
    not(items) {
      const found = all(items);
      const others = found === null ? null : otherThan(found, family);
      return others === null ? null : [{ family, [side]: others }];
    },
    masked(operator, [value = "", ...more], [mask = "", ...wide]) {
      const [care, bits] = [parseIp(mask), parseIp(value)];
      if (more.length > 0 || wide.length > 0 || !care.ok || !bits.ok || care.value.family !== family) return null;
      const under: Addresses = addressesOf(`${value}/${mask}`, family) ?? { set: either([]).set, masked: [] };
      if ((bits.value.bits & ~care.value.bits) !== 0n) return operator === "!=" ? [{ family }] : [];
      if (operator === "!=") {
        const others = otherThan(under, family);
        return others === null ? null : [{ family, [side]: others }];
      }
      return operator === "==" ? [{ family, [side]: under }] : null;
    },
  };
}

const interfaces = (key: "from" | "to"): Field => {
  const names = (items: readonly Item[]): readonly string[] | null => {
    const found = items.map((item) => (item.kind === "one" ? item.text : null));
    return found.includes(null) ? null : found.map((name) => name ?? "");
  };
  const made = (items: readonly Item[], except: boolean): readonly Condition[] | null => {
    const found = names(items);
    return found === null ? null : [{ [key]: { names: found, except } }];
  };
  return { takes: {}, is: (items) => made(items, false), not: (items) => made(items, true) };
};

const families: Field = (() => {
  const by: Readonly<Record<string, Family | 0>> = { ipv4: 4, ip: 4, "0x0800": 4, ipv6: 6, ip6: 6, "0x86dd": 6 };
  const others = ["arp", "vlan", "8021q", "8021ad", "inet", "netdev", "bridge", "unspec"];
  return chosen<Family | 0>(
    (text) => by[text.toLowerCase()] ?? (others.includes(text.toLowerCase()) ? 0 : null),
    [4, 6],
    // Both is no condition; something else is no packet of ours.
    (some) => (some.includes(4) ? (some.includes(6) ? {} : { family: 4 }) : some.includes(6) ? { family: 6 } : never),
  );
})();

const stateNamed = (text: string): State | null => states.find((state) => state === text) ?? null;

const ctState: Field = {
  ...chosen<State>(stateNamed, states, (some) => ({ states: some })),
  bits(operator, words, mask) {
    const named = words.map(stateNamed);
    if (mask !== null) {
      const under = mask.map(stateNamed);
      if (under.includes(null)) return null;
      const [word = ""] = words;
      if (words.length === 1 && Number(word) === 0 && word !== "")
        return operator === "!=" ? inState(under) : operator === "==" ? inState(except(under)) : null;
      if (named.includes(null) || named.length !== 1 || !under.includes(named[0]!)) return null;
      return operator === "==" ? inState(named) : operator === "!=" ? inState(except(named)) : null;
    }
    if (named.includes(null)) return null;
    switch (operator) {
      case "":
        return inState(named);
      case "!":
        return inState(except(named));
      // A packet has one state: it never equals two of them together (nft compares the bits).
      case "==":
        return named.length === 1 ? inState(named) : [];
      case "!=":
        return named.length === 1 ? inState(except(named)) : [{}];
      default:
        return null;
    }
  },
};

const except = (some: readonly (State | null)[]): readonly State[] => states.filter((state) => !some.includes(state));
const inState = (some: readonly (State | null)[]): readonly Condition[] =>
  some.length === 0 ? [] : [{ states: some.filter((state) => state !== null) }];

const flagBits = (words: readonly string[]): number | null => {
  let bits = 0;
  for (const word of words) {
    const at = (tcpFlags as readonly string[]).indexOf(word);
    const value = at >= 0 ? 1 << at : /^(0x[0-9a-f]+|\d+)$/i.test(word) ? Number(word) : null;
    if (value === null || value > 63) return null; // ECN bits are not held
    bits |= value;
  }
  return bits;
};

const tcp = { protocols: one(6) } as const;
const withFlags = (flags: readonly { mask: number; value: number }[]): readonly Condition[] =>
  flags.length === 0 ? [] : [{ ...tcp, flags }];
const anyOfBits = (bits: number): readonly { mask: number; value: number }[] =>
  [1, 2, 4, 8, 16, 32].flatMap((bit) => ((bits & bit) === 0 ? [] : [{ mask: bit, value: bit }]));
const everyFlag = 0b111111;

const flags: Field = {
  takes: tcp,
  is(items) {
    const values = items.map((item) => (item.kind === "one" ? flagBits(item.text.split("|")) : null));
    return values.includes(null) ? null : withFlags(values.map((value) => ({ mask: everyFlag, value: value ?? 0 })));
  },
  not(items) {
    const values = items.map((item) => (item.kind === "one" ? flagBits(item.text.split("|")) : null));
    const [value] = values;
    return values.length === 1 && value !== null && value !== undefined
      ? withFlags(otherFlags(everyFlag, value))
      : null;
  },
  bits(operator, words, maskWords) {
    const value = flagBits(words);
    if (value === null) return null;
    if (maskWords === null) {
      if (operator === "") return withFlags(anyOfBits(value));
      if (operator === "!") return withFlags([{ mask: value, value: 0 }]);
    }
    const mask = maskWords === null ? everyFlag : flagBits(maskWords);
    if (mask === null) return null;
    if (operator === "==") return (value & ~mask) === 0 ? withFlags([{ mask, value }]) : [];
    if (operator === "!=") return (value & ~mask) === 0 ? withFlags(otherFlags(mask, value)) : [tcp];
    return null;
  },
};

function icmp(protocol: 1 | 58, part: "type" | "code"): Field {
  const takes: Condition = { protocols: one(protocol), family: protocol === 1 ? 4 : 6 };
  return numbers("destinationPorts", takes, 65535, (item) => {
    if (part === "type") {
      const range = item.kind === "one" ? icmpRange(item.text, protocol) : null;
      if (range !== null) return [range];
      const found = ends(item, (text) => {
        const type = icmpRange(text, protocol);
        return type === null ? null : type.first >> 8;
      });
      return found?.map(({ first, last }) => ({ first: first * 256, last: last * 256 + 255 })) ?? null;
    }
    const found = ends(item, (text) => icmpCode(text, protocol));
    const [range] = found ?? [];
    if (range === undefined) return null;
    const codes = Array.from({ length: range.last - range.first + 1 }, (_, at) => range.first + at);
    return codes.flatMap(anyTypeWith);
  });
}

/** The next header of IPv6's first header: an extension header hides what comes behind it. */
const nextHeader: Field = (() => {
  const plain = numbers("protocols", { family: 6 }, 255, (item) => ends(item, protocolNumber));
  const direct = (conditions: readonly Condition[] | null): readonly Condition[] | null =>
    conditions?.map((one) => ({ ...one, extended: false })) ?? null;
  const mayBeExtension = (items: readonly Item[]): boolean =>
    items.some((item) =>
      (ends(item, protocolNumber) ?? []).some((range) =>
        [0, 43, 44, 51, 60, 135, 139, 140].some((number) => range.first <= number && number <= range.last),
      ),
    );
  return {
    takes: { family: 6 },
    is(items) {
      const found = direct(plain.is(items));
      if (found === null) return null;
      return mayBeExtension(items)
        ? [...found, { family: 6, extended: true, unsure: "which extension header" }]
        : found;
    },
    not(items) {
      const found = direct(plain.not(items));
      if (found === null) return null;
      const hidden: Condition = { family: 6, extended: true };
      return [...found, mayBeExtension(items) ? { ...hidden, unsure: "which extension header" } : hidden];
    },
  };
})();

/** `ip frag-off & 0x1fff != 0`: the usual way to see a later fragment. */
const fragmentOffset: Field = {
  takes: { family: 4 },
  is: () => null,
  not: () => null,
  masked(operator, [value = ""], [mask = ""]) {
    if (Number(value) !== 0 || Number(mask) !== 0x1fff) return null;
    return operator === "==" || operator === "!=" ? [{ family: 4, laterFragment: operator === "!=" }] : null;
  },
};

const transport = (name: string, protocols: readonly Range[]): readonly (readonly [string, Field])[] => [
  [`${name} sport`, ports("sourcePorts", protocols)],
  [`${name} dport`, ports("destinationPorts", protocols)],
];

const table: Readonly<Record<string, Field>> = {
  "ip saddr": addresses("source", 4),
  "ip daddr": addresses("destination", 4),
  "ip6 saddr": addresses("source", 6),
  "ip6 daddr": addresses("destination", 6),
  "ip protocol": numbers("protocols", { family: 4 }, 255, (item) => ends(item, protocolNumber)),
  l4proto: numbers("protocols", {}, 255, (item) => ends(item, protocolNumber)),
  "ip6 nexthdr": nextHeader,
  "ip frag-off": fragmentOffset,
  ...Object.fromEntries([
    ...transport("tcp", one(6)),
    ...transport("udp", one(17)),
    ...transport("udplite", one(136)),
    ...transport("sctp", one(132)),
    ...transport("dccp", one(33)),
    ...transport("th", withPorts),
  ]),
  "@th,0,16": ports("sourcePorts", withPorts),
  "@th,16,16": ports("destinationPorts", withPorts),
  "tcp flags": flags,
  "icmp type": icmp(1, "type"),
  "icmp code": icmp(1, "code"),
  "icmpv6 type": icmp(58, "type"),
  "icmpv6 code": icmp(58, "code"),
  nfproto: families,
  protocol: families,
  "ether type": families,
  iifname: interfaces("from"),
  iif: interfaces("from"),
  oifname: interfaces("to"),
  oif: interfaces("to"),
  "ct state": ctState,
};
