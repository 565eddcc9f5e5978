/** Security policies as one chain: those of pairs of zones in order, then the global ones, then the default. */
import type { Action, Match, Names, Place, Rule } from "../../model.ts";
import { allOf, type Condition, doubted, perhaps } from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { conditionOn, negated, union } from "../reading/meant.ts";
import { active, at, isEmptied, latest, type Node } from "../tree/node.ts";
import type { Applications } from "./applications.ts";
import type { Books } from "./books.ts";

/** What the model does not hold; `any` and `none` look at nothing. */
const unseen = new Set([
  ...[
    "source-identity",
    "dscp",
    "dscp-except",
    "dynamic-application",
    "url-category",
    "source-end-user-profile",
    "source-identity-feed",
  ],
  ...["destination-identity-feed", "source-l3vpn-vrf-group", "destination-l3vpn-vrf-group", "destination-dag"],
]);

const main = "security policies";

export interface Policies {
  /** The chain of all policies. */
  readonly chain: string;
  /** Chains of the pairs by themselves, by name: `untrust to trust`, `global`. */
  readonly lists: ReadonlyMap<string, string>;
}

export function policiesOf(root: Node, draft: Draft, books: Books, applications: Applications): Policies {
  const policies = at(root, "security", "policies");
  const lists = new Map<string, string>();
  const rules: Rule[] = [];
  const written = latest(at(policies, "default-policy"));
  const otherwise = written?.word === "permit-all" ? "permit" : "deny";
  if (written !== null && written.word !== "permit-all" && written.word !== "deny-all")
    draft.trouble(written.line, `the default policy "${written.word}" is not known`);
  const end: Place = written === null ? draft.unwritten("default-policy deny-all") : draft.place(written.line);
  const alone = (name: string, some: readonly Rule[]): void => {
    draft.chains.set(name, { name, rules: some, otherwise, place: end });
    lists.set(name, name);
  };
  const reader = { draft, books, applications };
  for (const from of active(at(policies, "from-zone")))
    for (const to of active(at(from, "to-zone"))) {
      const some = active(at(to, "policy")).map((policy) => ruleOf(reader, policy, from.word, to.word));
      const name = `${from.word} to ${to.word}`;
      alone(name, some);
      const sides = { from: named([from.word]), to: named([to.word]) };
      for (const rule of some) rules.push({ ...rule, matches: rule.matches.map((match) => ({ ...match, ...sides })) });
    }
  const global = active(at(policies, "global", "policy")).map((policy) => {
    const rule = ruleOf(reader, policy, null, null);
    const sides = { ...zonesOf(policy, "from"), ...zonesOf(policy, "to") };
    return { ...rule, matches: rule.matches.map((match) => ({ ...match, ...sides })) };
  });
  if (global.length > 0) alone("global", global);
  draft.chains.set(main, { name: main, rules: [...rules, ...global], otherwise, place: end });
  return { chain: main, lists };
}

const named = (names: readonly string[]): Names => ({ names, except: false });

/** Zones of a global policy; none or `any`: all. */
function zonesOf(policy: Node, side: "from" | "to"): Pick<Match, "from" | "to"> {
  const zones = active(at(policy, "match", `${side}-zone`)).map(({ word }) => word);
  return zones.length === 0 || zones.includes("any") ? {} : { [side]: named(zones) };
}

interface Reader {
  readonly draft: Draft;
  readonly books: Books;
  readonly applications: Applications;
}

function ruleOf({ draft, books, applications }: Reader, policy: Node, from: string | null, to: string | null): Rule {
  const match = at(policy, "match");
  const parts: Condition[] = [];
  for (const [side, zone] of [
    ["source", from],
    ["destination", to],
  ] as const) {
    const names = active(at(match, `${side}-address`));
    const meant = union(names.map(({ word, line }) => books.meant(zone, word, line)));
    const excluded = at(match, `${side}-address-excluded`) !== null;
    if (names.length > 0) parts.push(conditionOn(side, excluded ? negated(meant) : meant));
  }
  const wanted = active(at(match, "application"));
  if (wanted.length > 0) parts.push(wanted.flatMap(({ word, line }) => applications.condition(word, line)));
  for (const needed of ["source-address", "destination-address", "application"])
    if (active(at(match, needed)).length === 0) {
      draft.trouble(policy.line, `the policy ${policy.word} has no ${needed}: Junos does not commit this`);
      parts.push(perhaps(`the missing ${needed}`));
    }
  for (const one of active(match)) {
    if (/^((source|destination)-address(-excluded)?|application|(from|to)-zone|description)$/.test(one.word)) continue;
    const values = active(one).map(({ word }) => word);
    if (isEmptied(one) || values.every((word) => word === "any" || word === "none")) continue;
    if (!unseen.has(one.word)) draft.trouble(one.line, `the condition "${one.word}" is not known`);
    parts.push(perhaps(one.word));
  }
  const scheduler = at(policy, "scheduler-name");
  let matches = allOf(parts);
  if (scheduler !== null) matches = doubted(matches, "only at the times of its scheduler");
  const { action, doubt } = actionOf(draft, policy);
  return { matches: doubt === null ? matches : doubted(matches, doubt), action, place: draft.place(policy.line) };
}

function actionOf(draft: Draft, policy: Node): { readonly action: Action; readonly doubt: string | null } {
  const then = active(at(policy, "then")).filter(({ word }) => /^(permit|deny|reject)$/.test(word));
  const last = then.reduce<Node | null>(
    (newest, one) => (newest === null || one.order >= newest.order ? one : newest),
    null,
  );
  if (last === null) {
    const why = `the policy ${policy.word} says neither permit nor deny`;
    draft.trouble(policy.line, why);
    return { action: { kind: "unknown", why }, doubt: null };
  }
  if (last.word !== "permit") return { action: { kind: "deny" }, doubt: null };
  const doubtful = active(last).find(({ word }) => /^(tunnel|firewall-authentication|destination-address)$/.test(word));
  return { action: { kind: "permit" }, doubt: doubtful === undefined ? null : `permit ${doubtful.word}` };
}
