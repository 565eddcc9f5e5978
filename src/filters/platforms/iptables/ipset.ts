/** What `ipset save` and `ipset restore` say (ipset(8)): sets of addresses, ports and both. */
import { ipSetOfRanges } from "../../../net/ip-set.ts";
import { plain } from "../../addresses.ts";
import type { Addresses, Range } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { type Condition, doubtful, merged, product } from "../unix/conditions.ts";
import { icmpRange, portNumber, protocolNumber } from "../unix/names.ts";
import { addressesOf, addressRange, numberRange } from "../unix/values.ts";

export interface IpSetText {
  readonly type: string;
  readonly family: Family;
  /** `hash:ip … netmask 24`: only so many bits are looked at. */
  readonly netmask: number | null;
  /** Elements come and go while the firewall runs. */
  dynamic: boolean;
  entries: { readonly text: string; readonly nomatch: boolean }[];
}

export type IpSets = Map<string, IpSetText>;

export const ipsetVerbs: ReadonlySet<string> = new Set(["create", "add", "del", "flush", "destroy", "swap", "rename"]);

/** Does one command; in words what is wrong with it, or null. */
export function doIpset(sets: IpSets, words: readonly string[]): string | null {
  const [verb = "", name = "", ...rest] = words.filter((word) => !["-exist", "-!", "-q", "-quiet"].includes(word));
  const set = sets.get(name);
  switch (verb) {
    case "create":
    case "-N":
    case "n": {
      const option = (key: string): string | null => {
        const at = rest.indexOf(key);
        return at < 0 ? null : (rest[at + 1] ?? null);
      };
      // `-exist` leaves a set as it is.
      if (set !== undefined) return null;
      const netmask = option("netmask");
      sets.set(name, {
        type: rest[0] ?? "",
        family: option("family") === "inet6" ? 6 : 4,
        netmask: netmask === null ? null : Number(netmask),
        dynamic: rest.includes("timeout"),
        entries: [],
      });
      return null;
    }
    case "add":
    case "-A":
      if (set === undefined) return `there is no set ${name}`;
      set.entries.push({ text: rest[0] ?? "", nomatch: rest.includes("nomatch") });
      return null;
    case "del":
    case "-D":
      if (set === undefined) return `there is no set ${name}`;
      set.entries = set.entries.filter(({ text }) => text !== rest[0]);
      return null;
    case "flush":
    case "-F":
      if (set !== undefined) set.entries = [];
      else if (name === "") for (const one of sets.values()) one.entries = [];
      return null;
    case "destroy":
    case "-X":
      if (name === "") sets.clear();
      else sets.delete(name);
      return null;
    case "swap":
    case "-W":
    case "rename":
    case "-E": {
      const [to = ""] = rest;
      const other = sets.get(to);
      if (set === undefined) return `there is no set ${name}`;
      sets.set(to, set);
      if (other !== undefined && verb !== "rename" && verb !== "-E") sets.set(name, other);
      else sets.delete(name);
      return null;
    }
    default:
      return ["list", "-L", "save", "-S", "test", "-T", "version", "help", "restore", "-R"].includes(verb)
        ? null
        : `ipset ${verb.slice(0, 40)} is not understood`;
  }
}

export interface SetMeaning {
  readonly conditions: readonly Condition[];
  /** Elements that were not understood. */
  readonly trouble: string | null;
  readonly dynamic: boolean;
}

/** Lists of sets hold no lists (ipset(8)), so one step down is all there is. */
const mostMembers = 1000;

/** Where a packet of the family is in the set; `sides` says for each part of an element which of the packet's it is. */
export function inSet(sets: IpSets, name: string, sides: readonly string[], family: Family): SetMeaning | null {
  const set = sets.get(name);
  if (set === undefined) return null;
  if (set.type !== "list:set") return inOne(set, name, sides, family);
  const members = set.entries.slice(0, mostMembers).flatMap(({ text }) => {
    const member = sets.get(text);
    return member === undefined || member.type === "list:set" ? [] : [inOne(member, text, sides, family)];
  });
  return {
    conditions: members.flatMap(({ conditions }) => conditions),
    trouble: members.find(({ trouble }) => trouble !== null)?.trouble ?? null,
    dynamic: set.dynamic || members.some(({ dynamic }) => dynamic),
  };
}

/** Turned from elements once for each direction it is asked in. */
const known = new WeakMap<IpSetText, Map<string, SetMeaning>>();

function inOne(set: IpSetText, name: string, sides: readonly string[], family: Family): SetMeaning {
  const key = `${sides.join()} ${family}`;
  const cache = known.get(set) ?? new Map<string, SetMeaning>();
  known.set(set, cache);
  const before = cache.get(key);
  if (before !== undefined) return before;
  const made = meaningOf(set, name, sides, family);
  cache.set(key, made);
  return made;
}

function meaningOf(set: IpSetText, name: string, sides: readonly string[], family: Family): SetMeaning {
  const { dynamic } = set;
  const kinds = set.type.replace(/^(hash|bitmap):/, "").split(",");
  const wrong = (what: string): SetMeaning => ({
    conditions: [{ unsure: what }],
    trouble: what,
    dynamic,
  });
  if (!/^(hash|bitmap):/.test(set.type) || kinds.some((kind) => !["ip", "net", "port", "iface"].includes(kind)))
    return {
      conditions: [{ unsure: `${name} is a set of type ${set.type}` }],
      trouble:
        set.type.includes("mac") || set.type.includes("mark") ? null : `the type of the set ${name} is not known`,
      dynamic,
    };
  if (sides.length < kinds.length) return { conditions: [], trouble: null, dynamic };
  const hasAddresses = kinds.some((kind) => kind === "ip" || kind === "net");
  if (hasAddresses && set.family !== family) return { conditions: [], trouble: null, dynamic };
  if (kinds.length === 1 && hasAddresses) {
    const addresses = addressesIn(set);
    if (addresses === null) return wrong(`an element of the set ${name} is not understood`);
    const conditions: readonly Condition[] = [{ [sides[0] === "src" ? "source" : "destination"]: addresses }];
    return { conditions: addresses.set.isEmpty ? [] : conditions, trouble: null, dynamic };
  }
  if (set.entries.some(({ nomatch }) => nomatch))
    return wrong(`exceptions (nomatch) in the set ${name} are not followed`);
  const conditions: Condition[] = [];
  for (const { text } of set.entries) {
    const made = elementOf(text, kinds, sides, set);
    if (made === null) return wrong(`an element of the set ${name} is not understood`);
    conditions.push(...made);
  }
  return { conditions: merged(conditions), trouble: null, dynamic };
}

/** Of two networks that hold an address the longer one decides, an exception too. */
function addressesIn(set: IpSetText): Addresses | null {
  const parts: { readonly addresses: Addresses; readonly nomatch: boolean; readonly size: bigint }[] = [];
  for (const { text, nomatch } of set.entries) {
    const addresses = addressPart(text, set);
    if (addresses === null) return null;
    const size = addresses.set.ranges.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
    parts.push({ addresses, nomatch, size });
  }
  if (!parts.some(({ nomatch }) => nomatch))
    return plain(ipSetOfRanges(parts.flatMap(({ addresses }) => addresses.set.ranges)));
  let all = ipSetOfRanges([]);
  for (const { addresses, nomatch } of parts.sort((a, b) => (a.size < b.size ? 1 : a.size > b.size ? -1 : 0)))
    all = nomatch ? all.subtract(addresses.set) : all.union(addresses.set);
  return plain(all);
}

function addressPart(text: string, set: IpSetText): Addresses | null {
  const found = addressesOf(text, set.family) ?? addressRange(text, set.family);
  if (found === null || set.netmask === null || found.set.ranges.length !== 1) return found;
  return text.includes("/") ? found : addressesOf(`${text}/${set.netmask}`, set.family);
}

function elementOf(
  text: string,
  kinds: readonly string[],
  sides: readonly string[],
  set: IpSetText,
): readonly Condition[] | null {
  const words = text.split(",");
  if (words.length !== kinds.length) return null;
  const parts: (readonly Condition[])[] = [];
  for (const [at, kind] of kinds.entries()) {
    const word = words[at] ?? "";
    const source = sides[at] === "src";
    if (kind === "port") {
      const part = portPart(word, source, set.type);
      if (part === null) return null;
      parts.push([part]);
    } else if (kind === "iface") {
      if (word.startsWith("physdev:")) parts.push(doubtful([{}], "a bridge's port"));
      else parts.push([{ [source ? "from" : "to"]: { names: [word], except: false } }]);
    } else {
      const addresses = addressPart(word, set);
      if (addresses === null) return null;
      parts.push([{ [source ? "source" : "destination"]: addresses }]);
    }
  }
  return product(parts);
}

/** `25`, `20-25`, `udp:53`, `icmp:8/0`, `vrrp:0`. */
function portPart(word: string, source: boolean, type: string): Condition | null {
  const colon = word.indexOf(":");
  const protocol = colon < 0 ? 6 : protocolNumber(word.slice(0, colon));
  const value = colon < 0 ? word : word.slice(colon + 1);
  if (protocol === null) return null;
  const protocols: readonly Range[] =
    type === "bitmap:port"
      ? [
          { first: 6, last: 6 },
          { first: 17, last: 17 },
        ]
      : [{ first: protocol, last: protocol }];
  if (protocol === 1 || protocol === 58) {
    const [typeText = "", code] = value.split("/");
    const range = icmpRange(typeText, protocol);
    if (range === null) return null;
    const exact = range.first + (code === undefined ? 0 : Number(code));
    return { protocols, destinationPorts: [code === undefined ? range : { first: exact, last: exact }] };
  }
  if (![6, 17, 132, 136].includes(protocol)) return { protocols };
  const range = numberRange(value, "-", portNumber, 65535);
  return range === null ? null : { protocols, [source ? "sourcePorts" : "destinationPorts"]: [range] };
}
