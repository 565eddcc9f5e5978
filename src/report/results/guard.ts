/** What a guard refused in a stretch of time, as the JSON document's schema. */
import { z } from "zod";

export const guardReportSchema = z.strictObject({
  schema: z.literal("fencepost/guard-report/1"),
  since: z.string(),
  until: z.string(),
  /** Recipients that were refused, and that would have been (`--observe`). */
  refused: z.int(),
  wouldRefuse: z.int(),
  /** The most frequent first. */
  rows: z.array(
    z.strictObject({
      door: z.string(),
      action: z.enum(["refuse", "would-refuse"]),
      reason: z.string(),
      /** Null: others, beyond those that were counted one by one. */
      client: z.string().nullable(),
      /** Whose address it is, where it is one of the site's. */
      whose: z.string().nullable(),
      from: z.string(),
      to: z.string(),
      count: z.int(),
      /** The hour in which it was last seen. */
      last: z.string(),
    }),
  ),
  /** More rows there were than are shown. */
  more: z.boolean(),
});
export type GuardReport = z.infer<typeof guardReportSchema>;
