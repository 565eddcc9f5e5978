/**
 * Which words fit a report: the first of those that are offered is the one proposed. A fault is admitted only where it is
 * certain that the mail came through us, and said to be over only where a test is newer than what happened. Pure.
 */
import type { Standing } from "../../finding/assessment.ts";
import type { ComplaintIncident, Report } from "../result.ts";
import type { WordingName } from "./wordings.ts";

export interface Choice {
  /** The first is proposed. Never empty. */
  readonly offered: readonly WordingName[];
  /** ISO; since when it is over. Null: that cannot be said. */
  readonly repaired: string | null;
  /** Why `corrected` and `withdrawn` are not offered; null: one of them is, or nobody would expect it. */
  readonly notOver: string | null;
}

export function choose(report: Report, incident: ComplaintIncident | null, standing: Standing): Choice {
  const { ours, kind, confidence } = report;
  const offers = (...offered: readonly WordingName[]): Choice => ({ offered, repaired: null, notOver: null });
  // All other words are about mail.
  if (kind === "other-abuse" || kind === "exposure") return offers("looking");
  if (ours === "no") return offers("not-ours", "headers", "looking");
  const nothingToGoBy = report.sourceIp === null && report.claimedIps.length === 0 && report.entry === null;
  if (ours === "unknown")
    return nothingToGoBy ? offers("headers", "looking", "not-ours") : offers("looking", "headers", "not-ours");
  // An address that only words tell, or that the trail contradicts, admits nothing.
  if (confidence === "low" || confidence === "none") return offers("looking", "received", "headers", "not-ours");
  if (kind === "stolen-account") return offers("account", "received", "headers");
  if (kind !== "open-relay" && incident?.cause !== "open-relay") return offers("received", "looking", "headers");
  const held = notOverBecause(report, incident, standing);
  const rest = ["received", "looking", "account", "headers"] as const;
  if (held !== null) return { offered: rest, repaired: null, notOver: held };
  const over = standing.is === "withdrawn" ? "withdrawn" : "corrected";
  return { offered: [over, ...rest], repaired: standing.at, notOver: null };
}

/** Null: it is over, and the evidence of that is newer than all that is known of the incident. */
export function notOverBecause(
  { eventTime }: Pick<Report, "eventTime">,
  incident: Pick<ComplaintIncident, "until"> | null,
  standing: Standing,
): string | null {
  if (standing.is !== "closed" && standing.is !== "withdrawn")
    return `it cannot be said that it is corrected: ${standing.because}`;
  if (eventTime === null || standing.at === null) return "it is not known when it happened";
  const last = incident !== null && incident.until > eventTime ? incident.until : eventTime;
  // ISO times in UTC compare as text.
  if (standing.at <= last) return `the test of ${day(standing.at)} is no newer than what happened (${day(last)})`;
  return null;
}

const day = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;
