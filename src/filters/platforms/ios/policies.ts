/** Policies that drop packets; those that only mark or count them are not in the way. */
import type { Action, Asked, Rule } from "../../model.ts";
import type { Context, Part } from "./context.ts";
import type { Interface } from "./draft.ts";

/** `service-policy input P` on an interface, if a class of P is dropped. */
export function policyStage({ draft, classes, chains }: Context, one: Interface, asked: Asked): Part | null {
  const { family, direction } = asked;
  const attached = one.policies.get(direction);
  const policy = attached === undefined ? undefined : draft.policies.get(attached.name);
  if (attached === undefined || policy?.classes.every(({ action }) => action !== "drop") !== false) return null;
  const chain = `policy ${attached.name}, IPv${family}`;
  const rules = policy.classes.flatMap(({ name, action, place }): readonly Rule[] => {
    const then: Action = { kind: action === "drop" ? "deny" : "permit" };
    if (name === "class-default") return [{ matches: [{}], action: then, place }];
    return classes.rulesOf(name, family, then);
  });
  chains.set(chain, { name: chain, rules, otherwise: "permit", place: attached.place });
  return {
    stage: { chain, stateful: false },
    says: `policy ${attached.name} on ${one.name}, ${direction}, drops some of it`,
    place: attached.place,
  };
}
