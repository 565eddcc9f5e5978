/** The rules of smtpd as steps of a program, and where each leads: first match wins, without one the recipient is refused. */
import type { Span } from "../../../text/source.ts";
import type { Condition, RecipientEnd, Rule, Session, Step, Truth, Unknown } from "../../rules.ts";
import { type Criterion, criteriaOf, type Machine } from "./criteria.ts";
import { type Deliveries, delivers } from "./delivery.ts";
import type { Envelope } from "./envelope.ts";
import type { MailAddress } from "./matching.ts";
import type { Action, Match, Model } from "./model.ts";

type Entry =
  | { readonly gap: Unknown }
  | { readonly gap: null; readonly match: Match; readonly criteria: readonly Criterion[] };

export interface Ruleset {
  readonly steps: (envelopeOf: (session: Session) => Envelope | null) => readonly Step[];
  /** Where mail for an address goes, and the line that says so. */
  readonly endOf: (recipient: MailAddress) => { readonly end: RecipientEnd; readonly where: Span | null };
}

export function rulesetOf(model: Model, machine: Machine, account: Deliveries["account"]): Ruleset {
  const entries = model.matches.map(
    (one): Entry => ("gap" in one ? one : { gap: null, match: one, criteria: criteriaOf(one, machine) }),
  );
  const world: Deliveries = { delimiter: machine.delimiter, account, accepts };

  function accepts(envelope: Envelope, depth: number): Truth {
    for (const entry of entries) {
      if (entry.gap !== null) return entry.gap;
      const met = allOf(entry.criteria, envelope);
      if (met === "no") continue;
      if (met !== "yes") return met;
      const { does, tls } = entry.match;
      if (tls || does.kind === "reject") return "no";
      return does.kind === "relay" ? "yes" : delivers(does, envelope, depth, world);
    }
    return "no";
  }

  return {
    steps: (envelopeOf) => entries.map((entry) => stepOf(entry, envelopeOf, world)),
    endOf: (recipient) => endOf(recipient, entries),
  };
}

function allOf(criteria: readonly Criterion[], envelope: Envelope): Truth {
  let doubt: Truth = "yes";
  for (const { test } of criteria) {
    const truth = test(envelope);
    if (truth === "no") return "no";
    if (truth !== "yes") doubt = truth;
  }
  return doubt;
}

function stepOf(entry: Entry, envelopeOf: (session: Session) => Envelope | null, world: Deliveries): Step {
  if (entry.gap !== null) {
    const because = entry.gap;
    return {
      kind: "rule",
      says: because.unknown,
      when: { kind: "always" },
      does: { kind: "unknown", because },
      where: because.where,
    };
  }
  const { match, criteria } = entry;
  const asCondition = ({ name, test, seeds, ranges }: Criterion): Condition => ({
    kind: "computed",
    says: name,
    seeds,
    ranges,
    test: (session) => {
      const envelope = envelopeOf(session);
      return envelope === null ? "no" : test(envelope);
    },
  });
  // smtpd does not know there whether the session is encrypted: "tls" ends in a temporary failure (ruleset.c).
  const looked = match.tls ? criteria.filter(({ name }) => name !== "mail-from" && name !== "rcpt-to") : criteria;
  const rule: Omit<Rule, "does"> = {
    says: match.says,
    when: { kind: "all", of: looked.map(asCondition) },
    where: match.where,
  };
  if (match.tls) return { kind: "rule", ...rule, does: { kind: "defer" } };
  const { does } = match;
  switch (does.kind) {
    case "reject":
      return { kind: "rule", ...rule, does: { kind: "refuse" } };
    case "relay":
      return { kind: "rule", ...rule, does: { kind: "permit" } };
    case "deliver":
      return { kind: "rule", ...rule, does: { kind: "run", program: deliveryOf(match, does, envelopeOf, world) } };
  }
}

/** Takes in whom it knows, and refuses the rest: no later rule is asked. */
function deliveryOf(
  match: Match,
  action: Extract<Action, { readonly kind: "deliver" }>,
  envelopeOf: (session: Session) => Envelope | null,
  world: Deliveries,
) {
  const known: Condition = {
    kind: "computed",
    says: "a recipient that exists",
    test: (session) => {
      const envelope = envelopeOf(session);
      return envelope === null ? "no" : delivers(action, envelope, 0, world);
    },
  };
  const { says, where } = match;
  // Other rules relay what this one would keep: of such an address the end hangs on the client.
  const because: Unknown = { unknown: `"${says}", which keeps mail for any domain here`, where };
  const mixed: Condition = { kind: "all", of: [{ kind: "recipient-ends", at: ["outside"] }, known] };
  const steps: readonly Step[] = [
    { kind: "rule", says, when: mixed, does: { kind: "unknown", because }, where },
    { kind: "rule", says, when: known, does: { kind: "permit" }, where },
  ];
  return { name: "delivery", steps, end: "refuse" as const, where };
}

/** By the rules that can take the recipient: those that name its domain or address count before those for any. */
function endOf(recipient: MailAddress, entries: readonly Entry[]): ReturnType<Ruleset["endOf"]> {
  const fitting = reachable(recipient, entries).filter(({ does, tls }) => does.kind !== "reject" && !tls);
  const named = fitting.filter(names);
  const relays = ({ does }: Match): boolean => does.kind === "relay";
  if (named.length > 0) {
    const relaying = named.find(relays);
    return { end: relaying === undefined ? "local" : "listed", where: (relaying ?? named[0])?.where ?? null };
  }
  const outer = fitting.filter((match) => !forInsiders(match));
  const counted = outer.length > 0 ? outer : fitting;
  const keeping = counted.length > 0 && !counted.some(relays);
  return keeping ? { end: "local", where: counted[0]?.where ?? null } : { end: "outside", where: null };
}

/** Rules that may match some session with this recipient: behind one that takes everybody, none is asked. */
function reachable(recipient: MailAddress, entries: readonly Entry[]): readonly Match[] {
  const found: Match[] = [];
  for (const entry of entries) {
    if (entry.gap !== null) continue;
    const looked = entry.criteria.filter(({ name }) => name === "for" || name === "rcpt-to");
    const truths = looked.map(({ test }) => test({ ...nobody, recipient }));
    if (truths.includes("no")) continue;
    found.push(entry.match);
    const { from, tag, helo, mailFrom, auth } = entry.match;
    const everybody = from.kind === "any" && !from.not && !tag && !helo && !mailFrom && !auth;
    if (everybody && truths.every((truth) => truth === "yes")) break;
  }
  return found;
}

function names({ for: to, rcptTo }: Match): boolean {
  return (to.kind !== "any" && !to.not) || (rcptTo !== null && !rcptTo.not);
}

/** A rule for this machine, or for who has logged in. */
function forInsiders({ from, auth }: Match): boolean {
  return ((from.kind === "local" || from.kind === "socket") && !from.not) || (auth !== null && !auth.not);
}

const nobody: Envelope = {
  address: { family: 4, bits: 0n },
  internal: false,
  reverseName: null,
  helo: "",
  tag: "",
  authenticated: false,
  sender: { user: "", domain: "" },
  recipient: { user: "", domain: "" },
};
