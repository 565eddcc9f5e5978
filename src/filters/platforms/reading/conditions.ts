/** Conditions put together: one of these matches, and another of those; ports and protocols as ranges. */
import type { Match, Range } from "../../model.ts";
import { inBoth, isNowhere } from "./addresses.ts";

/** It holds if one of its matches does. */
export type Condition = readonly Match[];

/** Holds for every packet. */
export const always: Condition = [{}];
export const never: Condition = [];

/** So many matches may one rule have; more would be a product of lists that nobody writes by hand. */
const maxMatches = 4096;

/** All conditions at once. Too large a product becomes one that perhaps holds, for every packet. */
export function allOf(conditions: readonly Condition[]): Condition {
  let all: Condition = always;
  for (const condition of conditions) {
    if (all.length * condition.length > maxMatches) return perhaps("too many conditions at once");
    all = all.flatMap((one) => condition.flatMap((other) => meeting(one, other)));
  }
  return all;
}

/** Something is looked at that the packet does not show. */
export const perhaps = (unsure: string): Condition => [{ unsure }];

/** The same condition, which now only perhaps holds. */
export const doubted = (condition: Condition, unsure: string): Condition =>
  condition.map((match) => ({ ...match, unsure: match.unsure === undefined ? unsure : `${match.unsure}, ${unsure}` }));

/** Empty if no packet fits both. */
function meeting(a: Match, b: Match): readonly Match[] {
  const unsure = [a.unsure, b.unsure].filter((one) => one !== undefined);
  const met: { -readonly [Field in keyof Match]: Match[Field] } = { ...a, ...b };
  for (const field of ["source", "destination"] as const) {
    const [one, other] = [a[field], b[field]];
    if (one === undefined || other === undefined) continue;
    const both = inBoth(one, other);
    if (both === null) unsure.push("several lists of addresses with masks");
    else if (isNowhere(both)) return [];
    else met[field] = both;
  }
  for (const field of ["protocols", "sourcePorts", "destinationPorts"] as const) {
    const [one, other] = [a[field], b[field]];
    if (one === undefined || other === undefined) continue;
    const both = rangesInBoth(one, other);
    if (both.length === 0) return [];
    met[field] = both;
  }
  if (a.states !== undefined && b.states !== undefined) {
    met.states = a.states.filter((state) => b.states?.includes(state));
    if (met.states.length === 0) return [];
  }
  if (a.flags !== undefined && b.flags !== undefined) {
    met.flags = a.flags.flatMap((one) =>
      (b.flags ?? []).flatMap((other) =>
        ((one.value ^ other.value) & one.mask & other.mask) === 0
          ? [{ mask: one.mask | other.mask, value: one.value | other.value }]
          : [],
      ),
    );
    if (met.flags.length === 0) return [];
  }
  for (const field of ["laterFragment", "extended"] as const)
    if (a[field] !== undefined && b[field] !== undefined && a[field] !== b[field]) return [];
  return [unsure.length === 0 ? met : { ...met, unsure: [...new Set(unsure)].join(", ") }];
}

export function rangesInBoth(a: readonly Range[], b: readonly Range[]): readonly Range[] {
  return a.flatMap((one) =>
    b.flatMap((other) => {
      const first = Math.max(one.first, other.first);
      const last = Math.min(one.last, other.last);
      return first <= last ? [{ first, last }] : [];
    }),
  );
}

/** What is left of 0 to `last` without these. */
export function rangesBut(ranges: readonly Range[], last: number): readonly Range[] {
  const left: Range[] = [];
  let next = 0;
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    if (range.first > next) left.push({ first: next, last: range.first - 1 });
    next = Math.max(next, range.last + 1);
  }
  if (next <= last) left.push({ first: next, last });
  return left;
}

export const only = (first: number, last = first): Range => ({ first, last });
export const lastPort = 65535;
