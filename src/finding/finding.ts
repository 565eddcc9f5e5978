/**
 * The one shape of a finding. A tool says what was seen; a row per tag says how bad that is by default, in words, and
 * what to do about it. Tools declare their own tags and rows; `report/` joins the tables. Pure.
 */
import { z } from "zod";

export const severities = ["critical", "high", "medium", "low", "info"] as const;
export type Severity = (typeof severities)[number];

export const findingSchema = z.strictObject({
  tag: z.string(),
  severity: z.enum(severities),
  /** What it is about: `192.0.2.25:25`, a file, a list. */
  subject: z.string(),
  /** Stable across runs, so that two runs can be compared. */
  key: z.string(),
  says: z.string(),
  why: z.string(),
  remedy: z.string(),
  where: z.strictObject({ file: z.string(), line: z.int(), column: z.int().optional(), text: z.string() }).optional(),
  /** What stands behind it: the name of a probe instance, an arrival, a reply. */
  evidence: z.array(z.strictObject({ kind: z.string(), ref: z.string() })),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
});
export type Finding = z.infer<typeof findingSchema>;

/** How one tag is told. `Seen` is what the tool knows when it reports the tag. */
export interface FindingRow<Seen> {
  readonly severity: Severity;
  /** One sentence for a person: what was seen. */
  readonly says: (seen: Seen) => string;
  /** Why it matters. */
  readonly why: string;
  /** What to do; a tool may put a more exact remedy in its place. */
  readonly remedy: (seen: Seen) => string;
}

/** Worst first. */
export function bySeverity(a: Finding, b: Finding): number {
  return severities.indexOf(a.severity) - severities.indexOf(b.severity) || a.key.localeCompare(b.key);
}
