/** What `init` proposes: one document (`schema: "fencepost/init/1"`). */
import { z } from "zod";

export const initSchema = z.strictObject({
  schema: z.literal("fencepost/init/1"),
  domain: z.string(),
  /** The file that was written; null: printed only. */
  file: z.string().nullable(),
  /** The whole text of the proposed site file. */
  site: z.string(),
  networks: z.array(z.strictObject({ prefix: z.string(), from: z.string() })),
  /** Terms of the SPF record that were left out, with the reason. */
  leftOut: z.array(z.strictObject({ term: z.string(), reason: z.string() })),
  mailers: z.array(
    z.strictObject({
      name: z.string(),
      host: z.string(),
      addresses: z.array(z.string()),
      /** Addresses in none of the proposed networks. */
      outside: z.array(z.string()),
    }),
  ),
  hostedMx: z.array(z.strictObject({ host: z.string(), service: z.string(), kind: z.enum(["mailbox", "filter"]) })),
  warnings: z.array(z.string()),
  /** What a person has to do next, in order. */
  todo: z.array(z.string()),
});
export type InitResult = z.infer<typeof initSchema>;
