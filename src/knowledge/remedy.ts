/** What to change when a probe got through, in general. The words for one product are in its `remedies`. */
import { z } from "zod";

export const remedySchema = z.strictObject({
  id: z.string().regex(/^F[0-9]{1,2}$/),
  title: z.string().min(1).max(120),
  text: z.string().min(1).max(1500),
});
export type Remedy = z.infer<typeof remedySchema>;
