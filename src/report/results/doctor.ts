/** What `doctor` found out about this machine: one document (`schema: "fencepost/doctor/1"`). */
import { z } from "zod";

/** Stands for the catch domain as long as none is chosen. */
export const exampleDomain = "catch.example.net";

export const doctorStates = ["ok", "problem", "unknown"] as const;

export const doctorLineSchema = z.strictObject({
  /** What was looked at, the same in every version: `catcher-port`, `catch-mx`, … */
  id: z.string(),
  state: z.enum(doctorStates),
  says: z.string(),
  /** What to do; null where nothing is to be done. */
  todo: z.string().nullable(),
});
export type DoctorLine = z.infer<typeof doctorLineSchema>;

export const dnsRecordSchema = z.strictObject({
  name: z.string(),
  type: z.enum(["A", "AAAA", "MX", "TXT", "PTR"]),
  value: z.string(),
  state: z.enum(["present", "missing", "unknown"]),
});
export type NeededRecord = z.infer<typeof dnsRecordSchema>;

export const doctorSchema = z.strictObject({
  schema: z.literal("fencepost/doctor/1"),
  /** `problem` if there is one; lines that could not be looked at do not count. */
  verdict: z.enum(["ok", "problem"]),
  lines: z.array(doctorLineSchema),
  records: z.array(dnsRecordSchema),
  /** The missing records as zone-file text; empty if none is missing. */
  zone: z.string(),
});
export type DoctorResult = z.infer<typeof doctorSchema>;
