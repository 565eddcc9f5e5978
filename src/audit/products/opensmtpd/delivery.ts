/**
 * What becomes of a recipient that a rule delivers here: aliases, virtual users and accounts (lka_session.c, aliases.c).
 * A destination outside that a table names passes the rules again, as local mail, and is refused if none takes it.
 */
import type { Truth, Unknown } from "../../rules.ts";
import type { Envelope } from "./envelope.ts";
import { untagged } from "./matching.ts";
import type { Action } from "./model.ts";
import type { Table } from "./tables.ts";

type Deliver = Extract<Action, { readonly kind: "deliver" }>;

export interface Deliveries {
  readonly delimiter: string;
  /** Whether the machine has an account of this name. */
  readonly account: (name: string) => Truth;
  /** Whether the rules take a destination that a table named. */
  readonly accepts: (envelope: Envelope, depth: number) => Truth;
}

/** smtpd follows ten steps. */
const maxDepth = 10;
/** More names than this in one entry are not followed one by one. */
const maxNodes = 200;

/** What came of one name: nothing, where it was met before. */
type Met = Truth | "nothing";

/** Whether the recipient is taken in. */
export function delivers(action: Deliver, envelope: Envelope, depth: number, world: Deliveries): Truth {
  const { user, domain } = envelope.recipient;
  const seen = new Set<string>();
  if (action.virtual === null) {
    const met = deliversUser(action, user.toLowerCase(), null, envelope, depth + 1, world, seen);
    return met === "nothing" ? "no" : met;
  }
  const found = virtualEntry(action.virtual, user.toLowerCase(), domain.toLowerCase(), world.delimiter);
  if (found === null) return "no";
  if (typeof found !== "string") return found;
  const met = deliversAll(action, found, null, envelope, depth + 1, world, seen);
  return met === "nothing" ? "no" : met;
}

function deliversUser(
  action: Deliver,
  user: string,
  parent: string | null,
  envelope: Envelope,
  depth: number,
  world: Deliveries,
  seen: Set<string>,
): Met {
  if (depth >= maxDepth) return "no";
  if (parent !== user) {
    const found =
      action.alias !== null
        ? aliasEntry(action.alias, user, world.delimiter)
        : action.virtual !== null
          ? virtualEntry(action.virtual, user, "", world.delimiter)
          : null;
    if (typeof found === "string") return deliversAll(action, found, user, envelope, depth + 1, world, seen);
    if (found !== null) return found;
  }
  const name = untagged(user, world.delimiter);
  const exists = action.userbase === null ? world.account(name) : inTable(action.userbase, name);
  if (exists !== "yes" || action.only === null) return exists;
  return { unknown: "the .forward files of the users", where: null };
}

/** Every name of an entry must be taken in. */
function deliversAll(
  action: Deliver,
  value: string,
  parent: string | null,
  envelope: Envelope,
  depth: number,
  world: Deliveries,
  seen: Set<string>,
): Met {
  const names = namesIn(value);
  if (names === null || names.length > maxNodes) return names === null ? "no" : "yes";
  let result: Met = "nothing";
  for (const text of names) {
    const same = parent === text.toLowerCase();
    if (!same && seen.has(text)) continue;
    seen.add(text);
    const met = deliversName(action, text, parent, envelope, depth, world, seen);
    if (met === "no") return "no";
    if (met !== "nothing" && (result === "nothing" || typeof met !== "string")) result = met;
  }
  return result;
}

function deliversName(
  action: Deliver,
  text: string,
  parent: string | null,
  envelope: Envelope,
  depth: number,
  world: Deliveries,
  seen: Set<string>,
): Met {
  if (/^:?error:/i.test(text)) return "no";
  // A file, a program or a file of further names: the owner's choice, and on this machine.
  if (/^:?include:\/|^"?\||^\//i.test(text)) return action.only === "forward" ? "no" : "yes";
  const address = /^([A-Za-z0-9!#$%*/?|^{}`~&'+=_.-]+)@([A-Za-z0-9.-]+)$/.exec(text);
  if (address !== null) {
    const recipient = { user: address[1] ?? "", domain: address[2] ?? "" };
    return depth >= maxDepth ? "no" : world.accepts({ ...envelope, internal: true, recipient }, depth + 1);
  }
  if (!/^[A-Za-z0-9_.+-]+$/.test(text)) return "no";
  return deliversUser(action, text, parent, envelope, depth, world, seen);
}

/** Parted by commas outside quotes; a backslash takes the next sign as it is. `null`: smtpd cannot read it. */
function namesIn(value: string): readonly string[] | null {
  const names: string[] = [];
  let name = "";
  let quote = "";
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at] ?? "";
    if (char === "\\") {
      at += 1;
      name += value[at] ?? "";
    } else if (char === "," && quote === "") {
      names.push(name);
      name = "";
    } else {
      if (char === quote) quote = "";
      else if (quote === "" && (char === '"' || char === "'")) quote = char;
      name += char;
    }
  }
  return quote === "" ? [...names, name].map((one) => one.trim()).filter((one) => one !== "") : null;
}

function aliasEntry(table: Table, user: string, delimiter: string): string | Unknown | null {
  return firstOf(table, user.includes(delimiter) ? [user, untagged(user, delimiter)] : [user]);
}

/** With the tag and without, with the domain and without; then the domain's catch-all, then everybody's. */
function virtualEntry(table: Table, user: string, domain: string, delimiter: string): string | Unknown | null {
  const plain = untagged(user, delimiter);
  const tagged = plain.length + 1 < user.length ? [user] : [];
  const keys = [...tagged.map((name) => `${name}@${domain}`), `${plain}@${domain}`, ...tagged, plain];
  return firstOf(table, domain === "" ? keys : [...keys, `@${domain}`, "@"]);
}

function firstOf(table: Table, keys: readonly string[]): string | Unknown | null {
  if (table.because !== null) return table.because;
  const index = indexOf(table);
  for (const key of keys) {
    const value = index.get(key);
    if (value !== undefined) return value;
  }
  return null;
}

function inTable(table: Table, key: string): Truth {
  return table.because ?? (indexOf(table).has(key) ? "yes" : "no");
}

/** The last entry of a key counts. */
function indexOf(table: Table): ReadonlyMap<string, string> {
  const known = indexes.get(table);
  if (known !== undefined) return known;
  const index = new Map(table.entries.map(({ key, value }) => [key, value ?? ""]));
  indexes.set(table, index);
  return index;
}

const indexes = new WeakMap<Table, ReadonlyMap<string, string>>();
