/** What a sweep finds, one row per tag. */
import type { Finding, FindingRow } from "../finding/finding.ts";
import type { FoundListener } from "./result.ts";

interface Seen {
  readonly where: string;
  readonly detail: string;
}

export const sweepFindings = {
  SWEEP_UNEXPECTED: {
    severity: "high",
    says: ({ where, detail }) => `A mail service that site.yaml does not name answers strangers at ${where}${detail}.`,
    why: "Nobody is known to look after it, and the filter at the border does not keep strangers from it.",
    remedy: ({ where }) =>
      `Test it: fencepost check ${where}. Then switch it off, bind it to loopback, make it a managed mailer, or block its port.`,
  },
  SWEEP_UNEXPECTED_INSIDE: {
    severity: "medium",
    says: ({ where, detail }) =>
      `A mail service that site.yaml does not name answers at ${where}${detail}, seen from inside.`,
    why: "Only the filter at the border keeps strangers from it.",
    remedy: ({ where }) =>
      `Look who runs it, and test it: fencepost check ${where}. Switch it off, bind it to loopback, or make it a managed mailer.`,
  },
  SWEEP_MISSING: {
    severity: "low",
    says: ({ where, detail }) => `${where} is named in site.yaml and does not answer (${detail}).`,
    why: "Mail does not arrive there, or site.yaml is no longer true.",
    remedy: () => "Start it, open the filter for it, or take the port out of site.yaml.",
  },
} as const satisfies Record<string, FindingRow<Seen>>;
export type SweepTag = keyof typeof sweepFindings;

export function unexpectedFinding(listener: FoundListener, inside: boolean): Finding {
  const where = endpointText(listener.address, listener.port);
  const detail = listener.product === null ? "" : ` (${listener.product})`;
  return made(inside ? "SWEEP_UNEXPECTED_INSIDE" : "SWEEP_UNEXPECTED", where, detail, [
    { kind: "banner", ref: listener.banner ?? "" },
  ]);
}

export function missingFinding(mailer: string, where: string, state: string): Finding {
  return made("SWEEP_MISSING", where, `${mailer}: ${state}`, []);
}

/** `192.0.2.7:25`, `[2001:db8::7]:25`. */
export function endpointText(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function made(tag: SweepTag, where: string, detail: string, evidence: Finding["evidence"]): Finding {
  const row: FindingRow<Seen> = sweepFindings[tag];
  const seen = { where, detail };
  return {
    tag,
    severity: row.severity,
    subject: where,
    key: `${tag}|${where}`,
    says: row.says(seen),
    why: row.why,
    remedy: row.remedy(seen),
    evidence,
    data: {},
  };
}
