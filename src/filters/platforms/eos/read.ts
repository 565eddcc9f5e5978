/** What a configuration of EOS means for packets: lists on interfaces, and traffic policies. */
import type { Asked, Chain, Crossing, Reading } from "../../model.ts";
import type { Direction, Family } from "../../packet.ts";
import { implicitNeighbours, neighbours } from "../cisco/chains.ts";
import type { Dialect } from "../cisco/entry.ts";
import { type Line, linesOf, placeOf } from "../cisco/lines.ts";
import { doubtful, idle, laterFragments, type Options, optionsOf, withHeader } from "../cisco/options.ts";
import {
  attach,
  detach,
  groupsOf,
  interfaceCalled,
  type PlainDraft,
  type PlainPart,
  plainDraft,
  plainReading,
} from "../cisco/plain.ts";
import { listBlock } from "../cisco/plain-blocks.ts";
import type { ReadParts } from "../cisco/reading.ts";
import { type Block, type Open, walk } from "../cisco/walk.ts";
import { policyChain } from "./traffic-policy.ts";
import { type Policies, policiesBlock } from "./traffic-policy-draft.ts";

interface Draft extends PlainDraft, Policies {
  /** By interface and direction. */
  readonly attachedPolicies: Map<string, { readonly name: string; readonly line: Line }>;
}

/** Lines of a list that are no entries. */
const settings: ReadonlySet<string> = new Set(["statistics", "counters", "fragment-rules", "description"]);

const options: Options = optionsOf({
  log: idle(0),
  mirror: idle(2),
  copy: idle(1),
  fragments: laterFragments,
  tracked: doubtful("connections that are known", 0),
  dscp: doubtful("DSCP", 1),
  ecn: doubtful("ECN", 1),
  tos: doubtful("type of service", 1),
  ttl: doubtful("TTL", "comparison"),
  "hop-limit": doubtful("hop limit", "comparison"),
  "nexthop-group": doubtful("next hops", 1),
  "flow-label": doubtful("flow label", "comparison"),
  payload: doubtful("contents", "rest"),
  "ip-length": doubtful("packet length", "comparison"),
  "ip-options": withHeader("IP options", 0),
});

const dialectOf = (draft: PlainDraft, family: Family): Dialect => ({
  ...groupsOf(draft, family),
  family,
  mask: "wildcard",
  addressGroups: [],
  portGroups: [],
  options,
  flags: "unsure",
  laterFragments: "unseen",
});

export function read(file: string, text: string): Reading {
  const draft: Draft = { ...plainDraft(), sets: new Map(), policies: new Map(), attachedPolicies: new Map() };
  walk(linesOf(file, text, "eof"), opener(draft));
  return plainReading(file, draft, {
    dialect: (family) => dialectOf(draft, family),
    neighbours: implicitNeighbours(file, neighbours),
    layers: [""],
    chains: policyChains(draft),
    more: (name, asked) => policyPart(draft, name, asked),
    alsoFiltered: (name) => draft.attachedPolicies.has(`${name} in`) || draft.attachedPolicies.has(`${name} out`),
    change: (parts) => withPolicies(draft, parts),
  });
}

/** A policy may bear the name of a list. */
const chainOf = ({ lists }: Draft, name: string, family: Family): string => {
  const taken = lists.all.some((list) => list.name === name);
  return `${taken ? "traffic-policy " : ""}${name}${family === 6 ? " (IPv6)" : ""}`;
};

function policyChains(draft: Draft): ReadonlyMap<string, Chain> {
  const chains = new Map<string, Chain>();
  for (const [name, policy] of draft.policies)
    for (const family of [4, 6] as const) {
      const key = chainOf(draft, name, family);
      chains.set(key, policyChain(key, policy, family, draft, draft.troubles));
    }
  return chains;
}

/** Policies can be proved by name, as lists can. */
function withPolicies(draft: Draft, parts: ReadParts): ReadParts {
  const { policies } = draft;
  const names = [...policies.keys()].filter((name) => !parts.lists.includes(name));
  return {
    ...parts,
    lists: [...parts.lists, ...names],
    list: (name, asked): Crossing | null => {
      const policy = policies.get(name);
      if (policy === undefined || !names.includes(name)) return parts.list(name, asked);
      const chain = chainOf(draft, name, asked.family);
      return { stages: [{ chain, stateful: false }], attachment: `traffic policy ${name}`, place: policy.place };
    },
  };
}

function policyPart(draft: Draft, name: string, { family, direction }: Asked): readonly PlainPart[] {
  const attached = draft.attachedPolicies.get(`${name} ${direction}`);
  if (attached === undefined) return [];
  const place = placeOf(attached.line);
  const says = `traffic policy ${attached.name} on ${name}, ${direction}`;
  if (!draft.policies.has(attached.name))
    return [{ stage: null, says, place, unknown: `traffic policy ${attached.name} is not in the configuration` }];
  return [{ stage: { chain: chainOf(draft, attached.name, family), stateful: false }, says, place }];
}

function opener(draft: Draft): Open {
  return (words, line) => {
    const [first = "", second = "", third = "", fourth = ""] = words;
    switch (first) {
      case "ip":
      case "ipv6":
        if (second !== "access-list") return undefined;
        return openList(draft, first === "ip" ? 4 : 6, third, fourth, words.length, line);
      case "no":
        if ((second !== "ip" && second !== "ipv6") || third !== "access-list") return undefined;
        draft.lists.drop(fourth === "standard" ? (words[4] ?? "") : fourth, second === "ip" ? 4 : 6);
        return null;
      case "interface":
        return interfaceBlock(draft, words.slice(1).join(""), line);
      case "traffic-policies":
        return policiesBlock(draft, draft.troubles);
      default:
        return undefined;
    }
  };
}

function openList(
  draft: Draft,
  family: Family,
  name: string,
  second: string,
  length: number,
  line: Line,
): Block | null {
  const standard = name === "standard" && second !== "";
  if (!standard && length !== 3) return null;
  return listBlock(draft, draft.lists.open(standard ? second : name, family, placeOf(line), { standard }), settings);
}

function interfaceBlock(draft: Draft, name: string, line: Line): Block | null {
  // `interface Ethernet1-4` is a way to write, not how it is kept.
  if (name === "" || /[,-]\d/.test(name.replace(/^[A-Za-z-]+/, ""))) return null;
  const one = interfaceCalled(draft, name, placeOf(line));
  return {
    flat: true,
    line: (all, at) => {
      const negated = all[0] === "no" || all[0] === "default";
      const [first = "", second = "", third = "", fourth = "", ...more] = negated ? all.slice(1) : all;
      if (first === "traffic-policy" && (second === "input" || second === "output")) {
        const key = `${name} ${second === "input" ? "in" : "out"}`;
        if (negated) draft.attachedPolicies.delete(key);
        else draft.attachedPolicies.set(key, { name: third, line: at });
      }
      if ((first !== "ip" && first !== "ipv6") || second !== "access-group") return true;
      const family = first === "ip" ? 4 : 6;
      const direction: Direction = fourth === "out" ? "out" : "in";
      if (negated) detach(one, { layer: "", direction, family });
      else {
        const unknown = /^(in|out)$/.test(fourth) && more.length === 0 ? null : `"${at.body}" is not understood`;
        if (unknown !== null) draft.troubles.push({ place: placeOf(at), says: "This attachment is not understood." });
        attach(one, { list: third, front: null, family, direction, layer: "", place: placeOf(at), unknown });
      }
      return true;
    },
  };
}
