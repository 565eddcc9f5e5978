/**
 * What a configuration of IOS or IOS-XE means for packets. At an interface a packet passes, coming in, the interface's
 * list, then a policy that drops, then the zone pair; going out the zone pair first.
 */
import type { Asked, Chain, Crossing, Reading, Rule } from "../../model.ts";
import { chainNames, implicit, implicitNeighbours, neighbours, readerOf, ruleOf } from "../cisco/chains.ts";
import { Classes } from "../cisco/classes.ts";
import type { Dialect } from "../cisco/entry.ts";
import { type DraftEntry, type DraftList, inOrder } from "../cisco/lists.ts";
import { readingOf } from "../cisco/reading.ts";
import { hasVlan, vlanStage } from "../cisco/vlan-maps.ts";
import type { Context, Part } from "./context.ts";
import { dialectOf } from "./dialect.ts";
import { attachKey, type Draft, type Interface } from "./draft.ts";
import { draftOf } from "./open.ts";
import { policyStage } from "./policies.ts";
import { evaluatedRule, reflections } from "./reflexive.ts";
import { zoneStage } from "./zones.ts";

export function read(file: string, text: string): Reading {
  const draft = draftOf(file, text);
  const nameOf = chainNames(draft.lists.all);
  const chains = chainsOf(file, draft, nameOf);
  const classes = new Classes(chains, (name, family) => {
    const found = draft.lists.get(name, family);
    if (found !== undefined) return chains.get(nameOf(name, family)) ?? "missing";
    return draft.lists.get(name, family === 4 ? 6 : 4) === undefined ? "missing" : null;
  });
  for (const [name, one] of draft.classes) classes.maps.set(name, { name, ...one });
  const interfaces = [...draft.interfaces.values()];
  const context: Context = { file, draft, chains, classes, nameOf };
  return readingOf({
    chains,
    troubles: draft.troubles,
    interfaces: interfaces.map(({ name }) => name),
    filtered: interfaces.filter((one) => filters(draft, one)).map(({ name }) => name),
    lists: [...new Set(draft.lists.all.map(({ name }) => name))],
    // Interfaces of the same zone are one side of the border: between them nothing is filtered.
    aliases: (outside) => {
      const zone = draft.interfaces.get(outside)?.zone?.name;
      if (zone === undefined) return [];
      return [`zone ${zone}`, ...interfaces.filter((one) => one.zone?.name === zone).map(({ name }) => name)];
    },
    at: (outside, asked) => crossingAt(context, draft.interfaces.get(outside)!, asked),
    list: (name, { family }) => {
      const list = draft.lists.get(name, family);
      if (list === undefined) return null;
      return {
        stages: [{ chain: nameOf(name, family), stateful: false }],
        attachment: `list ${name}`,
        place: list.place,
      };
    },
  });
}

const filters = ({ vlanFilters }: Draft, { lists, zone, name }: Interface): boolean =>
  lists.size > 0 || zone !== null || vlanFilters.some(({ vlans }) => hasVlan(vlans, name));

function chainsOf(file: string, draft: Draft, nameOf: Context["nameOf"]): Map<string, Chain> {
  const dialects = { 4: dialectOf(4, draft), 6: dialectOf(6, draft) };
  const reflected = reflections(draft, dialects);
  return new Map(
    draft.lists.all.map((list) => {
      const name = nameOf(list.name, list.family);
      return [name, chainOf(file, name, list, draft, dialects[list.family], reflected)];
    }),
  );
}

function chainOf(
  file: string,
  name: string,
  list: DraftList,
  { troubles }: Draft,
  dialect: Dialect,
  reflected: ReturnType<typeof reflections>,
): Chain {
  const entries = inOrder(list);
  const rules = entries.map((entry) => iosRule(entry, list, dialect, troubles, reflected));
  // A list without entries lets everything pass until it has one.
  if (rules.length === 0)
    return { name, rules, otherwise: "permit", place: implicit(file, `${list.place.text} has no entries`) };
  return {
    name,
    rules: list.family === 6 ? [...rules, ...implicitNeighbours(file, neighbours)] : rules,
    otherwise: "deny",
    place: implicit(file, `implicit deny ${list.family === 6 ? "ipv6" : "ip"} any any`),
  };
}

function iosRule(
  entry: DraftEntry,
  list: DraftList,
  dialect: Dialect,
  troubles: Draft["troubles"],
  reflected: ReturnType<typeof reflections>,
): Rule {
  const [first = "", second = ""] = entry.words;
  if (first === "evaluate") return evaluatedRule(second, entry, reflected);
  if (first !== "dynamic") return ruleOf(entry, dialect, troubles, readerOf(list)).rule;
  // Lock and key: the entry holds for those who have logged in, and for as long as that lasts.
  const from = entry.words.findIndex((word) => word === "permit" || word === "deny");
  const { rule } = ruleOf({ ...entry, words: from < 0 ? [] : entry.words.slice(from) }, dialect, troubles);
  return { ...rule, matches: rule.matches.map((match) => ({ ...match, unsure: `dynamic list ${second}` })) };
}

function crossingAt(context: Context, one: Interface, asked: Asked): Crossing {
  const list = listStage(context, one, asked);
  const policy = policyStage(context, one, asked);
  const vlan = vlanStage(context.draft, context, one.name, asked);
  const zone = zoneStage(context, one, asked);
  const parts = asked.direction === "in" ? [vlan, list, policy, zone] : [zone, policy, list, vlan];
  const present = parts.filter((part) => part !== null);
  const unknown = present.find((part) => part.unknown !== undefined)?.unknown;
  const verifies =
    one.verifies && asked.direction === "in" ? ["sources without a route back are dropped too (verify unicast)"] : [];
  return {
    stages: present.flatMap(({ stage }) => (stage === null ? [] : [stage])),
    attachment: [...present.map(({ says }) => says), ...verifies].join("; "),
    place: list.place ?? zone?.place ?? one.place,
    ...(unknown === undefined ? {} : { unknown }),
  };
}

function listStage({ draft, nameOf }: Context, one: Interface, { family, direction }: Asked): Part {
  const where = `${one.name}, ${direction}`;
  const attached = one.lists.get(attachKey(direction, family));
  if (attached === undefined) return { stage: null, says: `no IPv${family} filter on ${where}`, place: null };
  const { name, place, unknown } = attached;
  if (unknown !== null) return { stage: null, says: `${name} on ${where}`, place, unknown };
  if (draft.lists.get(name, family) === undefined)
    return {
      stage: null,
      says: `list ${name} on ${where}: the list is not in the configuration, so everything passes`,
      place,
    };
  const inspected = isInspected(draft, one, { family, direction });
  return {
    stage: { chain: nameOf(name, family), stateful: inspected !== null },
    says: `list ${name} on ${where} (IPv${family})${inspected === null ? "" : `; answers pass by inspection ${inspected}`}`,
    place,
  };
}

/**
 * CBAC opens the list for answers of inspected sessions: those that leave here, or come in at another interface. Null:
 * none whose answers may be mail's.
 */
function isInspected({ interfaces, inspections }: Draft, one: Interface, { family, direction }: Asked): string | null {
  const names =
    direction === "out"
      ? [one.inspects.get(attachKey("in", family))]
      : [...interfaces.values()].map((other) => other.inspects.get(attachKey(other === one ? "out" : "in", family)));
  return (
    names.find(
      (name): name is string =>
        name !== undefined && ["tcp", "smtp", "esmtp"].some((protocol) => inspections.get(name)?.has(protocol)),
    ) ?? null
  );
}
