/** Edits that may mend a hole, the smallest first. Whether one does is found out by auditing what it makes. */
import { ipSet } from "../../../net/ip-set.ts";
import { formatPrefix, type Prefix } from "../../../net/prefix.ts";
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule } from "../../holes.ts";
import type { FileEdit } from "../../product.ts";
import { type EximSource, sourceOfTree } from "./exim.ts";
import { eximPlace } from "./explain.ts";
import { networkOf } from "./lists.ts";
import type { Instance, Statement } from "./sections.ts";
import { splitList } from "./value.ts";

export function repairsOf(hole: Hole, tree: ConfigTree, inside: readonly Prefix[]): readonly (readonly FileEdit[])[] {
  const source = sourceOfTree(tree)?.source;
  if (source === undefined) return [];
  const all: (readonly FileEdit[])[] = [];
  const add = (edit: FileEdit | null): void => {
    if (edit !== null) all.push([edit]);
  };
  const place = eximPlace(hole);
  const rule = decidingRule(hole);
  const statement = rule?.where === undefined || rule.where === null ? null : statementAt(rule.where, source);
  if (place !== null && isList(place)) {
    for (const keep of [keepsClientsOut(hole), plainItems, ownHosts]) {
      add(narrowed(place, keep, [], tree));
      if (inside.length > 0 && isHostList(place)) add(narrowed(place, keep, inside.map(formatPrefix), tree));
    }
  }
  switch (hole.kind) {
    case "copied-destination": {
      const router = source.sections.routers.find((one) =>
        [...one.options.values()].some(({ where }) => same(where, place)),
      );
      add(router === undefined ? null : removed(spanOfRouter(router)));
      break;
    }
    case "passed-on":
      add(refusedCharacters(source));
      break;
    case "impersonation":
      add(place === null ? null : removed(place));
      break;
    default:
  }
  // A login that is believed: nobody logs in until the password is checked.
  const believing = source.sections.authenticators.flatMap(({ options }) => {
    const condition = options.get("server_condition");
    return condition !== undefined && /^(?:yes|true|[1-9]\d*)$/i.test(condition.value.trim()) ? [condition.where] : [];
  });
  if (believing.some((where) => same(where, place)))
    all.push(believing.map((where) => put(where, ["  server_condition = false"])));
  if (statement !== null && grantsByWords(statement)) add(removed(spanOf(statement)));
  if (statement !== null) add(guarded(statement, source));
  return all;
}

const put = (span: Span, lines: readonly string[]): FileEdit => ({
  path: span.file,
  edit: { from: span.start.line, to: span.end.line, with: lines },
});
const removed = (span: Span): FileEdit => put(span, []);
const same = (a: Span, b: Span | null): boolean => b !== null && a.file === b.file && a.start.line === b.start.line;

const isList = ({ text }: Span): boolean =>
  /^\s*(?:hide\s+)?(?:hostlist|domainlist)\b|^\s*dc_\w+=|^[A-Z]\w*\s*=/.test(text);

function statementAt(where: Span, { sections }: EximSource): Statement | null {
  for (const { statements } of sections.acls.values())
    for (const statement of statements) if (same(statement.where, where)) return statement;
  return null;
}

/** From the verb to the last line of its conditions. */
function spanOf({ where, items }: Statement): Span {
  const last = items.filter((item) => item.where.file === where.file).at(-1)?.where ?? where;
  return { ...where, end: last.end.line > where.end.line ? last.end : where.end };
}

function spanOfRouter({ where, options }: Instance): Span {
  let { end } = where;
  for (const option of options.values())
    if (option.where.file === where.file && option.where.end.line > end.line) end = option.where.end;
  return { ...where, end };
}

/** A statement that accepts for what anyone can say or do. */
function grantsByWords({ verb, items }: Statement): boolean {
  return (
    verb === "accept" &&
    items.some(({ name }) =>
      /^(?:senders|sender_domains|condition|encrypted|hosts|local_parts|recipients|spf|acl)$/.test(name),
    )
  );
}

const isHostList = ({ text }: Span): boolean => /^\s*(?:hide\s+)?hostlist\b|^\s*dc_relay_nets=/.test(text);

/** The list without items that `keep` does not keep, and with others; the separator stays what it was. */
function narrowed(
  place: Span,
  keep: (item: string) => boolean,
  more: readonly string[],
  tree: ConfigTree,
): FileEdit | null {
  const file = tree.files.get(place.file);
  if (file?.kind !== "text" || place.start.line !== place.end.line) return null;
  const line = file.text.split("\n")[place.start.line - 1] ?? "";
  const parts = /^(\s*(?:hide\s+)?(?:(?:hostlist|domainlist)(?:_cache)?\s+)?\w+\s*=\s*)(['"]?)(.*?)(['"]?\s*)$/.exec(
    line,
  );
  if (parts === null) return null;
  const [, head = "", open = "", value = "", tail = ""] = parts;
  const semicolons = !value.trimStart().startsWith("<") && /^\s*dc_/.test(head) && value.includes(";");
  const items = splitList(semicolons ? `<;${value}` : value);
  const left = items.filter(keep);
  if (left.length === items.length) return null;
  const kept = [...left, ...more.filter((item) => !left.includes(item))];
  const other = /^\s*<(\S)/.exec(value)?.[1];
  const written = semicolons
    ? kept.join(" ; ")
    : other === undefined
      ? kept.map((item) => item.replace(/:/g, "::")).join(" : ")
      : `<${other} ${kept.join(` ${other} `)}`;
  return put(place, [`${head}${open}${written}${tail}`]);
}

function keepsClientsOut(hole: Hole): (item: string) => boolean {
  return (item) => {
    const net = networkOf(item);
    if (net === null) return item !== "*" && item !== "+include_unknown";
    return hole.clients.isEmpty || hole.clients.intersect(ipSet([net])).isEmpty;
  };
}

/** No wildcard over everything, nothing negated, no names that strangers can have. */
const plainItems = (item: string): boolean =>
  !/^(?:!|\*$|\+include_unknown$|@mx_|\*[^.]|\^)/.test(item) && item !== "*";
/** Addresses and plain names only. */
const ownHosts = (item: string): boolean =>
  /^(?:@|[\w.-]+|\[?[0-9a-f.:]+\]?(?:\/\d+)?|\*\.[\w-]+\.[\w.-]+)$/i.test(item) &&
  plainItems(item) &&
  item !== "0.0.0.0/0";

/** Domain lists by their usual names, or else the names themselves. */
function ownDomains({ sections }: EximSource): string | null {
  const lists = sections.lists.get("domainlist");
  const known = ["local_domains", "relay_to_domains"].filter((name) => lists?.has(name) === true);
  if (known.length > 0) return known.map((name) => `+${name}`).join(" : ");
  const first = lists === undefined ? undefined : [...lists.keys()][0];
  return first === undefined ? null : `+${first}`;
}

/** What refuses foreign domains, before the statement that accepts them. */
function guarded(statement: Statement, source: EximSource): FileEdit | null {
  const domains = ownDomains(source);
  if (domains === null) return null;
  const { file, start } = statement.where;
  return {
    path: file,
    edit: {
      from: start.line,
      to: start.line - 1,
      with: ["  require message = relay not permitted", `          domains = ${domains}`],
    },
  };
}

/** Local parts that may be read as routes, refused before everything else. */
function refusedCharacters({ sections }: EximSource): FileEdit | null {
  const name = sections.options.get("acl_smtp_rcpt")?.value.trim() ?? "";
  const first = sections.acls.get(name)?.statements[0];
  if (first === undefined) return null;
  const { file, start } = first.where;
  return {
    path: file,
    edit: {
      from: start.line,
      to: start.line - 1,
      with: ["  deny local_parts = ^[.] : ^.*[@%!/|]", "       message = restricted characters in address"],
    },
  };
}
