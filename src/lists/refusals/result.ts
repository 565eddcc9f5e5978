/** Who refuses our mail, as the JSON document's schema (`fencepost/lists-refusals/1`). Times are ISO 8601 in UTC. */
import { z } from "zod";
import { fileKinds } from "./detect.ts";
import { otherCauses } from "./other-causes.ts";

const time = z.string().nullable();

const refusalSchema = z.strictObject({
  receiver: z.strictObject({
    /** Of the catalogue's receivers; null: none that it knows. */
    id: z.string().nullable(),
    /** Its name, or the domain that its hosts belong to. */
    name: z.string(),
    hosts: z.array(z.string()),
    /** Domains of recipients; the first ones of many. */
    domains: z.array(z.string()),
  }),
  /** `list`: they name a public list. `private`: one of their own. `unclear`: a private list or a policy; they do not say. */
  cause: z.enum(["list", "private", "unclear"]),
  list: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
  /** `accepted-again`: mail got through to them after the last refusal. */
  state: z.enum(["refusing", "accepted-again"]),
  acceptedSince: time,
  /** What was said last. */
  text: z.string(),
  code: z.int().nullable(),
  enhanced: z.string().nullable(),
  since: time,
  last: time,
  attempts: z.int(),
  /** Recipients whose message came back. */
  bounced: z.int(),
  /** Messages that wait in our queue because of it. */
  waiting: z.int(),
  /** Addresses of ours that they refuse, as far as log and replies name them. */
  ours: z.array(z.string()),
  ask: z.array(
    z.strictObject({
      kind: z.enum(["page", "mail"]),
      at: z.string(),
      from: z.enum(["catalogue", "refusal", "rfc5321"]),
    }),
  ),
  removal: z.string().nullable(),
  time: z.string().nullable(),
  weight: z.string().nullable(),
  confidence: z.string().nullable(),
});
export type Refusal = z.infer<typeof refusalSchema>;

const otherSchema = z.strictObject({
  cause: z.enum(otherCauses.map(({ id }) => id)),
  words: z.string(),
  attempts: z.int(),
  waiting: z.int(),
  /** One of them. */
  example: z.string(),
});

const fileSchema = z.strictObject({
  name: z.string(),
  /** Null: nothing in it was understood. */
  kind: z.enum(fileKinds).nullable(),
  lines: z.int(),
  /** Lines that told of a delivery or a message that waits. */
  told: z.int(),
  /** Lines too long to be read, and left out. */
  tooLong: z.int(),
  from: time,
  to: time,
  guessedYear: z.boolean(),
  guessedZone: z.boolean(),
  /** Why it could not be read to its end. */
  trouble: z.string().nullable(),
});
export type ReadFile = z.infer<typeof fileSchema>;

export const refusalsSchema = z.strictObject({
  schema: z.literal("fencepost/lists-refusals/1"),
  verdict: z.enum(["refused", "accepted", "unknown"]),
  because: z.string(),
  refusals: z.array(refusalSchema),
  /** Refusals and failures that are not about our reputation. */
  others: z.array(otherSchema),
  sent: z.int(),
  /** What `waiting` counts: a queue listing, or deferrals in logs without a delivery after. */
  waitingFrom: z.enum(["queue", "logs"]),
  /** Waiting messages of whose reason neither listing nor log tells. */
  waitingUnexplained: z.int(),
  /** More receivers or messages than are kept: counts are at least these. */
  atLeast: z.boolean(),
  files: z.array(fileSchema),
  interrupted: z.boolean(),
});
export type RefusalsDocument = z.infer<typeof refusalsSchema>;
