/** What `lists publish` did, as the JSON document's schema. */
import { z } from "zod";

export const publishSchema = z.strictObject({
  schema: z.literal("fencepost/lists-publish/1"),
  zone: z.string(),
  listed: z.array(z.strictObject({ address: z.string(), provedAt: z.iso.datetime(), expires: z.iso.datetime() })),
  /** Proved open once, and not published. */
  held: z.array(z.strictObject({ address: z.string(), because: z.string() })),
  files: z.array(z.strictObject({ path: z.string(), bytes: z.int() })),
});
export type PublishResult = z.infer<typeof publishSchema>;
