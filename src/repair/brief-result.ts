/** The requirements for one mailer and their acceptance test, as the JSON document's schema (`schema: "fencepost/brief/1"`). */
import { z } from "zod";

const ruleSchema = z.enum(["permit", "forbid", "refuse", "managed-only"]);

export const briefDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/brief/1"),
  site: z.string(),
  mailer: z.string(),
  host: z.string().nullable(),
  /** Every address and port that the requirements and the test are about. */
  listeners: z.array(z.strictObject({ listener: z.string(), role: z.string() })),
  product: z.strictObject({ id: z.string(), name: z.string(), checkedAgainst: z.string() }).nullable(),
  /** What is internal. */
  domains: z.array(z.string()),
  networks: z.array(z.string()),
  cells: z.array(
    z.strictObject({
      client: z.enum(["internal", "external"]),
      recipient: z.enum(["internal", "external"]),
      rule: ruleSchema,
      says: z.string(),
    }),
  ),
  requirements: z.array(
    z.strictObject({
      id: z.string(),
      says: z.string(),
      /** What it has to answer; null: nothing to be seen in a reply. */
      reply: z.string().nullable(),
      /** Standards, section by section. */
      cites: z.array(z.string()),
      /** What that means in the product, as far as the catalogue knows. */
      product: z.array(z.string()),
    }),
  ),
  /** What a test found wrong, the worst first. */
  found: z.array(z.strictObject({ subject: z.string(), says: z.string(), remedy: z.string(), at: z.string() })),
  acceptance: z.strictObject({ command: z.string(), expects: z.array(z.string()), also: z.array(z.string()) }),
  contact: z.string().nullable(),
  at: z.iso.datetime(),
});
export type BriefDocument = z.infer<typeof briefDocumentSchema>;
