/** From a rule's statements to conditions and verdicts: what each rule is about, and what it does. */
import type { Action, Place } from "../../model.ts";
import type { Draft } from "../netfilter/ruleset.ts";
import { type Condition, doubtful, merged, noneOf, product } from "../unix/conditions.ts";
import type { Field } from "./field.ts";
import { fieldNamed } from "./fields.ts";
import type { Key, Operand, RuleText, Statement, Verdict } from "./statements.ts";

/** A named set or verdict map of a table. */
export interface NamedSet {
  readonly keys: readonly Key[];
  readonly verdicts: readonly (Verdict | null)[];
  /** It is filled while the firewall runs. */
  readonly dynamic: boolean;
  /** Its elements were not understood. */
  readonly wrong: string | null;
}

export interface Surroundings {
  readonly sets: ReadonlyMap<string, NamedSet>;
  /** The key of a chain of the same table. */
  chainKey(name: string): string;
}

/** The rules that one line makes; `troubles` are said, and stand in the rules as unknown. */
export function draftsOf(
  rule: RuleText,
  place: Place,
  around: Surroundings,
): { readonly drafts: readonly Draft[]; readonly troubles: readonly string[] } {
  const drafts: Draft[] = [];
  const troubles: string[] = [];
  let conditions: readonly Condition[] = [{}];
  let notrack = false;
  const narrow = (more: readonly Condition[] | null, why: string): void => {
    const made = more === null ? null : product([conditions, more]);
    conditions = made ?? doubtful(conditions, why);
  };
  const decide = (verdict: Verdict, where: readonly Condition[]): void => {
    const action = actionOf(verdict, around);
    if (action.kind !== "continue" || notrack)
      drafts.push({ conditions: where, action, place, ...(notrack ? { notrack } : {}) });
  };
  let decided = false;
  for (const statement of rule.statements) {
    switch (statement.kind) {
      case "match": {
        const { found, trouble } = matchConditions(statement, around);
        if (trouble !== null) troubles.push(trouble);
        narrow(found, trouble ?? `${statement.fields.join(" . ")} is looked at`);
        break;
      }
      case "doubt":
        conditions = doubtful(conditions, statement.why);
        break;
      case "notrack":
        notrack = true;
        break;
      case "fills":
        break;
      case "verdict":
        decide(statement.verdict, conditions);
        decided = true;
        break;
      case "vmap": {
        const rows = mapRows(statement, around);
        let goesOn: readonly Condition[] = [];
        if ("trouble" in rows) {
          troubles.push(rows.trouble);
          drafts.push({ conditions, action: { kind: "unknown", why: rows.trouble }, place });
        } else
          for (const { verdict, where } of rows.rows) {
            const made = product([conditions, where]);
            if (made === null) drafts.push({ conditions, action: { kind: "unknown", why: "a large map" }, place });
            else if (verdict.kind === "continue") goesOn = [...goesOn, ...made];
            else decide(verdict, made);
          }
        // What no element holds stops here, and what one holds goes on only if it says so.
        decided = true;
        conditions = goesOn;
        break;
      }
    }
    if (conditions.length === 0 && rule.wrong === null) return { drafts, troubles };
  }
  if (rule.wrong !== null) {
    troubles.push(rule.wrong);
    drafts.push({ conditions, action: { kind: "unknown", why: rule.wrong }, place });
  } else if (!decided && notrack) decide({ kind: "continue" }, conditions);
  return { drafts, troubles };
}

function actionOf(verdict: Verdict, around: Surroundings): Action {
  switch (verdict.kind) {
    case "accept":
      return { kind: "permit" };
    case "drop":
      return { kind: "deny" };
    case "return":
    case "continue":
      return { kind: verdict.kind };
    case "jump":
    case "goto":
      return { kind: verdict.kind, chain: around.chainKey(verdict.chain) };
    case "unknown":
      return { kind: "unknown", why: verdict.why };
  }
}

type Match = Extract<Statement, { kind: "match" }>;
interface Found {
  /** Null: nothing is known of it. */
  readonly found: readonly Condition[] | null;
  /** It should have been understood. */
  readonly trouble: string | null;
}

function matchConditions({ fields, mask, operator, operand }: Match, around: Surroundings): Found {
  const named = operand.kind === "named" ? around.sets.get(operand.name) : undefined;
  if (operand.kind === "named" && named === undefined)
    return { found: null, trouble: `the set @${operand.name} is not there` };
  if (named?.wrong != null) return { found: null, trouble: named.wrong };
  const keys = operand.kind === "named" ? (named?.keys ?? []) : operand.keys;
  const all = fields.map(fieldNamed);
  if (all.includes(null)) {
    // A field of another kind; what its neighbours take for granted still holds.
    const known = all.flatMap((field) => (field === null ? [] : [[field.takes]]));
    const takes = product(known);
    return { found: takes === null ? null : doubtful(takes, `${fields.join(" . ")} is looked at`), trouble: null };
  }
  const known = all.flatMap((field) => field ?? []);
  const misread = `the value of ${fields.join(" . ")} is not understood`;
  const [field] = known;
  if (field === undefined) return { found: null, trouble: misread };
  const form = operand.kind === "named" ? "set" : operand.form;
  if (known.length === 1 && (form !== "set" || mask !== null)) {
    const found = single(field, { mask, operator, operand, keys });
    return { found, trouble: found === null ? misread : null };
  }
  if (mask !== null || !["", "==", "!="].includes(operator)) return { found: null, trouble: misread };
  if (operator === "!=" && keys.some((key) => key.length === 1 && key[0]?.kind === "rest"))
    return { found: [], trouble: null };
  const make = () => (operator === "!=" ? exceptThese(known, keys, named) : someOf(known, keys, named));
  const found = named === undefined ? make() : remembered(named, `${fields.join(" . ")} ${operator}`, make);
  return { found, trouble: found === null ? misread : null };
}

/** Thousands of rules may look at one large set: its elements are put together once for each way to look. */
const memory = new WeakMap<NamedSet, Map<string, unknown>>();

function remembered<T>(set: NamedSet, key: string, make: () => T): T {
  const known = memory.get(set) ?? new Map<string, unknown>();
  memory.set(set, known);
  if (!known.has(key)) known.set(key, make());
  return known.get(key) as T; // each key is used with one type
}

/** A value outside braces. */
function single(
  field: Field,
  { mask, operator, operand, keys }: Pick<Match, "mask" | "operator" | "operand"> & { keys: readonly Key[] },
): readonly Condition[] | null {
  const items = keys.flat();
  if (keys.some((key) => key.length !== 1)) return null;
  const words = items.map((item) => (item.kind === "one" ? item.text : "?"));
  if (field.bits !== undefined) return field.bits(operator, words, mask);
  if (mask !== null) return field.masked?.(operator, words, mask) ?? null;
  const [item] = items;
  if (item === undefined || operand.kind !== "keys") return null;
  switch (operator) {
    case "":
    case "==":
      return field.is(items);
    case "!=":
      return field.not(items);
    case "!":
      return null;
    default:
      return field.compare?.(operator, item) ?? null;
  }
}

const changes = "a set that is filled while the firewall runs";

/** One of a set's elements. */
function someOf(
  fields: readonly Field[],
  keys: readonly Key[],
  named: NamedSet | undefined,
): readonly Condition[] | null {
  const all = product(fields.map(({ takes }) => [takes]));
  const more: readonly Condition[] = named?.dynamic === true ? doubtful(all ?? [{}], changes) : [];
  if (keys.some((key) => key.length === 1 && key[0]?.kind === "rest")) return all;
  const [field] = fields;
  if (fields.length === 1 && field !== undefined) {
    const found = field.is(keys.flat());
    return found === null ? null : [...found, ...more];
  }
  const found: Condition[] = [];
  for (const key of keys) {
    const made = together(fields, key);
    if (made === null) return null;
    for (const one of made) found.push(one);
  }
  return [...merged(found), ...more];
}

function together(fields: readonly Field[], key: Key): readonly Condition[] | null {
  if (key.length !== fields.length) return null;
  const parts: (readonly Condition[])[] = [];
  for (const [at, field] of fields.entries()) {
    const item = key[at];
    const part = item === undefined ? null : item.kind === "rest" ? [field.takes] : field.is([item]);
    if (part === null) return null;
    parts.push(part);
  }
  return product(parts);
}

/** None of a set's elements; null: not understood. */
function exceptThese(
  fields: readonly Field[],
  keys: readonly Key[],
  named: NamedSet | undefined,
): readonly Condition[] | null {
  const takes = product(fields.map((field) => [field.takes])) ?? [{}];
  const [field] = fields;
  let found: readonly Condition[] | null;
  if (fields.length === 1 && field !== undefined) found = field.not(keys.flat());
  else {
    const some = someOf(fields, keys, undefined);
    const others =
      some === null
        ? null
        : noneOf(
            some.map((one) => withoutTakes(one, takes[0] ?? {})),
            takes[0]?.family ?? 4,
          );
    // What the fields take for granted holds for all elements: a packet without it is not looked at.
    found = others === null ? null : product([takes, others.filter(({ laterFragment }) => laterFragment !== true)]);
  }
  return found !== null && named?.dynamic === true ? doubtful(found, changes) : found;
}

function withoutTakes(condition: Condition, takes: Condition): Condition {
  const { family: _family, protocols, ...rest } = condition;
  return takes.protocols === undefined && protocols !== undefined ? { ...rest, protocols } : rest;
}

interface Row {
  readonly verdict: Verdict;
  readonly where: readonly Condition[];
}

/** Elements with one verdict are one rule: no packet fits two elements, so their order does not matter. */
function mapRows(statement: Extract<Statement, { kind: "vmap" }>, around: Surroundings): Rows {
  const { fields, map } = statement;
  const named = map.kind === "named" ? around.sets.get(map.name) : undefined;
  const make = () => rowsOf(statement, around);
  return named === undefined ? make() : remembered(named, `${fields.join(" . ")} vmap`, make);
}

type Rows = { readonly rows: readonly Row[] } | { readonly trouble: string };

function rowsOf({ fields, map }: Extract<Statement, { kind: "vmap" }>, around: Surroundings): Rows {
  const named = map.kind === "named" ? around.sets.get(map.name) : undefined;
  if (map.kind === "named" && named === undefined) return { trouble: `the map @${map.name} is not there` };
  if (named?.wrong != null) return { trouble: named.wrong };
  const pairs: readonly (readonly [Key, Verdict | null])[] =
    map.kind === "pairs" ? map.pairs : (named?.keys ?? []).map((key, at) => [key, named?.verdicts[at] ?? null]);
  const groups = new Map<string, { verdict: Verdict; keys: Key[] }>();
  let rest: Verdict | null = null;
  for (const [key, verdict] of pairs) {
    if (verdict === null) return { trouble: "an element of a verdict map has no verdict" };
    if (key.length === 1 && key[0]?.kind === "rest") {
      rest = verdict;
      continue;
    }
    const name = verdict.kind === "jump" || verdict.kind === "goto" ? `${verdict.kind} ${verdict.chain}` : verdict.kind;
    const group = groups.get(name) ?? { verdict, keys: [] };
    group.keys.push(key);
    groups.set(name, group);
  }
  const match = (keys: readonly Key[], operator: "==" | "!="): Found => {
    const operand: Operand = { kind: "keys", form: "set", keys };
    return matchConditions({ kind: "match", fields, mask: null, operator, operand }, around);
  };
  const rows: Row[] = [];
  for (const { verdict, keys } of groups.values()) {
    const { found, trouble } = match(keys, "==");
    if (found === null) return { trouble: trouble ?? "a verdict map is not understood" };
    rows.push({ verdict, where: found });
  }
  if (rest !== null) {
    const keys = pairs.flatMap(([key]) => (key.length === 1 && key[0]?.kind === "rest" ? [] : [key]));
    const { found, trouble } = match(keys, "!=");
    if (found === null) return { trouble: trouble ?? "a verdict map is not understood" };
    rows.push({ verdict: rest, where: found });
  }
  if (named?.dynamic === true)
    rows.unshift({ verdict: { kind: "unknown", why: changes }, where: doubtful([{}], changes) });
  return { rows };
}
