/** What a sweep brings, as the JSON document's schema. */
import { z } from "zod";
import { findingSchema } from "../finding/finding.ts";

export const sweepVerdicts = ["as-declared", "unexpected", "unknown"] as const;
export type SweepVerdict = (typeof sweepVerdicts)[number];

/** A listener, and what it said. */
export const listenerSchema = z.strictObject({
  address: z.string(),
  port: z.int(),
  /** `smtp`: it greeted as a mailer does, or refused as one. `other`: something else listens. `silent`: it said nothing. */
  speaks: z.enum(["smtp", "other", "silent"]),
  /** The greeting, as text. */
  banner: z.string().nullable(),
  product: z.string().nullable(),
  tls: z
    .strictObject({ protocol: z.string(), certificate: z.string().nullable(), validTo: z.string().nullable() })
    .nullable(),
  /** The managed mailer that has this address; null: none. */
  mailer: z.string().nullable(),
  /** Declared in site.yaml with this port. */
  expected: z.boolean(),
});
export type FoundListener = z.infer<typeof listenerSchema>;

const countsSchema = z.strictObject({
  open: z.int(),
  closed: z.int(),
  filtered: z.int(),
  unreachable: z.int(),
  refusedHere: z.int(),
  pending: z.int(),
});

/** A network as rows of addresses; what each row's addresses are, as runs: `closed×14 open×1 filtered×241`. */
export const mapSchema = z.strictObject({
  network: z.string(),
  /** Addresses that one cell stands for. */
  perCell: z.int(),
  rows: z.array(z.strictObject({ first: z.string(), runs: z.array(z.tuple([z.string(), z.int()])) })),
});
export type AddressMap = z.infer<typeof mapSchema>;

export const sweepDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/sweep/1"),
  verdict: z.enum(sweepVerdicts),
  because: z.string(),
  vantage: z.enum(["external", "internal", "unknown"]),
  networks: z.array(z.string()),
  /** Networks too large to be walked through: only known hosts were tried. */
  knownHostsOnly: z.array(z.strictObject({ network: z.string(), hosts: z.int() })),
  ports: z.array(z.int()),
  counts: countsSchema,
  listeners: z.array(listenerSchema),
  /** Listeners that site.yaml names and that did not answer. */
  missing: z.array(z.strictObject({ mailer: z.string(), address: z.string(), port: z.int(), state: z.string() })),
  maps: z.array(mapSchema),
  findings: z.array(findingSchema),
  ended: z.enum(["finished", "interrupted", "deadline"]),
  /** Where to go on; null: it is complete. */
  resumeFrom: z.int().nullable(),
  startedAt: z.string(),
  finishedAt: z.string(),
});
export type SweepDocument = z.infer<typeof sweepDocumentSchema>;
