/** The criteria of a rule, in the order in which smtpd tries them (ruleset.c): each a test of an envelope. */
import type { IpAddress } from "../../../net/ip.ts";
import { type IpRange, prefixRange } from "../../../net/prefix.ts";
import type { Seed, TextField, Truth } from "../../rules.ts";
import { addressText, clientText, type Envelope } from "./envelope.ts";
import { type Matcher, matcherOf, type Service } from "./matchers.ts";
import type { Match, TableTest } from "./model.ts";
import type { Table } from "./tables.ts";

export interface Criterion {
  readonly name: "tag" | "from" | "for" | "helo" | "auth" | "mail-from" | "rcpt-to";
  readonly test: (envelope: Envelope) => Truth;
  readonly seeds: readonly Seed[];
  readonly ranges: readonly IpRange[];
}

/** What a rule may compare with besides its tables. */
export interface Machine {
  readonly grammar: "match" | "accept";
  readonly delimiter: string;
  /** Loopback and the addresses that it is known to listen on. */
  readonly ownAddresses: readonly IpAddress[];
  readonly localNames: Table;
}

export function criteriaOf(match: Match, machine: Machine): readonly Criterion[] {
  const made: Criterion[] = [];
  const byTable = (
    name: Criterion["name"],
    test: TableTest | null,
    service: Service,
    of: TextField | null,
    key: (envelope: Envelope) => string,
  ): void => {
    if (test === null) return;
    const matcher = matcherOf(test.table, test.regex ? "regex" : service, machine.delimiter);
    made.push({
      name,
      test: (envelope) => turned(matcher.test(key(envelope)), test.not),
      seeds: seedsOf(matcher, of),
      ranges: matcher.ranges,
    });
  };
  byTable("tag", match.tag, "string", null, ({ tag }) => tag);
  made.push(fromCriterion(match, machine));
  if (match.for.kind === "domain")
    byTable("for", match.for, "domain", "recipient-domain", ({ recipient }) => recipient.domain);
  else made.push(forCriterion(match.for, machine));
  byTable("helo", match.helo, "domain", "helo", ({ helo }) => helo);
  if (match.auth !== null) made.push(authCriterion(match.auth));
  byTable("mail-from", match.mailFrom, "mail-address", "sender", ({ sender }) => addressText(sender));
  byTable("rcpt-to", match.rcptTo, "mail-address", "recipient", ({ recipient }) => addressText(recipient));
  return made;
}

function turned(truth: Truth, not: boolean): Truth {
  if (!not || typeof truth !== "string") return truth;
  return truth === "yes" ? "no" : "yes";
}

const truthOf = (is: boolean): Truth => (is ? "yes" : "no");

function seedsOf({ seeds }: Matcher, of: TextField | null): readonly Seed[] {
  return of === null ? [] : seeds.map((text) => ({ of, text }));
}

function forCriterion(
  { kind, not }: { readonly kind: "any" | "local"; readonly not: boolean },
  machine: Machine,
): Criterion {
  const names = matcherOf(machine.localNames, "domain", machine.delimiter);
  const test = ({ recipient }: Envelope): Truth => (kind === "any" ? "yes" : names.test(recipient.domain));
  return { name: "for", test: (envelope) => turned(test(envelope), not), seeds: [], ranges: [] };
}

/** Somebody who logged in; which names a table lists, a stranger does not know. */
function authCriterion({ not, table }: NonNullable<Match["auth"]>): Criterion {
  const test = ({ authenticated }: Envelope): Truth => {
    if (!authenticated || table === null) return truthOf(authenticated);
    return {
      unknown: `whether the user is in ${table.name === "list" ? "the list" : `<${table.name}>`}`,
      where: table.where,
    };
  };
  return { name: "auth", test: (envelope) => turned(test(envelope), not), seeds: [], ranges: [] };
}

function fromCriterion({ from }: Match, machine: Machine): Criterion {
  const { test, seeds, ranges } = fromTest(from, machine);
  if (from.kind === "rdns" && from.table === null) {
    // A client of which nothing is said may have a name or none, as it likes.
    const either = ({ internal, reverseName }: Envelope): Truth =>
      truthOf(!internal && (reverseName === null || !from.not));
    return { name: "from", test: either, seeds, ranges };
  }
  return { name: "from", test: (envelope) => turnedFrom(test(envelope), from.not), seeds, ranges };
}

/** `null`: no, whether negated or not. */
const turnedFrom = (truth: Truth | null, not: boolean): Truth => (truth === null ? "no" : turned(truth, not));

interface FromTest {
  readonly test: (envelope: Envelope) => Truth | null;
  readonly seeds: readonly Seed[];
  readonly ranges: readonly IpRange[];
}

function fromTest(from: Match["from"], machine: Machine): FromTest {
  const nothing = { seeds: [], ranges: [] };
  // Before 6.4 whoever had logged in was local, wherever he was.
  const isLocal = ({ internal, authenticated }: Envelope): boolean =>
    internal || (machine.grammar === "accept" && authenticated);
  switch (from.kind) {
    case "any":
      return { ...nothing, test: () => "yes" };
    case "socket":
      return { ...nothing, test: (envelope) => (envelope.internal ? null : "no") };
    case "local":
      return {
        seeds: [],
        ranges: machine.ownAddresses.map((address) =>
          prefixRange({ address, length: address.family === 4 ? 32 : 128 }),
        ),
        test: (envelope) =>
          truthOf(
            isLocal(envelope) ||
              machine.ownAddresses.some(
                ({ family, bits }) => family === envelope.address.family && bits === envelope.address.bits,
              ),
          ),
      };
    case "src": {
      const matcher = matcherOf(from.table, from.regex ? "regex" : "address-range", machine.delimiter);
      return {
        seeds: [],
        ranges: matcher.ranges,
        test: (envelope) => matcher.test(isLocal(envelope) ? "local" : clientText(envelope.address)),
      };
    }
    case "rdns":
      return rdnsTest(from.table, from.regex, machine);
  }
}

/** smtpd does not ask whether the name belongs to the address: whoever owns the address may claim any, or none. */
function rdnsTest(table: Table | null, regex: boolean, machine: Machine): FromTest {
  if (table === null) return { seeds: [], ranges: [], test: () => null };
  // Compared as addresses are (ruleset.c): to the letter. A star in it stands for itself.
  const matcher = matcherOf(table, regex ? "regex" : "address-range", machine.delimiter);
  return {
    seeds: matcher.seeds.map((text) => ({ of: "client-name", text })),
    ranges: [],
    test: ({ internal, reverseName }) => {
      if (internal) return matcher.test("local");
      return reverseName === null ? null : matcher.test(reverseName);
    },
  };
}
