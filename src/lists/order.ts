/**
 * The order that matters: asking a list for removal before the mailer is mended costs the goodwill of its operator, and
 * a tester that lists whoever fails must not be tried by whoever would. What is risky is held back until there is
 * evidence newer than our first sight of the listing, or a person says why it is to be done all the same. Pure.
 */
import type { Standing } from "../finding/assessment.ts";

/** What somebody vouched for, and when (ISO). */
export interface Said {
  readonly says: string;
  readonly at: string;
}

export interface RepairEvidence {
  readonly standing: Standing;
  /** A cause other than relaying, named by the listing itself or by a person. */
  readonly cause: Said | null;
  /** The queue was looked at, and holds nothing of what was abused. */
  readonly queueClean: Said | null;
  /** Why a person wants to go ahead all the same. */
  readonly override: Said | null;
}

export type Release =
  | { readonly kind: "free"; readonly because: string }
  | { readonly kind: "overridden"; readonly because: string; readonly at: string }
  | { readonly kind: "held"; readonly because: string; readonly missing: readonly Missing[] };

/** What has to be brought before the step is free. */
export type Missing = "closed-or-withdrawn" | "queue-clean";

/** Whether removal may be asked for. @param firstSeen ISO, our first sight of the listing. */
export function release(evidence: RepairEvidence, firstSeen: string): Release {
  const { standing, cause, queueClean, override } = evidence;
  // Newer, not as old as: what was known when the listing was first seen did not prevent it.
  const newer = (at: string | null): boolean => at !== null && at > firstSeen;
  const mended = (standing.is === "closed" || standing.is === "withdrawn") && newer(standing.at);
  const otherwise = cause !== null && newer(cause.at) && standing.is !== "open";
  const clean = queueClean !== null && newer(queueClean.at);
  if ((mended || otherwise) && clean)
    return { kind: "free", because: mended ? standing.because : `the cause was another: ${cause?.says ?? ""}` };
  if (override !== null && newer(override.at)) return { kind: "overridden", because: override.says, at: override.at };
  const missing: readonly Missing[] = [
    ...(mended || otherwise ? [] : (["closed-or-withdrawn"] as const)),
    ...(clean ? [] : (["queue-clean"] as const)),
  ];
  return { kind: "held", because: heldBecause(standing, firstSeen, missing), missing };
}

function heldBecause({ is, at, because }: Standing, firstSeen: string, missing: readonly Missing[]): string {
  if (!missing.includes("closed-or-withdrawn")) return "nobody has said that the queue is clean";
  if ((is === "closed" || is === "withdrawn") && at !== null && at <= firstSeen)
    return `it was ${is} before the listing was first seen, and was listed all the same: test again`;
  return is === "open"
    ? `it is open: ${because}`
    : `nothing newer than the listing shows that it is closed: ${because}`;
}

/** What running a list's own tester can bring about, in the three cases of the note. */
export function testerWarning(listed: boolean, standing: Standing): string {
  if (listed) return "You are on this list already: its test costs you nothing more.";
  if (standing.is === "closed")
    return "You are not on this list, and closed as far as we can tell: welcome its test, it may know more than we do.";
  return "You are not on this list. Whoever fails its test may be put on it: if mail from here matters now, mend first.";
}
