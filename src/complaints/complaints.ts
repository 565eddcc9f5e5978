/**
 * Reads an abuse mailbox: every message becomes one report or several, each tied to a mailer of ours and an incident, or set
 * aside with the reason. Nothing is answered here.
 */
import type { Finding } from "../finding/finding.ts";
import { bySeverity } from "../finding/finding.ts";
import type { RunEvent } from "../finding/run.ts";
import type { Clock } from "../ports.ts";
import { siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import { findingOf } from "./findings.ts";
import { withIncidents, withOneReply } from "./incidents.ts";
import type { SiteView } from "./judge.ts";
import { type RawMessage, readMessage } from "./read.ts";
import { Repeats } from "./repeats.ts";
import type { ComplaintsDocument, Report } from "./result.ts";
import { statisticsOf } from "./statistics.ts";
import { type Assessment, openWindows } from "./windows.ts";

export interface ComplaintsRequest {
  /** Null: there is none, and nothing can be said to be ours. */
  readonly site: Site | null;
  readonly messages: AsyncIterable<RawMessage>;
  /** What the tester proved of our mailers. */
  readonly assessments: readonly Assessment[];
}

/** So many messages are read before others get their turn. */
const batch = 64;

export async function* complaints(
  { site, messages, assessments }: ComplaintsRequest,
  { clock }: { readonly clock: Clock },
  signal: AbortSignal,
): AsyncGenerator<RunEvent<Report, ComplaintsDocument>> {
  const startedAt = clock.now().toISOString();
  const view: SiteView | null = site === null ? null : { site, lookup: siteLookup(site) };
  const repeats = new Repeats();
  const reports: Report[] = [];
  let count = 0;
  for await (const message of messages) {
    if (signal.aborted) break;
    count += 1;
    const read = readMessage(message, view);
    for (const report of repeats.marked(read, reports.length)) {
      reports.push(report);
      yield { kind: "step", step: report };
    }
    if (count % batch === 0) {
      yield { kind: "progress", done: count, total: null, doing: message.file };
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const tied = withIncidents(reports, openWindows(assessments));
  const all = withOneReply(tied.reports);
  const findings: Finding[] = tied.incidents.map(findingOf).sort(bySeverity);
  for (const finding of findings) yield { kind: "finding", finding };
  yield {
    kind: "result",
    result: {
      schema: "fencepost/complaints/1",
      ...verdictOf(all, count),
      messages: count,
      reports: [...all],
      incidents: [...tied.incidents],
      statistics: statisticsOf(all),
      findings,
      ended: signal.aborted ? "interrupted" : "finished",
      startedAt,
      finishedAt: clock.now().toISOString(),
    },
  };
}

function verdictOf(reports: readonly Report[], messages: number): Pick<ComplaintsDocument, "verdict" | "because"> {
  const fresh = reports.filter(({ repeats }) => repeats === null);
  // An address that merely stands in a text, or that the trail contradicts, is no proof.
  const ours = fresh.filter((report) => report.ours === "yes" && report.confidence !== "low");
  const mailers = new Set(ours.flatMap(({ mailer }) => (mailer === null ? [] : [mailer])));
  if (ours.length > 0)
    return {
      verdict: "ours",
      because: `${ours.length} of ${fresh.length} reports are about us${mailers.size === 0 ? "" : `: ${[...mailers].sort().slice(0, 10).join(", ")}`}.`,
    };
  const unknown = fresh.filter((report) => report.ours === "unknown" || report.ours === "yes");
  if (unknown.length > 0)
    return {
      verdict: "unknown",
      because: `${unknown.length} of ${fresh.length} reports may be about us: ${unknown[0]?.because ?? ""}`,
    };
  return { verdict: "none", because: messages === 0 ? "There was no message." : "No report is about us." };
}
