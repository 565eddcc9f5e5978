/** What names of address objects stand for: addresses that surely are meant, and others that perhaps are. */
import { ipSet } from "../../../net/ip-set.ts";
import { either, plain } from "../../addresses.ts";
import type { Addresses } from "../../model.ts";
import { anyAddress, butNot, isNowhere } from "./addresses.ts";
import { type Condition, perhaps } from "./conditions.ts";

export interface Meant {
  readonly sure: Addresses;
  /** Beyond the sure ones; `where` null: any address. */
  readonly doubt: { readonly where: Addresses | null; readonly why: string } | null;
}

export const nobody: Meant = { sure: plain(ipSet([])), doubt: null };
export const surely = (sure: Addresses): Meant => ({ sure, doubt: null });
export const anyone: Meant = surely(anyAddress);
/** A name that stands for addresses that the files do not tell. */
export const unclear = (why: string): Meant => ({ ...nobody, doubt: { where: null, why } });

export function union(all: readonly Meant[]): Meant {
  const doubts = all.flatMap(({ doubt }) => (doubt === null ? [] : [doubt]));
  const where = doubts.some((doubt) => doubt.where === null)
    ? null
    : either(doubts.map((doubt) => doubt.where as Addresses)); // none is null
  const why = [...new Set(doubts.map((doubt) => doubt.why))].slice(0, 4).join(", ");
  return { sure: either(all.map(({ sure }) => sure)), doubt: doubts.length === 0 ? null : { where, why } };
}

/** All others. */
export function negated({ sure, doubt }: Meant): Meant {
  const rest = butNot(sure);
  if (rest === null) return unclear("a negated list of addresses with masks");
  if (doubt === null) return surely(rest);
  const doubtful = doubt.where === null ? null : butNot(doubt.where);
  if (doubt.where === null || doubtful === null) return { ...nobody, doubt: { where: rest, why: doubt.why } };
  return { sure: plain(rest.set.intersect(doubtful.set)), doubt };
}

/** As a condition on one side of the packet. */
export function conditionOn(side: "source" | "destination", { sure, doubt }: Meant): Condition {
  return [
    ...(isNowhere(sure) ? [] : [sure.set.complement().isEmpty ? {} : { [side]: sure }]),
    ...(doubt === null ? [] : doubt.where === null ? perhaps(doubt.why) : [{ [side]: doubt.where, unsure: doubt.why }]),
  ];
}
