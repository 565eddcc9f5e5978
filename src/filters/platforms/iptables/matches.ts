/**
 * The matches of iptables-extensions(8) as conditions. What the packet model does not hold makes a rule unsure; an
 * option that nobody knows is told as well.
 */
import { either } from "../../addresses.ts";
import type { Addresses, Range } from "../../model.ts";
import { type Family, type State, states, tcpFlags } from "../../packet.ts";
import { type Condition, complementOf, noneOf, otherFlags, otherThan } from "../unix/conditions.ts";
import { icmpRange, portNumber, protocolNumber } from "../unix/names.ts";
import { addressesOf, addressRange, numberRange } from "../unix/values.ts";
import { type IpSets, inSet } from "./ipset.ts";

export interface Context {
  readonly family: Family;
  readonly sets: IpSets;
  /** The protocols that `-p` left. */
  readonly protocols: readonly Range[] | null;
}

export interface Option {
  /** How many words follow. */
  readonly words: number;
  /** In words what is wrong, if it is a text. */
  means(words: readonly string[], negated: boolean, context: Context): readonly Condition[] | string;
}

const one = (condition: Condition): readonly Condition[] => [condition];
const doubt = (why: string, words = 1): Option => ({ words, means: () => [{ unsure: why }] });
const nothing = (words: number): Option => ({ words, means: () => [{}] });

function addressOption(
  side: "source" | "destination",
  read: (text: string, family: Family) => Addresses | null,
): Option {
  return {
    words: 1,
    means([text = ""], negated, { family }) {
      const parts = text.split(",").map((part) => read(part, family));
      if (parts.includes(null))
        return `“${text.slice(0, 60)}” is no address of IPv${family}; names are resolved at loading`;
      const addresses = either(parts.flatMap((part) => part ?? []));
      const others = negated ? otherThan(addresses, family) : addresses;
      return others === null ? "a negation of several masks" : one({ [side]: others });
    },
  };
}

const portList = (text: string): readonly Range[] | null => {
  const ranges = text.split(",").map((part) => numberRange(part, ":", portNumber, 65535));
  return ranges.includes(null) ? null : ranges.flatMap((range) => range ?? []);
};

const withPorts = [6, 17, 33, 132, 136];

function portOption(keys: readonly ("sourcePorts" | "destinationPorts")[]): Option {
  return {
    words: 1,
    means([text = ""], negated, { protocols }) {
      const ranges = portList(text);
      if (ranges === null) return `“${text.slice(0, 60)}” is no port`;
      const protocol = protocols?.length === 1 ? protocols[0] : undefined;
      if (protocol === undefined || protocol.first !== protocol.last || !withPorts.includes(protocol.first))
        return "ports without a protocol that has them: iptables does not load this";
      const wanted = negated ? complementOf(ranges, 65535) : ranges;
      if (wanted.length === 0) return [];
      // `--ports` is either of them; its negation is none of them.
      if (negated) return one(Object.fromEntries(keys.map((key) => [key, wanted])));
      return keys.map((key) => ({ [key]: wanted }));
    },
  };
}

const interfaceOption = (key: "from" | "to"): Option => ({
  words: 1,
  means: ([text = ""], negated) => one({ [key]: { names: [text.replace(/\+$/, "*")], except: negated } }),
});

const protocolOption: Option = {
  words: 1,
  means([text = ""], negated) {
    const number = text.toLowerCase() === "all" ? 0 : protocolNumber(text);
    if (number === null) return `“${text.slice(0, 60)}” is no protocol`;
    if (number === 0) return negated ? [] : [{}];
    const range = [{ first: number, last: number }];
    return one({ protocols: negated ? complementOf(range, 255) : range });
  },
};

const flagBits = (text: string): number | null => {
  if (text === "NONE") return 0;
  if (text === "ALL") return 63;
  let bits = 0;
  for (const word of text.split(",")) {
    const at = (tcpFlags as readonly string[]).indexOf(word.toLowerCase());
    if (at < 0) return null;
    bits |= 1 << at;
  }
  return bits;
};

const flagCondition = (mask: number, value: number, negated: boolean): readonly Condition[] => {
  if (!negated) return (value & ~mask) === 0 ? one({ flags: [{ mask, value }] }) : [];
  return (value & ~mask) === 0 ? one({ flags: otherFlags(mask, value) }) : [{ laterFragment: false }];
};

const flagsOption: Option = {
  words: 2,
  means([maskText = "", valueText = ""], negated) {
    const [mask, value] = [flagBits(maskText), flagBits(valueText)];
    if (mask === null || value === null) return "these TCP flags are not understood";
    return flagCondition(mask, value, negated);
  },
};

const bit = (name: (typeof tcpFlags)[number]): number => 1 << tcpFlags.indexOf(name);

const synOption: Option = {
  words: 0,
  means: (_words, negated) => flagCondition(bit("fin") | bit("syn") | bit("rst") | bit("ack"), bit("syn"), negated),
};

const icmpOption = (protocol: 1 | 58): Option => ({
  words: 1,
  means([text = ""], negated) {
    if (text === "any") return negated ? [] : [{ laterFragment: false }];
    const [type = "", code] = text.split("/");
    const range = icmpRange(type, protocol);
    if (range === null || (code !== undefined && !/^\d{1,3}$/.test(code)))
      return `“${text.slice(0, 60)}” is no ICMP type`;
    const exact = code === undefined ? range : { first: range.first + Number(code), last: range.first + Number(code) };
    return one({ destinationPorts: negated ? complementOf([exact], 65535) : [exact] });
  },
});

const stateOption: Option = {
  words: 1,
  means([text = ""], negated) {
    const named: State[] = [];
    const others: string[] = [];
    for (const word of text.split(",")) {
      const state = states.find((one) => one === word.toLowerCase());
      if (state !== undefined) named.push(state);
      else if (word === "SNAT" || word === "DNAT") others.push(word);
      else return `“${word.slice(0, 40)}” is no state`;
    }
    const wanted = negated ? states.filter((state) => !named.includes(state)) : named;
    const sure: readonly Condition[] = wanted.length === 0 ? [] : [{ states: wanted }];
    if (others.length === 0) return sure;
    const why = `whether the packet is translated (${others.join(", ")})`;
    return negated ? sure.map((condition) => ({ ...condition, unsure: why })) : [...sure, { unsure: why }];
  },
};

const setOption: Option = {
  words: 2,
  means([name = "", sides = ""], negated, { sets, family }) {
    const meaning = inSet(sets, name, sides.split(","), family);
    if (meaning === null) return `the set ${name.slice(0, 60)} is not in this text: append what \`ipset save\` prints`;
    if (meaning.trouble !== null) return meaning.trouble;
    const changes = `the set ${name} changes while the firewall runs`;
    const conditions = negated ? noneOf(meaning.conditions, family) : meaning.conditions;
    if (!meaning.dynamic) return conditions;
    return negated ? conditions.map((one) => ({ ...one, unsure: changes })) : [...conditions, { unsure: changes }];
  },
};

const kindsOfAddress = ["UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE"];

const typeOption = (key: "toSelf" | "fromSelf"): Option => ({
  words: 1,
  means([text = ""], negated) {
    const named = text.toUpperCase().split(",");
    if (named.some((kind) => ![...kindsOfAddress, "PROHIBIT", "THROW", "NAT", "XRESOLVE"].includes(kind)))
      return `“${text.slice(0, 60)}” is no type of address`;
    // An honest packet goes from one host to another: an address is this machine's, or another's.
    const self = named.includes("LOCAL") !== negated;
    const other = named.includes("UNICAST") !== negated;
    return self ? (other ? [{}] : [{ [key]: true }]) : other ? [{ [key]: false }] : [];
  },
});

/** Options of matches that the packet model holds, by their long names. */
export const options: ReadonlyMap<string, Option> = new Map<string, Option>([
  ...names(protocolOption, "-p", "--protocol", "--proto"),
  ...names(addressOption("source", addressesOf), "-s", "--source", "--src"),
  ...names(addressOption("destination", addressesOf), "-d", "--destination", "--dst"),
  ...names(interfaceOption("from"), "-i", "--in-interface"),
  ...names(interfaceOption("to"), "-o", "--out-interface"),
  ...names(
    { words: 0, means: (_words, negated) => one({ laterFragment: !negated }) },
    "-f",
    "--fragment",
    "--fragments",
  ),
  ...names(portOption(["sourcePorts"]), "--sport", "--source-port", "--sports", "--source-ports"),
  ...names(portOption(["destinationPorts"]), "--dport", "--destination-port", "--dports", "--destination-ports"),
  ...names(portOption(["sourcePorts", "destinationPorts"]), "--ports"),
  ...names(flagsOption, "--tcp-flags"),
  ...names(synOption, "--syn"),
  ...names(icmpOption(1), "--icmp-type"),
  ...names(icmpOption(58), "--icmpv6-type"),
  ...names(stateOption, "--state", "--ctstate"),
  ...names(setOption, "--match-set"),
  ...names(addressOption("source", rangeOrOne), "--src-range"),
  ...names(addressOption("destination", rangeOrOne), "--dst-range"),
  ...names(typeOption("toSelf"), "--dst-type"),
  ...names(typeOption("fromSelf"), "--src-type"),
  ...names(doubt("where an address type is looked up", 0), "--limit-iface-in", "--limit-iface-out"),
  ...names(nothing(1), "--comment", "-w", "--wait", "--modprobe"),
  ...names(nothing(2), "-c", "--set-counters"),
  ...names(nothing(0), "-4", "--ipv4", "-6", "--ipv6", "-v", "--verbose", "-n", "--numeric"),
]);

function names(option: Option, ...all: readonly string[]): readonly (readonly [string, Option])[] {
  return all.map((name) => [name, option] as const);
}

function rangeOrOne(text: string, family: Family): Addresses | null {
  return addressRange(text, family) ?? addressesOf(text, family);
}

/** Matches whose options are all above. */
export const understood: ReadonlySet<string> = new Set(
  (
    "tcp udp udplite sctp dccp icmp icmp6 icmpv6 ipv6-icmp multiport set iprange conntrack state comment addrtype standard " +
    "rpfilter"
  ).split(" "),
);

/** Matches that look at what no packet of ours shows. */
export const elsewhere: ReadonlySet<string> = new Set(
  (
    "limit hashlimit connlimit connbytes connmark mark recent string time length ttl hl tos dscp ecn mac owner physdev " +
    "pkttype policy quota quota2 realm socket statistic random nth u32 helper cgroup cluster cpu devgroup esp ah ipcomp eui64 " +
    "frag dst hbh mh rt srh ipv6header l2tp nfacct osf rateest tcpmss bpf connlabel control dccptype geoip asn account " +
    "condition fuzzy iface ipp2p ipv4options layer7 ndpi lscan psd psd2 gradm unclean vlan webstr account2 dnetmap"
  ).split(" "),
);
