/**
 * Filters of a listener (smtpd.conf(5), filter): in each phase the first that matches refuses, lets through or goes on.
 * They see what the client typed, not what smtpd made of it. What a program answers is unknown, unless it is one that
 * refuses nothing but unwanted mail.
 */
import type { IpRange } from "../../../net/prefix.ts";
import type { Condition, Program, Seed, Session, Stage, Step, TextField, Truth } from "../../rules.ts";
import { clientText } from "./envelope.ts";
import { type Matcher, matcherOf, type Service } from "./matchers.ts";
import type { Filter, FilterCheck, FilterPhase } from "./model.ts";

type Builtin = Extract<Filter, { readonly kind: "builtin" }>;

/** Programs against spam that are commonly used; a stranger who writes plain mail passes them. */
const wellKnown =
  /(?:^|\/)(?:opensmtpd-)?filter-(?:rspamd|dkim\w*|senderscore|dnsbl|spamassassin|clamav|greylist\w*|admdscrub|auth|addheader|archive|fcrdns)\b/;

/** The stages that a listener's filters make; `before` is what they add in front of the rules for recipients. */
export function filterStages(
  filters: readonly Filter[],
  delimiter: string,
): { readonly stages: readonly Stage[]; readonly before: readonly Step[] } {
  const programs = new Map<FilterPhase, Program>();
  const builtins = filters.filter((one): one is Builtin => one.kind === "builtin");
  for (const phase of ["connect", "helo", "ehlo", "mail-from", "rcpt-to", "data", "commit"] as const) {
    const own = builtins.filter((one) => one.phase === phase);
    if (own.length > 0) programs.set(phase, programOf(phase, own, delimiter));
  }
  const stage = (at: Stage["at"], phase: FilterPhase): readonly Stage[] => {
    const program = programs.get(phase);
    return program === undefined ? [] : [{ at, program }];
  };
  return {
    stages: [
      ...stage("connect", "connect"),
      ...greeting(programs),
      ...stage("mail", "mail-from"),
      ...stage("rcpt", "rcpt-to"),
      ...stage("data", "data"),
      ...stage("data", "commit"),
      ...filters.flatMap(programStage),
    ],
    before: builtins
      .filter(({ does, phase }) => does === "rewrite" && isRead(phase))
      .map((one) => rewriting(one, delimiter)),
  };
}

/** Phases whose words the rules read later. */
const isRead = (phase: FilterPhase): boolean =>
  phase === "helo" || phase === "ehlo" || phase === "mail-from" || phase === "rcpt-to";

function programOf(phase: FilterPhase, filters: readonly Builtin[], delimiter: string): Program {
  const steps = filters.flatMap((filter): Step[] => {
    const { says, where, does } = filter;
    const refuses = does === "reject" || does === "disconnect";
    // A report is only told; what is rewritten, marked as junk or let past ends the phase.
    if (does === "report") return [];
    return [
      {
        kind: "rule",
        says,
        when: conditionOf(filter.check, delimiter),
        does: { kind: refuses ? "refuse" : "permit" },
        where,
      },
    ];
  });
  return { name: `filter phase ${phase}`, steps, end: "permit", where: null };
}

/** A client that is refused after EHLO may say HELO, and the other way round: only what refuses both stops it. */
function greeting(programs: ReadonlyMap<FilterPhase, Program>): readonly Stage[] {
  const helo = programs.get("helo");
  const ehlo = programs.get("ehlo");
  if (helo === undefined || ehlo === undefined) return [];
  const refused = (program: Program): Condition => ({ kind: "not", of: { kind: "program-permits", program } });
  const steps: readonly Step[] = [
    {
      kind: "rule",
      says: "filter phases helo and ehlo",
      when: { kind: "all", of: [refused(helo), refused(ehlo)] },
      does: { kind: "refuse" },
      where: ehlo.steps[0]?.where ?? null,
    },
  ];
  return [{ at: "helo", program: { name: "filter phases helo and ehlo", steps, end: "permit", where: null } }];
}

function programStage(filter: Filter): readonly Stage[] {
  if (filter.kind !== "program" || wellKnown.test(filter.command)) return [];
  const { where, name, command } = filter;
  const because = { unknown: `what the filter "${name}" (${command.slice(0, 60)}) answers`, where };
  const steps: readonly Step[] = [
    { kind: "rule", says: `filter "${name}"`, when: { kind: "always" }, does: { kind: "unknown", because }, where },
  ];
  return [{ at: "rcpt", program: { name: `filter "${name}"`, steps, end: "permit", where } }];
}

/** What a filter writes anew is not followed. */
function rewriting({ check, says, where, name }: Builtin, delimiter: string): Step {
  const because = { unknown: `what the filter "${name}" makes of the session`, where };
  return { kind: "rule", says, when: conditionOf(check, delimiter), does: { kind: "unknown", because }, where };
}

function conditionOf(check: FilterCheck, delimiter: string): Condition {
  const { test, seeds, ranges } = testOf(check, delimiter);
  const computed: Condition = { kind: "computed", says: check.kind, test, seeds, ranges };
  return "table" in check && check.not ? { kind: "not", of: computed } : computed;
}

interface CheckTest {
  readonly test: (session: Session) => Truth;
  readonly seeds: readonly Seed[];
  readonly ranges: readonly IpRange[];
}

function testOf(check: FilterCheck, delimiter: string): CheckTest {
  const plain = (test: (session: Session) => boolean): CheckTest => ({
    seeds: [],
    ranges: [],
    test: (session) => (test(session) ? "yes" : "no"),
  });
  const byTable = (service: Service, of: TextField | null, key: (session: Session) => string): CheckTest => {
    if (!("table" in check)) return plain(() => false);
    const matcher: Matcher = matcherOf(check.table, check.regex ? "regex" : service, delimiter);
    const seeds = of === null ? [] : matcher.seeds.map((text) => ({ of, text }));
    return { seeds, ranges: matcher.ranges, test: (session) => matcher.test(key(session)) };
  };
  switch (check.kind) {
    // Everybody can have a name, and one that is confirmed: only having one can be held against a stranger.
    case "fcrdns":
      return plain(({ client }) => !check.not && client.name !== null);
    case "rdns":
      return plain(({ client }) => !check.not && client.reverseName !== null);
    case "auth":
      return plain(({ client }) => client.authenticated !== check.not);
    case "auth-table": {
      const { where, name } = check.table;
      return {
        seeds: [],
        ranges: [],
        test: ({ client }) => (client.authenticated ? { unknown: `whether the user is in <${name}>`, where } : "no"),
      };
    }
    case "rdns-table":
      return byTable("domain", "client-name", ({ client }) => client.reverseName ?? "<unknown>");
    case "src":
      return byTable("address-range", null, ({ client }) => clientText(client.address));
    case "helo":
      return byTable("domain", "helo", ({ helo }) => helo);
    case "mail-from":
      return byTable("mail-address", "sender", ({ reversePath }) => inside(reversePath));
    case "rcpt-to":
      return byTable("mail-address", "recipient", ({ forwardPath }) => inside(forwardPath));
  }
}

/** What stands between the brackets. */
const inside = (path: string): string => path.replace(/^</, "").replace(/>.*$/s, "");
