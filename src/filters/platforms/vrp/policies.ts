/**
 * Traffic policies: pairs of classifier and behaviour, in order. A packet is dropped if the rule of the list that it
 * meets denies, or if the behaviour does; a rule that permits only says which packets the behaviour is for.
 */
import type { Action, Rule } from "../../model.ts";
import type { Family } from "../../packet.ts";
import type { Draft } from "../reading/draft.ts";
import type { Block, Line } from "./lines.ts";
import type { AccessLists } from "./lists.ts";

interface Classifier {
  readonly conditions: readonly Line[];
  readonly operator: "and" | "or" | null;
  readonly precedence: number | null;
}

interface Pair {
  readonly classifier: string;
  readonly behavior: string;
  readonly precedence: number | null;
  readonly line: number;
}

export class TrafficPolicies {
  readonly #draft: Draft;
  readonly #lists: AccessLists;
  readonly #classifiers = new Map<string, Classifier>();
  readonly #behaviors = new Map<string, readonly Line[]>();
  readonly #policies = new Map<string, readonly Pair[]>();

  constructor(blocks: readonly Block[], lists: AccessLists, draft: Draft) {
    this.#draft = draft;
    this.#lists = lists;
    for (const { header, body } of blocks) {
      const [first, second, name = "", ...rest] = header.words;
      const start = `${first} ${second}`;
      if (start === "traffic classifier") {
        const at = rest.findIndex((word) => word === "operator" || word === "type");
        const operator = at < 0 ? null : rest[at + 1] === "or" ? "or" : "and";
        const before = this.#classifiers.get(name);
        const conditions = [...(before?.conditions ?? []), ...body.filter(({ words }) => words[0] === "if-match")];
        this.#classifiers.set(name, {
          conditions,
          operator: operator ?? before?.operator ?? null,
          precedence: precedenceOf(rest) ?? before?.precedence ?? null,
        });
      } else if (start === "traffic behavior")
        this.#behaviors.set(name, [...(this.#behaviors.get(name) ?? []), ...body]);
      else if (start === "traffic policy" || start === "qos policy") {
        const pairs = body.flatMap(({ words, line }): readonly Pair[] =>
          words[0] === "classifier" && words[2] === "behavior"
            ? [{ classifier: words[1] ?? "", behavior: words[3] ?? "", precedence: precedenceOf(words), line }]
            : [],
        );
        this.#policies.set(name, [...(this.#policies.get(name) ?? []), ...pairs]);
      }
    }
  }

  has(name: string): boolean {
    return this.#policies.has(name);
  }

  /** Makes the policy's chain for a family and tells its name. */
  chain(name: string, family: Family, kind: "policy" | "qos"): string {
    const key = `traffic policy ${name} (IPv${family})`;
    if (this.#draft.chains.has(key)) return key;
    const pairs = (this.#policies.get(name) ?? []).map((pair) => ({
      ...pair,
      precedence: pair.precedence ?? this.#classifiers.get(pair.classifier)?.precedence ?? Number.POSITIVE_INFINITY,
    }));
    pairs.sort((a, b) => (a.precedence === b.precedence ? 0 : a.precedence - b.precedence));
    const rules = pairs.flatMap((pair) => this.#pair(pair, family, kind));
    const place = this.#draft.unwritten("no classifier: forwarded");
    this.#draft.chains.set(key, { name: key, rules, otherwise: "permit", place });
    return key;
  }

  #pair(pair: Pair, family: Family, kind: "policy" | "qos"): readonly Rule[] {
    const draft = this.#draft;
    const classifier = this.#classifiers.get(pair.classifier);
    const behavior = this.#behaviors.get(pair.behavior);
    if (classifier === undefined)
      return [draft.unknownRule(pair.line, `the classifier ${pair.classifier} is not there`)];
    if (behavior === undefined) return [draft.unknownRule(pair.line, `the behavior ${pair.behavior} is not there`)];
    const drops = behavior.some(({ words }) => words[0] === "deny" || (words[0] === "filter" && words[1] === "deny"));
    const action: Action = { kind: drops ? "deny" : "permit" };
    const lists = classifier.conditions.flatMap((line) => listOf(line) ?? []);
    const others = classifier.conditions.filter((line) => listOf(line) === null);
    const hidden = others.filter((line) => seen(line, family) === "hidden").map(textOf);
    if (classifier.operator === "or" || others.length === 0)
      return [
        ...lists.flatMap((list) => this.#list(list, pair, family, kind, action, null)),
        ...others.flatMap((line): readonly Rule[] => {
          const sight = seen(line, family);
          if (sight === "never") return [];
          return [
            { matches: [sight === "always" ? {} : { unsure: textOf(line) }], action, place: draft.place(line.line) },
          ];
        }),
      ];
    // All have to hold, of the lists one.
    if (others.some((line) => seen(line, family) === "never")) return [];
    const unclear =
      classifier.operator === null && classifier.conditions.length > 1 ? ["how its conditions combine"] : [];
    const doubts = [...hidden, ...unclear];
    const doubt = doubts.length === 0 ? null : doubts.join(", ");
    if (lists.length > 0) return lists.flatMap((list) => this.#list(list, pair, family, kind, action, doubt));
    return [
      { matches: [doubt === null ? {} : { unsure: doubt }], action, place: draft.place(others[0]?.line ?? pair.line) },
    ];
  }

  /** The rules of a list with the behaviour's action; what it says nothing of goes on to the next classifier. */
  #list(
    { name, family: own, line }: ListNamed,
    pair: Pair,
    family: Family,
    kind: "policy" | "qos",
    action: Action,
    doubt: string | null,
  ): readonly Rule[] {
    if (own !== family) return [];
    const draft = this.#draft;
    const found = this.#lists.named(name, family);
    if (found === null) return [draft.unknownRule(line, `the access list ${name} is not there`)];
    const key = `${name} in classifier ${pair.classifier} and behavior ${pair.behavior} (IPv${family}${doubt === null ? "" : ", perhaps"})`;
    const rules = found.rules.map((rule): Rule => {
      const unsure = [rule.match.unsure, doubt].filter((one) => one !== undefined && one !== null).join(", ");
      const denies: Action =
        kind === "qos" ? { kind: "unknown", why: "what a deny in a classifier of Comware means" } : { kind: "deny" };
      return {
        matches: [unsure === "" ? rule.match : { ...rule.match, unsure }],
        action: rule.action === "deny" ? denies : action,
        place: draft.place(rule.line),
      };
    });
    const odd = found.odd.map((at) => draft.unknownRule(at, "a line of the access list that is not understood"));
    draft.chains.set(key, { name: key, rules: [...odd, ...rules], otherwise: "return", place: null });
    return [{ matches: [{}], action: { kind: "jump", chain: key }, place: draft.place(line) }];
  }
}

const textOf = ({ words }: Line): string => words.slice(1).join(" ");

/** Whether a condition that is no list holds for packets of the family. */
function seen({ words }: Line, family: Family): "always" | "never" | "hidden" {
  if (words[1] === "any") return "always";
  if (words[1] === "protocol" && /^ip(v6)?$/.test(words[2] ?? ""))
    return words[2] === (family === 4 ? "ip" : "ipv6") ? "always" : "never";
  return "hidden";
}

interface ListNamed {
  readonly name: string;
  readonly family: Family;
  readonly line: number;
}

/** `if-match acl 3000`, `if-match ipv6 acl name X`, `if-match acl ipv6 3000`. */
function listOf({ words, line }: Line): ListNamed | null {
  const rest = words.slice(1);
  if (!rest.includes("acl")) return null;
  const name = rest.find((word) => !/^(acl|ipv6|name|number|ip)$/.test(word)) ?? "";
  return { name, family: rest.includes("ipv6") ? 6 : 4, line };
}

function precedenceOf(words: readonly string[]): number | null {
  const at = words.indexOf("precedence");
  const value = words[at + 1] ?? "";
  return at < 0 || !/^\d+$/.test(value) ? null : Number(value);
}
