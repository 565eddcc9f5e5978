/** Tables as tests of a word of a session, each kind of entry compared in its own way; asked once, however large. */

import { parseIp } from "../../../net/ip.ts";
import { ipSetOfRanges } from "../../../net/ip-set.ts";
import type { IpRange } from "../../../net/prefix.ts";
import { elsewhere, strangersDomain } from "../../../witness/strangers.ts";
import { compilePattern, matches, samplesOf } from "../../pattern.ts";
import type { Truth, Unknown } from "../../rules.ts";
import { type MailAddress, mailAddressOf, matchesAddress, matchesHost, rangeOf, untagged } from "./matching.ts";
import type { Table } from "./tables.ts";

export type Service = "domain" | "address-range" | "mail-address" | "regex" | "string";

export interface Matcher {
  readonly test: (key: string) => Truth;
  /** Words worth trying: what it holds, or what matches it. */
  readonly seeds: readonly string[];
  readonly ranges: readonly IpRange[];
}

const maxSeeds = 500;
const truth = (is: boolean): Truth => (is ? "yes" : "no");

export function matcherOf(table: Table, service: Service, delimiter: string): Matcher {
  const { because } = table;
  if (because !== null) return { test: () => because, seeds: [], ranges: [] };
  switch (service) {
    case "domain":
      return domains(table);
    case "address-range":
      return addressRanges(table);
    case "mail-address":
      return mailAddresses(table, delimiter);
    case "regex":
      return patterns(table);
    case "string": {
      const keys = new Set(table.entries.map(({ key }) => key));
      return { test: (key) => truth(keys.has(key.toLowerCase())), seeds: [...keys].slice(0, maxSeeds), ranges: [] };
    }
  }
}

function domains({ entries }: Table): Matcher {
  const exact = new Set<string>();
  const wild: string[] = [];
  for (const { key } of entries)
    if (key.includes("*")) wild.push(key);
    else exact.add(key);
  const seeds = [...exact].slice(0, maxSeeds);
  for (const pattern of wild.slice(0, maxSeeds)) seeds.push(...namesFor(pattern));
  return {
    test: (key) => {
      const name = key.toLowerCase();
      return truth(exact.has(name) || wild.some((pattern) => matchesHost(name, pattern)));
    },
    seeds,
    ranges: [],
  };
}

/** Names that a pattern with stars covers. */
function namesFor(pattern: string): readonly string[] {
  const made = ["x", "probe.x", ""].map((filling) => pattern.replace(/\*+/g, filling));
  return [...made, elsewhere].filter((name) => matchesHost(name, pattern));
}

function addressRanges({ entries }: Table): Matcher {
  const ranges = entries.flatMap(({ key }) => rangeOf(key) ?? []);
  const set = ipSetOfRanges(ranges);
  const words = new Set(entries.map(({ key }) => key));
  return {
    test: (key) => {
      if (words.has(key.toLowerCase())) return "yes";
      const address = parseIp(key.replace(/^\[(.*)\]$/, "$1"));
      return truth(address.ok && set.has(address.value));
    },
    seeds: [...words].filter((word) => rangeOf(word) === null && !word.includes("*")).slice(0, maxSeeds),
    ranges,
  };
}

function mailAddresses({ entries }: Table, delimiter: string): Matcher {
  // `user@domain` and `@domain`, without stars: found at once. An address counts with its tag and without.
  const exact = new Set<string>();
  const others: MailAddress[] = [];
  for (const { key } of entries) {
    const entry = mailAddressOf(key);
    if (entry.domain === "" || entry.domain.includes("*")) others.push(entry);
    else exact.add(key);
  }
  return {
    test: (key) => {
      const address = mailAddressOf(key.toLowerCase());
      const { user, domain } = address;
      return truth(
        exact.has(`@${domain}`) ||
          exact.has(`${user}@${domain}`) ||
          exact.has(`${untagged(user, delimiter)}@${domain}`) ||
          others.some((entry) => matchesAddress(address, entry, delimiter)),
      );
    },
    seeds: entries.slice(0, maxSeeds).flatMap(({ key }) => addressesFor(key)),
    ranges: [],
  };
}

/** Addresses that an entry covers; `@domain` says that any name does. */
function addressesFor(entry: string): readonly string[] {
  const { user, domain } = mailAddressOf(entry);
  if (domain === "") return user === "" ? [] : [`${user}@${elsewhere}`, `${user}@${strangersDomain}`];
  const names = domain.includes("*") ? namesFor(domain) : [domain];
  return names.map((name) => `${user}@${name}`);
}

function patterns({ entries, name }: Table): Matcher {
  const compiled = entries.map(({ key, where }) => ({ pattern: compiledPattern(key), key, where }));
  return {
    test: (text) => {
      let doubt: Unknown | null = null;
      for (const { pattern, key, where } of compiled)
        if (pattern === null) doubt ??= { unknown: `the pattern "${key.slice(0, 60)}" of ${name}`, where };
        else if (matches(pattern, text.toLowerCase()) !== null) return "yes";
      return doubt ?? "no";
    },
    seeds: compiled.flatMap(({ pattern }) => (pattern === null ? [] : samplesOf(pattern))).slice(0, maxSeeds),
    ranges: [],
  };
}

/** POSIX extended, and so without the classes of Perl: `\d` is a d. */
function compiledPattern(text: string): RegExp | null {
  return compilePattern(
    text.replace(/(\\\\)|\\d/g, (whole, escaped: string | undefined) => (escaped === undefined ? "d" : whole)),
    "",
  );
}
