/** Security rules of one policy as a chain. */
import type { Action, Match, Names, Rule } from "../../model.ts";
import { allOf, type Condition, doubted, never, perhaps } from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { conditionOn, negated, union } from "../reading/meant.ts";
import { active, at, latest, type Node, statementsOf } from "../tree/node.ts";
import { Objects, serviceCondition } from "./objects.ts";
import type { Scope } from "./scopes.ts";

/** Decide nothing about what matches. */
const settings = new Set([
  ...["action", "log-start", "log-end", "log-setting", "description", "tag", "group-tag", "profile-setting", "qos"],
  ...["option", "icmp-unreachable", "uuid", "rule-type", "disabled", "negate-source", "negate-destination", "loc"],
  ...["from", "to", "source", "destination", "service", "application", "target", "disable-server-response-inspection"],
]);

/** What the model does not hold, unless it is `any`. */
const unseen = new Set([
  ...["source-user", "category", "hip-profiles", "source-hip", "destination-hip", "source-imsi", "source-imei"],
  ...["source-nw-slice", "source-device", "destination-device", "schedule", "saas-user-list", "saas-tenant-list"],
  ...["source-region", "destination-region"],
]);

/** Makes the scope's chain, named like the scope. */
export function chainOf(draft: Draft, scope: Scope): void {
  const objects = new Objects(scope.objects, draft);
  const rules = scope.rulebases.flatMap((base) =>
    active(at(base, "security", "rules")).flatMap((rule) => ruleOf(draft, objects, rule)),
  );
  const overridden = [...scope.rulebases, ...scope.objects]
    .map(
      (base) =>
        at(base, "default-security-rules", "rules", "interzone-default") ??
        at(base, "default-security-rules", "security", "rules", "interzone-default"),
    )
    .find((rule) => latest(at(rule, "action")) !== null);
  const action = latest(at(overridden, "action"));
  draft.chains.set(scope.name, {
    name: scope.name,
    rules,
    otherwise: action?.word === "allow" ? "permit" : "deny",
    place: action === null ? draft.unwritten("interzone-default: deny") : draft.place(action.line),
  });
}

/** Of values that exclude each other the one that was set last. */
const newest = (values: readonly Node[] | undefined): Node | null =>
  (values ?? []).reduce<Node | null>((last, one) => (last === null || one.order >= last.order ? one : last), null);

function ruleOf(draft: Draft, objects: Objects, rule: Node): readonly Rule[] {
  const statements = statementsOf(rule, (word) => settings.has(word) || unseen.has(word));
  const single = (word: string): string | null => newest(statements.get(word))?.word ?? null;
  if (single("disabled") === "yes") return [];
  const place = draft.place(rule.line);
  const action = actionOf(draft, rule, newest(statements.get("action")));
  const parts: Condition[] = [];
  const members = (word: string): readonly Node[] => {
    const found = statements.get(word) ?? [];
    if (found.length === 0) parts.push(perhaps(`the missing ${word}`));
    return found;
  };
  for (const side of ["source", "destination"] as const) {
    const names = members(side);
    if (names.length === 0) continue;
    const meant = union(names.map(({ word, line }) => objects.address(word, line)));
    parts.push(conditionOn(side, single(`negate-${side}`) === "yes" ? negated(meant) : meant));
  }
  const [services, applications] = [members("service"), members("application")];
  if (services.length > 0 && applications.length > 0)
    parts.push(serviceCondition(objects, services, applications, action.kind === "permit"));
  const sides: Pick<Match, "from" | "to"> = { ...zones("from", members("from")), ...zones("to", members("to")) };
  for (const [word, values] of statements) {
    if (settings.has(word) || (unseen.has(word) && values.every((value) => value.word === "any"))) continue;
    if (!unseen.has(word)) draft.trouble(values[0]?.line ?? rule.line, `"${word}" in a rule is not known`);
    parts.push(perhaps(word));
  }
  const devices = active(at(rule, "target", "devices")).length + active(at(rule, "target", "tags")).length;
  let matches = single("rule-type") === "intrazone" ? never : allOf(parts);
  if (devices > 0) matches = doubted(matches, "only on some devices");
  return [{ matches: matches.map((match) => ({ ...match, ...sides })), action, place }];
}

function zones(side: "from" | "to", names: readonly Node[]): Pick<Match, "from" | "to"> {
  const words = names.map(({ word }) => word);
  if (words.length === 0 || words.includes("any")) return {};
  return { [side]: { names: words, except: false } satisfies Names };
}

function actionOf(draft: Draft, rule: Node, action: Node | null): Action {
  switch (action?.word) {
    case "allow":
      return { kind: "permit" };
    case "deny":
    case "drop":
    case "reset-client":
    case "reset-server":
    case "reset-both":
      return { kind: "deny" };
    default: {
      const why = action === null ? "the rule has no action" : `the action "${action.word}" is not known`;
      draft.trouble(action?.line ?? rule.line, why);
      return { kind: "unknown", why };
    }
  }
}
