/** JSON documents of `fencepost filters render`. */
import { z } from "zod";
import { filterVerdicts } from "../../filters/result.ts";

export const renderSchema = z.strictObject({
  schema: z.literal("fencepost/filters-render/1"),
  site: z.string(),
  filters: z.array(
    z.strictObject({
      platform: z.string(),
      title: z.string(),
      /** Versions that the syntax is of. */
      versions: z.string(),
      /** Changes with what is blocked, and with nothing else. */
      revision: z.string(),
      text: z.string(),
      rollback: z.string(),
      rules: z.int(),
      notes: z.array(z.string()),
      /** The text was read back and proved. */
      proof: z.strictObject({
        verdict: z.enum(filterVerdicts),
        because: z.string(),
        checkedAgainst: z.enum(["running", "parser", "documents"]),
        residuals: z.array(z.string()),
      }),
      /** Where it was written; null: printed only. */
      files: z.array(z.string()).nullable(),
    }),
  ),
});
export type RenderDocument = z.infer<typeof renderSchema>;
