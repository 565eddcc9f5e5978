/** `from HOST port PORT` as conditions: addresses, tables, interfaces, lists of them, and ports with operators. */
import type { Range } from "../../model.ts";
import { type Condition, complementOf, everywhere, otherThan } from "../unix/conditions.ts";
import { portNumber } from "../unix/names.ts";
import { addressesOf, addressRange, numberRange } from "../unix/values.ts";
import type { Table } from "./tables.ts";
import type { Cursor } from "./tokens.ts";

/** In words, what is not understood. */
export class Wrong extends Error {}

export interface Names {
  readonly tables: ReadonlyMap<string, Table>;
  /** Tables that rules fill while pf runs. */
  readonly filled: ReadonlySet<string>;
  readonly trouble: (says: string) => void;
}

type Side = "source" | "destination";

/** One host or a list in braces, each of which is a rule of its own. */
export function hostsAt(cursor: Cursor, side: Side, names: Names): readonly Condition[] {
  return listAt(cursor, () => hostAt(cursor, side, names));
}

/** Elements with commas or spaces between; a list in a list is part of it. */
export function listAt(cursor: Cursor, element: () => readonly Condition[]): readonly Condition[] {
  if (cursor.text !== "{" || cursor.quoted) return element();
  const all: Condition[] = [];
  let depth = 0;
  for (;;) {
    if (cursor.accept("{")) depth += 1;
    else if (cursor.accept("}")) {
      depth -= 1;
      if (depth === 0) return all;
    } else if (cursor.accept(",", "\n")) continue;
    else if (cursor.done) throw new Wrong("a list is not closed");
    else all.push(...element());
  }
}

function hostAt(cursor: Cursor, side: Side, names: Names): readonly Condition[] {
  let negated = false;
  while (cursor.accept("!")) negated = !negated;
  if (cursor.accept("any", "all")) return negated ? [] : [{}];
  // An honest packet comes from where an answer to it would go.
  if (cursor.accept("no-route", "urpf-failed")) return negated ? [{}] : [];
  if (cursor.accept("route")) return [{ unsure: `the route label ${cursor.take()}` }];
  if (cursor.accept("<")) {
    const name = cursor.take();
    if (!cursor.accept(">")) throw new Wrong("a table's name is not closed");
    return tableCondition(name, negated, side, names);
  }
  if (cursor.text === "(" && !cursor.quoted) {
    const inner = cursor.group("(", ")");
    if (inner === null) throw new Wrong("a bracket is not closed");
    return [{ unsure: `the addresses of ${inner.map(({ text }) => text).join("")}` }];
  }
  if (cursor.done || /^[{}(),=<>]$|^\n$/.test(cursor.text)) throw new Wrong(`“${cursor.text.trim()}” is no address`);
  const word = cursor.take();
  if (cursor.text === "-" && !cursor.quoted) {
    cursor.take();
    return addressCondition(`${word}-${cursor.take()}`, negated, side, names);
  }
  return addressCondition(word, negated, side, names);
}

function tableCondition(
  name: string,
  negated: boolean,
  side: Side,
  { tables, filled, trouble }: Names,
): readonly Condition[] {
  const table = tables.get(name);
  if (table === undefined && !filled.has(name)) {
    trouble(`there is no table <${name}> in this text`);
    return [{ unsure: `what is in table <${name}>` }];
  }
  const open = table?.missing ?? (filled.has(name) ? `table <${name}> is filled while pf runs` : null);
  const set = table?.set ?? everywhere(4).set.subtract(everywhere(4).set);
  const wanted = negated ? set.complement() : set;
  const sure: readonly Condition[] = wanted.isEmpty ? [] : [{ [side]: { set: wanted, masked: [] } }];
  if (open === null) return sure;
  return negated ? sure.map((one) => ({ ...one, unsure: open })) : [...sure, { unsure: open }];
}

function addressCondition(word: string, negated: boolean, side: Side, { trouble }: Names): readonly Condition[] {
  const found = addressesOf(short(word)) ?? addressRange(word);
  if (found === null) {
    if (word.startsWith("$")) throw new Wrong(`${word} is not defined`);
    if (/^[\d.:/]+$/.test(word)) throw new Wrong(`“${word}” is no address`);
    if (word.includes(".")) trouble(`${word.slice(0, 80)} is resolved when the rules are loaded`);
    return [{ unsure: `the addresses of ${word.slice(0, 80)}` }];
  }
  const family = found.set.ranges[0]?.family ?? found.masked[0]?.family ?? 4;
  const wanted = negated ? otherThan(found, family) : found;
  return wanted === null ? [{ family, unsure: "other addresses" }] : [{ family, [side]: wanted }];
}

/** `10/8`, `192.168.1/24`: what is left out is zero. */
function short(word: string): string {
  const found = /^(\d+(?:\.\d+){0,2})\/(\d+)$/.exec(word);
  if (found === null) return word;
  const parts = (found[1] ?? "").split(".");
  while (parts.length < 4) parts.push("0");
  return `${parts.join(".")}/${found[2]}`;
}

const operators = ["=", "!=", "<", "<=", ">", ">="] as const;

/** Behind `port`. */
export function portsAt(cursor: Cursor, key: "sourcePorts" | "destinationPorts"): readonly Condition[] {
  const conditions = listAt(cursor, () => [{ [key]: portAt(cursor) }]);
  // One rule for each of them comes to one rule for all.
  return [{ [key]: conditions.flatMap((one) => one[key] ?? []) }];
}

function portAt(cursor: Cursor): readonly Range[] {
  const operator = operators.find((sign) => cursor.text === sign && !cursor.quoted);
  if (operator !== undefined) cursor.take();
  const word = cursor.take();
  const range = numberRange(word, ":", portNumber, 65535);
  if (range === null) throw new Wrong(word.startsWith("$") ? `${word} is not defined` : `“${word.trim()}” is no port`);
  const between = cursor.text;
  if (!cursor.quoted && (between === "><" || between === "<>") && operator === undefined) {
    cursor.take();
    const other = portNumber(cursor.take());
    if (other === null) throw new Wrong("a range of ports is not understood");
    if (between === "><") return range.first + 1 <= other - 1 ? [{ first: range.first + 1, last: other - 1 }] : [];
    return complementOf([{ first: range.first, last: other }], 65535);
  }
  const limits = (first: number, last: number): readonly Range[] => (first <= last ? [{ first, last }] : []);
  switch (operator) {
    case "!=":
      return complementOf([range], 65535);
    case "<":
      return limits(0, range.first - 1);
    case "<=":
      return limits(0, range.first);
    case ">":
      return limits(range.first + 1, 65535);
    case ">=":
      return limits(range.first, 65535);
    default:
      return [range];
  }
}
