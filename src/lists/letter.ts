/** A request for removal, ready to be read, completed and sent by a person: what the operator wants to know, and no more. Pure. */

import type { List } from "../knowledge/list.ts";
import { wrapped } from "../text/wrap.ts";
import type { RepairEvidence } from "./order.ts";

/** Who writes. */
export interface Writer {
  readonly site: string;
  /** A role address: whoever answers must reach somebody. */
  readonly postmaster: string | null;
  /** The name that reverse DNS gives the address; null: none, or not known. */
  readonly reverseName: string | null;
  readonly subject: string;
}

export interface Letter {
  /** Where to send it; a page, if it is no mail address. */
  readonly to: string;
  readonly subject: string;
  readonly body: string;
}

export function removalLetter(
  listing: { readonly code: string; readonly meaning: string; readonly firstSeen: string },
  row: List,
  writer: Writer,
  evidence: RepairEvidence,
): Letter {
  const { subject } = writer;
  const named = writer.reverseName === null ? subject : `${subject} (${writer.reverseName})`;
  const repaired = repairWords(evidence);
  const paragraphs = [
    `We run ${named} at ${writer.site}, and ask you to remove it from ${row.name}.`,
    `We saw it listed on ${day(listing.firstSeen)} with the answer ${listing.code} (${listing.meaning}).`,
    ...repaired,
    ...(evidence.queueClean === null
      ? []
      : [`Its queue was looked at on ${day(evidence.queueClean.at)}: ${evidence.queueClean.says}.`]),
    "[What was wrong, since when, and what keeps it from happening again: in your own words, please.]",
    ...(row.removal.wants.length === 0 ? [] : [`[You ask for: ${row.removal.wants.join("; ")}.]`]),
    `We answer at ${writer.postmaster ?? "[a role address of yours]"}.`,
  ];
  return {
    to: row.removal.kind === "isp" ? "your Internet provider, who asks the list" : (row.removal.where ?? ""),
    subject: `Removal of ${subject} from ${row.name}`,
    body: `${paragraphs.map(wrapped).join("\n\n")}\n`,
  };
}

function repairWords({ standing, cause, override }: RepairEvidence): readonly string[] {
  if (standing.is === "closed" && standing.at !== null)
    return [
      `It was tested for relaying on ${day(standing.at)}, on every address and port: it refuses strangers. We can send you the report.`,
    ];
  if (standing.is === "withdrawn" && standing.at !== null)
    return [`Since ${day(standing.at)} it is no longer reachable from outside.`];
  if (cause !== null) return [`The cause was no relaying: ${cause.says}.`];
  return override === null ? [] : [`${override.says}.`];
}

const day = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;
