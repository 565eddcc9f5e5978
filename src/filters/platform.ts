/** What a platform is to the rest: a reader of its text, a writer of filters, and what is known of how sure both are. */
import type { Prefix } from "../net/prefix.ts";
import type { Reading } from "./model.ts";
import type { Direction, Family } from "./packet.ts";
import type { Sees } from "./wanted.ts";

export interface Platform {
  readonly id: string;
  /** `Cisco IOS and IOS-XE`. */
  readonly title: string;
  /** Versions that the syntax is of. */
  readonly versions: string;
  /** What reader and writer were compared with. */
  readonly checkedAgainst: "running" | "parser" | "documents";
  /** Whether the filter sees addresses as strangers write them, or those behind NAT. */
  readonly sees: Sees;
  /** What the outside interface is called where nobody says. */
  readonly outside: string;
  /** What the inside zone is called where nobody says; null: the platform's filters need none. */
  readonly inside: string | null;
  /** What no filter of this platform can do, for every proof. */
  readonly residuals: readonly string[];
  /** Never throws: what cannot be read is an unknown rule and a trouble, with its line. */
  read(file: string, text: string): Reading;
  render(job: RenderJob): Rendered;
}

/** What is to be blocked in one family, as the fewest prefixes in a stable order. */
export interface FamilyJob {
  readonly family: Family;
  /** The site's networks. */
  readonly site: readonly Prefix[];
  /** Mailers that may be reached at port 25; `from` null: by anyone. */
  readonly reachable: readonly { readonly mailers: readonly Prefix[]; readonly from: readonly Prefix[] | null }[];
  /** Who may send to port 25 outside; null: everyone, so that nothing is blocked going out. */
  readonly senders: readonly Prefix[] | null;
  /**
   * The site without the mailers, as prefixes that may simply be denied (shape C); `in` denies destinations, `out` sources.
   * Made when it is asked for: with thousands of mailers it is very long.
   */
  readonly denied: Readonly<Record<Direction, readonly Prefix[]>>;
}

export interface RenderJob {
  readonly site: string;
  /** Changes with what is blocked, and with nothing else. */
  readonly revision: string;
  readonly families: readonly FamilyJob[];
  readonly outside: string;
  /** Zones behind the filter, where a platform's rules are between zones. */
  readonly insides: readonly string[];
  /** Insert into this existing list, with denies alone: such a list's own denies must not be overridden by our permits. */
  readonly into: string | null;
}

export interface Rendered {
  /** Ready to load, commented. Applied twice it is as applied once. */
  readonly text: string;
  /** Takes it back. */
  readonly rollback: string;
  /** What the platform cannot express, what was done in its place, and what to look at before loading. */
  readonly notes: readonly string[];
  /** How many rules decide. */
  readonly rules: number;
}
