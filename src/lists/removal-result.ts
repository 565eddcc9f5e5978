/** What a plan of removal holds, as the JSON document's schema. */
import { z } from "zod";

const removalStepSchema = z.strictObject({
  list: z.string(),
  name: z.string(),
  weight: z.enum(["highest", "high", "medium", "low", "none"]),
  code: z.string(),
  meaning: z.string(),
  firstSeen: z.string(),
  /** `press`: a page of the list does it. `write`: a person reads what is asked. `look`: nobody says how. */
  action: z.enum(["wait", "press", "write", "look", "ignore"]),
  /** `held`: it would do harm now. `overridden`: a person said why it is to be done all the same. */
  state: z.enum(["free", "held", "overridden"]),
  because: z.string(),
  /** What would free it. */
  missing: z.array(z.enum(["closed-or-withdrawn", "queue-clean"])),
  how: z.string(),
  /** A page or a mail address. */
  where: z.string().nullable(),
  wants: z.array(z.string()),
  time: z.string(),
  /** What the operator sells, and what to think of it. */
  fee: z.string().nullable(),
  letter: z.strictObject({ to: z.string(), subject: z.string(), body: z.string() }).nullable(),
  /** What running the list's own tester can bring about. */
  tester: z.string().nullable(),
});
export type RemovalStep = z.infer<typeof removalStepSchema>;

export const removalDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/lists-removal/1"),
  subject: z.string(),
  mailer: z.string().nullable(),
  verdict: z.enum(["nothing", "free", "held", "unknown"]),
  because: z.string(),
  standing: z.strictObject({
    is: z.enum(["open", "closed", "withdrawn", "disputed", "unknown"]),
    at: z.string().nullable(),
    because: z.string(),
  }),
  /** What has to be done first, as commands and sentences. */
  first: z.array(z.strictObject({ says: z.string(), command: z.string().nullable() })),
  /** In this order. */
  steps: z.array(removalStepSchema),
  /** Lists that could not be asked now: what is known of them is older, or nothing. */
  unknown: z.array(z.strictObject({ list: z.string(), reason: z.string() })),
  /** Lists whose own test can put one on them. */
  testers: z.array(z.strictObject({ list: z.string(), name: z.string(), says: z.string() })),
  /** What people said, and when: it is part of the record. */
  said: z.array(z.strictObject({ kind: z.string(), object: z.string(), says: z.string(), at: z.string() })),
  at: z.string(),
});
export type RemovalDocument = z.infer<typeof removalDocumentSchema>;
