/**
 * What `check` brings: one document, JSON-safe (`schema: "fencepost/check/1"`). The published JSON Schema derives from
 * these shapes.
 */
import { z } from "zod";
import { findingSchema } from "../finding/finding.ts";
import type { Ending } from "../finding/run.ts";

/** Worst first: of several targets the first of these counts. */
export const verdicts = ["open", "suspect", "inconclusive", "unreachable", "closed"] as const;
export type Verdict = (typeof verdicts)[number];

export const vantages = ["external", "neighbour", "internal", "unknown"] as const;
export type Vantage = (typeof vantages)[number];

export const outcomes = [
  /** Proved: the message reached the catcher. */
  "relayed",
  /** Accepted, then returned to the reverse-path. */
  "bounced",
  /** 2xx at RCPT or at the dot, unproved. */
  "accepted",
  /** A message was accepted, and nothing arrived in the wait. */
  "silent",
  /** 4xx that is no denial. */
  "deferred",
  "refused",
  /** Refused before the recipient was judged: sender policy, STARTTLS first. */
  "not-reached",
  /** The refusal is about the tester. */
  "tester-refused",
  "not-run",
  "error",
] as const;
export type ProbeOutcome = (typeof outcomes)[number];

const replySchema = z.strictObject({ code: z.int(), enhanced: z.string().optional(), text: z.string() });

export const hopSchema = z.strictObject({
  /** `verified`: the catcher saw this peer. `claimed`: a Received line says so. */
  trust: z.enum(["verified", "claimed"]),
  address: z.string().nullable(),
  by: z.string().nullable(),
  from: z.string().nullable(),
});

export const proofSchema = z.strictObject({
  /** The address that handed the message to the catcher. */
  exit: z.string(),
  multihop: z.boolean(),
  hops: z.array(hopSchema),
  receivedAt: z.iso.datetime(),
  /** The forward-path as it reached the catcher. */
  recipient: z.string(),
});

export const probeResultSchema = z.strictObject({
  id: z.string(),
  instance: z.string(),
  class: z.string(),
  title: z.string(),
  outcome: z.enum(outcomes),
  stage: z.string().nullable(),
  reply: replySchema.nullable(),
  proof: proofSchema.nullable(),
  reason: z.string().optional(),
  transcript: z.string(),
});
export type ProbeResult = z.infer<typeof probeResultSchema>;

export const controlResultSchema = z.strictObject({
  id: z.string(),
  /** When in the run it was asked. */
  at: z.enum(["start", "end"]),
  expected: z.string(),
  passed: z.boolean(),
  reply: replySchema.nullable(),
  transcript: z.string(),
});
export type ControlResult = z.infer<typeof controlResultSchema>;

export const coverageSchema = z.strictObject({
  profile: z.string(),
  /** Serial of the probe catalogue. */
  catalogue: z.int(),
  /** Instances that could be run against this target. */
  applicable: z.int(),
  /** Instances with a definite answer. */
  answered: z.int(),
});

export const targetResultSchema = z.strictObject({
  target: z.strictObject({
    /** The name it was found by, or the site's name for it. */
    host: z.string(),
    address: z.string(),
    port: z.int(),
    role: z.enum(["mx", "submission", "smarthost"]),
    /** The site's name for this mailer. */
    mailer: z.string().optional(),
  }),
  source: z.string().nullable(),
  vantage: z.enum(vantages),
  verdict: z.enum(verdicts),
  /** Why the verdict is not better, in one sentence. */
  because: z.string(),
  reason: z.enum(["not-listening", "timeout", "no-route"]).optional(),
  /** The verdict stands for a rehearsal on one machine, not for the Internet. */
  practice: z.boolean(),
  product: z
    .strictObject({ id: z.string(), name: z.string(), version: z.string().optional(), evidence: z.array(z.string()) })
    .nullable(),
  tls: z
    .strictObject({
      protocol: z.string(),
      cipher: z.string(),
      certificate: z.strictObject({ subject: z.string(), issuer: z.string(), validTo: z.string() }).nullable(),
    })
    .nullable(),
  coverage: coverageSchema,
  controls: z.array(controlResultSchema),
  probes: z.array(probeResultSchema),
  findings: z.array(findingSchema),
  messagesSent: z.int(),
  connections: z.int(),
  ended: z.enum(["finished", "interrupted", "deadline"] satisfies Ending[]),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
});
export type TargetResult = z.infer<typeof targetResultSchema>;

/** What is known of the run as a whole, without its targets: they are handed over one by one. */
export const summarySchema = z.strictObject({
  schema: z.literal("fencepost/check/1"),
  verdict: z.enum(verdicts),
  coverage: coverageSchema,
  targets: z.record(z.enum(verdicts), z.int()),
  ended: z.enum(["finished", "interrupted", "deadline"] satisfies Ending[]),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
});
export type CheckSummary = z.infer<typeof summarySchema>;

export const checkDocumentSchema = summarySchema.extend({
  results: z.array(targetResultSchema),
  findings: z.array(findingSchema),
  /** What changed since the last run on record. */
  changes: z.array(z.strictObject({ subject: z.string(), text: z.string() })).optional(),
});
export type CheckDocument = z.infer<typeof checkDocumentSchema>;
