/** What proving a filter brings, as the JSON document's schema. */
import { z } from "zod";
import { findingSchema } from "../finding/finding.ts";

export const filterVerdicts = ["exact", "holes", "overblocks", "both", "unknown"] as const;
export type FilterVerdict = (typeof filterVerdicts)[number];

export const placeSchema = z.strictObject({ file: z.string(), line: z.int(), text: z.string() });

/** A packet that fares otherwise than it must, and the line that decides so. */
export const packetSchema = z.strictObject({
  family: z.enum(["ipv4", "ipv6"]),
  direction: z.enum(["in", "out"]),
  protocol: z.string(),
  source: z.string(),
  sourcePort: z.int().nullable(),
  destination: z.string(),
  destinationPort: z.int().nullable(),
  /** Of TCP: `syn`, `ack`, …. */
  flags: z.array(z.string()),
  /** What a stateful filter takes it for. */
  state: z.string(),
  /** The inside interface or zone, where the configuration tells them apart. */
  inside: z.string().nullable(),
  /** The whole in one line. */
  says: z.string(),
  /** Null: no line decides it; no filter stands there, or the platform's own default. */
  line: placeSchema.nullable(),
  why: z.string(),
});
export type FilterPacket = z.infer<typeof packetSchema>;

export const crossingSchema = z.strictObject({
  family: z.enum(["ipv4", "ipv6"]),
  direction: z.enum(["in", "out"]),
  /** Which filter stands there, or that none does. */
  attachment: z.string(),
  where: placeSchema.nullable(),
  /** Inside addresses that are reachable at port 25, or that reach it outside, and must not be: the fewest prefixes. */
  open: z.array(z.string()),
  /** Managed mailers' addresses that are cut off. */
  cut: z.array(z.string()),
  /** Rules of the chains that stand there. */
  rules: z.int(),
});
export type CrossingResult = z.infer<typeof crossingSchema>;

export const filterDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/filters/1"),
  platform: z.string(),
  /** How our reading of the platform was checked: against the running thing, its own parser, or its documents. */
  checkedAgainst: z.enum(["running", "parser", "documents"]),
  verdict: z.enum(filterVerdicts),
  because: z.string(),
  /** Packets that pass and must not, one for each line at fault. */
  holes: z.array(packetSchema),
  /** Packets that are stopped and must not be. */
  overblocks: z.array(packetSchema),
  /** Packets of which the files do not tell. */
  undecided: z.array(packetSchema),
  crossings: z.array(crossingSchema),
  /** Whether all other packets fare as under the baseline; null without one. */
  othersUnchanged: z.boolean().nullable(),
  /** Rules that could be taken away. */
  idle: z.array(z.strictObject({ because: z.enum(["shadowed", "redundant"]), where: placeSchema })),
  /** Lines that were not understood. */
  troubles: z.array(z.strictObject({ says: z.string(), where: placeSchema })),
  /** What no filter of this kind can stop, and what the proof takes for granted. */
  residuals: z.array(z.string()),
  findings: z.array(findingSchema),
  startedAt: z.string(),
  finishedAt: z.string(),
});
export type FilterDocument = z.infer<typeof filterDocumentSchema>;
export type ProofResult = Omit<FilterDocument, "schema" | "findings" | "startedAt" | "finishedAt">;

export const queryDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/filters-query/1"),
  platform: z.string(),
  action: z.enum(["permit", "deny", "unknown"]),
  /** Null: no line decides it. */
  line: z.int().nullable(),
  text: z.string().nullable(),
  file: z.string().nullable(),
  why: z.string(),
  packet: z.string(),
  attachment: z.string(),
});
export type QueryDocument = z.infer<typeof queryDocumentSchema>;
