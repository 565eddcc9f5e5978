/** Goes through a configuration, and keeps what of it filters. */
import { Groups } from "../cisco/groups.ts";
import { linesOf, placeOf } from "../cisco/lines.ts";
import { Lists } from "../cisco/lists.ts";
import { accessMapBlock } from "../cisco/vlan-maps.ts";
import { type Open, walk } from "../cisco/walk.ts";
import { isNumber } from "../cisco/words.ts";
import type { Draft } from "./draft.ts";
import { groupBlock } from "./group-block.ts";
import { interfaceBlock } from "./interface-block.ts";
import { list6Block, listBlock, numbered } from "./list-blocks.ts";
import { classBlock, pairBlock, policyBlock } from "./policy-blocks.ts";

export function draftOf(file: string, text: string): Draft {
  const draft: Draft = {
    lists: new Lists("refuse"),
    addresses: new Groups("object-group"),
    services: new Groups("object-group"),
    interfaces: new Map(),
    classes: new Map(),
    policies: new Map(),
    pairs: new Map(),
    inspections: new Map(),
    mapped: new Set(),
    accessMaps: new Map(),
    vlanFilters: [],
    troubles: [],
  };
  walk(linesOf(file, text, "delimited"), opener(draft));
  return draft;
}

function opener(draft: Draft): Open {
  return (words, line) => {
    const [first = "", second = "", third = "", fourth = "", fifth = ""] = words;
    switch (`${first} ${second}`) {
      case "ip access-list":
        return listBlock(draft, words.slice(2), line);
      case "ipv6 access-list":
        return list6Block(draft, words.slice(2), line);
      case "no ip":
        if (third !== "access-list") return undefined;
        draft.lists.drop(fifth === "" ? fourth : fifth, 4);
        return null;
      case "no ipv6":
        if (third !== "access-list") return undefined;
        draft.lists.drop(fourth, 6);
        return null;
      case "no access-list":
        // With an entry behind the number, too, this takes the whole list away: numbered lists are not edited by it.
        draft.lists.drop(third, 4);
        return null;
      case "no object-group":
        (third === "service" ? draft.services : draft.addresses).drop(fourth);
        return null;
      case "ip inspect":
      case "ipv6 inspect":
        if (third !== "name") return undefined;
        inspectionOf(draft, fourth).add(fifth.toLowerCase());
        return null;
      case "ip port-map":
        draft.mapped.add(third.toLowerCase());
        return null;
      case "vlan filter":
        draft.vlanFilters.push({ name: third, vlans: words.slice(4).join(""), place: placeOf(line) });
        return null;
      case "vlan access-map":
        return accessMapBlock(draft, third, isNumber(fourth) ? Number(fourth) : null, line);
      default:
    }
    switch (first) {
      case "access-list":
        return numbered(draft, words.slice(1), line);
      case "object-group":
        return groupBlock(draft, second, third);
      case "interface":
      case "int":
        return interfaceBlock(draft, words.slice(1), line);
      case "class-map":
        return classBlock(draft, words.slice(1), line);
      case "policy-map":
        return policyBlock(draft, words.slice(1), line);
      case "zone-pair":
        return pairBlock(draft, words.slice(1), line);
      default:
        return undefined;
    }
  };
}

function inspectionOf({ inspections }: Draft, name: string): Set<string> {
  const known = inspections.get(name) ?? new Set();
  inspections.set(name, known);
  return known;
}
