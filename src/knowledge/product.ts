/** A mailer product: how to tell it, where its relay rule is written, what to change in it. */
import { z } from "zod";
import { patternSchema } from "./pattern.ts";

export const productSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(32),
  name: z.string().min(1).max(80),
  /** What our words about it rest on: runs of the product itself, its own parser or source, or documents only. */
  checkedAgainst: z.enum(["running", "parser", "documents"]),
  /** The words of a refusal weigh more than a banner, which is easily edited. */
  fingerprints: z
    .array(
      z.strictObject({
        in: z.enum(["banner", "ehlo", "reply", "help"]),
        /** May name a group `version`. */
        pattern: patternSchema,
        weight: z.int().min(1).max(10),
      }),
    )
    .max(24),
  configuration: z.strictObject({
    files: z.array(z.string().min(1).max(160)).max(16),
    /** Which directive in which file decides. */
    relaying: z.string().min(1).max(800),
  }),
  /** By remedy: what to change in this product. */
  remedies: z.record(z.string().regex(/^F[0-9]{1,2}$/), z.string().min(1).max(800)).exactOptional(),
  references: z.array(z.string().min(1).max(300)).min(1),
  verified: z.iso.date(),
});
export type Product = z.infer<typeof productSchema>;
