/** What `catalogue` shows: one document (`schema: "fencepost/catalogue/1"`), a list or one entry. */
import { z } from "zod";
import { listSchema, listStatuses } from "../../knowledge/list.ts";
import { probeSchema } from "../../knowledge/probe.ts";
import { productSchema } from "../../knowledge/product.ts";
import { profileSchema } from "../../knowledge/profile.ts";
import { receiverSchema } from "../../knowledge/receiver.ts";
import { remedySchema } from "../../knowledge/remedy.ts";

const listedProbe = probeSchema.pick({
  id: true,
  title: true,
  class: true,
  era: true,
  safety: true,
  since: true,
  remedy: true,
});
const listedProduct = productSchema.pick({ id: true, name: true, checkedAgainst: true, verified: true });

export const catalogueSchema = z.strictObject({
  schema: z.literal("fencepost/catalogue/1"),
  serial: z.int(),
  date: z.string(),
  /** A list of probes. */
  probes: z.array(listedProbe).optional(),
  profiles: z.array(z.strictObject({ id: z.string(), title: z.string(), probes: z.int() })).optional(),
  /** Rows that only a newer version can run. */
  unsupported: z.array(z.strictObject({ id: z.string(), reason: z.string() })).optional(),
  /** A list of products. */
  products: z.array(listedProduct).optional(),
  /** A list of DNS lists. */
  lists: z
    .array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        status: z.enum(listStatuses),
        weight: z.string(),
        zones: z.array(z.string()),
      }),
    )
    .optional(),
  /** One entry, with what it refers to. */
  probe: probeSchema.optional(),
  product: productSchema.optional(),
  list: listSchema.optional(),
  profile: profileSchema.optional(),
  remedy: remedySchema.optional(),
  /** A receiver that keeps a list of its own. */
  receiver: receiverSchema.optional(),
  /** Ids of the profiles that ask for the probe. */
  inProfiles: z.array(z.string()).optional(),
  /** Ids of the probes that the profile asks for, or that the remedy answers. */
  ofProbes: z.array(z.string()).optional(),
  /** The remedy in the words of products. */
  forProducts: z.array(z.strictObject({ id: z.string(), name: z.string(), text: z.string() })).optional(),
});
export type CatalogueResult = z.infer<typeof catalogueSchema>;
