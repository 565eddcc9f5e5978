/**
 * From reports to drafts of answers: one for each person and incident, with what a reviewer needs to see beside it. What cannot
 * be addressed safely gets no draft. Pure.
 */
import { z } from "zod";
import type { Standing } from "../../finding/assessment.ts";
import { formatMailbox, type Mailbox, parseMailbox } from "../../smtp/path.ts";
import type { ComplaintIncident, ComplaintsDocument, Report } from "../result.ts";
import { parseTime } from "../time.ts";
import { choose } from "./choose.ts";
import { fill, valuesSchema } from "./fill.ts";
import { answerSubject } from "./message.ts";
import { type Wordings, wordingNames } from "./wordings.ts";

/** An answer before it is sent, as the store keeps it. */
export const draftSchema = z.strictObject({
  to: z.string(),
  /** Why a person has to decide whether there is an answer at all; null: somebody complained about us. */
  review: z.string().nullable(),
  wording: z.enum(wordingNames),
  offered: z.array(z.enum(wordingNames)),
  notOver: z.string().nullable(),
  language: z.string(),
  values: valuesSchema,
  text: z.string(),
  /** A person wrote the text: it is not put together again. */
  edited: z.boolean(),
  subject: z.string(),
  inReplyTo: z.string().nullable(),
  references: z.array(z.string()),
  /** What the report says, line by line. */
  evidence: z.array(z.string()),
  /** The last event of the incident that is known (ISO): what is said to be over has to be newer. */
  lastEvent: z.string().nullable(),
  /** Signs that the reporter's network refuses our mail, or might. */
  refusedBy: z.array(z.string()),
});
export type Draft = z.infer<typeof draftSchema>;

/** What an answer is the only one for. Times are ISO; null where the report tells none. */
export interface Occasion {
  readonly reporter: string;
  readonly incident: string;
  readonly mailer: string | null;
  /** Causes that come of the same fault are one. */
  readonly cause: string;
  readonly from: string | null;
  readonly until: string | null;
}

export interface DraftContext {
  readonly site: string;
  /** A role address (RFC 2142). */
  readonly contact: string;
  readonly wordings: Wordings;
  readonly language: string;
  /** How each mailer stands, by its name. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** The host's name of each mailer, by its name. */
  readonly hosts: ReadonlyMap<string, string>;
  /** What is known of networks that refuse our mail, by an address in them. */
  readonly refusedBy: (address: string) => readonly string[];
}

const untested: Standing = { is: "unknown", at: null, because: "it was not tested" };

export function draftsOf(
  { reports, incidents }: Pick<ComplaintsDocument, "reports" | "incidents">,
  context: DraftContext,
): readonly { readonly occasion: Occasion; readonly draft: Draft }[] {
  const byId = new Map(incidents.map((incident) => [incident.id, incident]));
  return reports.flatMap((report) => {
    const { should, to } = report.reply;
    if (should === false || to === null || addressable(to) === null) return [];
    const incident = report.incident === null ? null : (byId.get(report.incident) ?? null);
    return [{ occasion: occasionOf(report, to, incident), draft: draftOf(report, to, incident, context) }];
  });
}

/** An address that can stand in an envelope and a header as it is: ASCII, nothing that would have to be quoted. */
export function addressable(text: string): Mailbox | null {
  const read = parseMailbox(text);
  if (!read.ok || read.value.domain.kind !== "name") return null;
  const written = formatMailbox(read.value);
  return /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/.test(written) ? read.value : null;
}

function occasionOf(report: Report, to: string, incident: ComplaintIncident | null): Occasion {
  const { ours, sourceIp, mailer, eventTime, thread } = report;
  // Bob and bob are one person, whatever RFC 5321 §2.4 allows: to answer once too few is the smaller mistake.
  const reporter = to.toLowerCase();
  const cause = report.kind === "spam" ? "open-relay" : (incident?.cause ?? report.kind);
  if (incident !== null)
    return {
      reporter,
      incident: incident.id,
      mailer: incident.mailer,
      cause: cause === "spam" ? "open-relay" : cause,
      from: incident.from,
      until: incident.until,
    };
  const written = thread.date === null ? null : parseTime(thread.date, null);
  const at = (eventTime ?? written?.at ?? "").slice(0, 10);
  return {
    reporter,
    incident: `${ours}/${mailer ?? sourceIp ?? "no-address"}/${at === "" ? "no-time" : at}`,
    mailer,
    cause,
    from: eventTime,
    until: eventTime,
  };
}

function draftOf(report: Report, to: string, incident: ComplaintIncident | null, context: DraftContext): Draft {
  const { mailer, sourceIp, eventTime, thread, reply } = report;
  const { offered, repaired, notOver } = choose(
    report,
    incident,
    (mailer === null ? undefined : context.standings.get(mailer)) ?? untested,
  );
  const wording = offered[0]!; // never empty
  const host = mailer === null ? null : (context.hosts.get(mailer) ?? mailer);
  const values = {
    server: host === null ? (sourceIp ?? "") : sourceIp === null ? host : `${host} (${sourceIp})`,
    address: sourceIp ?? "",
    site: context.site,
    contact: context.contact,
    event: (eventTime ?? "").slice(0, 10),
    repaired: (repaired ?? "").slice(0, 10),
    to,
    subject: thread.subject,
  };
  return {
    to,
    review: reply.should === "review" ? reply.why : null,
    wording,
    offered: [...offered],
    notOver,
    language: context.language,
    values,
    text: fill(context.wordings[wording], values),
    edited: false,
    subject: answerSubject(thread.subject, context.language.startsWith("de") ? "Ihre Meldung" : "your report"),
    inReplyTo: thread.messageId,
    references: thread.messageId === null ? [] : [...thread.references, thread.messageId],
    evidence: [...evidenceOf(report, incident)],
    lastEvent: incident !== null && (eventTime === null || incident.until > eventTime) ? incident.until : eventTime,
    refusedBy: [...context.refusedBy(to)],
  };
}

function evidenceOf(report: Report, incident: ComplaintIncident | null): readonly string[] {
  const { source, format, kind, because, sourceIp, sourceIpFrom, confidence, eventTime, eventTimeFrom, entry } = report;
  const lines: readonly (string | null)[] = [
    `${source.file}, message ${source.message} (${format}): ${report.thread.subject}`,
    `${kind}: ${because}`,
    sourceIp === null ? "no address" : `${sourceIp}: ${confidence} confidence, by ${sourceIpFrom}`,
    eventTime === null ? "no time" : `${eventTime} (${eventTimeFrom})`,
    entry === null
      ? null
      : `came in by ${entry.way}${entry.client === null ? "" : ` from ${entry.client}`}${entry.queueId === null ? "" : `, queue id ${entry.queueId}`}`,
    report.originalMessageId === null ? null : `about ${report.originalMessageId}`,
    report.reporter === null || report.reporter === report.reply.to ? null : `reported by ${report.reporter}`,
    incident === null ? null : `incident ${incident.id}: ${incident.reports} reports, ${incident.reporters} reporters`,
    ...report.problems.slice(0, 5),
  ];
  return lines.filter((line) => line !== null).map((line) => line.slice(0, 500));
}
