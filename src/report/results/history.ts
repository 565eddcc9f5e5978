/** What `history` shows: runs on record, or the course of one target (`schema: "fencepost/history/1"`). */
import { z } from "zod";

export const pastRunSchema = z.strictObject({
  run: z.string(),
  tool: z.string(),
  profile: z.string(),
  /** Serial of the catalogue it ran with. */
  catalogue: z.int(),
  targets: z.int(),
  verdict: z.string(),
  /**
   * `interrupted` and `deadline`: it stopped early and kept what it knew. `running`: its lease is held still, by a process
   * that runs or was killed minutes ago. `killed`: it never came to its end.
   */
  state: z.enum(["finished", "interrupted", "deadline", "running", "killed"]),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  /** Seconds since it ended, or began. Evidence ages. */
  age: z.int(),
  /** Probes that the catalogue has gained since. Above zero, the verdict is stale. */
  newerProbes: z.int(),
});
export type PastRun = z.infer<typeof pastRunSchema>;

export const pastResultSchema = z.strictObject({
  run: z.string(),
  at: z.iso.datetime(),
  age: z.int(),
  verdict: z.string(),
  because: z.string(),
  profile: z.string(),
  catalogue: z.int(),
  newerProbes: z.int(),
  answered: z.int(),
  applicable: z.int(),
  /** Tags of what was found. */
  findings: z.array(z.string()),
});
export type PastResult = z.infer<typeof pastResultSchema>;

export const historySchema = z.strictObject({
  schema: z.literal("fencepost/history/1"),
  /** Serial of the catalogue at hand. */
  catalogue: z.int(),
  /** Newest first; absent where one target was asked for. */
  runs: z.array(pastRunSchema).optional(),
  target: z.string().optional(),
  /** Newest first. */
  course: z.array(pastResultSchema).optional(),
});
export type HistoryResult = z.infer<typeof historySchema>;
