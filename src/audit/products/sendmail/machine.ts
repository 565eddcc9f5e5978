/**
 * What a Sendmail configuration is made of once it is read: macros, classes, maps, rulesets and mailers, each with the
 * line it comes from. It is the same whether it was read out of a `sendmail.cf` or put together from a `sendmail.mc`.
 */
import type { Span } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import type { RewriteRule } from "./template.ts";
import type { Operators, Tokens } from "./tokens.ts";

/** A word of a class and the line that put it there. */
export interface Member {
  readonly word: string;
  readonly where: Span | null;
}

/** `$=w`, `$={VirtHost}`: words and phrases, compared without regard to case. */
export interface WordClass {
  readonly name: string;
  readonly members: ReadonlyMap<string, Member>;
  /** A file or map that could not be read: whatever is not among the members may be. */
  readonly unread: Unknown | null;
}

/** What a map says of a key. */
export type Found =
  /** `entry`: the line it comes from, for maps that are files. `copies`: its result holds what the client wrote. */
  | { readonly kind: "found"; readonly text: string; readonly entry: Entry | null; readonly copies: boolean }
  | { readonly kind: "none" }
  | { readonly kind: "unknown"; readonly because: Unknown };

/** A line of the source of a map. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly where: Span | null;
}

/** A map of the configuration (`K`). */
export interface RewriteMap {
  readonly name: string;
  readonly where: Span | null;
  /** What it holds for a key; the arguments are what `$@` handed over: `%1`, `%2`, … */
  readonly find: (key: string, args: readonly string[], run: Running) => Found;
  /** The lines of its source; empty if it has none. */
  readonly entries: readonly Entry[];
  /** Why its lines are not known, where it should have some. */
  readonly unread: Unknown | null;
}

export type Ruleset = {
  readonly name: string;
  readonly where: Span | null;
} & (
  | { readonly rules: readonly RewriteRule[] }
  /** What the packaged macros would generate, done directly. */
  | { readonly built: (input: Tokens, run: Running) => Tokens }
);

export interface Mailer {
  readonly name: string;
  readonly path: string;
  readonly flags: string;
  readonly where: Span | null;
}

export interface Machine {
  readonly operators: Operators;
  readonly macros: ReadonlyMap<string, string>;
  readonly classes: ReadonlyMap<string, WordClass>;
  readonly maps: ReadonlyMap<string, RewriteMap>;
  /** By name in lower case; a number is a name too. */
  readonly rulesets: ReadonlyMap<string, Ruleset>;
  readonly mailers: ReadonlyMap<string, Mailer>;
}

/** Rulesets being run in one session: what a map, or what is built in, may ask. */
export interface Running {
  readonly machine: Machine;
  /** The value that a macro has now. */
  readonly macro: (name: string) => string;
  readonly setMacro: (name: string, value: string) => void;
  /** Runs a ruleset; one that does not exist changes nothing. */
  readonly call: (ruleset: string, input: Tokens) => Tokens;
  /** Asks a map; `null`: it finds nothing, or is not there. */
  readonly ask: (map: string, key: string, args: readonly string[]) => Extract<Found, { kind: "found" }> | null;
  /** The word of a class that a text is. */
  readonly isIn: (name: string, text: string) => Member | null;
  /** The tokens of a text from a file. */
  readonly tokens: (text: string) => Tokens;
  /** Notes a step that may be the reason for what comes out. */
  readonly note: (
    says: string,
    where: Span | null,
    members: readonly (Member & { readonly of: string })[],
    entries: readonly (Entry & { readonly map: string })[],
  ) => void;
}
