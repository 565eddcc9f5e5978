/**
 * The sections of an Exim configuration: options of the main one, named lists, ACLs as statements, and the instances
 * of drivers (routers, transports, authenticators) with their options, each with the line it comes from.
 */
import type { Span } from "../../../text/source.ts";
import type { LogicalLine } from "./syntax.ts";

export interface Option {
  readonly name: string;
  readonly value: string;
  readonly where: Span;
  /** The macros in its line. */
  readonly macros?: readonly string[];
}

export const listKinds = ["domainlist", "hostlist", "addresslist", "localpartlist"] as const;
export type ListKind = (typeof listKinds)[number];

/** `router:` and what follows it. */
export interface Instance {
  readonly name: string;
  readonly where: Span;
  readonly options: ReadonlyMap<string, Option>;
}

export const verbs = ["accept", "deny", "defer", "drop", "discard", "require", "warn"] as const;
export type Verb = (typeof verbs)[number];

/** `!hosts = …`, `endpass`, `message = …`, `set acl_m0 = …` (its name is `set acl_m0`). */
export interface AclItem {
  readonly name: string;
  readonly negated: boolean;
  readonly value: string;
  readonly where: Span;
}

export interface Statement {
  readonly verb: Verb;
  readonly items: readonly AclItem[];
  readonly where: Span;
}

export interface Acl {
  readonly name: string;
  readonly statements: readonly Statement[];
  readonly where: Span | null;
}

export interface RewriteRule {
  readonly pattern: string;
  readonly replacement: string;
  readonly flags: string;
  readonly where: Span;
}

export interface Sections {
  readonly options: ReadonlyMap<string, Option>;
  readonly lists: ReadonlyMap<ListKind, ReadonlyMap<string, Option>>;
  readonly acls: ReadonlyMap<string, Acl>;
  readonly routers: readonly Instance[];
  readonly transports: ReadonlyMap<string, Instance>;
  readonly authenticators: readonly Instance[];
  readonly rewrite: readonly RewriteRule[];
  /** Lines that are no Exim configuration. */
  readonly strange: readonly Span[];
}

export function readSections(lines: readonly LogicalLine[]): Sections {
  const parts = new Map<string, LogicalLine[]>();
  let current: LogicalLine[] = [];
  parts.set("main", current);
  for (const line of lines) {
    const begin = /^begin\s+([a-z_]+)$/i.exec(line.text)?.[1]?.toLowerCase();
    if (begin === undefined) {
      current.push(line);
      continue;
    }
    current = parts.get(begin) ?? [];
    parts.set(begin, current);
  }
  const strange: Span[] = [];
  const main = readMain(parts.get("main") ?? [], strange);
  const transports = readInstances(parts.get("transports") ?? [], strange);
  return {
    ...main,
    acls: readAcls(parts.get("acl") ?? [], strange),
    routers: readInstances(parts.get("routers") ?? [], strange),
    transports: new Map(transports.map((one) => [one.name, one])),
    authenticators: readInstances(parts.get("authenticators") ?? [], strange),
    rewrite: readRewrite(parts.get("rewrite") ?? [], strange),
    strange,
  };
}

function readMain(lines: readonly LogicalLine[], strange: Span[]): Pick<Sections, "options" | "lists"> {
  const options = new Map<string, Option>();
  const lists = new Map<ListKind, Map<string, Option>>(listKinds.map((kind) => [kind, new Map()]));
  for (const { text, where, macros = [] } of lines) {
    const plain = text.replace(/^hide\s+/, "");
    const list = /^(domainlist|hostlist|addresslist|localpartlist)(?:_cache)?\s+(\w+)\s*=\s*(.*)$/s.exec(plain);
    if (list !== null) {
      const kind = listKinds.find((one) => one === list[1]) ?? "domainlist";
      const name = list[2] ?? "";
      lists.get(kind)?.set(name, { name, value: unquote(list[3] ?? ""), where, macros });
      continue;
    }
    const option = readOption({ text: plain, where });
    if (option === null) strange.push(where);
    else options.set(option.name, option);
  }
  return { options, lists };
}

/** `name = value`, `name`, `no_name`, `not_name`. */
function readOption({ text, where }: LogicalLine): Option | null {
  const set = /^([a-z][a-z0-9_]*)\s*(?:=\s*(.*))?$/s.exec(text);
  if (set === null) return null;
  const name = set[1] ?? "";
  if (set[2] !== undefined) return { name, value: unquote(set[2]), where };
  const negated = /^(?:no|not)_(.+)$/.exec(name)?.[1];
  return negated === undefined ? { name, value: "true", where } : { name: negated, value: "false", where };
}

/** A value that begins with a quote ends with one, and knows escapes. */
function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  let text = "";
  for (let at = 1; at < value.length && value[at] !== '"'; at += 1) {
    if (value[at] !== "\\") {
      text += value[at];
      continue;
    }
    at += 1;
    const char = value[at] ?? "";
    text += char === "n" ? "\n" : char === "t" ? "\t" : char === "r" ? "\r" : char;
  }
  return text;
}

function readInstances(lines: readonly LogicalLine[], strange: Span[]): readonly Instance[] {
  const instances: { name: string; where: Span; options: Map<string, Option> }[] = [];
  for (const line of lines) {
    const name = /^([A-Za-z0-9_-]+)\s*:$/.exec(line.text)?.[1];
    if (name !== undefined) {
      instances.push({ name, where: line.where, options: new Map() });
      continue;
    }
    const option = readOption(line);
    const last = instances.at(-1);
    if (option === null || last === undefined) {
      strange.push(line.where);
      continue;
    }
    // Router conditions may be given more than once: all have to be met.
    const before = option.name === "condition" ? last.options.get("condition") : undefined;
    last.options.set(
      option.name,
      before === undefined
        ? option
        : { ...option, value: `\${if and{{bool_lax{${before.value}}}{bool_lax{${option.value}}}}}` },
    );
  }
  return instances;
}

function readRewrite(lines: readonly LogicalLine[], strange: Span[]): readonly RewriteRule[] {
  return lines.flatMap(({ text, where }): RewriteRule[] => {
    const word = /^(?:"((?:[^"\\]|\\.)*)"|(\S+))\s+(?:"((?:[^"\\]|\\.)*)"|(\S+))(?:\s+(\S+))?$/s.exec(text);
    if (word === null) {
      strange.push(where);
      return [];
    }
    return [
      {
        pattern: word[1] ?? word[2] ?? "",
        replacement: word[3] ?? word[4] ?? "",
        flags: word[5] ?? "",
        where,
      },
    ];
  });
}

function readAcls(lines: readonly LogicalLine[], strange: Span[]): ReadonlyMap<string, Acl> {
  const acls = new Map<string, Acl>();
  let open: { name: string; where: Span; lines: LogicalLine[] } | null = null;
  const close = (): void => {
    if (open !== null) acls.set(open.name, readAcl(open.name, open.lines, open.where, strange));
  };
  for (const line of lines) {
    const name = /^"?([A-Za-z0-9_.-]+)"?\s*:(.*)$/s.exec(line.text);
    if (name === null) {
      if (open === null) strange.push(line.where);
      else open.lines.push(line);
      continue;
    }
    close();
    open = { name: name[1] ?? "", where: line.where, lines: [] };
    const rest = (name[2] ?? "").trim();
    if (rest !== "") open.lines.push({ text: rest, where: line.where });
  }
  close();
  return acls;
}

/** The statements of one ACL; also of one that stands in the place of a name. */
export function readAcl(name: string, lines: readonly LogicalLine[], where: Span | null, strange: Span[]): Acl {
  const statements: { verb: Verb; items: AclItem[]; where: Span }[] = [];
  for (const line of lines) {
    let rest = line.text;
    const word = /^([a-z]+)(?![a-z_]*\s*=)\b/.exec(rest)?.[1];
    const verb = verbs.find((one) => one === word);
    if (verb !== undefined) {
      statements.push({ verb, items: [], where: line.where });
      rest = rest.slice(verb.length).trim();
      if (rest === "") continue;
    }
    const last = statements.at(-1);
    const item = /^(!?)\s*(set\s+\w+|[a-z_]+)\s*(?:=\s*(.*))?$/s.exec(rest);
    if (last === undefined || item === null) {
      strange.push(line.where);
      // A line that is not understood may hold a condition: the statement must not lose it silently.
      last?.items.push({ name: "?", negated: false, value: rest, where: line.where });
      continue;
    }
    last.items.push({
      name: (item[2] ?? "").replace(/\s+/g, " "),
      negated: item[1] === "!",
      value: item[3] ?? "", // as it stands: Exim takes no quotes off here
      where: line.where,
    });
  }
  return { name, statements, where };
}
