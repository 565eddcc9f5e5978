/** From when on evidence no longer says how things are today. Mailers, routers and lists change without telling. Pure. */
import type { Assessment } from "../finding/assessment.ts";
import type { Evidence } from "./result.ts";

const day = 86_400;

/** Days after which a piece of evidence is stale. Entries of lists come within hours; a mailbox fills every day. */
export const freshDays = {
  check: 30,
  sweep: 30,
  filters: 90,
  audit: 90,
  lists: 7,
  reports: 30,
} as const satisfies Partial<Record<Evidence["kind"], number>>;

export function ageOf(at: string, now: string): number {
  return Math.max(0, Math.round((Date.parse(now) - Date.parse(at)) / 1000));
}

/** Why evidence of this kind and time is stale, or null. */
export function staleBy(kind: keyof typeof freshDays, at: string, now: string): string | null {
  const days = freshDays[kind];
  return ageOf(at, now) > days * day ? `older than ${days} days` : null;
}

/** A test is stale also when the catalogue has learned new ones. */
export function staleCheck(
  { at, catalogue }: Assessment,
  now: string,
  newerProbes: (serial: number) => number,
): string | null {
  const newer = newerProbes(catalogue);
  if (newer > 0) return `the catalogue has gained ${newer} ${newer === 1 ? "test" : "tests"} since`;
  return staleBy("check", at, now);
}
