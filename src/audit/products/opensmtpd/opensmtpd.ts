/**
 * OpenSMTPD: smtpd.conf with its includes and tables, in both grammars (before and since 6.4), into listeners with their
 * rules. `test/lab/audit-opensmtpd.ts` compares the reading with the running 6.8.
 */
import { posix } from "node:path";
import { formatIp, type IpAddress, isUnspecified, parseIp } from "../../../net/ip.ts";
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import { fixedIp, loopback } from "../../grounds.ts";
import type { Configuration, NamedDomain, Truth, Unknown } from "../../rules.ts";
import { fileAt } from "../../tree.ts";
import type { Machine } from "./criteria.ts";
import { readModel } from "./grammar.ts";
import { listenersOf } from "./listeners.ts";
import { mailAddressOf } from "./matching.ts";
import type { Match, Model } from "./model.ts";
import { rulesetOf } from "./ruleset.ts";
import { readStatements } from "./syntax.ts";
import type { Table } from "./tables.ts";

/** Reads the configuration in the snapshot; `null`: there is none of OpenSMTPD in it. */
export function readOpensmtpd(tree: ConfigTree, version: string | null): Configuration | null {
  const main = mainFile(tree);
  if (main === null) return null;
  if (main.text === null) return unreadable(main.path, version);
  const model = readModel(readStatements(tree, main.path, main.text), tree);
  const hostName = hostNameOf(tree);
  const accounts = accountsOf(tree);
  const ownAddresses = [fixedIp("127.0.0.1"), fixedIp("::1"), ...model.listens.flatMap(({ on }) => literal(on) ?? [])];
  const machine: Machine = {
    grammar: model.grammar,
    delimiter: model.delimiter,
    ownAddresses,
    localNames: localNames(hostName, ownAddresses),
  };
  const ruleset = rulesetOf(model, machine, accounts ?? likelyAccount);
  const interfaces = model.listens.filter(({ on }) => parseIp(on).ok === false && !loopbackNames.has(on));
  return {
    product: "opensmtpd",
    version,
    checkedAgainst: model.grammar === "match" ? "running" : "documents",
    listeners: listenersOf(model, ruleset, hostName),
    domains: namedDomains(model, hostName),
    hostNames: hostName === null ? [] : [hostName],
    assumes: [
      "`from local` is this machine: loopback and its own addresses",
      ...(hostName === null ? ["the name of the machine is in no outside domain"] : []),
      ...(accounts === null ? ["valid recipients are accounts or aliases of the machine"] : []),
      ...(interfaces.length > 0
        ? [`${[...new Set(interfaces.map(({ on }) => on))].slice(0, 4).join(", ")} can be reached by strangers`]
        : []),
      ...(usesCompiled(model) ? ["compiled tables (db:) were made from the sources that are here"] : []),
    ],
    unreadable: [...model.strange, ...unclearTables(model)],
  };
}

/** By its name, or else the one file that reads like it. */
function mainFile(tree: ConfigTree): { readonly path: string; readonly text: string | null } | null {
  const named = [...tree.files].filter(([path]) => posix.basename(path) === "smtpd.conf");
  const texts = [...named, ...tree.files].flatMap(([path, file]) =>
    file.kind === "text" && looksLikeOpensmtpd(file.text) ? [{ path, text: file.text }] : [],
  );
  const first = texts[0];
  if (first !== undefined) return first;
  // A file of this name may also be SASL's; one that cannot be read is only taken for ours where it is all there is.
  const hidden = named.find(([, file]) => file.kind !== "text");
  return hidden === undefined || tree.files.size > 1 ? null : { path: hidden[0], text: null };
}

function looksLikeOpensmtpd(text: string): boolean {
  const start = text.slice(0, 1_000_000);
  const rules = /^[ \t]*(?:match[ \t].*\b(?:action|reject)\b|accept[ \t].*\bfor\b|reject[ \t].*\b(?:for|from)\b)/m;
  const listens = /^[ \t]*listen[ \t]+on[ \t]+\S+/m;
  const actions =
    /^[ \t]*(?:action[ \t]+\S+[ \t]+(?:relay|mbox|maildir|lmtp|mda)\b|table[ \t]+\S+[ \t]+(?:\{|file:|db:|\w+:))/m;
  return rules.test(start) || (listens.test(start) && actions.test(start));
}

function unreadable(path: string, version: string | null): Configuration {
  const because: Unknown = { unknown: `${path}, which cannot be read`, where: null };
  return {
    product: "opensmtpd",
    version,
    checkedAgainst: "documents",
    listeners: [],
    domains: [],
    hostNames: [],
    assumes: [],
    unreadable: [because],
  };
}

const loopbackNames: ReadonlySet<string> = new Set(["lo", "lo0", "localhost"]);

/** An address of its own that a listener names. */
function literal(on: string): IpAddress | null {
  const read = parseIp(on);
  return read.ok && !isUnspecified(read.value) && !loopback.has(read.value) ? read.value : null;
}

/** What smtpd calls itself: the file mailname, or the name of the machine (smtpd.conf(5), FILES). */
function hostNameOf(tree: ConfigTree): string | null {
  for (const path of ["/etc/mail/mailname", "/etc/mailname", "/etc/hostname", "/etc/myname"]) {
    const file = fileAt(tree, path, posix.dirname(path))?.file;
    const name = file?.kind === "text" ? /^\s*([\w.-]+)/.exec(file.text)?.[1]?.toLowerCase() : undefined;
    if (name !== undefined) return name;
  }
  return null;
}

/** Names that `for local` covers. */
function localNames(hostName: string | null, addresses: readonly IpAddress[]): Table {
  const literals = addresses.map(formatIp).flatMap((text) => [`[${text}]`, `[ipv6:${text}]`]);
  const names = ["localhost", ...literals, ...(hostName === null ? [] : [hostName])];
  const where: Span = { file: "", start: { line: 1, column: 1 }, end: { line: 1, column: 1 }, text: "" };
  return { name: "localnames", entries: names.map((key) => ({ key, value: null, where })), because: null, where: null };
}

function accountsOf(tree: ConfigTree): ((name: string) => Truth) | null {
  const file = fileAt(tree, "/etc/passwd", "/etc")?.file;
  if (file?.kind !== "text") return null;
  const names = new Set(file.text.split("\n").map((line) => line.split(":")[0] ?? ""));
  return (name) => (name !== "" && names.has(name) ? "yes" : "no");
}

/** Without the list of accounts: what can be the name of one. */
const likelyAccount = (name: string): Truth => (/^[a-z0-9_][a-z0-9_.-]*$/i.test(name) ? "yes" : "no");

/** Domains that the rules name, one by one or by addresses; those that end here win over those handed on. */
function namedDomains({ matches }: Model, hostName: string | null): readonly NamedDomain[] {
  const found = new Map<string, NamedDomain>();
  const add = (name: string, end: NamedDomain["end"], where: Span | null): void => {
    const below = name.startsWith("*.");
    const plain = below ? name.slice(2) : name;
    if (plain.includes("*") || plain.startsWith("[") || found.size > 50_000) return;
    const before = found.get(plain);
    found.set(plain, {
      name: plain,
      end: before?.end === "local" ? "local" : end,
      below: below || (before?.below ?? false),
      where: before?.where ?? where,
    });
  };
  if (hostName !== null) add(hostName, "local", null);
  for (const match of matches) {
    if ("gap" in match || match.does.kind === "reject") continue;
    const end = match.does.kind === "relay" ? "listed" : "local";
    for (const [name, where] of domainsOf(match)) add(name, end, where);
  }
  return [...found.values()];
}

function domainsOf({ for: to, rcptTo }: Match): readonly (readonly [string, Span | null])[] {
  const made: (readonly [string, Span | null])[] = [];
  if (to.kind === "domain" && !to.not && !to.regex)
    for (const { key, where } of to.table.entries) made.push([key, where]);
  if (rcptTo !== null && !rcptTo.not && !rcptTo.regex)
    for (const { key, where } of rcptTo.table.entries) {
      const { domain } = mailAddressOf(key);
      if (domain !== "") made.push([domain, where]);
    }
  return made;
}

/** Tables that decide something and are not in the files. */
function unclearTables({ matches }: Model): readonly Unknown[] {
  const found = new Map<string, Unknown>();
  for (const match of matches) {
    if ("gap" in match) continue;
    const { from, for: to, does } = match;
    const tables = [
      "table" in from ? from.table : null,
      "table" in to ? to.table : null,
      match.tag?.table,
      match.helo?.table,
      match.mailFrom?.table,
      match.rcptTo?.table,
      ...(does.kind === "deliver" ? [does.alias, does.virtual, does.userbase] : []),
    ];
    for (const table of tables) if (table?.because) found.set(table.because.unknown, table.because);
  }
  return [...found.values()].slice(0, 100);
}

function usesCompiled({ matches }: Model): boolean {
  const tables = matches.flatMap((match) => {
    if ("gap" in match || match.does.kind !== "deliver") return [];
    return [match.does.alias, match.does.virtual, match.does.userbase];
  });
  return tables.some((table) => table?.where?.text.includes("db:") === true && table.because === null);
}
