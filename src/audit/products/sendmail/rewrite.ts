/**
 * Runs rulesets as sendmail does (Installation and Operation Guide §5.1): patterns match the least they can and take
 * more if the rest asks for it, a rule is repeated while it matches, `$>` calls a ruleset with the rest of the line, and
 * a workspace that begins with `$#` ends the ruleset. Bounded: beyond its steps nothing is told.
 */
import type { Span } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import type { Entry, Found, Machine, Member, Running } from "./machine.ts";
import { type MatchAsks, matchPattern } from "./match.ts";
import type { Part, RewriteRule } from "./template.ts";
import { sign, type Tokens, textOf, tokensOf } from "./tokens.ts";

/** Thrown where the files cannot tell; caught by whoever asked a ruleset. */
export class Untold extends Error {
  readonly because: Unknown;
  constructor(because: Unknown) {
    super(because.unknown);
    this.because = because;
  }
}

/** Something that happened on the way and can be the reason for what came out. */
export interface Happened {
  readonly ruleset: string;
  /** `null`: not a rule but a step of what is built in. */
  readonly rule: RewriteRule | null;
  readonly says: string;
  readonly where: Span | null;
  readonly members: readonly (Member & { readonly of: string })[];
  readonly entries: readonly (Entry & { readonly map: string })[];
}

/** A macro's value during a session; an unknown one is one only if somebody looks at it. */
export type MacroValue = string | Unknown;

interface Remembered {
  readonly reads: readonly (readonly [string, MacroValue])[];
  readonly result: Tokens;
  readonly happened: readonly Happened[];
}

/** What calls of rulesets gave, for as long as the macros that they looked at are the same; one for an audit. */
export interface Memory {
  readonly calls: Map<string, Remembered[]>;
  /** Steps of all sessions together. */
  spent: number;
}

export const newMemory = (): Memory => ({ calls: new Map(), spent: 0 });

const maxSteps = 60_000;
const maxSpent = 150_000_000;
const maxLoops = 100;
/** The option `MaxRuleRecursion`. */
const maxDepth = 50;
const maxWorkspace = 1500;
const maxMemory = 20_000;

export class Rewriting implements Running {
  readonly machine: Machine;
  readonly happened: Happened[] = [];
  readonly #macros: Map<string, MacroValue>;
  readonly #memory: Memory;
  #reads = new Map<string, MacroValue>();
  #changed = false;
  #steps = 0;
  #depth = 0;
  #ruleset = "";
  readonly #asks: MatchAsks = {
    step: () => this.#step(1),
    macro: (name) => this.macro(name),
    memberOf: (name, phrase) => this.#memberOf(name, phrase),
  };

  constructor(machine: Machine, macros: ReadonlyMap<string, MacroValue>, memory: Memory) {
    this.machine = machine;
    this.#macros = new Map(macros);
    this.#memory = memory;
  }

  /** The value that a macro has now. */
  macro(name: string): string {
    const value = this.#macros.get(name) ?? this.machine.macros.get(name) ?? "";
    this.#reads.set(name, value);
    if (typeof value !== "string") throw new Untold(value);
    return value;
  }

  /** Sets a macro, as the map of type `macro` does. */
  setMacro(name: string, value: string): void {
    this.#macros.set(name, value);
    this.#changed = true;
  }

  /** Notes a step of what is built in. */
  note(says: string, where: Span | null, members: Happened["members"], entries: Happened["entries"]): void {
    this.happened.push({ ruleset: this.#ruleset, rule: null, says, where, members, entries });
  }

  /** Runs a ruleset; one that does not exist changes nothing. */
  call(name: string, input: Tokens): Tokens {
    const ruleset = this.machine.rulesets.get(name.toLowerCase());
    if (ruleset === undefined) return input;
    const key = `${ruleset.name}\u0002${input.join("\u0002")}`;
    const known = this.#memory.calls
      .get(key)
      ?.find(({ reads }) => reads.every(([macro, value]) => this.#now(macro) === value));
    if (known !== undefined) {
      for (const [macro, value] of known.reads) this.#reads.set(macro, value);
      this.happened.push(...known.happened);
      return known.result;
    }
    if (this.#depth >= maxDepth) this.#giveUp(`the ruleset ${name}, which calls itself without end`, ruleset.where);
    const outer = { reads: this.#reads, changed: this.#changed, ruleset: this.#ruleset };
    this.#reads = new Map();
    this.#changed = false;
    this.#ruleset = ruleset.name;
    this.#depth += 1;
    const from = this.happened.length;
    let result: Tokens;
    try {
      result = "built" in ruleset ? ruleset.built(input, this) : this.#apply(ruleset.rules, input);
    } finally {
      this.#depth -= 1;
      this.#ruleset = outer.ruleset;
      for (const [macro, value] of this.#reads) outer.reads.set(macro, value);
    }
    if (!this.#changed) this.#remember(key, { reads: [...this.#reads], result, happened: this.happened.slice(from) });
    this.#reads = outer.reads;
    this.#changed ||= outer.changed;
    return result;
  }

  #now(macro: string): MacroValue {
    return this.#macros.get(macro) ?? this.machine.macros.get(macro) ?? "";
  }

  #remember(key: string, made: Remembered): void {
    if (this.#memory.calls.size >= maxMemory) this.#memory.calls.clear();
    const list = this.#memory.calls.get(key);
    if (list === undefined) this.#memory.calls.set(key, [made]);
    else {
      if (list.length >= 32) list.shift();
      list.push(made);
    }
  }

  #giveUp(unknown: string, where: Span | null): never {
    throw new Untold({ unknown, where });
  }

  #apply(rules: readonly RewriteRule[], input: Tokens): Tokens {
    let space = input;
    let loops = 0;
    for (let number = 0; number < rules.length; ) {
      const rule = rules[number] as RewriteRule; // the index is in bounds
      this.#step(1);
      if (rule.strange) this.#giveUp(`the rule "${rule.says.slice(0, 60)}", which is not understood`, rule.where);
      const matched = matchPattern(rule.left, space, this.#asks);
      if (matched === null) {
        number += 1;
        loops = 0;
        continue;
      }
      loops += 1;
      if (loops > maxLoops) this.#giveUp("a rule that is repeated without end", rule.where);
      const entries: (Entry & { map: string })[] = [];
      space = this.#build(rule, matched.parts, entries);
      const { says, where } = rule;
      this.happened.push({ ruleset: this.#ruleset, rule, says, where, members: matched.members, entries });
      if (this.happened.length > 3000) this.#giveUp("rules that go on and on", rule.where);
      if (space.length > maxWorkspace) this.#giveUp("a rule that makes its text longer and longer", rule.where);
      if (rule.repeat === "return" || space[0] === sign.mailer) return space;
      if (rule.repeat === "once") {
        number += 1;
        loops = 0;
      }
    }
    return space;
  }

  #step(count: number): void {
    this.#steps += count;
    this.#memory.spent += count;
    if (this.#steps > maxSteps || this.#memory.spent > maxSpent)
      this.#giveUp("rules that take more steps than an audit follows", null);
  }

  /** The member of a class that a phrase is. */
  #memberOf(name: string, phrase: Tokens): Member | null {
    const known = this.machine.classes.get(name);
    if (known === undefined) return null;
    const text = textOf(phrase, this.machine.operators, "").toLowerCase();
    const member = known.members.get(text);
    if (member === undefined && known.unread !== null) throw new Untold(known.unread);
    return member ?? null;
  }

  /** Asks a map, for what is built in; `null`: it finds nothing, or is not there. */
  ask(name: string, key: string, args: readonly string[]): Extract<Found, { kind: "found" }> | null {
    const found = this.machine.maps.get(name)?.find(key, args, this);
    if (found?.kind === "unknown") throw new Untold(found.because);
    return found?.kind === "found" ? found : null;
  }

  /** Whether a text is in a class, for what is built in. */
  isIn(name: string, text: string): Member | null {
    const known = this.machine.classes.get(name);
    const member = known?.members.get(text.toLowerCase());
    if (member === undefined && known !== undefined && known.unread !== null) throw new Untold(known.unread);
    return member ?? null;
  }

  #build(rule: RewriteRule, parts: readonly Tokens[], entries: (Entry & { map: string })[]): Tokens {
    const built: Built[] = [];
    for (const part of rule.right) {
      if (part.kind === "text") built.push(part.token);
      else if (part.kind === "ref") built.push(...(parts[part.number - 1] ?? []));
      else if (part.kind === "now") built.push(...this.tokens(this.macro(part.name)));
      else built.push(part);
    }
    const looked: Built[] = [];
    for (let at = 0; at < built.length; at += 1) {
      const one = built[at] as Built; // the index is in bounds
      if (typeof one === "string" || (one.kind !== "map" && one.kind !== "canonical")) {
        looked.push(one);
        continue;
      }
      const end = one.kind === "map" ? "end-map" : "end-canonical";
      const inner: string[] = [];
      for (at += 1; at < built.length; at += 1) {
        const next = built[at] as Built; // the index is in bounds
        if (typeof next !== "string") {
          if (next.kind === end) break;
          this.#giveUp(`the rule "${rule.says.slice(0, 60)}", which is not understood`, rule.where);
        }
        inner.push(next as string);
      }
      looked.push(...this.#lookUp(one.kind === "map" ? (inner.shift() ?? "") : "host", inner, rule, entries));
    }
    return this.#callFrom(looked, 0, rule);
  }

  /** `$>` takes the rest of the line, in which further calls come first. */
  #callFrom(built: readonly Built[], from: number, rule: RewriteRule): Tokens {
    const at = built.findIndex((one, index) => index >= from && typeof one !== "string");
    if (at < 0) return built.slice(from) as string[]; // only texts are left
    const sort = built[at] as Part;
    const name = built[at + 1];
    if (sort.kind !== "call" || typeof name !== "string")
      this.#giveUp(`the rule "${rule.says.slice(0, 60)}", which is not understood`, rule.where);
    const rest = this.#callFrom(built, at + 2, rule);
    const head = built.slice(from, at) as string[]; // what is no text comes later
    return [...head, ...this.call(name.replace(/^"(.*)"$/, "$1"), rest)];
  }

  #lookUp(name: string, inner: Tokens, rule: RewriteRule, entries: (Entry & { map: string })[]): Tokens {
    const { operators } = this.machine;
    const text = (tokens: Tokens): string => textOf(tokens, operators, this.blank);
    const key: string[] = [];
    const args: string[][] = [];
    let otherwise: string[] | null = null;
    let into = key;
    for (const token of inner) {
      if (token === sign.host && otherwise === null) {
        into = [];
        args.push(into);
      } else if (token === sign.user && otherwise === null) {
        otherwise = [];
        into = otherwise;
      } else into.push(token);
    }
    const map = this.machine.maps.get(name.toLowerCase());
    // A map that is nowhere defined finds nothing.
    const found = map?.find(text(key), args.map(text), this);
    switch (found?.kind) {
      case "unknown":
        this.#giveUp(found.because.unknown, found.because.where ?? rule.where);
        break;
      case "found":
        if (found.entry !== null) entries.push({ ...found.entry, map: name });
        return this.tokens(found.text);
      default:
    }
    return otherwise ?? key;
  }

  /** What stands between two words that a map is asked for. */
  get blank(): string {
    return this.machine.macros.get("\u0001blank") ?? ".";
  }

  /** The tokens of a text from a file; one that cannot be split is one token. */
  tokens(text: string): Tokens {
    return tokensOf(text, this.machine.operators) ?? [text];
  }
}

type Built = string | Part;
