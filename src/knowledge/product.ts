/**
 * A mailer product: how to tell it, where its relay rule is written, what it does by itself, what goes wrong in it, what
 * to change, and the commands by which a person stops it, looks at its queue, shows its configuration and reloads it.
 */
import { z } from "zod";
import { patternSchema } from "./pattern.ts";

const words = (most: number) => z.string().min(1).max(most);

/**
 * One step of what a person does: a command, a line in a file, or words. Words in capitals stand for something. Nothing
 * here is ever run by Fencepost.
 */
const stepSchema = z.union([
  z.strictObject({
    run: words(300),
    note: words(300).exactOptional(),
  }),
  z.strictObject({
    write: words(200),
    /** The file, and where in it. */
    in: words(120),
    note: words(300).exactOptional(),
  }),
  z.strictObject({ do: words(400) }),
]);
export type Step = z.infer<typeof stepSchema>;

const stepsSchema = z.array(stepSchema).min(1).max(8);

export const productSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(32),
  name: z.string().min(1).max(80),
  /** What our words about it rest on: runs of the product itself, its own parser or source, or documents only. */
  checkedAgainst: z.enum(["running", "parser", "documents"]),
  /** What `fencepost audit --product` calls its configuration; a product without it is not audited. */
  auditedAs: z
    .string()
    .regex(/^[a-z]+$/)
    .max(32)
    .exactOptional(),
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
  /** What shows the effective configuration: of an audited product in the form that the audit reads. */
  dump: stepsSchema.exactOptional(),
  /** How to keep what is queued from leaving, to see what it is, and to let the rest go. */
  queue: z.strictObject({ hold: stepsSchema, look: stepsSchema, release: stepsSchema }).exactOptional(),
  /** How to stop taking mail from outside at once, and how to take it from this machine alone. */
  listener: z.strictObject({ stop: stepsSchema, loopback: stepsSchema.exactOptional() }),
  /** How a change is checked and put into force; `tables`: what has to be made anew first. */
  reload: z
    .strictObject({ check: stepsSchema.exactOptional(), tables: stepsSchema.exactOptional(), apply: stepsSchema })
    .exactOptional(),
  /** What decides relaying where nobody has set it. */
  defaults: z
    .array(
      z.strictObject({
        setting: words(120),
        value: words(200),
        versions: words(120),
        note: words(300).exactOptional(),
      }),
    )
    .min(1)
    .max(32)
    .exactOptional(),
  /** What makes it relay for strangers, or comes near it. */
  misconfigurations: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(/^[A-Z0-9]+(-[A-Z0-9.]+)+$/)
          .max(40),
        /** The tag of the finding by which the audit reports it. */
        tag: z
          .string()
          .regex(/^[A-Z0-9]+(_[A-Z0-9]+)+$/)
          .max(40)
          .exactOptional(),
        severity: z.enum(["critical", "high", "medium", "low", "info"]),
        what: words(400),
        remedy: words(400),
        /** Official documents about the setting. */
        sources: z
          .array(z.url({ protocol: /^https$/ }).max(200))
          .min(1)
          .max(4),
      }),
    )
    .min(1)
    .max(48)
    .exactOptional(),
  references: z.array(z.string().min(1).max(300)).min(1),
  verified: z.iso.date(),
});
export type Product = z.infer<typeof productSchema>;
