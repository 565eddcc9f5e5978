/** A DNS list that has ended. Mailers still ask some of them: in vain, or to the effect that all mail is refused. */
import { z } from "zod";

export const deadListSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(32),
  name: z.string().min(1).max(80),
  /** The zones, and all below them. */
  zones: z.array(z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)).min(1),
  /** When, as exactly as it is known. */
  ended: z.string().min(4).max(40),
  /** It has been seen to answer that every address is listed. */
  answersYesToAll: z.boolean(),
  source: z.string().min(1).max(300),
  verified: z.iso.date(),
});
export type DeadList = z.infer<typeof deadListSchema>;
