/** Items of RouterOS' menus, after all that `set`, `remove`, `move`, `enable` and `disable` did to them. */
import type { Draft } from "../reading/draft.ts";
import type { Statement, Statements } from "./statements.ts";

export interface Item {
  readonly values: ReadonlyMap<string, string>;
  readonly line: number;
}

export interface Tables {
  items(menu: string): readonly Item[];
  /** Lines that did something to a menu that was not understood. */
  unclear(menu: string): readonly number[];
  readonly statements: readonly Statement[];
}

/** Menus in which a line that is not understood could decide. */
const looked = /^(ip|ipv6) firewall |^interface list/;

/** So many items may be gone through for commands that change some: an export has few such commands. */
const maxEdited = 3_000_000;

interface Growing {
  values: Map<string, string>;
  line: number;
}

export function tablesOf({ all, odd }: Statements, draft: Draft): Tables {
  const tables = new Map<string, Growing[]>();
  const unclear = new Map<string, number[]>();
  const tableOf = (menu: string): Growing[] => {
    const table = tables.get(menu) ?? [];
    tables.set(menu, table);
    return table;
  };
  let left = maxEdited;
  for (const statement of all) {
    const { menu, command, line } = statement;
    const table = tableOf(menu);
    if (command !== "add") left -= table.length;
    if ((left < 0 || !apply(table, statement)) && looked.test(menu)) {
      draft.trouble(line, `"${command}" with what it names here is not understood`);
      unclear.set(menu, [...(unclear.get(menu) ?? []), line].slice(0, 20));
    }
  }
  // A line that is no command may be anything, also one that was cut.
  for (const { menu, line } of odd) {
    if (!looked.test(menu)) continue;
    draft.trouble(line, "this line is not understood");
    unclear.set(menu, [...(unclear.get(menu) ?? []), line].slice(0, 20));
  }
  return {
    items: (menu) => tables.get(menu) ?? [],
    unclear: (menu) => unclear.get(menu) ?? [],
    statements: all,
  };
}

/** False if it is not understood what was meant. */
function apply(table: Growing[], { command, values, words, find, line }: Statement): boolean {
  switch (command) {
    case "add": {
      const before = values.get("place-before");
      const item = { values: new Map([...values].filter(([key]) => key !== "place-before")), line };
      if (before === undefined) table.push(item);
      else if (/^\d+$/.test(before)) table.splice(Number(before), 0, item);
      else {
        table.push(item);
        return false;
      }
      return true;
    }
    case "print":
    case "export":
    case "reset-counters":
    case "edit":
      return true;
    default:
  }
  const chosen = find === null ? byNumbers(table, words[0] ?? values.get("numbers")) : byFind(table, find);
  if (chosen === null) return command === "set" && find === null && words.length === 0;
  switch (command) {
    case "remove":
      replaceAll(table, without(table, chosen));
      return true;
    case "enable":
    case "disable":
      for (const item of chosen) item.values.set("disabled", command === "disable" ? "yes" : "no");
      return true;
    case "set":
    case "comment":
      for (const item of chosen) for (const [key, value] of values) item.values.set(key, value);
      return true;
    case "unset":
      for (const item of chosen) for (const key of [...words, ...values.keys()]) item.values.delete(key);
      return true;
    case "move": {
      const to = values.get("destination") ?? words.at(-1);
      if (to === undefined || !/^\d+$/.test(to)) return false;
      const rest = without(table, chosen);
      replaceAll(table, [...rest.slice(0, Number(to)), ...chosen, ...rest.slice(Number(to))]);
      return true;
    }
    default:
      return false;
  }
}

function without(table: readonly Growing[], chosen: readonly Growing[]): readonly Growing[] {
  const gone = new Set(chosen);
  return table.filter((item) => !gone.has(item));
}

function replaceAll(table: Growing[], items: readonly Growing[]): void {
  table.length = 0;
  for (const item of items) table.push(item);
}

/** `0`, `0,2`. */
function byNumbers(table: readonly Growing[], text: string | undefined): readonly Growing[] | null {
  if (text === undefined || !/^\d+(,\d+)*$/.test(text)) return null;
  return text.split(",").flatMap((number) => table[Number(number)] ?? []);
}

/** `find comment~"^fencepost" chain=forward`: all of them have to hold. */
function byFind(table: readonly Growing[], text: string): readonly Growing[] | null {
  const body = /^find\b\s*(?:where\b\s*)?(.*)$/.exec(text)?.[1];
  if (body === undefined) return null;
  const tests: ((item: Growing) => boolean)[] = [];
  const parts = body.match(/[a-z0-9-]+\s*[=~]\s*(?:"[^"]*"|[^\s"]+)|\S+/g) ?? [];
  for (const part of parts) {
    const test = /^([a-z0-9-]+)\s*([=~])\s*(?:"([^"]*)"|(\S+))$/.exec(part);
    if (test === null) {
      // `dynamic`, `disabled`, and operators.
      if (part === "and") continue;
      return null;
    }
    const [, key = "", sign] = test;
    const wanted = test[3] ?? test[4] ?? "";
    const fits = sign === "=" ? (value: string) => value === wanted : patternOf(wanted);
    if (fits === null) return null;
    tests.push(({ values }) => fits(values.get(key) ?? ""));
  }
  return table.filter((item) => tests.every((test) => test(item)));
}

/** Words with an anchor at either end; other expressions are not followed. */
function patternOf(pattern: string): ((value: string) => boolean) | null {
  const parts = /^(\^?)([^\\^$.|?*+()[\]{}]*)(\$?)$/.exec(pattern);
  if (parts === null) return null;
  const [, start, body = "", end] = parts;
  return (value) =>
    start !== ""
      ? end !== ""
        ? value === body
        : value.startsWith(body)
      : end !== ""
        ? value.endsWith(body)
        : value.includes(body);
}
