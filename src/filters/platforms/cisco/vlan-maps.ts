/** VLAN maps: what passes a VLAN, bridged or routed, is dropped or forwarded by the first entry that fits. */
import type { Action, Asked, Chain, Place, Rule, Stage } from "../../model.ts";
import type { Classes, Criterion } from "./classes.ts";
import { type Line, placeOf } from "./lines.ts";
import type { Block } from "./walk.ts";

export interface AccessMap {
  /** One of them must fit; without any every packet does. */
  readonly criteria: Criterion[];
  readonly place: Place;
  action: string | null;
}

export interface VlanMaps {
  readonly accessMaps: Map<string, Map<number, AccessMap>>;
  readonly vlanFilters: { readonly name: string; readonly place: Place; readonly vlans: string }[];
}

/** `vlan access-map NAME 10` with `match ip address LIST` and `action drop`. */
export function accessMapBlock({ accessMaps }: VlanMaps, name: string, number: number | null, line: Line): Block {
  const map = accessMaps.get(name) ?? new Map<number, AccessMap>();
  accessMaps.set(name, map);
  const at = number ?? map.size * 10 + 10;
  const entry: AccessMap = map.get(at) ?? { criteria: [], place: placeOf(line), action: null };
  map.set(at, entry);
  return {
    flat: false,
    line: (texts, where) => {
      const [first = "", second = "", third = "", ...names] = texts;
      const place = placeOf(where);
      if (first === "match" && /^(ip|ipv6)$/.test(second) && third === "address")
        for (const list of names) entry.criteria.push({ kind: "list", name: list, place });
      // Frames of other kinds are not what is asked about, but such an entry is no entry for every packet.
      else if (first === "match" && second === "mac") entry.criteria.push({ kind: "matches", matches: [], place });
      else if (first === "match") entry.criteria.push({ kind: "open", why: `"${where.body}"`, place });
      else if (first === "action") entry.action = second;
      else return where.indent > 0;
      return true;
    },
  };
}

/** `10,20-30` and `Vlan20`. */
export function hasVlan(vlans: string, name: string): boolean {
  const vlan = /^vlan(\d+)$/i.exec(name)?.[1];
  if (vlan === undefined) return false;
  return vlans.split(",").some((part) => {
    const [first = "", last = first] = part.split("-");
    return part === "all" || (Number(vlan) >= Number(first) && Number(vlan) <= Number(last));
  });
}

export interface VlanPart {
  readonly stage: Stage | null;
  readonly says: string;
  readonly place: Place;
  readonly unknown?: string;
}

/** `vlan filter M vlan-list 10` at the interface of the VLAN; null: none is there. */
export function vlanStage(
  { accessMaps, vlanFilters }: VlanMaps,
  { file, chains, classes }: { file: string; chains: Map<string, Chain>; classes: Classes },
  name: string,
  { family }: Asked,
): VlanPart | null {
  const filter = vlanFilters.find(({ vlans }) => hasVlan(vlans, name));
  if (filter === undefined) return null;
  const map = accessMaps.get(filter.name);
  const says = `VLAN map ${filter.name} on ${name}`;
  if (map === undefined)
    return { stage: null, says, place: filter.place, unknown: `VLAN map ${filter.name} is not in the configuration` };
  const chain = `vlan access-map ${filter.name}, IPv${family}`;
  const rules = [...map]
    .sort(([a], [b]) => a - b)
    .flatMap(([, { criteria, action, place }]): readonly Rule[] => {
      const then: Action = { kind: action === "drop" ? "deny" : "permit" };
      if (criteria.length === 0) return [{ matches: [{}], action: then, place }];
      return criteria.flatMap((criterion) => classes.criterion(criterion, family, then));
    });
  chains.set(chain, {
    name: chain,
    rules,
    otherwise: "deny",
    place: { file, line: 0, text: "a VLAN map drops what no entry of it matches" },
  });
  return { stage: { chain, stateful: false }, says, place: filter.place };
}
