/**
 * A receiver that keeps a list of its own: known only by what it says when it refuses. How its refusals are told, what it
 * goes by, and whom to ask.
 */
import { z } from "zod";
import { patternSchema } from "./pattern.ts";

const words = (most: number) => z.string().min(1).max(most);
const domain = z
  .string()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
  .max(253);

export const receiverSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(32),
  name: words(80),
  /** Names of its mail hosts, and all below them. */
  hosts: z.array(domain).max(32),
  /** Domains whose mail it takes. */
  domains: z.array(domain).max(64),
  /** What its refusals of a sender's address say; one is enough. */
  says: z.array(patternSchema).min(1).max(16),
  criteria: words(400),
  /** What it says of open relays. */
  relays: words(300).exactOptional(),
  removal: words(600),
  /** In the order in which to try them. */
  ask: z
    .array(z.union([z.strictObject({ page: z.url().max(200) }), z.strictObject({ mail: z.email().max(120) })]))
    .max(4),
  time: words(120),
  weight: z.enum(["highest", "high", "medium", "low"]),
  /** H: the operator's page, or a dated test; M: others that agree; L: general knowledge. */
  confidence: words(80),
  sources: z.array(words(200)).min(1).max(6),
  verified: z.iso.date(),
});
export type Receiver = z.infer<typeof receiverSchema>;
