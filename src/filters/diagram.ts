/**
 * Decision diagrams: functions from bits to a few outcomes, each held once, as a graph whose nodes ask for one bit
 * (Bryant, "Graph-Based Algorithms for Boolean Function Manipulation", 1986; with several terminals: MTBDDs). Two
 * functions are equal exactly if they are the same number, so that "is there a packet that …" is answered for all
 * packets at once, and an answer is a packet. A condition on bits may have holes in it (a wildcard mask that is no
 * prefix), which ranges of addresses cannot hold.
 */

/** A function; a number below `terminals` is a constant. */
export type Diagram = number;

/** So many outcomes there are, numbered from 0. As a condition, 0 is "no" and 1 is "yes". */
const terminals = 8;

export const no: Diagram = 0;
export const yes: Diagram = 1;

/** More nodes than a filter of 100,000 lines needs: what goes beyond is not decided (`TooLarge`). */
const maxNodes = 48_000_000;

/** The filter is so tangled that it cannot be decided within bounds. */
export class TooLarge extends Error {
  constructor() {
    super(`more than ${maxNodes} nodes are needed to decide this filter`);
  }
}

/** The cache of results grows with the diagrams, up to so many entries; an entry that is overwritten is made again. */
const leastCache = 1 << 12;
const mostCache = 1 << 18;

const mix = (a: number, b: number, c: number): number => {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
};

/** A store of diagrams; diagrams of different stores have nothing to do with each other. */
export class Diagrams {
  #variable = new Int32Array(1 << 14);
  #low = new Int32Array(1 << 14);
  #high = new Int32Array(1 << 14);
  /** Open addressing: the number of a node, or 0. */
  #table = new Int32Array(1 << 15);
  #count = terminals;
  #ifKeys = new Int32Array(3 * leastCache).fill(-1);
  #ifValues = new Int32Array(leastCache);

  /** How many nodes were made so far. */
  get size(): number {
    return this.#count;
  }

  /** The bit a node asks for; beyond every bit for a constant. */
  variableOf(diagram: Diagram): number {
    return diagram < terminals ? 0x7fffffff : this.#variable[diagram]!;
  }

  /** The function if the first bit that this one asks for is 0, or 1. */
  branch(diagram: Diagram, bit: 0 | 1): Diagram {
    return bit === 0 ? this.#low[diagram]! : this.#high[diagram]!;
  }

  /** The function that asks for `variable` first. All that the branches ask for comes after it. */
  node(variable: number, low: Diagram, high: Diagram): Diagram {
    if (low === high) return low;
    const mask = this.#table.length - 1;
    let at = mix(variable, low, high) & mask;
    for (let found = this.#table[at]!; found !== 0; found = this.#table[at]!) {
      if (this.#variable[found] === variable && this.#low[found] === low && this.#high[found] === high) return found;
      at = (at + 1) & mask;
    }
    const made = this.#count;
    if (made >= maxNodes) throw new TooLarge();
    if (made === this.#variable.length) this.#grow();
    this.#variable[made] = variable;
    this.#low[made] = low;
    this.#high[made] = high;
    this.#table[at] = made;
    this.#count += 1;
    if (this.#count * 2 > this.#table.length) this.#rehash();
    return made;
  }

  #grow(): void {
    const larger = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(from.length * 4);
      to.set(from);
      return to;
    };
    this.#variable = larger(this.#variable);
    this.#low = larger(this.#low);
    this.#high = larger(this.#high);
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * 4);
    const mask = table.length - 1;
    for (let node = terminals; node < this.#count; node += 1) {
      let at = mix(this.#variable[node]!, this.#low[node]!, this.#high[node]!) & mask;
      while (table[at] !== 0) at = (at + 1) & mask;
      table[at] = node;
    }
    this.#table = table;
    if (this.#ifValues.length < Math.min(mostCache, table.length / 4)) {
      this.#ifKeys = new Int32Array(6 * this.#ifValues.length).fill(-1);
      this.#ifValues = new Int32Array(2 * this.#ifValues.length);
    }
  }

  /** `condition` (only 0 and 1) decides between two functions. */
  choose(condition: Diagram, then: Diagram, otherwise: Diagram): Diagram {
    if (condition === yes || then === otherwise) return then;
    if (condition === no) return otherwise;
    if (then === yes && otherwise === no) return condition;
    const hash = mix(condition, then, otherwise);
    const known = hash & (this.#ifValues.length - 1);
    if (
      this.#ifKeys[known * 3] === condition &&
      this.#ifKeys[known * 3 + 1] === then &&
      this.#ifKeys[known * 3 + 2] === otherwise
    )
      return this.#ifValues[known]!;
    const variable = Math.min(this.variableOf(condition), this.variableOf(then), this.variableOf(otherwise));
    const low = this.choose(
      this.#cofactor(condition, variable, 0),
      this.#cofactor(then, variable, 0),
      this.#cofactor(otherwise, variable, 0),
    );
    const high = this.choose(
      this.#cofactor(condition, variable, 1),
      this.#cofactor(then, variable, 1),
      this.#cofactor(otherwise, variable, 1),
    );
    const made = this.node(variable, low, high);
    const slot = hash & (this.#ifValues.length - 1); // the cache may have grown
    this.#ifKeys[slot * 3] = condition;
    this.#ifKeys[slot * 3 + 1] = then;
    this.#ifKeys[slot * 3 + 2] = otherwise;
    this.#ifValues[slot] = made;
    return made;
  }

  #cofactor(diagram: Diagram, variable: number, bit: 0 | 1): Diagram {
    return this.variableOf(diagram) === variable ? this.branch(diagram, bit) : diagram;
  }

  and(a: Diagram, b: Diagram): Diagram {
    return this.choose(a, b, no);
  }

  or(a: Diagram, b: Diagram): Diagram {
    return this.choose(a, yes, b);
  }

  not(a: Diagram): Diagram {
    return this.choose(a, no, yes);
  }

  minus(a: Diagram, b: Diagram): Diagram {
    return this.choose(b, no, a);
  }

  /** Whether `b` holds wherever `a` does: found without making a node, and at the first point where it does not. */
  implies(a: Diagram, b: Diagram): boolean {
    const holding = new Set<number>();
    const visit = (x: Diagram, y: Diagram): boolean => {
      if (x === no || y === yes || x === y) return true;
      if (x === yes || y === no) return false; // neither is a constant function but these
      const pair = x * maxNodes + y;
      if (holding.has(pair)) return true;
      const variable = Math.min(this.variableOf(x), this.variableOf(y));
      if (!visit(this.#cofactor(x, variable, 0), this.#cofactor(y, variable, 0))) return false;
      if (!visit(this.#cofactor(x, variable, 1), this.#cofactor(y, variable, 1))) return false;
      holding.add(pair);
      return true;
    };
    return visit(a, b);
  }

  /** Another outcome in the place of each: `outcomes[n]` stands where `n` stood. */
  replace(diagram: Diagram, outcomes: readonly Diagram[]): Diagram {
    const done = new Map<Diagram, Diagram>();
    const visit = (at: Diagram): Diagram => {
      if (at < terminals) return outcomes[at] ?? at;
      const known = done.get(at);
      if (known !== undefined) return known;
      const made = this.choose(this.node(this.#variable[at]!, no, yes), visit(this.#high[at]!), visit(this.#low[at]!));
      done.set(at, made);
      return made;
    };
    return visit(diagram);
  }

  /** Where the function comes out as this. */
  where(diagram: Diagram, outcome: Diagram): Diagram {
    const outcomes = new Array<Diagram>(terminals).fill(no);
    outcomes[outcome] = yes;
    return this.replace(diagram, outcomes);
  }

  /** One outcome out of two, at every point. */
  combine(a: Diagram, b: Diagram, outcome: (a: number, b: number) => number): Diagram {
    const done = new Map<number, Map<number, Diagram>>();
    const visit = (x: Diagram, y: Diagram): Diagram => {
      if (x < terminals && y < terminals) return outcome(x, y);
      const row = done.get(x) ?? new Map<number, Diagram>();
      if (row.size === 0) done.set(x, row);
      const known = row.get(y);
      if (known !== undefined) return known;
      const variable = Math.min(this.variableOf(x), this.variableOf(y));
      const made = this.node(
        variable,
        visit(this.#cofactor(x, variable, 0), this.#cofactor(y, variable, 0)),
        visit(this.#cofactor(x, variable, 1), this.#cofactor(y, variable, 1)),
      );
      row.set(y, made);
      return made;
    };
    return visit(a, b);
  }

  /** The outcome at one point. */
  at(diagram: Diagram, bit: (variable: number) => 0 | 1): number {
    let at = diagram;
    while (at >= terminals) at = this.branch(at, bit(this.#variable[at]!));
    return at;
  }

  /**
   * A point at which the condition holds, as the bits that matter: `preferred` where there is a choice. Null if there
   * is none.
   */
  witness(condition: Diagram, preferred: (variable: number) => 0 | 1): ReadonlyMap<number, 0 | 1> | null {
    if (condition === no) return null;
    const bits = new Map<number, 0 | 1>();
    let at = condition;
    // Every node of a condition leads to "yes" on one branch at least, or it would be "no" itself.
    while (at >= terminals) {
      const variable = this.#variable[at]!;
      const wish = preferred(variable);
      const bit = this.branch(at, wish) === no ? ((1 - wish) as 0 | 1) : wish;
      bits.set(variable, bit);
      at = this.branch(at, bit);
    }
    return bits;
  }
}
