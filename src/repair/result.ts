/** Where each mailer stands on the journey, as the JSON document's schema (`schema: "fencepost/status/1"`). */
import { z } from "zod";
import { findingSchema } from "../finding/finding.ts";

/** In the order in which they are taken. */
export const stepNames = ["contain", "test", "configure", "block", "lists", "mend", "watch"] as const;
export type StepName = (typeof stepNames)[number];

/**
 * `done`: by evidence. `open`: something is to be done now. `blocked`: another step comes first. `unknown`: somebody looked, and
 * could not tell.
 */
export const stepStates = ["done", "not-applicable", "waived", "open", "blocked", "unknown"] as const;
export type StepState = (typeof stepStates)[number];

const evidenceSchema = z.strictObject({
  kind: z.enum(["check", "sweep", "filters", "dispute", "audit", "listing", "lists", "reports", "statement"]),
  /** `192.0.2.25:25`, a file, a list. */
  subject: z.string(),
  says: z.string(),
  at: z.string(),
  /** Seconds. */
  age: z.int(),
  /** Why it no longer says how things are today; null: it does. */
  stale: z.string().nullable(),
  /** The command that shows it; null: it is all here. */
  show: z.string().nullable(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

const actionSchema = z.strictObject({
  /** `here`: where Fencepost runs. `mailer`: on the mailer, by whoever manages it; never run by Fencepost. */
  on: z.enum(["here", "mailer"]),
  /** To be typed as it stands; words in capitals stand for something. Null: `says` is what to do. */
  run: z.string().nullable(),
  says: z.string(),
});
export type Action = z.infer<typeof actionSchema>;

const stepSchema = z.strictObject({
  step: z.enum(stepNames),
  state: z.enum(stepStates),
  because: z.string(),
  evidence: z.array(evidenceSchema),
  actions: z.array(actionSchema),
  /** Who goes without it, why, and until the end of which day. */
  waiver: z.strictObject({ by: z.string(), because: z.string(), until: z.string() }).nullable(),
});
export type StepResult = z.infer<typeof stepSchema>;

const notARelaySchema = z.strictObject({
  because: z.string(),
  /** The likeliest first. */
  causes: z.array(
    z.strictObject({
      cause: z.enum(["stolen-login", "infected-host", "web-form", "mended-before"]),
      says: z.string(),
      /** What on record speaks for it; null: nothing. */
      hint: z.string().nullable(),
      actions: z.array(actionSchema),
    }),
  ),
  /** The cause that somebody named; null: it is still to be found. */
  named: z.strictObject({ says: z.string(), at: z.string() }).nullable(),
});
export type NotARelay = z.infer<typeof notARelaySchema>;

/** Worst first. `open`: it passes on strangers' mail now. `under-way`: nothing is unknown, and something is to be done. */
export const statusVerdicts = ["open", "unknown", "under-way", "done"] as const;
export type StatusVerdict = (typeof statusVerdicts)[number];

const mailerStatusSchema = z.strictObject({
  mailer: z.string(),
  listeners: z.array(z.string()),
  /** The catalogue's id; null: not known. */
  product: z.string().nullable(),
  /** A rehearsal on loopback, which says nothing of the Internet. */
  practice: z.boolean(),
  verdict: z.enum(statusVerdicts),
  /** The first step that something is to be done about; null: all are settled. */
  at: z.enum(stepNames).nullable(),
  because: z.string(),
  stands: z.strictObject({
    is: z.enum(["open", "closed", "withdrawn", "disputed", "unknown"]),
    at: z.string().nullable(),
    because: z.string(),
  }),
  steps: z.array(stepSchema),
  /** It is listed or complained of, and does not relay; null: no such case. */
  notARelay: notARelaySchema.nullable(),
  next: z.array(actionSchema),
});
export type MailerStatus = z.infer<typeof mailerStatusSchema>;

export const statusDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/status/1"),
  verdict: z.enum(statusVerdicts),
  because: z.string(),
  /** Serial of the catalogue at hand. */
  catalogue: z.int(),
  mailers: z.array(mailerStatusSchema),
  /** The next three commands, those of the worst mailer first. */
  next: z.array(actionSchema.extend({ mailer: z.string() })),
  findings: z.array(findingSchema),
  at: z.iso.datetime(),
});
export type StatusDocument = z.infer<typeof statusDocumentSchema>;
