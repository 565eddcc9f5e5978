/** The tables of both families, as the kernel would hold them after all commands of a text. */
import type { Place, Trouble } from "../../model.ts";
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
import { doubtful } from "../unix/conditions.ts";
import type { IpSets } from "./ipset.ts";
import { draftOf } from "./rule.ts";

export interface HeldRule {
  readonly words: readonly string[];
  readonly place: Place;
  /** The command stands behind a condition that the text does not settle. */
  readonly perhaps: boolean;
  /** Not a rule but a hole in what is known of the chain. */
  readonly wrong: string | null;
}

export interface HeldChain {
  rules: HeldRule[];
  policy: "ACCEPT" | "DROP";
  place: Place | null;
}

export type HeldTable = Map<string, HeldChain>;

export interface Held {
  readonly tables: Readonly<Record<Family, Map<string, HeldTable>>>;
  readonly sets: IpSets;
  readonly troubles: Trouble[];
  readonly elsewhere: { readonly place: Place; readonly why: string }[];
  readonly unknown: Partial<Record<Family, string>>;
}

export const nothingHeld = (): Held => ({
  tables: { 4: new Map(), 6: new Map() },
  sets: new Map(),
  troubles: [],
  elsewhere: [],
  unknown: {},
});

/** Where the built-in chains are hooked in, and at which priority (netfilter_ipv4.h). */
const builtIn: Readonly<Record<string, { readonly priority: number; readonly chains: readonly string[] }>> = {
  raw: { priority: -300, chains: ["PREROUTING", "OUTPUT"] },
  mangle: { priority: -150, chains: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"] },
  nat: { priority: -100, chains: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"] },
  filter: { priority: 0, chains: ["INPUT", "FORWARD", "OUTPUT"] },
  security: { priority: 50, chains: ["INPUT", "FORWARD", "OUTPUT"] },
};

export const isBuiltIn = (table: string, chain: string): boolean => builtIn[table]?.chains.includes(chain) === true;

export function tableOf(held: Held, family: Family, name: string): HeldTable {
  const known = held.tables[family].get(name);
  if (known !== undefined) return known;
  const made: HeldTable = new Map();
  for (const chain of builtIn[name]?.chains ?? []) made.set(chain, { rules: [], policy: "ACCEPT", place: null });
  held.tables[family].set(name, made);
  return made;
}

export function chainOf(table: HeldTable, name: string): HeldChain {
  const known = table.get(name);
  if (known !== undefined) return known;
  const made: HeldChain = { rules: [], policy: "ACCEPT", place: null };
  table.set(name, made);
  return made;
}

const familyWord = { 4: "ip", 6: "ip6" } as const;

export function rulesetOf(held: Held, file: string): Ruleset {
  const chains = new Map<string, DraftChain>();
  const troubles: Trouble[] = [...held.troubles];
  const notes = new Set<string>();
  let routes = false;
  for (const family of [4, 6] as const) {
    const { tables } = { tables: held.tables[family] };
    if (tables.size === 0) notes.add(`no ${family === 4 ? "iptables" : "ip6tables"} rules are in this text`);
    for (const [tableName, table] of tables) {
      if (tableName === "nat") {
        for (const [name, { rules }] of table)
          routes ||= rules.some(({ words }) => translates(`nat ${name}`, words.join(" ")));
        if ([...table.values()].some(({ rules }) => rules.length > 0))
          notes.add("addresses are translated in table nat: rules see them as they are at their hook");
        continue;
      }
      const keyOf = (name: string): string => `${familyWord[family]} ${tableName} ${name}`;
      for (const [name, chain] of table) {
        const drafts: Draft[] = [];
        for (const { words, place, perhaps, wrong } of chain.rules) {
          if (wrong !== null) {
            drafts.push({ conditions: [{}], action: { kind: "unknown", why: wrong }, place });
            continue;
          }
          const made = draftOf(words, place, {
            family,
            sets: held.sets,
            chainKey: (target) => (table.has(target) && !isBuiltIn(tableName, target) ? keyOf(target) : null),
          });
          for (const says of made.troubles) troubles.push({ place, says });
          const { draft } = made;
          drafts.push(
            perhaps
              ? { ...draft, conditions: doubtful(draft.conditions, "whether this command is run is not known") }
              : draft,
          );
        }
        const base = baseOf(tableName, name, family);
        chains.set(keyOf(name), {
          key: keyOf(name),
          drafts,
          otherwise: base === null ? "return" : chain.policy === "DROP" ? "deny" : "permit",
          place:
            base === null
              ? null
              : (chain.place ?? { file, line: 0, text: `policy ${chain.policy} of ${tableName} ${name}` }),
          base,
        });
      }
    }
  }
  return {
    chains,
    elsewhere: held.elsewhere,
    troubles,
    notes: [...notes],
    routes,
    unknown: held.unknown,
    named(name, family) {
      const prefix = `${familyWord[family]} `;
      return (
        chains.get(`${prefix}${name}`) ?? chains.get(`${prefix}filter ${name}`) ?? otherTable(chains, prefix, name)
      );
    },
    title: ({ key }) => key.replace(/^ip6? (filter )?/, ""),
  };
}

const otherTable = (chains: ReadonlyMap<string, DraftChain>, prefix: string, name: string): DraftChain | null =>
  [...chains.values()].find(({ key }) => key.startsWith(prefix) && key.endsWith(` ${name}`)) ?? null;

function baseOf(table: string, chain: string, family: Family): Base | null {
  if (!isBuiltIn(table, chain)) return null;
  const hook = hooks.find((one: Hook) => one === chain.toLowerCase());
  return hook === undefined
    ? null
    : { hook, priority: builtIn[table]?.priority ?? 0, families: [family], devices: null };
}
