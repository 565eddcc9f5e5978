/** Which zones are asked about which kinds of subject, and which lists are not asked and why. Pure. */
import type { List, ListZone } from "../knowledge/list.ts";
import type { SubjectKind } from "./question.ts";
import type { UnknownReason } from "./reasons.ts";

/** Keys by the name that the catalogue gives them. */
export type ListKeys = ReadonlyMap<string, string>;

/** One zone, asked about one kind of subject. */
export interface Asking {
  readonly list: List;
  readonly row: ListZone;
  readonly kind: SubjectKind;
  /** With the key in it: never to be shown. */
  readonly zone: string;
}

export interface Unasked {
  readonly list: List;
  readonly kind: SubjectKind;
  readonly reason: UnknownReason;
}

export interface Plan {
  readonly askings: readonly Asking[];
  readonly unasked: readonly Unasked[];
}

/** Lists that are asked where nobody names any: not those that ended, nor those whose entries another one holds. */
export function livingLists(lists: readonly List[]): readonly List[] {
  return lists.filter(
    ({ status, within, zones }) =>
      status !== "dead" &&
      status !== "merged" &&
      within === undefined &&
      !zones.some(({ subjects }) => subjects.includes("hash")),
  );
}

export function planOf(lists: readonly List[], kinds: readonly SubjectKind[], keys: ListKeys): Plan {
  const askings: Asking[] = [];
  const unasked: Unasked[] = [];
  for (const list of lists)
    for (const kind of kinds) {
      const zones = list.zones.filter(({ subjects }) => subjects.includes(kind));
      if (list.zones.length === 0) unasked.push({ list, kind, reason: "not-by-dns" });
      else if (zones.length > 0) {
        const key = list.key === undefined ? undefined : keys.get(list.key);
        const asked = zones.filter(({ zone }) => zone.startsWith("{key}") === (key !== undefined));
        const chosen = asked.length > 0 ? asked : zones.filter(({ zone }) => !zone.startsWith("{key}"));
        if (chosen.length === 0) unasked.push({ list, kind, reason: "needs-key" });
        for (const row of chosen) askings.push({ list, row, kind, zone: row.zone.replace("{key}", key ?? "") });
      }
    }
  return { askings, unasked };
}
