/** Records of one mailer for tests of the journey: fixed days of November 2026, documentation addresses. */
import type { Assessment } from "../../src/finding/assessment.ts";
import type { Product } from "../../src/knowledge/product.ts";
import type {
  AuditRecord,
  IncidentRecord,
  ListingRecord,
  ProofRecord,
  Recorded,
  StatementRecord,
  SweepRecord,
} from "../../src/repair/recorded.ts";

export const v4 = "192.0.2.25:25";
export const v6 = "[2001:db8:25::25]:25";
export const address = "192.0.2.25";

/** `day("05")`, at noon. */
export const day = (number: string): string => `2026-11-${number}T12:00:00.000Z`;

export const postfix: Product = {
  id: "postfix",
  name: "Postfix",
  checkedAgainst: "running",
  auditedAs: "postfix",
  fingerprints: [],
  configuration: { files: ["/etc/postfix/main.cf"], relaying: "smtpd_relay_restrictions" },
  remedies: { F1: "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination" },
  dump: [{ run: "cp -rL /etc/postfix fencepost-audit" }],
  queue: {
    hold: [{ run: "postsuper -h ALL" }],
    look: [{ run: "postqueue -p" }],
    release: [{ run: "postsuper -H ALL", note: "What is clean." }],
  },
  listener: { stop: [{ run: "postconf -e 'master_service_disable = inet' && postfix reload" }] },
  reload: { apply: [{ run: "postfix reload" }] },
  references: ["https://www.postfix.org/postconf.5.html"],
  verified: "2026-11-24",
};

/** Nothing is on record. */
export function records(given: Partial<Recorded> = {}, mailer: Partial<Recorded["mailer"]> = {}): Recorded {
  return {
    mailer: { name: "mx1", product: postfix, listeners: [v4], sendsFrom: [address], practice: false, ...mailer },
    now: day("24"),
    newerProbes: (serial) => Math.max(0, 3 - serial),
    whereabouts: { site: null, store: null },
    assessments: [],
    audits: [],
    proofs: [],
    sweeps: [],
    listings: [],
    asked: [],
    reportsRead: null,
    incidents: [],
    statements: [],
    ...given,
  };
}

export const checked = (verdict: string, on: string, given: Partial<Assessment> = {}): Assessment => ({
  subject: v4,
  tool: "check",
  verdict,
  at: day(on),
  vantage: "external",
  profile: "full",
  catalogue: 3,
  answered: true,
  ...given,
});

export const unreached = (on: string): Assessment =>
  checked("unreachable", on, { subject: address, tool: "sweep", profile: "", catalogue: 0 });

export const audited = (verdict: AuditRecord["verdict"], on: string): AuditRecord => ({
  verdict,
  because: `it was found ${verdict}`,
  at: day(on),
  run: `run-${on}`,
});

export const proved = (verdict: ProofRecord["verdict"], on: string, file = "border.txt"): ProofRecord => ({
  file,
  platform: "ios",
  verdict,
  because: `the filter is ${verdict}`,
  at: day(on),
  run: `run-${on}`,
});

export const swept = (verdict: SweepRecord["verdict"], on: string): SweepRecord => ({
  verdict,
  because: `it is ${verdict}`,
  at: day(on),
  run: `run-${on}`,
});

export const listing = (list: string, on: string, given: Partial<ListingRecord> = {}): ListingRecord => ({
  subject: address,
  list,
  name: list.toUpperCase(),
  firstSeen: day(on),
  goneAt: null,
  heeded: true,
  ...given,
});

export const asked = (verdict: "clean" | "listed" | "unknown", on: string, subject = address) => ({
  subject,
  verdict,
  at: day(on),
});

export const incident = (cause: string, on: string, given: Partial<IncidentRecord> = {}): IncidentRecord => ({
  id: `mx1-${on}`,
  cause,
  until: day(on),
  reports: 4,
  reporters: 3,
  seenAt: day(on),
  ...given,
});

export const said = (kind: "queue-clean" | "cause" | "answered", on: string): StatementRecord => ({
  kind,
  says: `${kind}, says J. Doe`,
  at: day(on),
});

export const waived = (step: string, until: string, on = "20"): StatementRecord => ({
  kind: "waiver",
  step,
  says: "the provider does it",
  by: "J. Doe",
  until,
  at: day(on),
});

/** All is well, and fresh. */
export const well: Partial<Recorded> = {
  assessments: [checked("closed", "23")],
  sweeps: [swept("as-declared", "23")],
  asked: [asked("clean", "23")],
};
