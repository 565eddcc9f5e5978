/**
 * Configurations whose filters are named lists on interfaces and nothing else: IOS-XR, NX-OS, EOS. How a platform writes
 * its blocks is its own; what they come to is the same.
 */
import type { Addresses, Chain, Crossing, Place, Range, Reading, Rule, Stage, Trouble } from "../../model.ts";
import type { Direction, Family } from "../../packet.ts";
import { chainNames, implicit, readerOf, ruleOf } from "./chains.ts";
import type { Dialect } from "./entry.ts";
import { endOf, Groups } from "./groups.ts";
import { type DraftList, inOrder, Lists } from "./lists.ts";
import { type ReadParts, readingOf } from "./reading.ts";

export interface Attached {
  readonly list: string;
  readonly family: Family;
  readonly direction: Direction;
  /** What of an interface it filters, where that is not what is routed: `port`. A packet meets each of them. */
  readonly layer: string;
  /** XR: a list that is asked first, and goes on to this one instead of ending; null: none. */
  readonly front: string | null;
  readonly place: Place;
  /** Why it is not known what it does. */
  readonly unknown: string | null;
}

export interface PlainInterface {
  readonly name: string;
  readonly place: Place;
  /** By layer, direction and family: the last one holds. */
  readonly attached: Map<string, Attached>;
}

export interface PlainDraft {
  readonly lists: Lists;
  readonly addresses: Readonly<Record<Family, Groups<Addresses>>>;
  readonly ports: Groups<Range>;
  readonly interfaces: Map<string, PlainInterface>;
  readonly troubles: Trouble[];
}

export const plainDraft = (): PlainDraft => ({
  lists: new Lists("replace"),
  addresses: { 4: new Groups("object-group"), 6: new Groups("object-group") },
  ports: new Groups("object-group"),
  interfaces: new Map(),
  troubles: [],
});

export function interfaceCalled({ interfaces }: PlainDraft, name: string, place: Place): PlainInterface {
  const known = interfaces.get(name) ?? { name, place, attached: new Map() };
  interfaces.set(name, known);
  return known;
}

const keyOf = ({ layer, direction, family }: Pick<Attached, "layer" | "direction" | "family">): string =>
  `${layer} ${direction} ${family}`;

export function attach(one: PlainInterface, attached: Attached): void {
  one.attached.set(keyOf(attached), attached);
}

export function detach(one: PlainInterface, which: Pick<Attached, "layer" | "direction" | "family">): void {
  one.attached.delete(keyOf(which));
}

/** The part of a dialect that its groups are. */
export const groupsOf = (draft: PlainDraft, family: Family): Pick<Dialect, "addresses" | "ports" | "services"> => ({
  addresses: (name) => endOf(draft.addresses[family], name),
  ports: (name) => draft.ports.resolve(name),
  services: () => ({ values: [], doubt: "a group of services" }),
});

export interface PlainWays {
  readonly dialect: (family: Family) => Dialect;
  /** What passes at the end of a list of IPv6. */
  readonly neighbours: readonly Rule[];
  /** What else the notes of a list make of its end. */
  readonly end?: (list: DraftList) => readonly Rule[];
  /** Layers in the order in which a packet that comes in meets them. */
  readonly layers: readonly string[];
  /** More that stands at an interface. */
  readonly more?: (
    name: string,
    asked: { readonly family: Family; readonly direction: Direction },
    chains: Map<string, Chain>,
  ) => readonly PlainPart[];
  /** Chains that are no lists. */
  readonly chains?: ReadonlyMap<string, Chain>;
  /** Interfaces at which something else filters. */
  readonly alsoFiltered?: (name: string) => boolean;
  /** Changes the reading's parts before it is put together. */
  readonly change?: (parts: ReadParts) => ReadParts;
}

export interface PlainPart {
  readonly stage: Stage | null;
  readonly says: string;
  readonly place: Place | null;
  readonly unknown?: string;
}

/** Interfaces for management, which nothing is routed through. */
const isManagement = (name: string): boolean => /^(mgmt|management)/i.test(name);

export function plainReading(file: string, draft: PlainDraft, ways: PlainWays): Reading {
  const { lists, interfaces, troubles } = draft;
  const nameOf = chainNames(lists.all);
  const dialects = { 4: ways.dialect(4), 6: ways.dialect(6) };
  const chains = new Map<string, Chain>(ways.chains);
  for (const list of lists.all) {
    const name = nameOf(list.name, list.family);
    const rules = inOrder(list).map((entry) => ruleOf(entry, dialects[list.family], troubles, readerOf(list)).rule);
    chains.set(name, {
      name,
      rules: [...rules, ...(ways.end?.(list) ?? []), ...(list.family === 6 ? ways.neighbours : [])],
      otherwise: "deny",
      place: implicit(file, `implicit deny ${list.family === 6 ? "ipv6" : "ip"} any any`),
    });
  }
  const partOf = ({ list: name, front, family, place, unknown }: Attached, where: string): PlainPart => {
    const says = `list ${front === null ? name : `${front}, then ${name},`} on ${where} (IPv${family})`;
    const open = (why: string): PlainPart => ({ stage: null, says, place, unknown: why });
    if (unknown !== null) return open(unknown);
    for (const one of front === null ? [name] : [front, name]) {
      const list = lists.get(one, family);
      if (list === undefined) return open(`list ${one} is not in the configuration`);
      // Whether an empty list lets everything pass or nothing, documents do not say.
      if (list.entries.size === 0) return open(`list ${one} has no entries`);
    }
    const chain = nameOf(name, family);
    if (front === null) return { stage: { chain, stateful: false }, says, place };
    const joined = `${nameOf(front, family)}, then ${chain}`;
    const first = chains.get(nameOf(front, family))?.rules.filter((rule) => rule.place.line > 0) ?? [];
    const second = chains.get(chain)!;
    chains.set(joined, { ...second, name: joined, rules: [...first, ...second.rules] });
    return { stage: { chain: joined, stateful: false }, says, place };
  };
  const at: ReadParts["at"] = (outside, asked): Crossing => {
    const one = interfaces.get(outside)!;
    const where = `${outside}, ${asked.direction}`;
    const own = ways.layers.flatMap((layer) => {
      const attached = one.attached.get(keyOf({ layer, ...asked }));
      return attached === undefined ? [] : [partOf(attached, layer === "" ? where : `${where}, ${layer}`)];
    });
    const parts = [...own, ...(ways.more?.(outside, asked, chains) ?? [])];
    if (asked.direction === "out") parts.reverse();
    const unknown = parts.find((part) => part.unknown !== undefined)?.unknown;
    return {
      stages: parts.flatMap(({ stage }) => (stage === null ? [] : [stage])),
      attachment:
        parts.length === 0 ? `no IPv${asked.family} filter on ${where}` : parts.map(({ says }) => says).join("; "),
      place: parts[0]?.place ?? one.place,
      ...(unknown === undefined ? {} : { unknown }),
    };
  };
  const names = [...interfaces.keys()];
  const parts: ReadParts = {
    chains,
    troubles,
    interfaces: names,
    filtered: names.filter(
      (name) =>
        !isManagement(name) && ((interfaces.get(name)?.attached.size ?? 0) > 0 || ways.alsoFiltered?.(name) === true),
    ),
    lists: [...new Set(lists.all.map(({ name }) => name))],
    at,
    list: (name, { family }) => {
      const list = lists.get(name, family);
      if (list === undefined) return null;
      const chain = nameOf(name, family);
      return { stages: [{ chain, stateful: false }], attachment: `list ${name}`, place: list.place };
    },
  };
  return readingOf(ways.change?.(parts) ?? parts);
}
