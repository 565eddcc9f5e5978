/**
 * Rules that follow one another and say the same of different addresses: a list of hosts and networks, as most filters
 * are. Their order among themselves does not matter, so that they can be taken as one rule about all of the addresses. Pure.
 */
import { ipSetOfRanges } from "../net/ip-set.ts";
import type { IpRange } from "../net/prefix.ts";
import type { Addresses, Match, Rule } from "./model.ts";
import type { Family } from "./packet.ts";

export interface Stretch {
  readonly rules: readonly Rule[];
  /** All of them as one condition, which one of these satisfies; null: they are taken one by one. */
  readonly together: readonly Together[] | null;
  /** Those that have addresses of the family. */
  readonly met: readonly Rule[];
}

export interface Together {
  readonly match: Match;
  /** Every rule that is met has a part in it. */
  readonly ofAll: boolean;
}

/** Fewer are not worth it. */
const least = 16;

/** A line of a router's list is one condition, or two where fragments are told apart. */
const maxMatches = 4;

type Varying = "source" | "destination";

export function stretchesOf(rules: readonly Rule[], family: Family): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let single: Rule[] = [];
  const close = (): void => {
    if (single.length > 0) stretches.push({ rules: single, together: null, met: [] });
    single = [];
  };
  for (let at = 0; at < rules.length; ) {
    const found = longest(rules, at, family);
    if (found === null) {
      single.push(rules[at] as Rule); // in bounds
      at += 1;
    } else {
      close();
      stretches.push(found);
      at += found.rules.length;
    }
  }
  close();
  return stretches;
}

/** The stretch that begins here, if it is long enough and no address stands in two of its rules. */
function longest(rules: readonly Rule[], from: number, family: Family): Stretch | null {
  for (const varying of ["destination", "source"] as const) {
    const key = keyOf(rules[from], varying);
    if (key === null) continue;
    let to = from + 1;
    while (to < rules.length && keyOf(rules[to], varying) === key) to += 1;
    if (to - from < least) continue;
    const part = rules.slice(from, to);
    const met = part.filter(({ matches }) => matches.some((match) => rangesOf(match, varying, family).length > 0));
    const together = joined(met, varying, family);
    if (together !== null) return { rules: part, together, met };
  }
  return null;
}

/** Equal for rules that differ in this field alone; null: it cannot be part of a stretch. */
function keyOf(rule: Rule | undefined, varying: Varying): string | null {
  if (rule === undefined) return null;
  const { action, quick, matches } = rule;
  if ((action.kind !== "permit" && action.kind !== "deny") || quick === true) return null;
  if (matches.length === 0 || matches.length > maxMatches) return null;
  const keys = matches.map((match) => matchKey(match, varying));
  if (keys.includes(null)) return null;
  // What only may match must be about the addresses of its own rule, or the order would matter.
  const unsure = matches.some((match) => match.unsure !== undefined);
  if (unsure && matches.some((match) => match[varying]?.set !== matches[0]?.[varying]?.set)) return null;
  return `${action.kind} ${keys.join(" or ")}`;
}

function matchKey(match: Match, varying: Varying): string | null {
  const { source, destination, ...rest } = match;
  const [one, other] = varying === "source" ? [source, destination] : [destination, source];
  if (one === undefined || one.masked.length > 0) return null;
  const fixed = other === undefined ? "" : addressesKey(other);
  return fixed === null ? null : `${fixed} ${JSON.stringify(rest)}`;
}

/** Sets of a few ranges only: comparing long ones would cost more than it saves. */
function addressesKey({ set, masked }: Addresses): string | null {
  if (masked.length > 0 || set.ranges.length > 4) return null;
  return set.ranges.map(({ family, first, last }) => `${family}/${first}/${last}`).join(",");
}

function joined(rules: readonly Rule[], varying: Varying, family: Family): readonly Together[] | null {
  const together: Together[] = [];
  for (const [at, match] of (rules[0]?.matches ?? []).entries()) {
    const parts = rules.map(({ matches }) => rangesOf(matches[at], varying, family));
    const all: readonly IpRange[] = parts.flat();
    const sorted = all.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
    // What stands in two of them makes one of them idle, which has to be told of that one.
    if (sorted.some((range, index) => index > 0 && range.first <= (sorted[index - 1] as IpRange).last)) return null;
    together.push({
      match: { ...match, [varying]: { set: ipSetOfRanges(all), masked: [] } },
      ofAll: parts.every((ranges) => ranges.length > 0),
    });
  }
  return together;
}

const rangesOf = (match: Match | undefined, varying: Varying, family: Family): readonly IpRange[] =>
  (match?.[varying]?.set.ranges ?? []).filter((range) => range.family === family);
