/** What a configuration of IOS-XR means for packets: lists on interfaces, with common lists in front. */
import type { Asked, Reading } from "../../model.ts";
import type { Direction, Family } from "../../packet.ts";
import { implicitNeighbours, neighbours } from "../cisco/chains.ts";
import type { Dialect } from "../cisco/entry.ts";
import { type Line, linesOf, placeOf } from "../cisco/lines.ts";
import { doubtful, idle, laterFragments, type Option, optionsOf, withHeader } from "../cisco/options.ts";
import {
  attach,
  detach,
  groupsOf,
  interfaceCalled,
  type PlainDraft,
  type PlainInterface,
  type PlainPart,
  plainDraft,
  plainReading,
} from "../cisco/plain.ts";
import { addressesBlock, listBlock, listLine, portsBlock } from "../cisco/plain-blocks.ts";
import { type Block, type Open, walk } from "../cisco/walk.ts";

interface Draft extends PlainDraft {
  /** Groups of configuration (`group G … end-group`) in which lists are attached. */
  readonly attaching: Set<string>;
  /** Groups that are applied somewhere. */
  readonly applied: Set<string>;
  /** Policies that drop, and where they are attached: by interface. */
  readonly dropping: Set<string>;
  readonly policies: Map<string, string>;
}

/** Words in the place of a list's name that set something for all lists. */
const settings: readonly string[] = ["log-update", "maximum"];

const fragmentType: Option = (words, parts) => {
  words.doubts.push("kind of fragment");
  words.skip(1);
  parts.narrow = { ...parts.narrow, laterFragment: true };
};

const options = optionsOf({
  log: idle(0),
  "log-input": idle(0),
  capture: idle(0),
  counter: idle(1),
  "icmp-off": idle(0),
  set: idle(2),
  "hw-count": idle(0),
  // Where a packet is sent is not whether it is: the entry permits.
  nexthop: idle("rest"),
  nexthop1: idle("rest"),
  default: idle("rest"),
  fragments: laterFragments,
  "fragment-type": fragmentType,
  police: doubtful("a rate", "rest"),
  "time-range": doubtful("only within a time range", 1),
  dscp: doubtful("DSCP", "comparison"),
  precedence: doubtful("precedence", "comparison"),
  tos: doubtful("type of service", "comparison"),
  ttl: doubtful("TTL", "comparison"),
  "packet-length": doubtful("packet length", "comparison"),
  "flow-label": doubtful("flow label", "comparison"),
  "qos-group": doubtful("QoS group", 1),
  routing: withHeader("routing header", 0),
  destopts: withHeader("destination options header", 0),
  "hop-by-hop": withHeader("hop-by-hop header", 0),
  authen: withHeader("authentication header", 0),
});

const dialectOf = (draft: PlainDraft, family: Family): Dialect => ({
  ...groupsOf(draft, family),
  family,
  mask: "wildcard",
  addressGroups: ["net-group"],
  portGroups: ["port-group"],
  options,
  flags: "any",
  laterFragments: "permitted",
});

export function read(file: string, text: string): Reading {
  const draft: Draft = {
    ...plainDraft(),
    attaching: new Set(),
    applied: new Set(),
    dropping: new Set(),
    policies: new Map(),
  };
  walk(linesOf(file, text, "delimited"), opener(draft));
  return plainReading(file, draft, {
    dialect: (family) => dialectOf(draft, family),
    neighbours: implicitNeighbours(file, neighbours),
    layers: [""],
    more: (name, asked) => [...appliedPart(draft, name, asked), ...policyPart(draft, name, asked)],
  });
}

/** A group of configuration may attach a list at any interface that it fits. */
function appliedPart(
  { attaching, applied, interfaces }: Draft,
  name: string,
  { family, direction }: Asked,
): readonly PlainPart[] {
  const group = [...applied].find((one) => attaching.has(one));
  const own = [...(interfaces.get(name)?.attached.values() ?? [])];
  if (group === undefined || own.some((one) => one.family === family && one.direction === direction)) return [];
  const says = `apply-group ${group}`;
  return [{ stage: null, says, place: null, unknown: `${says} may attach a list here, and groups are not followed` }];
}

function policyPart({ dropping, policies }: Draft, name: string, { direction }: Asked): readonly PlainPart[] {
  const policy = direction === "in" ? policies.get(name) : undefined;
  if (policy === undefined || !dropping.has(policy)) return [];
  const says = `policy-map ${policy} on ${name}`;
  return [{ stage: null, says, place: null, unknown: `${says} drops packets, and is not read` }];
}

function opener(draft: Draft): Open {
  return (words, line) => {
    const [first = "", second = "", third = "", fourth = ""] = words;
    switch (first) {
      case "ipv4":
      case "ipv6":
        if (second !== "access-list" || third === "" || settings.includes(third)) return undefined;
        return oneList(draft, first === "ipv4" ? 4 : 6, third, words.slice(3), line);
      case "no":
        return without(draft, second, third, fourth, words[4] ?? "");
      case "object-group":
        if (second === "port") return portsBlock(draft, third);
        if (second !== "network" || fourth === "") return null;
        return addressesBlock(draft, fourth, third === "ipv6" ? 6 : 4, "netmask");
      case "interface":
        return interfaceBlock(draft, words.slice(1), line);
      case "group":
        return groupBlock(draft, second);
      case "apply-group":
        for (const name of words.slice(1)) draft.applied.add(name);
        return null;
      case "policy-map":
        return policyBlock(draft, words.at(-1) ?? "");
      default:
        return undefined;
    }
  };
}

/** A block, or a line of its own: `ipv4 access-list NAME 31 permit …`. Both add to what there is of the name. */
function oneList(draft: Draft, family: Family, name: string, entry: readonly string[], line: Line): Block | null {
  const list = draft.lists.open(name, family, placeOf(line), { standard: false });
  if (entry.length === 0) return listBlock(draft, list, noSettings);
  listLine(draft, list, entry, line, noSettings);
  return null;
}

const noSettings: ReadonlySet<string> = new Set();

function without(draft: Draft, first: string, second: string, third: string, fourth: string): null | undefined {
  if ((first === "ipv4" || first === "ipv6") && second === "access-list") {
    draft.lists.drop(third, first === "ipv4" ? 4 : 6);
    return null;
  }
  if (first !== "object-group") return undefined;
  if (second === "port") draft.ports.drop(third);
  else draft.addresses[third === "ipv6" ? 6 : 4].drop(fourth);
  return null;
}

/** `interface preconfigure X`, `interface X l2transport`. */
function interfaceBlock(draft: Draft, words: readonly string[], line: Line): Block | null {
  const rest = words[0] === "preconfigure" ? words.slice(1) : words;
  const [first = "", second = ""] = rest;
  if (first === "") return null;
  const one = interfaceCalled(draft, /^\d/.test(second) ? `${first}${second}` : first, placeOf(line));
  return {
    flat: true,
    line: (texts, at) => {
      if (texts[0] === "apply-group") for (const name of texts.slice(1)) draft.applied.add(name);
      else if (texts[0] === "service-policy" && texts.includes("pbr")) draft.policies.set(one.name, texts.at(-1) ?? "");
      else attachment(draft, one, texts, at);
      return true;
    },
  };
}

/** `ipv4 access-group [common C] N ingress [compress level 3] [hardware-count]` */
function attachment(draft: Draft, one: PlainInterface, all: readonly string[], line: Line): void {
  const negated = all[0] === "no";
  const [first = "", second = "", ...words] = negated ? all.slice(1) : all;
  if ((first !== "ipv4" && first !== "ipv6") || second !== "access-group") return;
  const family = first === "ipv4" ? 4 : 6;
  const at = words.findIndex((word) => word === "ingress" || word === "egress");
  const direction: Direction = words[at] === "egress" ? "out" : "in";
  if (negated) {
    detach(one, { layer: "", direction, family });
    return;
  }
  const names = words.slice(0, Math.max(0, at));
  const common = names[0] === "common" ? (names[1] ?? "") : null;
  const [own = ""] = common === null ? names : names.slice(2);
  const known = common === null ? names.length === 1 : names.length === 2 || names.length === 3;
  attach(one, {
    list: own === "" ? (common ?? "") : own,
    front: own === "" ? null : common,
    family,
    direction,
    layer: "",
    place: placeOf(line),
    unknown: known ? null : `"${line.body}" is not understood`,
  });
  if (!known) draft.troubles.push({ place: placeOf(line), says: "This attachment is not understood." });
}

/** `group G` … `end-group`: only whether it attaches lists. */
const groupBlock = ({ attaching }: Draft, name: string): Block => ({
  flat: false,
  line: (words) => {
    if (words.includes("access-group")) attaching.add(name);
    return words[0] !== "end-group";
  },
});

const policyBlock = ({ dropping }: Draft, name: string): Block => ({
  flat: false,
  line: (words) => {
    if (words[0] === "drop") dropping.add(name);
    return words[0] !== "end-policy-map";
  },
});
