/** What came of an operator's word that a mailer is still open, as the JSON document's schema. */
import { z } from "zod";
import { witnessSchema } from "../witness/witness.ts";

export const disputeDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/lists-dispute/1"),
  subject: z.string(),
  list: z.string(),
  name: z.string(),
  /** `reproduced`: they are right. The others leave the verdict disputed until it is tested in full again. */
  verdict: z.enum(["reproduced", "not-reproduced", "could-not-replay", "nothing-to-replay"]),
  because: z.string(),
  /** Sessions that the evidence tells of. */
  witnesses: z.array(witnessSchema),
  /** What was said of each address and port when they were replayed. */
  replayed: z.array(z.strictObject({ subject: z.string(), verdict: z.string(), because: z.string() })),
  /** For whoever keeps the tester: what it does not know yet. */
  letter: z.strictObject({ to: z.string(), subject: z.string(), body: z.string() }).nullable(),
  at: z.string(),
});
export type DisputeDocument = z.infer<typeof disputeDocumentSchema>;
