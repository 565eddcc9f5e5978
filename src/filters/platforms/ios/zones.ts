/**
 * The zone-based firewall: between zones nothing passes unless a pair's policy inspects or passes it, within a zone
 * everything does, and between an interface in a zone and one in none nothing ("Zone-Based Policy Firewall").
 */
import type { Action, Asked, Chain, Rule } from "../../model.ts";
import { implicit } from "../cisco/chains.ts";
import type { Context, Part } from "./context.ts";
import type { Interface, Pair } from "./draft.ts";

/** The router itself, as one end of a pair: not where packets in transit go. */
const self = "self";

const zoneName = (zone: string): { readonly names: readonly string[]; readonly except: boolean } => ({
  names: [`zone ${zone}`],
  except: false,
});

export function zoneStage(context: Context, one: Interface, asked: Asked): Part | null {
  const { draft, chains, file } = context;
  const zones = new Set([...draft.interfaces.values()].flatMap(({ zone }) => (zone === null ? [] : [zone.name])));
  if (zones.size === 0) return null;
  const own = one.zone?.name ?? null;
  const inward = asked.direction === "in";
  const pairs = [...draft.pairs.values()].filter(
    ({ source, destination }) => source !== self && destination !== self && (inward ? source : destination) === own,
  );
  const chain = `zones at ${one.name}, IPv${asked.family}, ${asked.direction}`;
  const none = implicit(
    file,
    own === null ? "no zone-pair leads to a zone from outside of all" : "no zone-pair with a policy",
  );
  const rules: Rule[] = [];
  if (own !== null) {
    for (const pair of pairs)
      rules.push({
        matches: [{ from: zoneName(pair.source), to: zoneName(pair.destination) }],
        action: { kind: "goto", chain: pairChain(context, pair, asked) },
        place: pair.place,
      });
    rules.push({
      matches: [{ from: zoneName(own), to: zoneName(own) }],
      action: { kind: "permit" },
      place: implicit(file, `within zone ${own}`),
    });
  } else {
    const other = { names: [...zones].map((zone) => `zone ${zone}`), except: false };
    rules.push({ matches: [inward ? { to: other } : { from: other }], action: { kind: "deny" }, place: none });
  }
  chains.set(chain, { name: chain, rules, otherwise: own === null ? "permit" : "deny", place: none });
  return {
    stage: { chain, stateful: true },
    says:
      own === null
        ? `${one.name} is in no zone, others are`
        : `zone ${own}: ${pairs.map(({ name }) => name).join(", ") || "no zone-pair"} (policies see addresses as inside of NAT)`,
    place: one.zone?.place ?? one.place,
  };
}

/** What the policy of a pair does; a pair without one drops everything. */
function pairChain(
  { draft, classes, chains, file }: Context,
  { policy, name: pair, place }: Pair,
  { family }: Asked,
): string {
  const name = `zone-pair ${pair}, IPv${family}`;
  if (chains.has(name)) return name;
  const found = policy === null ? undefined : draft.policies.get(policy.name);
  const end = implicit(file, `zone-pair ${pair}: what no class takes is dropped`);
  const made: Chain =
    policy !== null && found === undefined
      ? {
          name,
          rules: [
            {
              matches: [{}],
              action: { kind: "unknown", why: `policy-map ${policy.name} is not in the configuration` },
              place: policy.place,
            },
          ],
          otherwise: "deny",
          place,
        }
      : {
          name,
          rules: (found?.classes ?? []).flatMap((one): readonly Rule[] => {
            const action: Action = { kind: one.action === "inspect" || one.action === "pass" ? "permit" : "deny" };
            if (one.name === "class-default") return [{ matches: [{}], action, place: one.place }];
            return classes.rulesOf(one.name, family, action);
          }),
          otherwise: "deny",
          place: end,
        };
  chains.set(name, made);
  return name;
}
