/** Junos firewall filters as chains: terms in order, and the discard that no term says. */
import type { Action, Chain, Rule } from "../../model.ts";
import type { Family } from "../../packet.ts";
import type { Draft } from "../reading/draft.ts";
import { active, at, latest, type Node } from "../tree/node.ts";
import { conditionOf } from "./from.ts";
import { PrefixLists } from "./prefix-lists.ts";

/** Beside a terminating action these change nothing about what passes; alone they imply accept. */
const modifiers = new Set([
  ...[
    "count",
    "traffic-class-count",
    "log",
    "syslog",
    "policer",
    "three-color-policer",
    "hierarchical-policer",
    "forwarding-class",
  ],
  ...["loss-priority", "sample", "port-mirror", "port-mirror-instance", "dscp", "traffic-class", "prefix-action"],
  ...["service-accounting", "service-accounting-deferred", "service-filter-hit", "clear-policy-map", "policy-map"],
  ...["force-premium", "exclude-accounting", "l2-mirror", "analyzer", "ipsec-sa", "virtual-channel", "packet-capture"],
  ...["load-balance", "no-decrement-ttl", "skip-services", "packet-mode", "sample-action", "vlan", "set-src-class"],
]);

/** The packet goes on, by another way. */
const elsewhere = new Set([
  ...["routing-instance", "topology", "logical-system", "next-ip", "next-ip6", "next-interface", "decapsulate"],
  ...["encapsulate", "interface", "next-hop-group"],
]);

/** Statements of a filter that decide nothing. */
const settings = new Set([
  ...["accounting-profile", "interface-specific", "enhanced-mode", "enhanced-mode-override", "fast-filter-lookup"],
  ...[
    "physical-interface-filter",
    "interface-shared",
    "instance-shared",
    "promote",
    "no-ifl-filter-state",
    "scale-optimized",
  ],
  ...["description", "family-any", "vsys", "routing-instance-shared"],
]);

const familyWords = { 4: "inet", 6: "inet6" } as const;
export type FilterFamily = "inet" | "inet6" | "any";

/** By itself a filter ends in a discard; in a list or in another filter the next one goes on. */
export type Role = "alone" | "member" | "nested";

export class Filters {
  readonly #root: Node;
  readonly #draft: Draft;
  readonly #lists: PrefixLists;
  readonly #made = new Map<string, string>();

  constructor(root: Node, draft: Draft) {
    this.#root = root;
    this.#draft = draft;
    this.#lists = new PrefixLists(root, draft);
  }

  /** All filters that are written, both families'. */
  get names(): readonly string[] {
    const all = (["inet", "inet6", "any"] as const).flatMap((family) => [...this.#written(family).keys()]);
    return [...new Set(all)];
  }

  /** The filter's chain, made when it is first asked for; null if there is no such filter. */
  chain(name: string, words: FilterFamily, family: Family, role: Role = "alone"): string | null {
    const filter = this.#written(words).get(name);
    if (filter === undefined) return null;
    return this.#chain([name, words, family, role], this.#nameOf(name, words, family, role), (key) => ({
      name: key,
      rules: this.#rules(filter, words, family, role),
      otherwise: role === "alone" ? "deny" : "return",
      place: role === "alone" ? this.#draft.unwritten(`implicit discard at the end of filter ${name}`) : null,
    }));
  }

  /** Filters one after the other, with one discard behind the last (`input-list`). */
  list(
    members: readonly { readonly name: string; readonly line: number }[],
    words: FilterFamily,
    family: Family,
  ): string {
    const names = members.map(({ name }) => name);
    return this.#chain([names, words, family, "list"], `${names.join(" ")} (${words} list)`, (key) => ({
      name: key,
      rules: members.map(({ name, line }): Rule => {
        const chain = this.chain(name, words, family, "member");
        return chain === null
          ? this.#draft.unknownRule(line, `the filter ${name} is not there`)
          : { matches: [{}], action: { kind: "jump", chain }, place: this.#draft.place(line) };
      }),
      otherwise: "deny",
      place: this.#draft.unwritten("implicit discard at the end of the list of filters"),
    }));
  }

  /** Names of chains are for people; two chains with one name are told apart by a sign. */
  #chain(identity: unknown, name: string, make: (key: string) => Chain): string {
    const id = JSON.stringify(identity);
    const known = this.#made.get(id);
    if (known !== undefined) return known;
    let key = name;
    while (this.#draft.chains.has(key)) key += "'";
    this.#made.set(id, key);
    const empty: Chain = { name: key, rules: [], otherwise: "return", place: null };
    this.#draft.chains.set(key, empty); // the name is taken before the terms are read
    this.#draft.chains.set(key, make(key));
    return key;
  }

  /** Each filter as the family has it; of inet alone the old place without a family too. */
  #written(words: FilterFamily): ReadonlyMap<string, Node> {
    const firewall = at(this.#root, "firewall");
    const places = [at(firewall, "family", words, "filter"), words === "inet" ? at(firewall, "filter") : null];
    return new Map(places.flatMap((place) => active(place).map((node) => [node.word, node] as const)));
  }

  /** A chain is called what its filter is, so that it is found by that name. */
  #nameOf(name: string, words: FilterFamily, family: Family, role: Role): string {
    const clashes = words === "inet6" && this.#written("inet").has(name);
    const base = words === "any" ? `${name} (any, IPv${family})` : clashes ? `${name} (inet6)` : name;
    return role === "alone" ? base : `${base} (as ${role})`;
  }

  #rules(filter: Node, words: FilterFamily, family: Family, role: Role): readonly Rule[] {
    const draft = this.#draft;
    const rules: Rule[] = [];
    for (const statement of active(filter)) {
      if (statement.word === "term")
        for (const term of active(statement)) rules.push(...this.#term(term, words, family, role === "nested"));
      else if (!settings.has(statement.word))
        rules.push(draft.unknownRule(statement.line, `"${statement.word}" in a filter is not known`));
    }
    return rules;
  }

  #term(term: Node, words: FilterFamily, family: Family, nested: boolean): readonly Rule[] {
    const draft = this.#draft;
    const odd = active(term).find(({ word }) => !["from", "then", "filter", "description"].includes(word));
    if (odd !== undefined) return [draft.unknownRule(odd.line, `"${odd.word}" in a term is not known`)];
    const reader = { draft, lists: this.#lists, family };
    const matches = conditionOf(reader, at(term, "from"));
    const place = draft.place(term.line);
    const inner = latest(at(term, "filter"));
    if (inner !== null) {
      // Filters may be nested one level deep (Junos, "Guidelines for Nesting References to Multiple Firewall Filters").
      if (nested) return [draft.unknownRule(inner.line, "a filter in a filter in a filter")];
      const chain = this.chain(inner.word, words, family, "nested");
      if (chain === null) return [draft.unknownRule(inner.line, `the filter ${inner.word} is not there`, matches)];
      return [{ matches, action: { kind: "jump", chain }, place }];
    }
    const action = actionOf(draft, at(term, "then"));
    if (action.kind === "unknown") draft.trouble(term.line, action.why);
    return [{ matches, action, place }];
  }
}

export const familyWord = (family: Family): "inet" | "inet6" => familyWords[family];

/** Without a terminating action a term accepts, unless it says `next term`. */
function actionOf(draft: Draft, then: Node | null): Action {
  let last: { readonly order: number; readonly action: Action } | null = null;
  const say = (order: number, action: Action): void => {
    if (last === null || order >= last.order) last = { order, action };
  };
  for (const { word, line, order, children } of active(then)) {
    if (word === "accept" || elsewhere.has(word)) say(order, { kind: "permit" });
    else if (word === "discard" || word === "reject") say(order, { kind: "deny" });
    else if (word === "next" && children.has("term")) say(order, { kind: "continue" });
    else if (!modifiers.has(word)) {
      draft.trouble(line, `the action "${word}" is not known`);
      return { kind: "unknown", why: `the action "${word}" is not known` };
    }
  }
  return (last as { readonly action: Action } | null)?.action ?? { kind: "permit" };
}
