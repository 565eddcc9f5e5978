/** What is found in a packet filter, one row per tag. */
import { bySeverity, type Finding, type FindingRow } from "../finding/finding.ts";
import type { Place } from "./model.ts";
import type { FilterPacket, ProofResult } from "./result.ts";

interface Seen {
  readonly says: string;
  readonly file: string;
}

export const filterFindings = {
  FILTER_HOLE: {
    severity: "high",
    says: ({ says }) => `It lets through what it must not: ${says}.`,
    why: "Port 25 of every host but the managed mailers is to be unreachable: one forgotten mailer is enough to be an open relay.",
    remedy: () => "Put the deny for the site's networks in front of this line; `fencepost filters render` writes it.",
  },
  FILTER_OVERBLOCK: {
    severity: "medium",
    says: ({ says }) => `It stops what it must not: ${says}.`,
    why: "Mail of the managed mailers, or traffic that is none of the filter's business, is cut off.",
    remedy: () => "Let the managed mailers through before this line, and leave everything else as it was.",
  },
  FILTER_UNKNOWN: {
    severity: "medium",
    says: ({ says }) => `The text does not tell what becomes of ${says}.`,
    why: "A line was not understood, or looks at something that a packet alone does not show.",
    remedy: () => "Ask the router itself, or write the line so that it does not touch port 25.",
  },
  FILTER_IDLE_RULE: {
    severity: "info",
    says: ({ says }) => says,
    why: "A line without effect hides what the filter does, and often was meant to do something.",
    remedy: () => "Take it away, or move it to where it was meant to stand.",
  },
} as const satisfies Record<string, FindingRow<Seen>>;
export type FilterTag = keyof typeof filterFindings;

/** All that a proof found, worst first. */
export function findingsOfProof(file: string, proof: ProofResult): readonly Finding[] {
  const found: Finding[] = [
    ...proof.holes.map((packet) => ofPacket("FILTER_HOLE", file, packet)),
    ...proof.overblocks.map((packet) => ofPacket("FILTER_OVERBLOCK", file, packet)),
    ...proof.undecided.map((packet) => ofPacket("FILTER_UNKNOWN", file, packet)),
    ...proof.idle.map(({ because, where }) =>
      finding(
        "FILTER_IDLE_RULE",
        file,
        because === "shadowed"
          ? "Earlier lines take every packet that this one is about."
          : "Without this line every packet fares the same.",
        where,
      ),
    ),
  ];
  return found.sort(bySeverity);
}

function ofPacket(tag: FilterTag, file: string, packet: FilterPacket): Finding {
  const made = finding(tag, file, packet.says, packet.line);
  return {
    ...made,
    evidence: [{ kind: "packet", ref: packet.says }],
    data: { direction: packet.direction, family: packet.family },
  };
}

function finding(tag: FilterTag, file: string, says: string, where: Place | null): Finding {
  const row: FindingRow<Seen> = filterFindings[tag];
  const written = where !== null && where.line > 0;
  return {
    tag,
    severity: row.severity,
    subject: file,
    key: [tag, file, written ? where.text.trim() : (where?.text ?? ""), says].join("|"),
    says: row.says({ says, file }),
    why: row.why,
    remedy: row.remedy({ says, file }),
    ...(written ? { where: { file: where.file, line: where.line, text: where.text } } : {}),
    evidence: [],
    data: {},
  };
}
