/**
 * Lists that name domains or clients (`mynetworks`, `relay_domains`, `mydestination`): names, networks, files, tables
 * and exceptions (`!x`); the leftmost that matches decides.
 */
import { posix } from "node:path";
import { formatIp } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import { type Prefix, parsePrefix } from "../../../net/prefix.ts";
import { type Span, sourceOf } from "../../../text/source.ts";
import type { Condition, Truth, Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import { logicalLines } from "./main-cf.ts";
import { type Item, tokens } from "./parameters.ts";
import { isTableRef, openTable, type Table, type TableContext } from "./tables.ts";

interface ListItem {
  readonly not: boolean;
  readonly text: string;
  readonly where: Span | null;
  readonly table: Table | null;
  readonly unclear: Unknown | null;
}

/** Files named in the list are read in, tables are opened. */
function opened(items: readonly Item[], context: TableContext, depth = 0): readonly ListItem[] {
  return items.flatMap((item): readonly ListItem[] => {
    const not = /^(!\s*)+/.exec(item.text)?.[0].replace(/\s/g, "").length ?? 0;
    const text = item.text.replace(/^(!\s*)+/, "");
    const base = { not: not % 2 === 1, where: item.where, table: null, unclear: null };
    if (text.startsWith("/")) {
      const at = fileAt(context.tree, posix.resolve(context.home, text), context.home);
      if (at === null || at.file.kind !== "text" || depth > 5) {
        const unclear: Unknown = { unknown: `${text}, which is not among the files`, where: item.where };
        context.trouble(unclear);
        return [{ ...base, text, unclear }];
      }
      const inside = logicalLines(sourceOf(at.path, at.file.text)).flatMap((line) =>
        tokens(line.text).map((token): Item => ({ text: `${base.not ? "!" : ""}${token.text}`, where: line.span })),
      );
      return opened(inside, context, depth + 1);
    }
    if (isTableRef(text)) return [{ ...base, text, table: openTable(text, item.where, context) }];
    return [{ ...base, text }];
  });
}

export interface Match {
  readonly truth: Truth;
  readonly where: Span | null;
}

export interface DomainList {
  readonly match: (domain: string) => Match;
  /** Names that stand in it literally. */
  readonly names: readonly { readonly name: string; readonly below: boolean; readonly where: Span | null }[];
  /** Further names to try. */
  readonly seeds: readonly string[];
}

/**
 * A list of domains. `matches: "string"` compares names only (mydestination, virtual_…_domains); `"host"` covers what
 * lies below as well: all of `name` where `parents`, else what is written `.name`.
 */
export function domainList(
  items: readonly Item[],
  { matches, parents }: { readonly matches: "string" | "host"; readonly parents: boolean },
  context: TableContext,
): DomainList {
  const list = opened(items, context);
  const exact = new Map<string, number>();
  for (const [index, { text, table, unclear }] of list.entries()) {
    const key = text.toLowerCase();
    if (table === null && unclear === null && !exact.has(key)) exact.set(key, index);
  }
  const indirect = list.flatMap(({ table, unclear }, index) => (table === null && unclear === null ? [] : [index]));
  const answer = (index: number): Match => {
    const item = list[index];
    return { truth: item?.not === true ? "no" : "yes", where: item?.where ?? null };
  };
  return {
    match(domain) {
      const name = domain.toLowerCase();
      let best = Number.POSITIVE_INFINITY;
      for (const key of keysOf(name, matches, parents)) best = Math.min(best, exact.get(key) ?? best);
      for (const index of indirect) {
        if (index > best) break;
        const item = list[index] as ListItem; // the index was taken from it
        if (item.unclear !== null) return { truth: item.unclear, where: item.where };
        const found = matches === "string" ? item.table?.lookup(name) : firstFound(item.table, name, parents);
        if (found === null || found === undefined) continue;
        if ("unknown" in found) return { truth: found, where: item.where };
        return { truth: item.not ? "no" : "yes", where: found.where ?? item.where };
      }
      return best === Number.POSITIVE_INFINITY ? { truth: "no", where: null } : answer(best);
    },
    names: list.flatMap(({ not, text, table, where }) => {
      if (not) return [];
      if (table?.kind === "exact")
        return table.entries
          .slice(0, 5000)
          .filter(({ key }) => !key.includes("@"))
          .map(({ key, where: at }) => ({ name: key.replace(/^\./, ""), below: matches === "host", where: at }));
      if (table !== null || text.startsWith("/")) return [];
      const below = matches === "host" && (parents || text.startsWith("."));
      return [{ name: text.replace(/^\./, "").toLowerCase(), below, where }];
    }),
    seeds: list
      .flatMap(({ table }) => (table?.kind === "pattern" ? table.entries.map(({ key }) => key) : []))
      .slice(0, 500),
  };
}

/** The keys under which a list of names is searched. */
function keysOf(name: string, matches: "string" | "host", parents: boolean): readonly string[] {
  if (matches === "string") return [name];
  const keys = [name];
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1))
    keys.push(name.slice(parents ? dot + 1 : dot));
  return keys;
}

function firstFound(table: Table | null, name: string, parents: boolean): ReturnType<Table["lookup"]> {
  if (table === null) return null;
  for (const [index, key] of keysOf(name, "host", parents).entries()) {
    if (index > 0 && table.kind === "pattern") return null;
    const found = table.lookup(key);
    if (found !== null) return found;
  }
  return null;
}

/** A list of clients as a condition on address and verified name. */
export function clientList(items: readonly Item[], parents: boolean, context: TableContext): Condition {
  let condition: Condition = { kind: "any", of: [] };
  let run: Prefix[] = [];
  const flush = (): void => {
    if (run.length > 0) condition = anyOf({ kind: "client-address", set: ipSet(run) }, condition);
    run = [];
  };
  for (const item of [...opened(items, context)].reverse()) {
    const prefix = item.table === null && item.unclear === null ? prefixOfItem(item.text) : null;
    if (prefix !== null && !item.not) {
      run.push(prefix);
      continue;
    }
    flush();
    const one =
      prefix === null ? conditionOf(item, parents) : ({ kind: "client-address", set: ipSet([prefix]) } as const);
    condition = item.not ? { kind: "all", of: [{ kind: "not", of: one }, condition] } : anyOf(one, condition);
  }
  flush();
  return condition;
}

function anyOf(first: Condition, rest: Condition): Condition {
  return rest.kind === "any" ? { kind: "any", of: [first, ...rest.of] } : { kind: "any", of: [first, rest] };
}

/** `192.0.2.0/24`, `[2001:db8::]/32`; a network with host bits set is no network (Postfix refuses it). */
function prefixOfItem(text: string): Prefix | null {
  // Without its brackets an IPv6 address would name a table (`2001:…`).
  if (text.includes(":") && !text.startsWith("[")) return null;
  const bare = text.replace(/^\[([^\]]*)\]/, "$1");
  const prefix = parsePrefix(bare);
  return prefix.ok ? prefix.value : null;
}

function conditionOf(item: ListItem, parents: boolean): Condition {
  const { table, text, unclear } = item;
  if (unclear !== null) return { kind: "unknown", because: unclear };
  if (table !== null) return tableCondition(table, parents);
  const suffix = text.toLowerCase();
  if (/^[0-9./]+$/.test(suffix) || suffix.includes(":"))
    return {
      kind: "unknown",
      because: { unknown: `the item "${text}", which is no address or network`, where: item.where },
    };
  return {
    kind: "text",
    of: "client-name",
    matches: {
      says: `the client's verified name is in ${text}`,
      test: (name) => (keysOf(name.toLowerCase(), "host", parents).includes(suffix) ? "yes" : "no"),
      seeds: [suffix],
    },
  };
}

/** A table in a list of clients is asked for the name, and for the address as it stands. */
function tableCondition(table: Table, parents: boolean): Condition {
  return {
    kind: "computed",
    says: `the client is in ${table.ref}`,
    test: ({ client }) => {
      const found =
        table.lookup(formatIp(client.address)) ??
        (client.name === null ? null : firstFound(table, client.name, parents));
      if (found === null) return "no";
      return "unknown" in found ? found : "yes";
    },
    ranges: table.ranges,
    seeds: table.entries.slice(0, 200).map(({ key }) => ({ of: "client-name", text: key })),
  };
}
