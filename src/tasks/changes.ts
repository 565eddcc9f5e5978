/** What is different from the last run on record. Pure. */
import type { TargetResult } from "../check/result.ts";

/** The stored result before this one, as it was written. */
export interface Before {
  readonly run: string;
  readonly verdict: string;
  readonly at: Date;
  readonly result: string;
}

/** One sentence, or null if nothing changed that matters. */
export function changeSince(before: Before, now: TargetResult): string | null {
  const day = before.at.toISOString().slice(0, 16).replace("T", " ");
  if (before.verdict !== now.verdict) return `was ${before.verdict} on ${day} UTC, is ${now.verdict} now`;
  const old = JSON.parse(before.result) as Pick<TargetResult, "findings">;
  const oldKeys = new Set(old.findings.map((finding) => finding.key));
  const newKeys = new Set(now.findings.map((finding) => finding.key));
  const come = now.findings.filter((finding) => !oldKeys.has(finding.key)).map((finding) => finding.tag);
  const gone = old.findings.filter((finding) => !newKeys.has(finding.key)).map((finding) => finding.tag);
  if (come.length === 0 && gone.length === 0) return null;
  const parts = [
    come.length > 0 ? `new: ${[...new Set(come)].join(", ")}` : "",
    gone.length > 0 ? `gone: ${[...new Set(gone)].join(", ")}` : "",
  ];
  return `still ${now.verdict}; since ${day} UTC ${parts.filter((part) => part !== "").join("; ")}`;
}
