/** Tables as the kernel would hold them after all commands of a text; then what they mean for packets. */
import type { Action, Place, Trouble } from "../../model.ts";
import type { Family } from "../../packet.ts";
import {
  type Base,
  type Draft,
  type DraftChain,
  type Hook,
  hooks,
  type Ruleset,
  translates,
} from "../netfilter/ruleset.ts";
import { draftsOf, type NamedSet } from "./meaning.ts";
import type { Key, RuleText, Verdict } from "./statements.ts";

export interface HeldRule {
  readonly rule: RuleText;
  readonly place: Place;
  readonly handle: number | null;
}

export interface HeldBase {
  readonly type: string;
  readonly hook: string;
  readonly priority: number;
  readonly devices: readonly string[];
}

export interface HeldChain {
  readonly name: string;
  rules: HeldRule[];
  base: HeldBase | null;
  policy: "accept" | "drop";
  place: Place | null;
}

export interface HeldSet {
  keys: Key[];
  verdicts: (Verdict | null)[];
  dynamic: boolean;
  wrong: string | null;
}

export interface HeldTable {
  readonly family: string;
  readonly name: string;
  dormant: boolean;
  readonly chains: Map<string, HeldChain>;
  readonly sets: Map<string, HeldSet>;
}

/** What a text adds up to. */
export interface Held {
  readonly tables: Map<string, HeldTable>;
  readonly troubles: Trouble[];
  readonly elsewhere: { readonly place: Place; readonly why: string }[];
  /** The text as a whole would not be loaded. */
  broken: string | null;
}

export const nothingHeld = (): Held => ({ tables: new Map(), troubles: [], elsewhere: [], broken: null });

export function tableOf(held: Held, family: string, name: string): HeldTable {
  const key = `${family} ${name}`;
  const known = held.tables.get(key);
  if (known !== undefined) return known;
  const made: HeldTable = { family, name, dormant: false, chains: new Map(), sets: new Map() };
  held.tables.set(key, made);
  return made;
}

export function chainOf(table: HeldTable, name: string): HeldChain {
  const known = table.chains.get(name);
  if (known !== undefined) return known;
  const made: HeldChain = { name, rules: [], base: null, policy: "accept", place: null };
  table.chains.set(name, made);
  return made;
}

export function setOf(table: HeldTable, name: string): HeldSet {
  const known = table.sets.get(name);
  if (known !== undefined) return known;
  const made: HeldSet = { keys: [], verdicts: [], dynamic: false, wrong: null };
  table.sets.set(name, made);
  return made;
}

/** Named priorities (nft(8), standard priority names). */
const priorities: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};

/** `filter`, `-150`, `filter - 5`, `mangle+10`; null: not a priority. */
export function priorityOf(text: string): number | null {
  const found = /^(?:([a-z]+)|(-?\d+))\s*(?:([+-])\s*(\d+))?$/.exec(text.trim());
  if (found === null) return null;
  const [, name, number, sign, offset] = found;
  const from = name === undefined ? Number(number) : priorities[name];
  if (from === undefined) return null;
  return from + (offset === undefined ? 0 : Number(`${sign}${offset}`));
}

const familiesOf: Readonly<Record<string, readonly Family[]>> = { ip: [4], ip6: [6], inet: [4, 6], netdev: [4, 6] };

export function rulesetOf(held: Held, file: string): Ruleset {
  const chains = new Map<string, DraftChain>();
  const troubles: Trouble[] = [...held.troubles];
  const notes: string[] = [];
  let routes = false;
  for (const [tableKey, table] of held.tables) {
    const families = familiesOf[table.family];
    if (families === undefined) {
      // ARP and bridged frames are no packets that a router passes on.
      if (table.chains.size > 0) notes.push(`table ${tableKey} is not about routed packets`);
      continue;
    }
    markFilled(table);
    const chainKey = (name: string): string => `${tableKey} ${name}`;
    for (const chain of table.chains.values()) {
      const drafts: Draft[] = [];
      for (const { rule, place } of chain.rules) {
        const made = draftsOf(rule, place, { sets: table.sets as ReadonlyMap<string, NamedSet>, chainKey });
        for (const says of made.troubles) troubles.push({ place, says });
        for (const draft of made.drafts) drafts.push(known(draft, table, chainKey, troubles));
      }
      const base = baseOf(chain, families);
      if (chain.base?.type === "nat") {
        routes ||= chain.rules.some(({ place }) => translates(chainKey(chain.name), place.text));
        notes.push(`addresses are translated in ${chainKey(chain.name)}: rules see them as they are at their hook`);
        continue;
      }
      if (table.dormant && base !== null) {
        notes.push(`table ${tableKey} is dormant`);
        continue;
      }
      const policy = chain.policy === "accept" ? "permit" : "deny";
      chains.set(chainKey(chain.name), {
        key: chainKey(chain.name),
        drafts,
        otherwise: chain.base === null ? "return" : policy,
        place:
          chain.base === null
            ? null
            : (chain.place ?? { file, line: 0, text: `policy ${chain.policy} of ${chainKey(chain.name)}` }),
        base,
      });
    }
  }
  return {
    chains,
    elsewhere: held.elsewhere,
    troubles,
    notes: [...new Set(notes)],
    routes,
    unknown: held.broken === null ? {} : { 4: held.broken, 6: held.broken },
    named(name, family) {
      const fits = [...chains.values()].filter(
        ({ key, base }) =>
          (key === name || key.endsWith(` ${name}`)) &&
          (base?.families ?? familiesOf[key.split(" ")[0] ?? ""] ?? []).includes(family),
      );
      return fits.find(({ key }) => key === name) ?? fits.find(({ base }) => base !== null) ?? fits[0] ?? null;
    },
    title: ({ key }) => key,
  };
}

/** Sets that rules fill are never what the text says. */
function markFilled(table: HeldTable): void {
  for (const { rules } of table.chains.values())
    for (const { rule } of rules)
      for (const statement of rule.statements)
        if (statement.kind === "fills") {
          const set = table.sets.get(statement.set);
          if (set !== undefined) set.dynamic = true;
        }
}

function known(draft: Draft, table: HeldTable, chainKey: (name: string) => string, troubles: Trouble[]): Draft {
  const { action } = draft;
  if (action.kind !== "jump" && action.kind !== "goto") return draft;
  const name = action.chain.slice(chainKey("").length);
  if (table.chains.has(name)) return draft;
  const why = `there is no chain ${name} in this table: nft loads none of it`;
  troubles.push({ place: draft.place, says: why });
  const unknown: Action = { kind: "unknown", why };
  return { ...draft, action: unknown };
}

function baseOf({ base }: HeldChain, families: readonly Family[]): Base | null {
  if (base === null) return null;
  const hook = hooks.find((one: Hook) => one === base.hook);
  if (hook === undefined) return null;
  return {
    hook,
    priority: base.priority,
    families,
    devices: hook === "ingress" && base.devices.length > 0 ? base.devices : null,
  };
}
