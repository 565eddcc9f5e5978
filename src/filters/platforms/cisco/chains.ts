/** Lists as chains of rules, and the same lists where what they permit is something else's condition. */
import type { Action, Chain, Place, Rule, Trouble } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { type Dialect, matchesOf, readEntry, readStandardEntry } from "./entry.ts";
import { placeOf } from "./lines.ts";
import type { DraftEntry, DraftList } from "./lists.ts";
import type { Parts } from "./parts.ts";
import { Words } from "./words.ts";

/** The rule of an entry, and a trouble for what is not understood in it. */
export function ruleOf(
  { words: texts, place, problem }: DraftEntry,
  dialect: Dialect,
  troubles: Trouble[],
  read: (words: Words, dialect: Dialect) => Parts = readEntry,
): { readonly rule: Rule; readonly parts: Parts | null } {
  const words = new Words(texts);
  const action = words.next().toLowerCase();
  if (action !== "permit" && action !== "deny") {
    const says = `This line of a list is not understood.`;
    troubles.push({ place: placeOf(place), says });
    return {
      rule: { matches: [{}], action: { kind: "unknown", why: "the line is not understood" }, place: placeOf(place) },
      parts: null,
    };
  }
  const parts = read(words, dialect);
  if (problem !== null) words.problems.push(problem);
  if (words.problems.length > 0)
    troubles.push({ place: placeOf(place), says: `Not understood: ${words.problems.join("; ")}.` });
  const matches = matchesOf(parts, { action, words, later: dialect.laterFragments });
  return { rule: { matches, action: { kind: action }, place: placeOf(place) }, parts };
}

export const readerOf = ({ standard }: DraftList): ((words: Words, dialect: Dialect) => Parts) =>
  standard ? readStandardEntry : readEntry;

/** What the device does behind the last entry. */
export const implicit = (file: string, text: string): Place => ({ file, line: 0, text });

/** Neighbour discovery passes lists of IPv6 unless an entry of theirs denies it. */
export function implicitNeighbours(file: string, types: readonly (readonly [string, number])[]): readonly Rule[] {
  return types.map(([name, type]) => ({
    matches: [
      { protocols: [{ first: 58, last: 58 }], destinationPorts: [{ first: type * 256, last: type * 256 + 255 }] },
    ],
    action: { kind: "permit" },
    place: implicit(file, `implicit permit icmp any any ${name}`),
  }));
}

export const neighbours = [
  ["nd-na", 136],
  ["nd-ns", 135],
] as const;

/** The list as a condition: what it permits meets `action`, what it denies is passed over. */
export function asCondition(name: string, { rules, place }: Chain, action: Action): Chain {
  return {
    name,
    rules: rules.map((rule) => ({
      ...rule,
      action: rule.action.kind === "permit" ? action : rule.action.kind === "deny" ? { kind: "return" } : rule.action,
    })),
    otherwise: "return",
    place,
  };
}

/** Names of chains: a list's own name; where both families have one of a name, the second says its family. */
export function chainNames(lists: readonly DraftList[]): (name: string, family: Family) => string {
  const both = new Set(lists.filter(({ family }) => family === 4).map(({ name }) => name));
  return (name, family) => (family === 6 && both.has(name) ? `${name} (IPv6)` : name);
}
