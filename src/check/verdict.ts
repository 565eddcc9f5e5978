/**
 * From what was tried to a verdict: never better than its evidence. Pure.
 */
import { meaningOf } from "./refusal.ts";
import type { ControlResult, Vantage, Verdict } from "./result.ts";
import type { Tried } from "./tried.ts";

/** Classes of the rule in which `closed` needs a definite answer, and how to call them. */
const ruleClasses = {
  plain: "the plain form",
  sender: "forged senders",
  routing: "routing syntax",
  helo: "HELO names",
  trust: "injected client identities",
} as const;

export interface VerdictFacts {
  readonly tried: readonly Tried[];
  readonly controls: readonly ControlResult[];
  readonly vantage: Vantage;
  readonly profile: string;
  /** Arrivals can be seen for certain: there is a catch domain. */
  readonly canCatch: "yes" | "no" | "unknown";
  readonly ended: "finished" | "interrupted" | "deadline";
}

export interface Judged {
  readonly verdict: Verdict;
  readonly because: string;
}

export function verdictOf(facts: VerdictFacts): Judged {
  const { tried, controls, vantage } = facts;
  const relayed = tried.filter((one) => one.outcome === "relayed");
  const fromOutside = vantage === "external" || vantage === "neighbour";
  if (!fromOutside) return { verdict: "inconclusive", because: insideWords(vantage, relayed.length) };
  if (relayed.length > 0)
    return {
      verdict: "open",
      because: `${relayed[0]!.instance.name} was passed on to the catcher${relayed.length > 1 ? `, and ${relayed.length - 1} more` : ""}`,
    };

  const accepted = tried.filter(isSuspicious(tried));
  if (accepted.length > 0)
    return {
      verdict: "suspect",
      because: `${accepted[0]!.instance.name} was accepted from a stranger and not accounted for${accepted.length > 1 ? `, and ${accepted.length - 1} more` : ""}`,
    };
  const believed = tried.find((one) => one.shows === "login-believed" || one.shows === "injection-believed");
  if (believed !== undefined)
    return { verdict: "suspect", because: `${believed.instance.name} was believed, though nothing was passed on` };
  if (putsOffOutsiders(tried))
    return { verdict: "suspect", because: "an outside recipient was put off instead of refused" };

  const failed = controls.find((control) => !control.passed);
  if (failed !== undefined)
    return {
      verdict: "inconclusive",
      because: `the control ${failed.id} failed at the ${failed.at} of the run: expected ${failed.expected}`,
    };
  if (controls.length === 0) return { verdict: "inconclusive", because: "no control could be run" };
  if (facts.ended !== "finished")
    return {
      verdict: "inconclusive",
      because: facts.ended === "deadline" ? "the deadline came first" : "the run was interrupted",
    };
  const unanswered = tried.filter(
    (one) =>
      ["deferred", "tester-refused", "error"].includes(one.outcome) ||
      (one.outcome === "not-run" && !isInapplicable(one)),
  );
  if (unanswered.length > 0)
    return {
      verdict: "inconclusive",
      because: `${unanswered[0]!.instance.name} got no definite answer (${unanswered[0]!.reason ?? unanswered[0]!.outcome})${unanswered.length > 1 ? `, and ${unanswered.length - 1} more` : ""}`,
    };
  for (const [probeClass, words] of Object.entries(ruleClasses))
    if (!tried.some((one) => one.instance.probe.class === probeClass && isDefinite(one)))
      return {
        verdict: "inconclusive",
        because: `the profile ${facts.profile} brought no definite answer about ${words}`,
      };
  if (facts.canCatch === "unknown" && !tried.some(isDeniedPlainly))
    return {
      verdict: "inconclusive",
      because:
        "it could not be looked up whether the catch domain leads to the catcher, and no refusal speaks of relaying",
    };
  if (facts.canCatch === "no")
    return { verdict: "inconclusive", because: "without a catch domain a relay can be proved, but not its absence" };
  return {
    verdict: "closed",
    because: `closed to the ${tried.filter(isDefinite).length} tests of profile ${facts.profile}`,
  };
}

/** The plain form was refused in words about relaying, not for a domain that cannot be found. */
function isDeniedPlainly({ instance: { probe }, outcome, reply }: Tried): boolean {
  if (probe.class !== "plain" || outcome !== "refused" || reply === null) return false;
  return ["relay-denied", "authentication-required", "client"].includes(meaningOf(reply));
}

function insideWords(vantage: Vantage, relayed: number): string {
  const seen = relayed > 0 ? "it passes on what we sent, which it may do for its own clients" : "nothing was passed on";
  return vantage === "internal"
    ? `tested from inside (${seen}); only a test from outside can tell what strangers may do`
    : `tested from an address that may be inside or outside (${seen}); name it with --vantage, or test from outside`;
}

/** A definite answer: it cannot change what strangers may do by this form. */
export function isDefinite(tried: Tried): boolean {
  if (["relayed", "bounced", "refused"].includes(tried.outcome)) return true;
  // A forged sender or name that is itself refused cannot be used to relay; a plain form that was not reached says nothing.
  return (
    tried.outcome === "not-reached" && ["sender", "helo", "auth", "transport"].includes(tried.instance.probe.class)
  );
}

/** Probes whose recipient is an outside one: acceptance of it is what makes suspect. */
function judgesOutside(tried: Tried): boolean {
  return ["relay", "routing", "sender-form", "login", "injection"].includes(tried.instance.probe.judge);
}

/**
 * Accepted, and neither proved nor returned. A message that stayed silent is accounted for if its twin, which differs
 * only in the reverse-path, was returned: the recipient ended at the target, only the bounce could not be seen.
 */
function isSuspicious(all: readonly Tried[]): (tried: Tried) => boolean {
  return (tried) => {
    if (!judgesOutside(tried)) return false;
    return tried.outcome === "accepted" || (tried.outcome === "silent" && !hasReturnedTwin(all, tried));
  };
}

/** Whether the same forward-path, sent with another reverse-path, came back. */
export function hasReturnedTwin(all: readonly Tried[], tried: Tried): boolean {
  if (tried.instance.probe.judge !== "routing") return false;
  const key = twinKey(tried);
  return all.some((one) => one.bounce !== null && twinKey(one) === key);
}

function twinKey(tried: Tried): string {
  const { probe, identity, name, pass } = tried.instance;
  const way = name
    .split("/")
    .filter((part) => part !== pass)
    .join("/");
  return `${probe.id} ${identity ?? ""} ${way}`;
}

/**
 * An outside recipient was greylisted although the same recipient is refused at once in other sessions. A mailer that
 * puts off every stranger's recipient says nothing yet.
 */
function putsOffOutsiders(tried: readonly Tried[]): boolean {
  const outside = tried.filter(
    (one) => one.instance.probe.judge === "relay" && ["plain", "sender", "helo"].includes(one.instance.probe.class),
  );
  return (
    outside.some((one) => one.outcome === "deferred") &&
    outside.some((one) => one.outcome === "refused" && one.stage === "rcpt")
  );
}

/** Left out because the target or the site has not what it needs; not because something went wrong. */
export function isInapplicable(tried: Tried): boolean {
  return (
    tried.outcome === "not-run" &&
    !["deadline", "interrupted", "the target stopped answering"].includes(tried.reason ?? "")
  );
}
