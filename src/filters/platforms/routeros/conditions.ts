/** The conditions of a rule of RouterOS; all of its keys hold at once, and `!` turns one around. */
import type { Match, Names, Range } from "../../model.ts";
import { type Family, type State, states, tcpFlags } from "../../packet.ts";
import { addressesOf } from "../reading/addresses.ts";
import {
  allOf,
  always,
  type Condition,
  doubted,
  lastPort,
  never,
  only,
  perhaps,
  rangesBut,
} from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { conditionOn, type Meant, negated, surely } from "../reading/meant.ts";
import { numbersOf, portsOf, protocolsOf } from "../reading/names.ts";
import type { AddressLists } from "./lists.ts";
import { listName } from "./ports.ts";
import type { Item } from "./tables.ts";

const harmless = new Set([
  ...["chain", "action", "comment", "log", "log-prefix", "disabled", "reject-with", "jump-target", "address-list"],
  ...["address-list-timeout", "hw-offload", "dynamic", "invalid", "bytes", "packets"],
]);

/** What the model does not hold. */
const unseen = new Set([
  ...["connection-mark", "packet-mark", "routing-mark", "content", "layer7-protocol", "limit", "dst-limit", "hotspot"],
  ...["connection-limit", "connection-rate", "connection-bytes", "connection-type", "random", "nth", "time", "ttl"],
  ...["hop-limit", "dscp", "priority", "packet-size", "psd", "ipv4-options", "src-mac-address", "tls-host", "realm"],
  ...["ingress-priority", "in-bridge-port", "in-bridge-port-list", "out-bridge-port", "out-bridge-port-list", "p2p"],
  ...["helper", "routing-table", "headers", "per-connection-classifier", "tcp-mss", "src-address-type", "headers-mode"],
  ...["dst-address-type", "ipv6-options"],
]);

export interface RuleReader {
  readonly draft: Draft;
  readonly family: Family;
  readonly lists: AddressLists;
  /** Where destination NAT may lead; null: it is not known. */
  readonly translated: Meant;
}

export interface RuleCondition {
  readonly matches: Condition;
  readonly sides: Pick<Match, "from" | "to">;
}

export function conditionOf(reader: RuleReader, { values, line }: Item): RuleCondition {
  const parts: Condition[] = [];
  let sides: { from?: Names; to?: Names } = {};
  const hasProtocol = (values.get("protocol") ?? "") !== "";
  for (const [key, raw] of values) {
    // A verbose export has every key, most without a value.
    if (harmless.has(key) || raw === "") continue;
    const except = raw.startsWith("!");
    const value = except ? raw.slice(1) : raw;
    const unknown = (): Condition => {
      reader.draft.trouble(line, `${key}=${raw} is not understood`);
      return perhaps(`${key}, which is not understood`);
    };
    const part = simple(reader, key, value, except);
    if (part !== null) parts.push(part === "unknown" ? unknown() : part);
    else if (/^(in|out)-interface(-list)?$/.test(key)) {
      const side = key.startsWith("in-") ? "from" : "to";
      const names = sideOf(key, value, except);
      if (names === "never") parts.push(never);
      else if (names === "perhaps") parts.push(perhaps(`${key}=${raw}`));
      else if (sides[side] === undefined) sides = { ...sides, [side]: names };
      else parts.push(perhaps(`${key} beside another condition on interfaces`));
    } else if (unseen.has(key)) parts.push(perhaps(key));
    else {
      reader.draft.trouble(line, `"${key}" in a rule is not known`);
      parts.push(perhaps(key));
    }
  }
  let matches = allOf(parts);
  // The router refuses ports without a protocol: whatever stands there was not loaded so.
  if (!hasProtocol && ["src-port", "dst-port", "port"].some((key) => (values.get(key) ?? "") !== ""))
    matches = doubted(matches, "ports without a protocol");
  return { matches, sides };
}

/** Null: the key is not one of these. */
function simple(reader: RuleReader, key: string, value: string, except: boolean): Condition | "unknown" | null {
  switch (key) {
    case "protocol": {
      const range = value === "icmpv6" ? only(58) : protocolsOf(value === "ipv6-encap" ? "41" : value);
      return range === null ? "unknown" : [{ protocols: except ? rangesBut([range], 255) : [range] }];
    }
    case "src-address":
    case "dst-address": {
      const read = addressesOf(value);
      if (read === null) return "unknown";
      return conditionOn(sideName(key), except ? negated(surely(read)) : surely(read));
    }
    case "src-address-list":
    case "dst-address-list": {
      const meant = reader.lists.meant(value);
      return conditionOn(sideName(key), except ? negated(meant) : meant);
    }
    case "src-port":
    case "dst-port":
    case "port":
    case "any-port": {
      const read = value.split(",").map(portsOf);
      if (read.some((one) => one === null)) return "unknown";
      const ranges = read.flatMap((one) => (one === null ? [] : [one]));
      const wanted = except ? rangesBut(ranges, lastPort) : ranges;
      if (key === "src-port") return [{ sourcePorts: wanted }];
      if (key === "dst-port") return [{ destinationPorts: wanted }];
      return except
        ? [{ sourcePorts: wanted, destinationPorts: wanted }]
        : [{ sourcePorts: wanted }, { destinationPorts: wanted }];
    }
    case "connection-state": {
      const named = value.split(",");
      if (named.some((one) => !(states as readonly string[]).includes(one))) return "unknown";
      return [{ states: states.filter((state: State) => named.includes(state) !== except) }];
    }
    case "connection-nat-state":
      return natState(reader, value, except);
    case "tcp-flags":
      return flags(value, except);
    case "fragment":
      return [{ laterFragment: (value === "yes") !== except }];
    case "icmp-options":
      return icmp(reader.family, value, except);
    case "ipsec-policy":
      // What crosses the border is plain: packets out of a tunnel are somebody else's traffic.
      return value.endsWith(",none") !== except ? always : never;
    default:
      return null;
  }
}

const sideName = (key: string): "source" | "destination" => (key.startsWith("src-") ? "source" : "destination");

/** `dstnat`: the packet's address was translated, so that it now is one of those that rules translate to. */
function natState({ translated }: RuleReader, value: string, except: boolean): Condition {
  if (value !== "dstnat") return perhaps("connection-nat-state");
  const where: Meant = { sure: surely(translated.sure).sure, doubt: translated.doubt };
  if (!except) return doubted([...conditionOn("destination", where)], "whether it was translated");
  const maybe = doubted(conditionOn("destination", where), "whether it was translated");
  return [...conditionOn("destination", negated(where)).filter(({ unsure }) => unsure === undefined), ...maybe];
}

/** `syn,!ack`: all of them. */
function flags(value: string, except: boolean): Condition | "unknown" {
  let mask = 0;
  let wanted = 0;
  for (const one of value.split(",")) {
    const bit = (tcpFlags as readonly string[]).indexOf(one.replace(/^!/, ""));
    if (bit < 0) return /^!?(ece|cwr)$/.test(one) ? perhaps("tcp-flags") : "unknown";
    mask |= 1 << bit;
    if (!one.startsWith("!")) wanted |= 1 << bit;
  }
  // The first sign was taken for the whole; it belongs to the first flag.
  if (except) {
    const first = (tcpFlags as readonly string[]).indexOf(value.split(",")[0] ?? "");
    wanted &= ~(1 << first);
  }
  return [{ protocols: [only(6)], flags: [{ mask, value: wanted }] }];
}

/** `8:0-255`, `3:4`, `11`. */
function icmp(family: Family, value: string, except: boolean): Condition | "unknown" {
  const parts = /^(\d+(?:-\d+)?)(?::(\d+(?:-\d+)?|any))?$/.exec(value);
  const types = numbersOf(parts?.[1] ?? "", {}, 255);
  const codes: Range | null =
    parts?.[2] === undefined || parts[2] === "any" ? only(0, 255) : numbersOf(parts[2], {}, 255);
  if (types === null || codes === null) return "unknown";
  const ranges = Array.from({ length: types.last - types.first + 1 }, (_, index) => (types.first + index) * 256).map(
    (base) => only(base + codes.first, base + codes.last),
  );
  const destinationPorts = except ? rangesBut(ranges, lastPort) : ranges;
  return [{ protocols: [only(family === 4 ? 1 : 58)], destinationPorts }];
}

function sideOf(key: string, value: string, except: boolean): Names | "never" | "perhaps" {
  if (!key.endsWith("-list")) return { names: [value], except };
  if (value === "none") return except ? { names: [], except: true } : "never";
  if (value === "dynamic" || value === "static") return "perhaps";
  return { names: [listName(value)], except };
}
