/**
 * From rules to decision diagrams: what each stage does with every packet. The same compiled conditions also answer for
 * one packet, rule by rule, so that a line can be named.
 */
import type { IpSet } from "../net/ip-set.ts";
import { type Diagram, type Diagrams, no, yes } from "./diagram.ts";
import type { Action, Addresses, Asked, Chain, Crossing, Match, Names, Place, Range, Reading, Rule } from "./model.ts";
import { bitsOf, type Family, type Field, layout, maxInsides, type Packet, states } from "./packet.ts";
import { type Stretch, stretchesOf } from "./stretches.ts";

/** Outcomes, as constants of a diagram. */
export const denied: Diagram = no;
export const permitted: Diagram = yes;
/** The files do not tell. */
export const unknown: Diagram = 2;
/** The chain has not decided. */
const undecided: Diagram = 3;

/** So deep may chains jump. */
const maxDepth = 64;

/** The names of the interfaces or zones on both sides of the border. */
export interface Sides {
  /** All that mean the outside one. */
  readonly outside: readonly string[];
  /** All that mean the inside one with this number; number 0 is any that is not named. */
  readonly inside: readonly (readonly string[])[];
}

/** The sides as one reading names them; `insides` gives each number its interface, so that two readings can be compared. */
export function sidesOf(reading: Reading, outside: string | null, insides: readonly string[]): Sides {
  const aliasesOf = (name: string): readonly string[] => [name, ...reading.aliases(name)];
  return {
    outside: outside === null ? [] : aliasesOf(outside),
    inside: [[], ...insides.map(aliasesOf)],
  };
}

/** The interfaces or zones that are not the outside one, for their numbers. */
export function insidesOf(readings: readonly Reading[], outside: string | null): readonly string[] {
  const names = readings.flatMap((reading) => {
    const aliases = outside === null ? [] : [outside, ...reading.aliases(outside)];
    return reading.interfaces.filter((name) => !aliases.includes(name));
  });
  return [...new Set(names)].slice(0, maxInsides);
}

interface CompiledRule {
  /** Packets that the rule is surely about, and those that it may be about. */
  readonly sure: Diagram;
  readonly maybe: Diagram;
}

/** Why a packet comes out as it does. */
export interface Decided {
  readonly outcome: "permit" | "deny" | "unknown";
  /** The rule that settles it; null: the end of a chain, or no filter at all. */
  readonly rule: Rule | null;
  readonly place: Place | null;
  /** For `unknown`. */
  readonly why: string | null;
}

interface Walked {
  readonly rule: Rule | null;
  readonly place: Place | null;
  readonly settled: boolean;
  readonly unsure: { readonly rule: Rule; readonly why: string } | null;
}

/** A rule that could be taken away without changing anything. */
export interface Idle {
  readonly rule: Rule;
  /** `shadowed`: earlier rules take all its packets. `redundant`: they fare the same without it. */
  readonly because: "shadowed" | "redundant";
}

/** One crossing's rules, for packets of one family in one direction. */
export class Compiled {
  readonly diagrams: Diagrams;
  readonly #reading: Reading;
  readonly #asked: Asked;
  readonly #sides: Sides;
  readonly #stateful: Diagram;
  readonly #rules = new Map<Rule, CompiledRule>();
  /** Rules that were taken together with others. */
  readonly #taken = new Set<Rule>();
  readonly #chains = new Map<string, Diagram>();
  readonly #open = new Set<string>();
  readonly #idle: Idle[] = [];

  constructor(diagrams: Diagrams, reading: Reading, asked: Asked, sides: Sides) {
    this.diagrams = diagrams;
    this.#reading = reading;
    this.#asked = asked;
    this.#sides = sides;
    this.#stateful = this.match({ states: ["established", "related"] });
  }

  /** Rules without effect in the chains that were compiled. */
  get idle(): readonly Idle[] {
    return this.#idle;
  }

  /** Rules of the compiled chains that some packet of this crossing meets. */
  get met(): readonly Rule[] {
    const alone = [...this.#rules].flatMap(([rule, { sure, maybe }]) => (sure === no && maybe === no ? [] : [rule]));
    return [...new Set([...alone, ...this.#taken])];
  }

  /** Packets that the rule is surely about. */
  about(rule: Rule): Diagram {
    return this.#rule(rule).sure;
  }

  /** What becomes of every packet: `denied`, `permitted` or `unknown`. */
  crossing(crossing: Crossing): Diagram {
    if (crossing.unknown !== undefined) return unknown;
    return crossing.stages.reduce<Diagram>((before, stage) => {
      const decided = this.#chain(stage.chain);
      const after = stage.stateful ? this.diagrams.choose(this.#stateful, permitted, decided) : decided;
      return this.diagrams.combine(before, after, (first, second) =>
        first === permitted ? second : first === denied || second === denied ? denied : unknown,
      );
    }, permitted);
  }

  /** Why one packet comes out as it does. */
  decide(crossing: Crossing, packet: Packet): Decided {
    if (crossing.unknown !== undefined)
      return { outcome: "unknown", rule: null, place: crossing.place, why: crossing.unknown };
    const bits = bitsOf(packet);
    let last: Decided = { outcome: "permit", rule: null, place: crossing.place, why: null };
    // What one stage leaves open, another may still drop.
    let open: Decided | null = null;
    for (const stage of crossing.stages) {
      if (stage.stateful && this.diagrams.at(this.#stateful, bits) === yes) continue;
      const outcome = this.diagrams.at(this.#chain(stage.chain), bits);
      const step = this.#walk(stage.chain, bits);
      if (outcome === unknown) {
        const { rule, why } = step.unsure ?? {
          rule: null,
          why: "a chain that is named is not there, or leads back to itself",
        };
        open ??= { outcome: "unknown", rule, place: rule?.place ?? step.place, why };
        continue;
      }
      last = { outcome: outcome === permitted ? "permit" : "deny", rule: step.rule, place: step.place, why: null };
      if (outcome === denied) return last;
    }
    return open ?? last;
  }

  /** Packets for which the condition holds; with `unsure`, for which it may. */
  match(match: Match): Diagram {
    const { family } = this.#asked;
    const where = layout(family);
    const narrowed =
      match.laterFragment === undefined &&
      (match.sourcePorts !== undefined || match.destinationPorts !== undefined || match.flags !== undefined)
        ? { ...match, laterFragment: false } // a later fragment shows none of these
        : match;
    let then: Diagram = yes;
    const fieldIs = (field: Field, ranges: readonly Range[] | undefined): void => {
      if (ranges !== undefined) then = this.#numbers(field, ranges, then);
    };
    // From the last bits to the first, so that each part is put on top of what is there.
    if (narrowed.source !== undefined) then = this.#addresses("source", narrowed.source, then);
    if (narrowed.destination !== undefined) then = this.#addresses("destination", narrowed.destination, then);
    fieldIs("sourcePort", narrowed.sourcePorts);
    fieldIs("destinationPort", narrowed.destinationPorts);
    fieldIs("protocol", narrowed.protocols);
    if (narrowed.flags !== undefined)
      then = this.#any(
        narrowed.flags.map(({ mask, value }) =>
          this.#ternary(where.flags.first, where.flags.width, BigInt(value), BigInt(mask)),
        ),
        then,
      );
    fieldIs(
      "state",
      narrowed.states?.map((state) => ({ first: states.indexOf(state), last: states.indexOf(state) })),
    );
    const flag = (field: "extended" | "laterFragment", wanted: boolean | undefined): void =>
      fieldIs(field, wanted === undefined ? undefined : [{ first: Number(wanted), last: Number(wanted) }]);
    flag("extended", narrowed.extended);
    flag("laterFragment", narrowed.laterFragment);
    for (const [names, side] of [
      [narrowed.from, this.#asked.direction === "in" ? "outside" : "inside"],
      [narrowed.to, this.#asked.direction === "in" ? "inside" : "outside"],
    ] as const) {
      if (names === undefined) continue;
      if (side === "outside") {
        if (!holds(names, this.#sides.outside)) return no;
      } else
        fieldIs(
          "inside",
          this.#sides.inside.flatMap((aliases, number) =>
            holds(names, aliases) ? [{ first: number, last: number }] : [],
          ),
        );
    }
    return then;
  }

  #rule(rule: Rule): CompiledRule {
    const known = this.#rules.get(rule);
    if (known !== undefined) return known;
    const compiled = this.#matched(rule.matches);
    this.#rules.set(rule, compiled);
    return compiled;
  }

  /** Packets for which one of the conditions holds, and those for which one only may. */
  #matched(matches: readonly Match[]): CompiledRule {
    let sure: Diagram = no;
    let maybe: Diagram = no;
    for (const match of matches) {
      const diagram = this.match(match);
      if (match.unsure === undefined) sure = this.diagrams.or(sure, diagram);
      else maybe = this.diagrams.or(maybe, diagram);
    }
    return { sure, maybe: this.diagrams.minus(maybe, sure) };
  }

  #chain(name: string): Diagram {
    const known = this.#chains.get(name);
    if (known !== undefined) return known;
    const chain = this.#reading.chains.get(name);
    // A chain that is not there, or that leads back to itself: no kernel loads it, so nothing can be said.
    if (chain === undefined || this.#open.has(name) || this.#open.size >= maxDepth) return unknown;
    this.#open.add(name);
    const decided = chain.lastMatch === true ? this.#lastMatch(chain) : this.#firstMatch(chain);
    this.#open.delete(name);
    const end = endOf(chain);
    const diagram = end === undecided ? decided : this.diagrams.replace(decided, [denied, permitted, unknown, end]);
    this.#chains.set(name, diagram);
    return diagram;
  }

  #firstMatch(chain: Chain): Diagram {
    const { diagrams } = this;
    const stretches = stretchesOf(chain.rules, this.#asked.family);
    const shadowed = new Set<Rule>();
    /** Stretches that no earlier rule takes a packet from: all that they are about, and parts in which each rule has one. */
    const whole = new Map<Stretch, { readonly all: CompiledRule; readonly each: readonly Diagram[] }>();
    let covered: Diagram = no;
    for (const stretch of stretches) {
      if (stretch.together !== null) {
        const all = this.#matched(stretch.together.map(({ match }) => match));
        if (diagrams.and(diagrams.or(all.sure, all.maybe), covered) === no) {
          const each = stretch.together.flatMap(({ match, ofAll }) =>
            ofAll && match.unsure === undefined ? [this.match(match)] : [],
          );
          whole.set(stretch, { all, each });
          covered = diagrams.or(covered, all.sure);
          continue;
        }
      }
      for (const rule of stretch.rules) {
        const { sure, maybe } = this.#rule(rule);
        const any = diagrams.or(sure, maybe);
        if (any !== no && diagrams.implies(any, covered)) shadowed.add(rule);
        if (rule.action.kind === "permit" || rule.action.kind === "deny" || rule.action.kind === "return")
          covered = diagrams.or(covered, sure);
      }
    }
    let later: Diagram = endOf(chain);
    for (const stretch of stretches.toReversed()) {
      const outcome = stretch.rules[0]?.action.kind === "permit" ? permitted : denied;
      const taken = whole.get(stretch);
      const same = taken === undefined ? no : diagrams.where(later, outcome);
      // Each rule changes something where later rules never say the same; else each has to be looked at.
      if (taken?.each.some((part) => diagrams.and(part, same) === no)) {
        later = this.#with(taken.all, outcome, later);
        if (taken.all.sure !== no || taken.all.maybe !== no) for (const rule of stretch.met) this.#taken.add(rule);
      } else for (const rule of stretch.rules.toReversed()) later = this.#before(rule, later, shadowed.has(rule));
    }
    return later;
  }

  /** One rule in front of what is decided without it; notes it if it changes nothing. */
  #before(rule: Rule, later: Diagram, shadowed: boolean): Diagram {
    const decided = this.#with(this.#rule(rule), this.#outcome(rule.action, later), later);
    if (shadowed) this.#idle.push({ rule, because: "shadowed" });
    else if (later === decided && rule.action.kind !== "continue" && this.about(rule) !== no)
      this.#idle.push({ rule, because: "redundant" });
    return decided;
  }

  #lastMatch(chain: Chain): Diagram {
    const { diagrams } = this;
    let decided: Diagram = endOf(chain);
    let final: Diagram = no;
    for (const rule of chain.rules) {
      const { sure, maybe } = this.#rule(rule);
      const next = this.#with({ sure, maybe }, this.#outcome(rule.action, decided), decided);
      decided = diagrams.choose(final, decided, next);
      // What a quick rule only may hold for is not settled by it: a later rule may still speak, so it stays unknown.
      if (rule.quick === true) {
        final = diagrams.or(final, sure);
        if (diagrams.minus(maybe, final) !== no)
          decided = diagrams.choose(diagrams.minus(maybe, final), unknown, decided);
        final = diagrams.or(final, maybe);
      }
    }
    return decided;
  }

  /** A rule in front of (or behind) what is decided without it. */
  #with({ sure, maybe }: CompiledRule, outcome: Diagram, otherwise: Diagram): Diagram {
    const certain = this.diagrams.choose(sure, outcome, otherwise);
    if (maybe === no) return certain;
    const either = this.diagrams.combine(outcome, otherwise, (a, b) => (a === b ? a : unknown));
    return this.diagrams.choose(maybe, either, certain);
  }

  #outcome(action: Action, later: Diagram): Diagram {
    switch (action.kind) {
      case "permit":
        return permitted;
      case "deny":
        return denied;
      case "continue":
        return later;
      case "return":
        return undecided;
      case "unknown":
        return unknown;
      case "jump": {
        const inner = this.#chain(action.chain);
        return this.diagrams.choose(this.diagrams.where(inner, undecided), later, inner);
      }
      case "goto":
        return this.#chain(action.chain);
    }
  }

  /** The rule that settles one packet, and the first one on the way that leaves it open. */
  #walk(name: string, bits: (variable: number) => 0 | 1, depth = 0): Walked {
    const chain = this.#reading.chains.get(name);
    if (chain === undefined || depth > maxDepth) return { rule: null, place: null, settled: true, unsure: null };
    let unsure: Walked["unsure"] = null;
    let last: Rule | null = null;
    for (const rule of chain.rules) {
      const { sure, maybe } = this.#rule(rule);
      if (this.diagrams.at(maybe, bits) === yes)
        unsure ??= { rule, why: rule.matches.find((match) => match.unsure !== undefined)?.unsure ?? "" };
      if (this.diagrams.at(sure, bits) !== yes) continue;
      const { action } = rule;
      if (action.kind === "continue") continue;
      if (action.kind === "unknown") {
        unsure ??= { rule, why: action.why };
        continue;
      }
      if (action.kind === "return") break;
      if (action.kind === "jump" || action.kind === "goto") {
        const inner = this.#walk(action.chain, bits, depth + 1);
        unsure ??= inner.unsure;
        if (inner.settled) return { ...inner, unsure };
        if (action.kind === "goto") break;
        continue;
      }
      last = rule;
      if (chain.lastMatch !== true || rule.quick === true) break;
    }
    if (last !== null) return { rule: last, place: last.place, settled: true, unsure };
    return { rule: null, place: chain.place, settled: chain.otherwise !== "return", unsure };
  }

  #numbers(field: Field, ranges: readonly Range[], then: Diagram): Diagram {
    const { first, width } = layout(this.#asked.family)[field];
    const sorted = merged(ranges);
    const build = (depth: number, base: number): Diagram => {
      const last = base + 2 ** (width - depth) - 1;
      const touching = sorted.filter((range) => range.first <= last && range.last >= base);
      if (touching.length === 0) return no;
      if (touching.some((range) => range.first <= base && range.last >= last)) return then;
      const low = build(depth + 1, base);
      return this.diagrams.node(first + depth, low, build(depth + 1, base + 2 ** (width - depth - 1)));
    };
    return build(0, 0);
  }

  #addresses(field: "source" | "destination", { set, masked }: Addresses, then: Diagram): Diagram {
    const { family } = this.#asked;
    const { first, width } = layout(family)[field];
    const plain = this.#prefixes(first, family, set, masked.length === 0 ? then : yes);
    if (masked.length === 0) return plain;
    const all = masked
      .filter((one) => one.family === family)
      .reduce((sum, { value, care }) => this.diagrams.or(sum, this.#ternary(first, width, value, care)), plain);
    return this.diagrams.choose(all, then, no);
  }

  #any(conditions: readonly Diagram[], then: Diagram): Diagram {
    const any = conditions.reduce((sum, one) => this.diagrams.or(sum, one), no);
    return this.diagrams.choose(any, then, no);
  }

  #ternary(first: number, width: number, value: bigint, care: bigint): Diagram {
    let made: Diagram = yes;
    for (let bit = 0; bit < width; bit += 1) {
      if (((care >> BigInt(bit)) & 1n) === 0n) continue;
      const variable = first + width - 1 - bit;
      made =
        ((value >> BigInt(bit)) & 1n) === 1n
          ? this.diagrams.node(variable, no, made)
          : this.diagrams.node(variable, made, no);
    }
    return made;
  }

  /** Sorted prefixes that do not overlap become a trie; a trie with equal parts shared is the diagram. */
  #prefixes(first: number, family: Family, set: IpSet, then: Diagram): Diagram {
    const { words, lengths } = sortedPrefixes(set, family);
    const bit = (index: number, depth: number): number =>
      (words[index * 4 + (depth >>> 5)]! >>> (31 - (depth & 31))) & 1;
    const build = (from: number, to: number, depth: number): Diagram => {
      if (from === to) return no;
      if (to - from === 1) {
        let made = then;
        for (let at = lengths[from]! - 1; at >= depth; at -= 1)
          made =
            bit(from, at) === 1 ? this.diagrams.node(first + at, no, made) : this.diagrams.node(first + at, made, no);
        return made;
      }
      let low = from;
      let high = to;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (bit(middle, depth) === 1) high = middle;
        else low = middle + 1;
      }
      const left = build(from, low, depth + 1);
      return this.diagrams.node(first + depth, left, build(low, to, depth + 1));
    };
    return build(0, lengths.length, 0);
  }
}

const endOf = ({ otherwise }: Chain): Diagram =>
  otherwise === "permit" ? permitted : otherwise === "deny" ? denied : undecided;

function holds({ names, except }: Names, aliases: readonly string[]): boolean {
  return names.some((name) => aliases.some((alias) => nameFits(name, alias))) !== except;
}

/** `ppp*` and iptables' `ppp+` (which readers write as `ppp*`): the beginning decides. */
function nameFits(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function merged(ranges: readonly Range[]): readonly Range[] {
  const sorted = [...ranges].sort((a, b) => a.first - b.first);
  const result: Range[] = [];
  for (const range of sorted) {
    const before = result.at(-1);
    if (before !== undefined && range.first <= before.last + 1)
      result[result.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
    else result.push(range);
  }
  return result;
}

interface SortedPrefixes {
  /** Four words an address, the highest first. */
  readonly words: Uint32Array;
  readonly lengths: Uint8Array;
}

const prefixCache = new WeakMap<IpSet, Partial<Record<Family, SortedPrefixes>>>();

function sortedPrefixes(set: IpSet, family: Family): SortedPrefixes {
  const cached = prefixCache.get(set) ?? {};
  prefixCache.set(set, cached);
  const known = cached[family];
  if (known !== undefined) return known;
  const prefixes = set.toPrefixes().filter(({ address }) => address.family === family);
  const words = new Uint32Array(prefixes.length * 4);
  const lengths = new Uint8Array(prefixes.length);
  prefixes.forEach(({ address: { bits }, length }, index) => {
    const wide = family === 4 ? bits << 96n : bits;
    for (let word = 0; word < 4; word += 1)
      words[index * 4 + word] = Number((wide >> BigInt(96 - 32 * word)) & 0xffffffffn);
    lengths[index] = length;
  });
  const made = { words, lengths };
  cached[family] = made;
  return made;
}
