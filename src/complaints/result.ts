/** What reading abuse reports brings, as the JSON document's schema. */
import { z } from "zod";
import { findingSchema } from "../finding/finding.ts";
import { formats } from "./reading.ts";

/** What a report amounts to. */
export const kinds = [
  "open-relay",
  "stolen-account",
  "infected-host",
  "spam",
  "list-notice",
  "bounce",
  "exposure",
  "authentication",
  "opt-out",
  "not-spam",
  "other-abuse",
  "automatic-reply",
  "not-a-report",
] as const;
export type Kind = (typeof kinds)[number];

export const confidences = ["high", "medium", "low", "none"] as const;

export const reportSchema = z.strictObject({
  /** Where it was read: file, and the number of the message in it from 1. */
  source: z.strictObject({ file: z.string(), message: z.int() }),
  format: z.enum(formats),
  kind: z.enum(kinds),
  sourceIp: z.string().nullable(),
  /** Where the address stands. */
  sourceIpFrom: z.string().nullable(),
  /** Addresses that are only claimed: by lines of the trail that nobody vouches for, or in conflict with the one taken. */
  claimedIps: z.array(z.strictObject({ ip: z.string(), from: z.string() })),
  /** `high`: report and trail agree; `medium`: one of them says so; `low`: told by words, or in conflict; `none`: no address. */
  confidence: z.enum(confidences),
  eventTime: z.string().nullable(),
  eventTimeFrom: z.string().nullable(),
  feedbackType: z.string().nullable(),
  originalMessageId: z.string().nullable(),
  /** As the report names them, perhaps redacted. */
  recipients: z.array(z.string()),
  reporter: z.string().nullable(),
  reportId: z.string().nullable(),
  deadline: z.string().nullable(),
  /** Our mailer; null: none of ours, or it cannot be told (see `ours`). */
  mailer: z.string().nullable(),
  ours: z.enum(["yes", "no", "unknown"]),
  /** Why it is ours, or why it was set aside. */
  because: z.string(),
  /** How the message came to our mailer, by the line that our mailer wrote. */
  entry: z
    .strictObject({
      way: z.enum(["stranger", "inside", "login", "local"]),
      client: z.string().nullable(),
      queueId: z.string().nullable(),
      at: z.string().nullable(),
    })
    .nullable(),
  incident: z.string().nullable(),
  /** The first report, by its place in this list from 0, that told the same; null: this one did. */
  repeats: z.int().nullable(),
  problems: z.array(z.string()),
  /** What an answer takes up of the mail that reported: only identifiers of good form. */
  thread: z.strictObject({
    subject: z.string(),
    messageId: z.string().nullable(),
    references: z.array(z.string()),
    /** As it was written. */
    date: z.string().nullable(),
  }),
  reply: z.strictObject({
    should: z.union([z.boolean(), z.literal("review")]),
    to: z.string().nullable(),
    why: z.string(),
  }),
});
export type Report = z.infer<typeof reportSchema>;

export const incidentSchema = z.strictObject({
  id: z.string(),
  mailer: z.string(),
  cause: z.enum(kinds),
  from: z.string(),
  until: z.string(),
  /** When the tester first proved that the mailer was open at that time; null: it did not. */
  provedAt: z.string().nullable(),
  reports: z.int(),
  reporters: z.int(),
});
export type ComplaintIncident = z.infer<typeof incidentSchema>;

const countSchema = z.strictObject({ name: z.string(), count: z.int() });

export const complaintsVerdicts = ["ours", "unknown", "none"] as const;

export const complaintsDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/complaints/1"),
  verdict: z.enum(complaintsVerdicts),
  because: z.string(),
  messages: z.int(),
  reports: z.array(reportSchema),
  incidents: z.array(incidentSchema),
  statistics: z.strictObject({
    formats: z.array(countSchema),
    kinds: z.array(countSchema),
    reporters: z.array(countSchema),
    /** Reports about us a day, by the time of the event. */
    days: z.array(z.strictObject({ day: z.string(), ours: z.int(), unknown: z.int(), others: z.int() })),
  }),
  findings: z.array(findingSchema),
  ended: z.enum(["finished", "interrupted", "deadline"]),
  startedAt: z.string(),
  finishedAt: z.string(),
});
export type ComplaintsDocument = z.infer<typeof complaintsDocumentSchema>;
