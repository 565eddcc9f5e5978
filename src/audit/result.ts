/**
 * What `audit` brings: one document, JSON-safe (`schema: "fencepost/audit/1"`). The published JSON Schema derives from
 * these shapes.
 */
import { z } from "zod";
import { findingSchema } from "../finding/finding.ts";
import { type Cell, cells } from "../relaying/table.ts";
import { witnessSchema } from "../witness/witness.ts";

/** Worst first: the worst listener counts, the worst configuration counts. */
export const auditVerdicts = ["open", "unknown", "conditional", "closed"] as const;
export type AuditVerdict = (typeof auditVerdicts)[number];

const placeSchema = z.strictObject({ file: z.string(), line: z.int(), text: z.string() });
export type Place = z.infer<typeof placeSchema>;

/** Something that must hold for the verdict, in words and as the clients it is about. */
const assumptionSchema = z.strictObject({
  text: z.string(),
  /** Prefixes, as text. */
  clients: z.array(z.string()),
});
export type Assumption = z.infer<typeof assumptionSchema>;

const cellSchema = z.enum(["permit", "forbid", "conditional", "unknown"]);
export type CellState = z.infer<typeof cellSchema>;

/** One condition of the way that a session took through the rules. */
const traceSchema = z.strictObject({
  rule: z.string(),
  result: z.enum(["permit", "refuse", "defer", "go-on", "unknown"]),
  where: placeSchema.nullable(),
});

export const auditFindingSchema = findingSchema.extend({
  /** A session that shows it. */
  witness: witnessSchema.nullable(),
  /** How the mailer's rules treat that session, line by line. */
  trace: z.array(traceSchema),
  /** A unified diff that mends it, where one is known to. */
  patch: z.string().nullable(),
});
export type AuditFinding = z.infer<typeof auditFindingSchema>;

/** An edit that was made, and what it mended. */
const fixedSchema = z.strictObject({ tag: z.string(), key: z.string(), says: z.string(), patch: z.string() });
export type Fixed = z.infer<typeof fixedSchema>;

export const listenerResultSchema = z.strictObject({
  name: z.string(),
  bind: z.string(),
  port: z.int(),
  role: z.enum(["mx", "submission", "internal"]),
  verdict: z.enum(auditVerdicts),
  /** Why, in a sentence. */
  because: z.string(),
  cells: z.strictObject(
    Object.fromEntries(cells.map((cell) => [cell, cellSchema])) as Record<Cell, typeof cellSchema>, // one entry a cell
  ),
  /** IPv4 and IPv6 are searched apart. */
  families: z.strictObject({ ipv4: z.enum(auditVerdicts), ipv6: z.enum(auditVerdicts) }),
  conditions: z.array(assumptionSchema),
  assumes: z.array(assumptionSchema),
  where: placeSchema.nullable(),
});
export type ListenerResult = z.infer<typeof listenerResultSchema>;

export const auditResultSchema = z.strictObject({
  /** The name that was given with the path, or the path. */
  name: z.string(),
  product: z.string().nullable(),
  version: z.string().nullable(),
  checkedAgainst: z.enum(["running", "parser", "documents"]),
  verdict: z.enum(auditVerdicts),
  because: z.string(),
  listeners: z.array(listenerResultSchema),
  findings: z.array(auditFindingSchema),
  assumes: z.array(assumptionSchema),
  /** What the files do not tell. */
  unknowns: z.array(z.strictObject({ text: z.string(), where: placeSchema.nullable() })),
  /** Files that were read. */
  files: z.array(z.string()),
  /** How many sessions were decided in the search. */
  sessions: z.int(),
  /** Of the files and all else that the verdict rests on: equal digests, equal verdicts. */
  digest: z.string().exactOptional(),
  /** What `--fix` mended before this was found, and the files it wrote, each with the copy of what it was. */
  fixed: z.array(fixedSchema).exactOptional(),
  written: z.array(z.strictObject({ file: z.string(), backup: z.string() })).exactOptional(),
  /** The files are as they were then, and this is what was found in them. */
  unchangedSince: z.iso.datetime().exactOptional(),
});
export type AuditResult = z.infer<typeof auditResultSchema>;

export const auditDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/audit/1"),
  verdict: z.enum(auditVerdicts),
  results: z.array(auditResultSchema),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  ended: z.enum(["finished", "interrupted"]),
});
export type AuditDocument = z.infer<typeof auditDocumentSchema>;

/** The worst of several, or closed if there is none. */
export function worstVerdict(verdicts: readonly AuditVerdict[]): AuditVerdict {
  return auditVerdicts.find((verdict) => verdicts.includes(verdict)) ?? "closed";
}
