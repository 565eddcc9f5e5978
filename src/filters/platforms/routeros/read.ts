/** RouterOS: `raw prerouting` without state, then the chain `forward`; what no rule decides is accepted. */
import { sourceOf } from "../../../text/source.ts";
import type { Action, Asked, Crossing, Reading, Rule, Stage } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { addressesOf } from "../reading/addresses.ts";
import { Draft } from "../reading/draft.ts";
import { onlyOne } from "../reading/interfaces.ts";
import { type Meant, nobody, surely, unclear, union } from "../reading/meant.ts";
import { conditionOf, type RuleReader } from "./conditions.ts";
import { AddressLists } from "./lists.ts";
import { Interfaces } from "./ports.ts";
import { statementsOf } from "./statements.ts";
import { type Item, type Tables, tablesOf } from "./tables.ts";

const builtIn: Readonly<Record<"raw" | "filter", readonly string[]>> = {
  raw: ["prerouting", "output"],
  filter: ["input", "forward", "output"],
};

export function readRouteros(file: string, text: string): Reading {
  const source = sourceOf(file, text);
  const draft = new Draft(source);
  const tables = tablesOf(statementsOf(source), draft);
  const interfaces = new Interfaces(tables);
  const named = new Map<string, Partial<Record<Family, string>>>();
  for (const family of [4, 6] as const)
    for (const table of ["raw", "filter"] as const)
      for (const [chain, key] of chainsOf(draft, tables, table, family)) {
        const name = table === "raw" ? `raw ${chain}` : chain;
        named.set(name, { ...named.get(name), [family]: key });
      }

  const crossing = (outside: string, { family, direction }: Asked): Crossing => {
    const says = (unknown: string): Crossing => ({ stages: [], attachment: unknown, place: null, unknown });
    const aliases = interfaces.aliases(outside);
    if (!interfaces.names.includes(outside) && !interfaces.isList(outside))
      return says(`there is no interface ${outside}`);
    const own = interfaces.isList(outside) ? interfaces.membersOf(outside) : [];
    const single = own.length > 1 ? rulesNaming(tables, own) : null;
    if (single !== null)
      return {
        ...says(`${outside} has several members, and a rule names one of them; say which one is outside`),
        place: draft.place(single),
      };
    const chains = ["raw prerouting", "forward"].flatMap((name) => named.get(name)?.[family] ?? []);
    const lists = aliases
      .filter((name) => name.startsWith("list ") && name !== "list all")
      .map((name) => name.slice(5));
    const where = `${outside}${lists.length > 0 ? ` (${lists.join(", ")})` : ""}`;
    const attachment =
      chains.length === 0
        ? `no IPv${family} rules: everything is forwarded, ${direction} at ${where}`
        : `${["raw prerouting", "forward"].filter((name) => named.get(name)?.[family] !== undefined).join(", then ")} at ${where}, IPv${family}, ${direction}`;
    return { stages: chains.map((chain): Stage => ({ chain, stateful: false })), attachment, place: null };
  };

  return {
    chains: draft.chains,
    troubles: draft.troubles,
    lists: [...named.keys()],
    interfaces: interfaces.names,
    interfaceNamed: (asked) => interfaces.named(asked),
    aliases: (outside) => interfaces.aliases(outside),
    crossing(outside, asked) {
      if (outside !== null) return crossing(interfaces.named(outside) ?? outside, asked);
      const found = onlyOne(interfaces.names, "interfaces");
      if ("why" in found) return { stages: [], attachment: found.why, place: null, unknown: found.why };
      return crossing(found.name, asked);
    },
    list(name, { family }) {
      const chain = named.get(name)?.[family];
      return chain === undefined
        ? null
        : { stages: [{ chain, stateful: false }], attachment: `chain ${name}, IPv${family}`, place: null };
    },
  };
}

/** The line of a rule that is about one of these interfaces by name. */
function rulesNaming(tables: Tables, names: readonly string[]): number | null {
  for (const menu of ["ip", "ipv6"].flatMap((ip) => [`${ip} firewall raw`, `${ip} firewall filter`]))
    for (const { values, line } of tables.items(menu))
      for (const key of ["in-interface", "out-interface"])
        if (names.includes(values.get(key)?.replace(/^!/, "") ?? "")) return line;
  return null;
}

/** Makes the chains of a table; the result tells what each is called. */
function chainsOf(draft: Draft, tables: Tables, table: "raw" | "filter", family: Family): ReadonlyMap<string, string> {
  const menu = family === 4 ? "ip" : "ipv6";
  const items = tables.items(`${menu} firewall ${table}`);
  const unclear = tables.unclear(`${menu} firewall ${table}`);
  const keyOf = (chain: string): string => `${table === "raw" ? "raw " : ""}${chain}${family === 6 ? " (IPv6)" : ""}`;
  const reader: RuleReader = {
    draft,
    family,
    lists: new AddressLists(tables, menu, draft),
    translated: translatedTo(tables, menu),
  };
  const rules = new Map<string, Rule[]>();
  const of = (chain: string): Rule[] => {
    const known = rules.get(chain) ?? [];
    rules.set(chain, known);
    return known;
  };
  for (const item of items) {
    if (item.values.get("disabled") === "yes") continue;
    const chain = item.values.get("chain");
    if (chain === undefined) {
      for (const name of builtIn[table]) of(name).push(draft.unknownRule(item.line, "a rule without a chain"));
      continue;
    }
    of(chain).push(ruleOf(reader, item, keyOf));
    const target = item.values.get("jump-target");
    // A chain without rules is empty: whoever jumps there comes back.
    if (item.values.get("action") === "jump" && target !== undefined) of(target);
  }
  if (unclear.length > 0)
    for (const all of rules.values())
      all.unshift(...unclear.slice(0, 20).map((line) => draft.unknownRule(line, "a line that is not understood")));
  for (const [chain, own] of rules) {
    const isBuiltIn = builtIn[table].includes(chain);
    draft.chains.set(keyOf(chain), {
      name: keyOf(chain),
      rules: own,
      otherwise: isBuiltIn ? "permit" : "return",
      place: isBuiltIn ? draft.unwritten(`end of the chain ${chain}: accept`) : null,
    });
  }
  return new Map([...rules.keys()].map((chain) => [chain, keyOf(chain)]));
}

function ruleOf(reader: RuleReader, item: Item, keyOf: (chain: string) => string): Rule {
  const { matches, sides } = conditionOf(reader, item);
  const action = actionOf(reader.draft, item, keyOf);
  return { matches: matches.map((match) => ({ ...match, ...sides })), action, place: reader.draft.place(item.line) };
}

function actionOf(draft: Draft, { values, line }: Item, keyOf: (chain: string) => string): Action {
  const action = values.get("action") ?? "accept";
  switch (action) {
    case "accept":
      return { kind: "permit" };
    case "drop":
    case "reject":
    case "tarpit":
      return { kind: "deny" };
    case "return":
      return { kind: "return" };
    case "jump": {
      const target = values.get("jump-target");
      if (target !== undefined && target !== "") return { kind: "jump", chain: keyOf(target) };
      break;
    }
    case "passthrough":
    case "log":
    case "add-src-to-address-list":
    case "add-dst-to-address-list":
    case "fasttrack-connection":
      return { kind: "continue" };
    case "notrack":
      draft.trouble(line, "notrack: that later rules see these packets as untracked is not followed");
      return { kind: "continue" };
    default:
  }
  const why = `the action "${action}" is not known`;
  draft.trouble(line, why);
  return { kind: "unknown", why };
}

/** Addresses that destination NAT may give a packet. */
function translatedTo(tables: Tables, menu: string): Meant {
  const all = tables.items(`${menu} firewall nat`).flatMap(({ values }): readonly Meant[] => {
    if (values.get("disabled") === "yes" || !/^(dst-nat|netmap)$/.test(values.get("action") ?? "")) return [];
    const read = addressesOf(values.get("to-addresses") ?? "");
    return [read === null ? unclear("destination NAT") : surely(read)];
  });
  return all.length === 0 ? nobody : union(all);
}
