/**
 * What a configuration of NX-OS means for packets: lists on interfaces, for what is switched at a port (`port`) and what
 * is routed, and VLAN maps.
 */
import type { Chain, Reading, Rule } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { implicitNeighbours, neighbours } from "../cisco/chains.ts";
import { Classes } from "../cisco/classes.ts";
import type { Dialect } from "../cisco/entry.ts";
import { type Line, linesOf, placeOf } from "../cisco/lines.ts";
import { doubtful, idle, laterFragments, optionsOf } from "../cisco/options.ts";
import {
  attach,
  detach,
  groupsOf,
  interfaceCalled,
  type PlainDraft,
  plainDraft,
  plainReading,
} from "../cisco/plain.ts";
import { addressesBlock, listBlock, portsBlock } from "../cisco/plain-blocks.ts";
import { accessMapBlock, hasVlan, type VlanMaps, vlanStage } from "../cisco/vlan-maps.ts";
import { type Block, type Open, walk } from "../cisco/walk.ts";
import { isNumber } from "../cisco/words.ts";

type Draft = PlainDraft & VlanMaps;

/** Lines of a list that are no entries. */
const settings: ReadonlySet<string> = new Set(["statistics", "fragments", "ignore"]);

const options = optionsOf({
  log: idle(0),
  fragments: laterFragments,
  capture: idle(2),
  redirect: idle(1),
  "time-range": doubtful("only within a time range", 1),
  dscp: doubtful("DSCP", 1),
  precedence: doubtful("precedence", 1),
  tos: doubtful("type of service", 1),
  ttl: doubtful("TTL", "comparison"),
  "flow-label": doubtful("flow label", 1),
  "packet-length": doubtful("packet length", "comparison"),
  "tcp-flags-mask": doubtful("a mask of TCP flags", 1),
  "tcp-option-length": doubtful("length of TCP options", "comparison"),
  "http-method": doubtful("HTTP method", 1),
  vlan: doubtful("VLAN", 1),
  udf: doubtful("a field of one's own", "rest"),
});

const dialectOf = (draft: PlainDraft, family: Family): Dialect => ({
  ...groupsOf(draft, family),
  family,
  mask: "wildcard",
  addressGroups: ["addrgroup"],
  portGroups: ["portgroup"],
  options,
  flags: "all",
  laterFragments: "unseen",
});

export function read(file: string, text: string): Reading {
  const draft: Draft = { ...plainDraft(), accessMaps: new Map(), vlanFilters: [] };
  walk(linesOf(file, text, "delimited"), opener(draft));
  const routers = [
    ["router-advertisement", 134],
    ["router-solicitation", 133],
  ] as const;
  return plainReading(file, draft, {
    dialect: (family) => dialectOf(draft, family),
    neighbours: implicitNeighbours(file, [...neighbours, ...routers]),
    end: ({ notes }): readonly Rule[] =>
      notes.flatMap(({ words, place }): readonly Rule[] => {
        if (words[0] !== "fragments") return [];
        const action = words[1] === "permit-all" ? "permit" : "deny";
        return [{ matches: [{ laterFragment: true }], action: { kind: action }, place }];
      }),
    layers: ["port", ""],
    more: (name, asked, chains) => {
      const stage = vlanStage(draft, { file, chains, classes: classesOf(draft, chains) }, name, asked);
      return stage === null ? [] : [stage];
    },
    alsoFiltered: (name) => draft.vlanFilters.some(({ vlans }) => hasVlan(vlans, name)),
  });
}

/** Lists as conditions of VLAN maps. */
const classesOf = ({ lists }: Draft, chains: Map<string, Chain>): Classes =>
  new Classes(chains, (name, family) => {
    if (lists.get(name, family) !== undefined) return chains.get(name) ?? "missing";
    return lists.get(name, family === 4 ? 6 : 4) === undefined ? "missing" : null;
  });

function opener(draft: Draft): Open {
  return (words, line) => {
    const [first = "", second = "", third = "", fourth = "", fifth = ""] = words;
    switch (first) {
      case "ip":
      case "ipv6":
        if (second !== "access-list" || words.length !== 3) return undefined;
        return listBlock(
          draft,
          draft.lists.open(third, first === "ip" ? 4 : 6, placeOf(line), { standard: false }),
          settings,
        );
      case "no":
        return without(draft, second, third, fourth, fifth);
      case "resequence": {
        const list = draft.lists.get(fourth, second === "ipv6" ? 6 : 4);
        if (third === "access-list" && list !== undefined)
          draft.lists.renumber(
            list,
            isNumber(fifth) ? Number(fifth) : 10,
            isNumber(words[5] ?? "") ? Number(words[5]) : 10,
          );
        return null;
      }
      case "object-group": {
        const family = second === "ipv6" ? 6 : 4;
        if (third === "port") return portsBlock(draft, fourth);
        return third === "address" ? addressesBlock(draft, fourth, family, "wildcard") : null;
      }
      case "interface":
        return interfaceBlock(draft, words.slice(1).join(""), line);
      case "vlan":
        if (second === "access-map")
          return accessMapBlock(draft, third, isNumber(fourth) ? Number(fourth) : null, line);
        if (second !== "filter") return undefined;
        draft.vlanFilters.push({ name: third, vlans: words.slice(4).join(""), place: placeOf(line) });
        return null;
      default:
        return undefined;
    }
  };
}

function without(draft: Draft, kind: string, what: string, name: string, group: string): null | undefined {
  if (kind === "object-group") {
    const family = what === "ipv6" ? 6 : 4;
    (name === "port" ? draft.ports : draft.addresses[family]).drop(group);
    return null;
  }
  if (what !== "access-list" || (kind !== "ip" && kind !== "ipv6")) return undefined;
  draft.lists.drop(name, kind === "ip" ? 4 : 6);
  return null;
}

/** `ip access-group N in`, `ip port access-group N in`, `ipv6 traffic-filter N out`. */
function interfaceBlock(draft: Draft, name: string, line: Line): Block | null {
  if (name === "" || /[,]|^breakout/.test(name)) return null;
  const one = interfaceCalled(draft, name, placeOf(line));
  return {
    flat: true,
    line: (all, at) => {
      const negated = all[0] === "no";
      const [first = "", ...words] = negated ? all.slice(1) : all;
      const layer = words[0] === "port" ? "port" : "";
      const [command = "", list = "", way = "", ...more] = layer === "" ? words : words.slice(1);
      const known = first === "ip" ? command === "access-group" : first === "ipv6" && command === "traffic-filter";
      if (!known) return true;
      const family = first === "ip" ? 4 : 6;
      const direction = way === "out" ? "out" : "in";
      if (negated) detach(one, { layer, direction, family });
      else {
        const unknown = /^(in|out)$/.test(way) && more.length === 0 ? null : `"${at.body}" is not understood`;
        attach(one, { list, family, direction, layer, front: null, place: placeOf(at), unknown });
        if (unknown !== null) draft.troubles.push({ place: placeOf(at), says: "This attachment is not understood." });
      }
      return true;
    },
  };
}
