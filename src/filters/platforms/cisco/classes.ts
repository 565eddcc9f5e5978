/**
 * Classes of packets (`class-map`, `vlan access-map`) as rules: what falls into the class meets an action, everything
 * else is passed over.
 */
import type { Action, Chain, Match, Place, Rule } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { asCondition } from "./chains.ts";

export type Criterion = { readonly place: Place } & (
  | { readonly kind: "list"; readonly name: string }
  | { readonly kind: "matches"; readonly matches: readonly Match[] }
  | { readonly kind: "class"; readonly name: string }
  /** It looks at something that the model does not hold, or is not understood. */
  | { readonly kind: "open"; readonly why: string }
);

export interface ClassMap {
  readonly name: string;
  /** A packet must fit all criteria; otherwise one of them. */
  readonly all: boolean;
  readonly criteria: Criterion[];
  readonly place: Place;
}

/** A list of the family; `missing`: there is none of the name at all; null: it is of the other family. */
export type FindList = (name: string, family: Family) => Chain | "missing" | null;

/** So deep may classes stand in classes. */
const maxDepth = 8;

export class Classes {
  readonly maps = new Map<string, ClassMap>();
  readonly #chains: Map<string, Chain>;
  readonly #find: FindList;

  /** Chains that are needed on the way are put beside those that there are. */
  constructor(chains: Map<string, Chain>, find: FindList) {
    this.#chains = chains;
    this.#find = find;
  }

  rulesOf(name: string, family: Family, action: Action, depth = 0): readonly Rule[] {
    const map = this.maps.get(name);
    if (map === undefined || depth > maxDepth) {
      const why = map === undefined ? `class ${name} is not in the configuration` : "classes in classes, too deep";
      return [
        { matches: [{ unsure: why }], action, place: map?.place ?? { file: "", line: 0, text: `class-map ${name}` } },
      ];
    }
    const { criteria } = map;
    if (!map.all) return criteria.flatMap((criterion) => this.criterion(criterion, family, action, depth));
    // From the last to the first: each criterion leads on to the next, the last one to the action.
    let then = action;
    let rules: readonly Rule[] = [];
    for (let index = criteria.length - 1; index >= 0; index -= 1) {
      const criterion = criteria[index]!;
      rules = this.criterion(criterion, family, then, depth);
      if (index > 0) then = { kind: "goto", chain: this.#keep(`class ${name} #${index}`, family, then, rules) };
    }
    return rules;
  }

  /** What fits the criterion meets the action. */
  criterion(criterion: Criterion, family: Family, action: Action, depth = 0): readonly Rule[] {
    const { place } = criterion;
    const rule = (...matches: readonly Match[]): readonly Rule[] => [{ matches, action, place }];
    switch (criterion.kind) {
      case "matches":
        return rule(...criterion.matches);
      case "open":
        return rule({ unsure: criterion.why });
      case "class": {
        const inner = this.rulesOf(criterion.name, family, action, depth + 1);
        const chain = this.#keep(`class ${criterion.name}`, family, action, inner);
        return [{ matches: [{}], action: { kind: "jump", chain }, place }];
      }
      case "list": {
        const list = this.#find(criterion.name, family);
        if (list === null) return [];
        if (list === "missing") return rule({ unsure: `list ${criterion.name} is not in the configuration` });
        const name = `${list.name} as a condition, IPv${family}: ${keyOf(action)}`;
        if (!this.#chains.has(name)) this.#chains.set(name, asCondition(name, list, action));
        return [{ matches: [{}], action: { kind: "jump", chain: name }, place }];
      }
    }
  }

  #keep(what: string, family: Family, action: Action, rules: readonly Rule[]): string {
    const name = `${what}, IPv${family}: ${keyOf(action)}`;
    this.#chains.set(name, { name, rules, otherwise: "return", place: null });
    return name;
  }
}

const keyOf = (action: Action): string => ("chain" in action ? `${action.kind} ${action.chain}` : action.kind);
