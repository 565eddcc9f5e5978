/** What a check of the lists brings, as the JSON document's schema. */
import { z } from "zod";
import { findingSchema } from "../finding/finding.ts";
import { unknownReasons } from "./reasons.ts";

export const listsVerdicts = ["clean", "listed", "unknown"] as const;
export type ListsVerdict = (typeof listsVerdicts)[number];

const removalSchema = z.strictObject({
  /** The row of the catalogue that says so: the list, or the part of it that holds the entry. */
  by: z.string(),
  kind: z.string(),
  where: z.string().nullable(),
  how: z.string(),
  wants: z.array(z.string()),
  time: z.string(),
  fee: z.string().nullable(),
});

export const listingSchema = z.strictObject({
  list: z.string(),
  name: z.string(),
  /** `127.0.0.3` */
  code: z.string(),
  meaning: z.string(),
  /** What the list says of it (TXT). */
  text: z.string().optional(),
  weight: z.string(),
  /** Why it need not trouble anyone; null: it should. */
  ignore: z.string().nullable(),
  /** The list says: an open relay. */
  relay: z.boolean(),
  removal: removalSchema,
  look: z.string().nullable(),
  /** When it was first seen, where there is a store. */
  firstSeen: z.string().optional(),
});
export type Listing = z.infer<typeof listingSchema>;

export const subjectResultSchema = z.strictObject({
  subject: z.string(),
  kind: z.enum(["ip4", "ip6", "domain"]),
  /** The managed mailer that has or sends from this address. */
  mailer: z.string().nullable(),
  verdict: z.enum(listsVerdicts),
  listings: z.array(listingSchema),
  /** Allow lists and scores: good to know, and no listing. */
  notes: z.array(z.strictObject({ list: z.string(), code: z.string(), meaning: z.string() })),
  /** Ids of lists that were asked, are known to be alive, and do not list it. */
  clean: z.array(z.string()),
  unknown: z.array(z.strictObject({ list: z.string(), reason: z.enum(unknownReasons) })),
});
export type SubjectResult = z.infer<typeof subjectResultSchema>;

export const listHealthSchema = z.strictObject({
  list: z.string(),
  name: z.string(),
  /** `{key}` stands for a key; empty: no zone was asked. */
  zone: z.string(),
  kind: z.enum(["ip4", "ip6", "domain"]),
  verdict: z.enum(["healthy", "no-test-entry", "unfit", "not-asked"]),
  /** Why nothing, or not everything, is known from it. */
  reason: z.enum(unknownReasons).nullable(),
  says: z.string(),
  weight: z.string(),
  /** Where to look by hand. */
  look: z.string().nullable(),
});
export type ListHealth = z.infer<typeof listHealthSchema>;

export const listsDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/lists/1"),
  verdict: z.enum(listsVerdicts),
  because: z.string(),
  resolver: z.strictObject({
    /** As they were given; empty: the system's. */
    servers: z.array(z.string()),
    verdict: z.enum(["sound", "refused-by-lists", "rewrites", "silent", "not-tested"]),
    says: z.string(),
  }),
  subjects: z.array(subjectResultSchema),
  lists: z.array(listHealthSchema),
  findings: z.array(findingSchema),
  /** What came and went since the lists were asked before. */
  changes: z.array(z.strictObject({ subject: z.string(), text: z.string() })).optional(),
  questions: z.int(),
  ended: z.enum(["finished", "interrupted", "deadline"]),
  startedAt: z.string(),
  finishedAt: z.string(),
});
export type ListsDocument = z.infer<typeof listsDocumentSchema>;
