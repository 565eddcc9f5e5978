/** Ways of trying that are known and not tried yet, with the reason: a report must not claim more than was done. */
import { z } from "zod";

export const laterSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(48),
  title: z.string().min(1).max(160),
  reason: z.string().min(1).max(400),
});
export type Later = z.infer<typeof laterSchema>;
