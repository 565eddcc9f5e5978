/**
 * What is on record about one mailer, in the one form that the journey is derived from. Whoever fills it leaves out what
 * cannot be read: no record is a state of its own, and never a good one. Times are ISO strings.
 */
import type { Assessment } from "../finding/assessment.ts";
import type { Product } from "../knowledge/product.ts";
import type { Whereabouts } from "./command.ts";

export interface Recorded {
  readonly mailer: {
    readonly name: string;
    /** Null: neither the site file nor a test names one that the catalogue knows. */
    readonly product: Product | null;
    /** Every address and port as the site file has them: `192.0.2.25:25`; `mx1.example:25` where no address is known. */
    readonly listeners: readonly string[];
    /** Addresses that others see when it sends, as far as lists can know them. */
    readonly sendsFrom: readonly string[];
    /** It listens on loopback alone: a rehearsal. */
    readonly practice: boolean;
  };
  readonly now: string;
  /** How many tests the catalogue at hand has gained since one of this serial. */
  readonly newerProbes: (serial: number) => number;
  readonly whereabouts: Whereabouts;
  readonly assessments: readonly Assessment[];
  /** Audits that were named after the mailer. */
  readonly audits: readonly AuditRecord[];
  /** Proofs of filters and sweeps from outside: of the site as a whole. */
  readonly proofs: readonly ProofRecord[];
  readonly sweeps: readonly SweepRecord[];
  readonly listings: readonly ListingRecord[];
  /** When the lists were asked about an address, and what came of it. */
  readonly asked: readonly AskedRecord[];
  /** When an abuse mailbox was last read; null: never. */
  readonly reportsRead: string | null;
  readonly incidents: readonly IncidentRecord[];
  readonly statements: readonly StatementRecord[];
}

export interface AuditRecord {
  readonly verdict: "open" | "unknown" | "conditional" | "closed";
  readonly because: string;
  readonly at: string;
  readonly run: string;
}

export interface ProofRecord {
  readonly file: string;
  readonly platform: string;
  readonly verdict: "exact" | "holes" | "overblocks" | "both" | "unknown";
  readonly because: string;
  readonly at: string;
  readonly run: string;
}

export interface SweepRecord {
  readonly verdict: "as-declared" | "unexpected" | "unknown";
  readonly because: string;
  readonly at: string;
  readonly run: string;
}

export interface ListingRecord {
  readonly subject: string;
  readonly list: string;
  readonly name: string;
  readonly firstSeen: string;
  /** Null: it was there when the list was last asked. */
  readonly goneAt: string | null;
  /** Somebody should heed it: neither a list to ignore nor one of no weight. */
  readonly heeded: boolean;
}

export interface AskedRecord {
  readonly subject: string;
  readonly verdict: "clean" | "listed" | "unknown";
  readonly at: string;
}

export interface IncidentRecord {
  readonly id: string;
  /** As the reports tell it: `open-relay`, `stolen-account`, …. */
  readonly cause: string;
  /** When the last of its events was. */
  readonly until: string;
  readonly reports: number;
  readonly reporters: number;
  /** When all of these reports had been read. */
  readonly seenAt: string;
}

/** What a person said of the mailer. */
export type StatementRecord =
  | { readonly kind: "queue-clean" | "cause" | "answered"; readonly says: string; readonly at: string }
  | {
      readonly kind: "waiver";
      readonly step: string;
      readonly says: string;
      readonly by: string;
      /** A day, `2026-12-31`: it holds until its end (UTC). */
      readonly until: string;
      readonly at: string;
    };
