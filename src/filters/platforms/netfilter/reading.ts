/** From a ruleset to what the prover asks: which chains stand in the way of a packet, and what they are there. */
import type { Asked, Chain, Crossing, Reading, Rule, Stage } from "../../model.ts";
import type { Family } from "../../packet.ts";
import type { Condition } from "../unix/conditions.ts";
import {
  type Base,
  type DraftChain,
  type Hook,
  hooks,
  keyIn,
  managedChain,
  type Ruleset,
  type Setting,
  settingOf,
  settle,
  virtualInterface,
  type Way,
} from "./ruleset.ts";

const elsewhere = "what is not in this text";

/** Hooks in the order a packet passes them. */
const ways = {
  router: { in: ["ingress", "prerouting", "forward", "postrouting"], out: ["prerouting", "forward", "postrouting"] },
  host: { in: ["ingress", "prerouting", "input"], out: ["output", "postrouting"] },
} as const satisfies Record<Way, Record<Asked["direction"], readonly Hook[]>>;

/** Names by which a person asks for one way or the other, whichever the ruleset looks made for. */
const wayNames: ReadonlyMap<string, Way> = new Map([
  ["hook forward", "router"],
  ["hook input", "host"],
  ["hook output", "host"],
]);

type BaseChain = DraftChain & { readonly base: Base };

export function readingOf(ruleset: Ruleset): Reading {
  const bases = [...ruleset.chains.values()].filter((chain): chain is BaseChain => chain.base !== null);
  const built = buildChains(ruleset, bases);
  const named = namesOf(ruleset);
  const interfaces = named.filter((name) => !name.endsWith("*"));
  const way = wayOf(ruleset, bases);

  /** `any`: whoever asks for a way says elsewhere which interface is outside. */
  const crossing = (taken: Way, where: { readonly outside: string | null } | "any", asked: Asked): Crossing => {
    const outside = where === "any" ? null : where.outside;
    const order: readonly Hook[] = ways[taken][asked.direction];
    const chains = bases
      .filter(({ base }) => base.families.includes(asked.family) && order.includes(base.hook))
      .filter(({ base }) => base.devices === null || (outside !== null && base.devices.includes(outside)))
      .sort((a, b) => order.indexOf(a.base.hook) - order.indexOf(b.base.hook) || a.base.priority - b.base.priority);
    const stages: Stage[] = chains.map(({ key, base }) => ({
      chain: keyIn(key, settingOf(base, taken)),
      stateful: false,
    }));
    if (ruleset.elsewhere.length > 0) stages.push({ chain: elsewhere, stateful: false });
    const unknown = ruleset.unknown[asked.family] ?? (where === "any" ? null : needsInterface(named, outside));
    return {
      stages,
      attachment: attachmentOf(ruleset, taken, asked, outside, chains),
      place: chains[0]?.place ?? null,
      ...(unknown === null ? {} : { unknown }),
    };
  };

  return {
    chains: built,
    troubles: ruleset.troubles,
    lists: [
      ...new Set([...ruleset.chains.values()].map((chain) => ruleset.title(chain))),
      ...[...wayNames.keys()].filter((name) => bases.some(({ base }) => name === `hook ${base.hook}`)),
    ],
    interfaces,
    interfaceNamed: (text) => interfaceNamed(interfaces, text),
    aliases: () => [],
    crossing: (outside, asked) => crossing(way, { outside }, asked),
    list(name, asked) {
      const taken = wayNames.get(name);
      if (taken !== undefined) return crossing(taken, "any", asked);
      const chain = ruleset.named(name, asked.family);
      if (chain === null) return null;
      return {
        stages: [{ chain: keyIn(chain.key, settingOf(chain.base, "router")), stateful: false }],
        attachment: `${ruleset.title(chain)} alone, IPv${asked.family}`,
        place: chain.place,
      };
    },
  };
}

/** Each chain as it is reached from each hook, and all of them as they are after routing. */
function buildChains(ruleset: Ruleset, bases: readonly BaseChain[]): ReadonlyMap<string, Chain> {
  const untracked = [...ruleset.chains.values()].flatMap((chain) =>
    chain.drafts.flatMap((draft) => (draft.notrack === true ? draft.conditions : [])),
  );
  const built = new Map<string, Chain>();
  const waiting: { chain: DraftChain; setting: Setting }[] = [...ruleset.chains.values()].map((chain) => ({
    chain,
    setting: settingOf(null, "router"),
  }));
  for (const chain of bases)
    for (const way of ["router", "host"] as const) waiting.push({ chain, setting: settingOf(chain.base, way) });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { chain, setting } = next;
    const name = keyIn(chain.key, setting);
    if (built.has(name)) continue;
    const rules: Rule[] = [];
    for (const { conditions, action, place } of chain.drafts) {
      const matches = conditions.flatMap((one) => settle(one, setting, untracked));
      if (action.kind === "jump" || action.kind === "goto") {
        const inner = ruleset.chains.get(action.chain);
        if (inner !== undefined) waiting.push({ chain: inner, setting });
        rules.push({ matches, action: { ...action, chain: keyIn(action.chain, setting) }, place });
      } else if (action.kind !== "continue") rules.push({ matches, action, place });
    }
    built.set(name, { name, rules, otherwise: chain.otherwise, place: chain.place });
  }
  if (ruleset.elsewhere.length > 0)
    built.set(elsewhere, {
      name: elsewhere,
      rules: ruleset.elsewhere.map(({ place, why }) => ({
        matches: [{}],
        action: { kind: "unknown", why },
        place,
      })),
      otherwise: "permit",
      place: null,
    });
  return built;
}

/**
 * Is the machine a router, or does it protect itself? It is a router if anything is decided of packets that pass through
 * but what containers, virtual machines and firewall managers put there by themselves, or if it translates addresses.
 */
function wayOf(ruleset: Ruleset, bases: readonly BaseChain[]): Way {
  const reached = (which: readonly Hook[]): readonly DraftChain[] => {
    const seen = new Set<DraftChain>();
    const waiting: DraftChain[] = bases.filter(({ base }) => which.includes(base.hook));
    for (let chain = waiting.pop(); chain !== undefined; chain = waiting.pop()) {
      if (seen.has(chain)) continue;
      seen.add(chain);
      for (const { action } of chain.drafts)
        if (action.kind === "jump" || action.kind === "goto") {
          const inner = ruleset.chains.get(action.chain);
          if (inner !== undefined) waiting.push(inner);
        }
    }
    return [...seen];
  };
  const forward = reached(["forward"]);
  const own = reached(["input", "output"]);
  if (own.length === 0 || ruleset.routes || forward.some(decidesSomething)) return "router";
  return forward.length === 0 || own.some(({ drafts }) => drafts.length > 0) ? "host" : "router";
}

function decidesSomething({ key, drafts }: DraftChain): boolean {
  if (managedChain.test(key)) return false;
  return drafts.some(
    ({ action, conditions }) =>
      ["permit", "deny", "unknown"].includes(action.kind) && conditions.some((one) => !isUsual(one)),
  );
}

/** Sessions that were let through before, ICMP, and interfaces of machines in the machine. */
function isUsual({ states, protocols, from, to }: Condition): boolean {
  return (
    states?.includes("new") === false ||
    protocols?.every(({ first, last }) => first === last && (first === 1 || first === 58)) === true ||
    [from, to].some((names) => names?.except === false && names.names.every((name) => virtualInterface.test(name)))
  );
}

/** Interfaces that rules look at, with the patterns that stand for several. */
function namesOf(ruleset: Ruleset): readonly string[] {
  const found = new Set<string>();
  for (const { drafts, base } of ruleset.chains.values()) {
    for (const { conditions } of drafts)
      for (const { from, to } of conditions)
        for (const names of [from, to]) for (const name of names?.names ?? []) found.add(name);
    for (const device of base?.devices ?? []) found.add(device);
  }
  // Nothing that crosses the border comes from the loopback.
  return [...found].filter((name) => name !== "lo" && name !== "*");
}

/** The rules name no interfaces that are not there, but interfaces may be there that they do not name. */
function interfaceNamed(interfaces: readonly string[], text: string): string | null {
  const known = interfaces.find((one) => one === text) ?? interfaces.find((one) => sameName(one, text));
  return known ?? (/^[^\s/]{1,15}$/.test(text) ? text : null);
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const needsInterface = (named: readonly string[], outside: string | null): string | null =>
  outside === null && named.length > 0
    ? `the rules look at interfaces: say which one is outside (${named.slice(0, 20).join(", ")})`
    : null;

function attachmentOf(
  ruleset: Ruleset,
  way: Way,
  { family, direction }: { family: Family; direction: Asked["direction"] },
  outside: string | null,
  chains: readonly BaseChain[],
): string {
  const at = `IPv${family}, ${direction}${outside === null ? "" : ` at ${outside}`}`;
  const hookNames = ways[way][direction].filter((hook) => hook !== "ingress").join(", ");
  const who = way === "router" ? "packets that pass through" : "packets of this machine itself";
  const said =
    chains.length === 0
      ? `no filter for ${who} (${hookNames})`
      : `${who} (${hookNames}) meet ${chains
          .map((chain) => `${ruleset.title(chain)} [${hooks[hooks.indexOf(chain.base.hook)]} ${chain.base.priority}]`)
          .join(", then ")}`;
  const other =
    way === "router" ? "" : "; nothing is said here of packets that pass through it (ask for `hook forward`)";
  return [`${at}: ${said}${other}`, ...ruleset.notes].join("; ");
}
