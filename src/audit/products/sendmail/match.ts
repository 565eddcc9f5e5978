/**
 * Matches the left side of a rule with a workspace: every wildcard takes the least that it can, from left to right, and
 * more only if the rest does not fit (Installation and Operation Guide §5.1.1).
 */
import type { Member } from "./machine.ts";
import type { Part } from "./template.ts";
import type { Tokens } from "./tokens.ts";

/** What a match asks whoever runs it. */
export interface MatchAsks {
  /** Called for every comparison, so that it can be stopped. */
  readonly step: () => void;
  /** The value of a macro now. */
  readonly macro: (name: string) => string;
  /** The word of a class that a phrase is; `null`: none. */
  readonly memberOf: (name: string, phrase: Tokens) => Member | null;
}

export type MatchedMember = Member & { readonly of: string };

export interface Matched {
  /** What each wildcard took, in order: `$1`, `$2`, … */
  readonly parts: readonly Tokens[];
  readonly members: readonly MatchedMember[];
}

/** No phrase of a class is longer. */
const maxPhrase = 40;

export function matchPattern(pattern: readonly Part[], space: Tokens, asks: MatchAsks): Matched | null {
  const parts: Tokens[] = [];
  const members: MatchedMember[] = [];
  // A place in the pattern and one in the text that did not fit together never do.
  const failed = new Set<number>();
  const width = space.length + 1;

  const from = (at: number, token: number): boolean => {
    const part = pattern[at];
    if (part === undefined) return token === space.length;
    const state = at * width + token;
    if (failed.has(state)) return false;
    asks.step();
    if (here(part, at, token)) return true;
    failed.add(state);
    return false;
  };

  /** Gives a stretch to a wildcard, and sees whether the rest fits. */
  const take = (at: number, token: number, until: number): boolean => {
    parts.push(space.slice(token, until));
    if (from(at + 1, until)) return true;
    parts.pop();
    return false;
  };

  const here = (part: Part, at: number, token: number): boolean => {
    const first = space[token];
    switch (part.kind) {
      case "text":
        return first !== undefined && sameText(first, part.token) && from(at + 1, token + 1);
      case "zero":
        return from(at + 1, token);
      case "one":
        return first !== undefined && take(at, token, token + 1);
      case "any":
      case "some":
        for (let until = part.kind === "any" ? token : token + 1; until <= space.length; until += 1)
          if (take(at, token, until)) return true;
        return false;
      case "class":
        return part.negated ? other(part.name, at, token) : phrase(part.name, at, token);
      case "now":
        return value(part.name, at, token);
      default:
        return false; // signs of the right side
    }
  };

  const other = (name: string, at: number, token: number): boolean =>
    token < space.length && asks.memberOf(name, space.slice(token, token + 1)) === null && take(at, token, token + 1);

  const phrase = (name: string, at: number, token: number): boolean => {
    for (let until = token + 1; until <= space.length && until - token <= maxPhrase; until += 1) {
      const member = asks.memberOf(name, space.slice(token, until));
      if (member === null) continue;
      members.push({ ...member, of: name });
      if (take(at, token, until)) return true;
      members.pop();
    }
    return false;
  };

  const value = (name: string, at: number, token: number): boolean => {
    const wanted = asks.macro(name).toLowerCase();
    let read = "";
    let until = token;
    for (; read.length < wanted.length && until < space.length; until += 1)
      read += (space[until] as string).toLowerCase(); // the index is in bounds
    return read === wanted && from(at + 1, until);
  };

  return from(0, 0) ? { parts, members } : null;
}

const sameText = (a: string, b: string): boolean => a === b || a.toLowerCase() === b.toLowerCase();
