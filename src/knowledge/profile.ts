/** A profile: which instances a run asks for, as selectors (`knowledge/selector.ts`), in their order; or all of them. */
import { z } from "zod";

const base = {
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(32),
  title: z.string().min(1).max(160),
  note: z.string().min(1).max(1000),
};

export const profileSchema = z.union([
  z.strictObject({ ...base, select: z.array(z.string().min(1).max(120)).min(1).max(1000) }),
  /** Everything but controls and what is risky. */
  z.strictObject({ ...base, all: z.literal(true) }),
]);
export type Profile = z.infer<typeof profileSchema>;
