/** What can be said of a hole whatever the product: which rule let the session through, and where it stands. */
import type { Span } from "../text/source.ts";
import type { TraceEntry } from "./evaluate.ts";
import type { Hole } from "./hole.ts";
import type { Explained, HoleRow } from "./product.ts";

/** The last rule that permitted, or of which nothing can be told; `null`: nothing refused. */
export function decidingRule({ decision }: Hole): TraceEntry | null {
  return decision.trace.findLast(({ result }) => result === "permit" || result === "unknown") ?? null;
}

/** The line to look at. */
export function holePlace(hole: Hole): Span | null {
  const { recipient } = hole.decision;
  if (hole.kind === "impersonation") return hole.listener.impersonators?.where ?? hole.listener.where;
  if (hole.kind === "copied-destination" && recipient.kind === "address" && recipient.onward !== null)
    return recipient.onward.where;
  const own = recipient.kind === "address" ? recipient.where : null;
  const unknown = hole.certainty === "unknown" ? (hole.decision.unknowns[0]?.where ?? null) : null;
  // Where nothing permitted, the list that should have refused is the place.
  const list =
    hole.listener.stages.findLast(({ at, program }) => at === "rcpt" && program.where !== null)?.program.where ?? null;
  return unknown ?? decidingRule(hole)?.where ?? own ?? list ?? hole.listener.where;
}

/** Two holes of this identity are one defect, before and after an edit. */
export function holeIdentity(hole: Hole): string {
  const { family } = hole.session.client.address;
  return `${hole.listener.name}|${hole.kind}|${hole.kind === "everyone" ? family : ""}|${decidingRule(hole)?.rule ?? ""}`;
}

/** The hole in the words of its row. What holds only under a condition is never critical. */
export function explained(hole: Hole, tag: string, row: HoleRow, where: Span | null): Explained {
  const severity = hole.certainty !== "open" && row.severity === "critical" ? "high" : row.severity;
  const says = row.says({ rule: decidingRule(hole)?.rule ?? "", hole });
  return { tag, severity, says, why: row.why, remedy: row.remedy, where };
}
