/**
 * Exim's lists (specification §10): domains, hosts, addresses, local parts. Items are tried from left to right, the
 * first that matches decides; `!` turns its meaning round, and a list whose last item is turned round holds all that
 * no item matched.
 */
import { type IpAddress, isLoopback, parseIp } from "../../../net/ip.ts";
import { type IpSet, ipSet } from "../../../net/ip-set.ts";
import { type Prefix, parsePrefix } from "../../../net/prefix.ts";
import type { Condition, Seed, Session, TextField, Truth, Unknown } from "../../rules.ts";
import { samplesOf, toRegExp } from "./regex.ts";
import type { ListKind } from "./sections.ts";
import type { Tables } from "./tables.ts";
import { errorOf, expand, type ListSort, type Surroundings, splitList } from "./value.ts";

/** What lists refer to. */
export interface ListWorld {
  readonly named: (kind: ListKind, name: string) => string | undefined;
  readonly tables: Tables;
  /** The machine's own name, if it can be told. */
  readonly hostName: string | null;
  /** The machine's own addresses, as far as they can be told. */
  readonly hostAddresses: IpSet;
}

const kinds = {
  domain: "domainlist",
  host: "hostlist",
  address: "addresslist",
  "local-part": "localpartlist",
} as const satisfies Record<ListSort, ListKind>;

/** A client as a host list sees it; `address` is `null` for mail that did not come over the network. */
interface Host {
  readonly address: IpAddress | null;
  readonly name: string | null;
}

type Subject = { readonly text: string } | Host;

const maxDepth = 20;

/** Whether a domain, an address or a local part is in a list. */
export function inTextList(
  sort: Exclude<ListSort, "host">,
  list: string,
  subject: string,
  world: ListWorld,
  around: Surroundings,
): Truth {
  return inList(sort, list, { text: subject }, world, around, 0);
}

/** Whether a client is in a list of hosts. */
export function inHostList(list: string, host: Host, world: ListWorld, around: Surroundings): Truth {
  return inList("host", list, host, world, around, 0);
}

function inList(
  sort: ListSort,
  list: string,
  subject: Subject,
  world: ListWorld,
  around: Surroundings,
  depth: number,
): Truth {
  if (depth > maxDepth) return { unknown: `the list ${list.slice(0, 60)}, which contains itself`, where: around.where };
  const value = expand(list, around);
  switch (value.kind) {
    case "failed":
      return "no"; // in a list, a forced failure only says that the subject is not in it
    case "error":
      return errorOf(value.why, around.where);
    case "unknown":
      return value.because;
    case "text":
      return inItems(sort, splitList(value.text), subject, world, around, depth, true);
  }
}

interface Flags {
  readonly includeUnknown: boolean;
  readonly ignoreUnknown: boolean;
}

/** `ends`: a negated item at the end lets everything else in, which holds for a list, but not for a file in it. */
function inItems(
  sort: ListSort,
  items: readonly string[],
  subject: Subject,
  world: ListWorld,
  around: Surroundings,
  depth: number,
  ends: boolean,
  from = 0,
  flags: Flags = { includeUnknown: false, ignoreUnknown: false },
): Truth {
  let { includeUnknown, ignoreUnknown } = flags;
  for (let index = from; index < items.length; index += 1) {
    const item = items[index] ?? "";
    switch (item) {
      case "+include_unknown":
        [includeUnknown, ignoreUnknown] = [true, false];
        continue;
      case "+ignore_unknown":
        [includeUnknown, ignoreUnknown] = [false, true];
        continue;
      case "+caseful":
      case "+include_defer":
      case "+ignore_defer":
        continue;
      default:
    }
    const negated = item.startsWith("!");
    const pattern = negated ? item.slice(1).trim() : item;
    const answer = negated ? "no" : "yes";
    const truth = inItem(sort, pattern, subject, world, around, depth);
    if (truth === "yes") return answer;
    if (truth === "no") continue;
    if (truth === "no-name") {
      if (ignoreUnknown) continue;
      return includeUnknown ? "yes" : "no";
    }
    if (truth === "no-by-file") return negated ? "yes" : "no";
    // It may match: if what follows comes to the same, that is no matter.
    const otherwise = inItems(sort, items, subject, world, around, depth, ends, index + 1, {
      includeUnknown,
      ignoreUnknown,
    });
    return otherwise === answer ? answer : truth;
  }
  return ends && endsNegated(items.at(-1) ?? "", world, around) ? "yes" : "no";
}

/** Whether what is looked at last is turned round: the last item, or the last line of the file that it names. */
function endsNegated(item: string, world: ListWorld, around: Surroundings): boolean {
  if (!item.startsWith("/")) return item.startsWith("!");
  const lines = world.tables.lines(item, around.where);
  return !("unknown" in lines) && lines.at(-1)?.startsWith("!") === true;
}

/** `no-name`: the host's name is needed and there is none. `no-by-file`: a line of the file says no. */
type ItemTruth = Truth | "no-name" | "no-by-file";

function inItem(
  sort: ListSort,
  pattern: string,
  subject: Subject,
  world: ListWorld,
  around: Surroundings,
  depth: number,
): ItemTruth {
  if (pattern.startsWith("+")) {
    const name = pattern.slice(1);
    const text = world.named(kinds[sort], name);
    if (text === undefined) return errorOf(`the list ${pattern}, which is not defined`, around.where);
    return inList(sort, text, subject, world, around, depth + 1);
  }
  if (pattern.startsWith("/")) {
    const lines = world.tables.lines(pattern, around.where);
    if ("unknown" in lines) return lines;
    // A pass of its own: a line that says no is not the same as no line.
    for (const line of lines) {
      const negated = line.startsWith("!");
      const truth = inItem(sort, negated ? line.slice(1).trim() : line, subject, world, around, depth + 1);
      if (truth === "yes") return negated ? "no-by-file" : "yes";
      if (truth !== "no") return truth;
    }
    return "no";
  }
  if ("text" in subject) {
    const text = subject.text;
    return sort === "address"
      ? addressItem(pattern, text, world, around, depth)
      : plainItem(sort === "domain", pattern, text.toLowerCase(), world, around);
  }
  return hostItem(pattern, subject, world, around);
}

const lookupPattern = /^((?:[a-z]+\d*(?:\([^)]*\))?-)?[a-z0-9]+(?:\*@?)?(?:,[^;]*)?);\s*(.*)$/s;

/** A domain or a local part. */
function plainItem(isDomain: boolean, pattern: string, text: string, world: ListWorld, around: Surroundings): Truth {
  if (isDomain && pattern.startsWith("@")) {
    if (pattern === "@") return truthOf(world.hostName !== null && text === world.hostName);
    if (pattern === "@[]") {
      const literal = /^\[(?:ipv6:)?([^\]]+)\]$/.exec(text)?.[1];
      const address = literal === undefined ? null : parseIp(literal);
      return truthOf(address?.ok === true && world.hostAddresses.has(address.value));
    }
    if (/^@mx_(?:any|secondary|primary)\b/.test(pattern))
      return truthOf(around.backupMx === true && !pattern.startsWith("@mx_primary"));
  }
  if (pattern.startsWith("^")) {
    const regex = toRegExp(pattern, "i");
    return regex === null
      ? { unknown: `the regular expression ${pattern.slice(0, 60)}`, where: around.where }
      : truthOf(regex.test(text));
  }
  if (pattern.startsWith("*")) return truthOf(text.endsWith(pattern.slice(1).toLowerCase()));
  const lookup = lookupPattern.exec(pattern);
  if (lookup !== null) return found(world.tables.lookup(lookup[1] ?? "", lookup[2] ?? "", text, around.where));
  return truthOf(pattern.toLowerCase() === text);
}

function addressItem(pattern: string, address: string, world: ListWorld, around: Surroundings, depth: number): Truth {
  if (pattern === "") return truthOf(address === "");
  if (pattern === "*") return truthOf(address !== ""); // the null sender is matched by an empty item alone
  if (pattern.startsWith("^")) {
    const regex = toRegExp(pattern, "i");
    return regex === null
      ? { unknown: `the regular expression ${pattern.slice(0, 60)}`, where: around.where }
      : truthOf(regex.test(address));
  }
  if (pattern.startsWith("@@")) return { unknown: `the list ${pattern.slice(0, 60)}`, where: around.where };
  const lookup = lookupPattern.exec(pattern);
  if (lookup !== null) {
    if (address === "") return "no";
    return found(world.tables.lookup(lookup[1] ?? "", lookup[2] ?? "", address.toLowerCase(), around.where));
  }
  if (address === "") return "no";
  const [local, domain] = splitAddress(address);
  const [localPattern, domainPattern] = pattern.includes("@") ? splitAddress(pattern) : ["*", pattern];
  const lower = localPattern.toLowerCase();
  const localMatches = lower.startsWith("*")
    ? local.toLowerCase().endsWith(lower.slice(1))
    : lower === local.toLowerCase();
  if (!localMatches) return "no";
  const truth = inItem("domain", domainPattern, { text: domain }, world, around, depth + 1);
  return truth === "no-name" || truth === "no-by-file" ? "no" : truth;
}

/** At the last "@". */
export function splitAddress(address: string): readonly [string, string] {
  const at = address.lastIndexOf("@");
  return at < 0 ? [address, ""] : [address.slice(0, at), address.slice(at + 1)];
}

function hostItem(pattern: string, { address, name }: Host, world: ListWorld, around: Surroundings): ItemTruth {
  if (pattern === "") return truthOf(address === null); // mail from the machine itself, not over the network
  if (pattern === "*") return "yes";
  if (address === null) return "no";
  // "@" is the host's name, looked up; "@[]" are its interfaces, loopback among them (specification §10.14).
  if (pattern === "@") return truthOf(world.hostAddresses.has(address) && !isLoopback(address));
  if (pattern === "@[]") return truthOf(world.hostAddresses.has(address));
  const net = networkOf(pattern);
  if (net !== null) return truthOf(ipSet([net]).has(address));
  const lookup = lookupPattern.exec(pattern);
  if (lookup !== null) {
    const [, type = "", file = ""] = lookup;
    if (type.startsWith("net")) return networkLookup(type, file, address, world, around);
    if (name === null) return "no-name";
    // A table of networks cannot be asked for a name.
    if (type === "iplsearch") return errorOf(`a lookup of the name ${name} in ${file}`, around.where);
    return found(world.tables.lookup(type, file, name.toLowerCase(), around.where));
  }
  if (pattern.includes(";") && !pattern.startsWith("^"))
    return errorOf(`"${pattern.slice(0, 60)}", which is no item of a list`, around.where);
  const wild = pattern.startsWith("*") || pattern.startsWith("^");
  // A name without wildcards is looked up forward: a stranger's address is not among those of a host that somebody
  // chose to trust by name, so only a client with that very name is it.
  if (name === null) return wild ? "no-name" : "no";
  const lower = name.toLowerCase();
  if (pattern.startsWith("^")) {
    const regex = toRegExp(pattern, "i");
    return regex === null
      ? { unknown: `the regular expression ${pattern.slice(0, 60)}`, where: around.where }
      : truthOf(regex.test(lower));
  }
  if (pattern.startsWith("*")) return truthOf(lower.endsWith(pattern.slice(1).toLowerCase()));
  return truthOf(lower === pattern.toLowerCase());
}

function networkLookup(type: string, file: string, address: IpAddress, world: ListWorld, around: Surroundings): Truth {
  const kind = /^net(\d*)-(.+)$/.exec(type);
  if (kind === null) return { unknown: `a lookup of type ${type}`, where: around.where };
  const text = textOfAddress(address);
  if (kind[2] === "iplsearch" || kind[1] === "")
    return found(world.tables.lookup(kind[2] ?? "", file, text, around.where));
  const width = address.family === 4 ? 32 : 128;
  const length = Math.min(Number(kind[1]), width);
  const shift = BigInt(width - length);
  const masked = textOfAddress({ family: address.family, bits: (address.bits >> shift) << shift });
  return found(world.tables.lookup(kind[2] ?? "", file, `${masked}/${length}`, around.where));
}

/** As Exim writes addresses: IPv6 in full, as it is compared with keys. */
function textOfAddress({ family, bits }: IpAddress): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  return groups.join(":");
}

/** The network that an item of a host list names; host bits are ignored, as Exim does. */
export function networkOf(item: string): Prefix | null {
  const slash = item.indexOf("/");
  const address = parseIp(slash < 0 ? item : item.slice(0, slash));
  if (!address.ok) return null;
  const width = address.value.family === 4 ? 32 : 128;
  if (slash < 0) return { address: address.value, length: width };
  const exact = parsePrefix(item);
  if (exact.ok) return exact.value;
  const length = Number(/^\d{1,3}$/.exec(item.slice(slash + 1))?.[0] ?? Number.NaN);
  if (Number.isNaN(length) || length > width) return null;
  const shift = BigInt(width - length);
  return { address: { family: address.value.family, bits: (address.value.bits >> shift) << shift }, length };
}

const truthOf = (is: boolean): Truth => (is ? "yes" : "no");

function found(value: string | null | Unknown): Truth {
  return value === null ? "no" : typeof value === "string" ? "yes" : value;
}

/** An item of a list, named lists and files opened, with the list it stands in. */
export interface FlatItem {
  readonly text: string;
  readonly negated: boolean;
  /** The named list it was found in, or `null` for the list itself. */
  readonly list: string | null;
}

const maxFlat = 5000;

/** All items that a list comes to, as far as its text can be told without a session. */
export function flatItems(sort: ListSort, list: string, world: ListWorld, around: Surroundings): readonly FlatItem[] {
  const flat: FlatItem[] = [];
  const visit = (text: string, name: string | null, negated: boolean, depth: number): void => {
    const value = expand(text, around);
    if (value.kind !== "text" || depth > maxDepth) return;
    for (const item of splitList(value.text)) {
      if (flat.length >= maxFlat) return;
      const minus = item.startsWith("!");
      const pattern = minus ? item.slice(1).trim() : item;
      const turned = minus !== negated;
      if (pattern.startsWith("+")) {
        const inner = world.named(kinds[sort], pattern.slice(1));
        if (inner !== undefined) visit(inner, pattern.slice(1), turned, depth + 1);
      } else if (pattern.startsWith("/")) {
        const lines = world.tables.lines(pattern, null);
        if (!("unknown" in lines))
          for (const line of lines.slice(0, maxFlat))
            flat.push({ text: line.replace(/^!\s*/, ""), negated: line.startsWith("!") !== turned, list: name });
      } else {
        flat.push({ text: pattern, negated: turned, list: name });
        const lookup = lookupPattern.exec(pattern);
        if (lookup !== null)
          for (const key of world.tables.keys(lookup[1] ?? "", lookup[2] ?? ""))
            if (flat.length < maxFlat) flat.push({ text: key, negated: turned, list: name });
      }
    }
  };
  visit(list, null, false, 0);
  return flat;
}

/** Texts worth trying against a list of domains, addresses or local parts. */
export function seedsOf(sort: Exclude<ListSort, "host">, items: readonly FlatItem[]): readonly string[] {
  return items
    .flatMap(({ text }) => {
      if (text.startsWith("^")) return samplesOf(text);
      if (text.startsWith("*@")) return [`probe${text.slice(1).replace(/^@\*\.?/, "@sub.")}`];
      if (text.startsWith("*"))
        return text.length > 1 ? [sort === "domain" ? `sub${text.slice(1)}` : `x${text.slice(1)}`] : [];
      return lookupPattern.test(text) || text.startsWith("@") ? [] : [text];
    })
    .slice(0, 2000);
}

/** The condition that the client is in a list; with what is worth trying, for the search. */
export function hostCondition(
  list: string,
  world: ListWorld,
  fixed: Surroundings,
  around: (session: Session) => Surroundings,
): Condition {
  const items = flatItems("host", list, world, fixed);
  const nets = items.map(({ text }) => networkOf(text));
  const plain = expand(list, fixed);
  const simple =
    plain.kind === "text" &&
    items.length > 0 &&
    items.every(({ negated, text }, index) => !negated && (nets[index] !== null || text === "")) &&
    splitList(plain.text).every((item) => !item.startsWith("+"));
  const set = ipSet(nets.flatMap((net) => (net === null ? [] : [net])));
  if (simple) return { kind: "client-address", set };
  const names = items.flatMap(({ text }, index) =>
    nets[index] !== null || /[;+@]/.test(text)
      ? []
      : text.startsWith("^")
        ? samplesOf(text)
        : [text.replace(/^\*\.?/, "")],
  );
  return {
    kind: "computed",
    says: `hosts = ${list}`,
    test: (session) =>
      inHostList(list, { address: session.client.address, name: session.client.name }, world, around(session)),
    ranges: set.union(world.hostAddresses).ranges,
    seeds: seedsFor(
      "client-name",
      names.filter((name) => name !== ""),
    ),
  };
}

/** Texts worth trying for a field. */
export function seedsFor(of: TextField, texts: readonly string[]): readonly Seed[] {
  return texts.map((text) => ({ of, text }));
}
