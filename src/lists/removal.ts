/**
 * How to get off the lists that hold an address, in the right order: the mailer first, then what most mailers heed; what
 * expires by itself is waited for, and what wants money is not paid. Pure.
 */
import type { List } from "../knowledge/list.ts";
import { type Letter, removalLetter, type Writer } from "./letter.ts";
import { type RepairEvidence, release, testerWarning } from "./order.ts";
import type { RemovalStep } from "./removal-result.ts";

/** A listing as it is known, and since when (ISO). */
export interface KnownListing {
  readonly list: string;
  readonly code: string;
  readonly meaning: string;
  /** The row of the catalogue that says how to get out of this part. */
  readonly by: string;
  readonly firstSeen: string;
}

export interface RemovalFacts {
  readonly subject: string;
  readonly listings: readonly KnownListing[];
  readonly evidence: RepairEvidence;
  /** What a person said about one list only, by its id. */
  readonly overrides: ReadonlyMap<string, RepairEvidence["override"]>;
  readonly catalogue: readonly List[];
  readonly writer: Writer;
  /** ISO. */
  readonly now: string;
}

const weights: readonly List["weight"][] = ["highest", "high", "medium", "low", "none"];

export function removalSteps(facts: RemovalFacts): readonly RemovalStep[] {
  const rows = new Map(facts.catalogue.map((row) => [row.id, row]));
  return facts.listings
    .flatMap((listing) => {
      const list = rows.get(listing.list);
      return list === undefined ? [] : [stepOf(listing, list, rows.get(listing.by) ?? list, facts)];
    })
    .sort(
      (a, b) =>
        Number(a.action === "ignore") - Number(b.action === "ignore") ||
        weights.indexOf(a.weight) - weights.indexOf(b.weight) ||
        a.list.localeCompare(b.list) ||
        a.code.localeCompare(b.code),
    );
}

function stepOf(listing: KnownListing, list: List, row: List, facts: RemovalFacts): RemovalStep {
  const { removal } = row;
  const action =
    (row.ignore ?? list.ignore) !== undefined
      ? "ignore"
      : removal.kind === "wait"
        ? "wait"
        : removal.kind === "none" || removal.kind === "unknown" || removal.kind === "inside"
          ? "look"
          : removal.kind === "self-service"
            ? "press"
            : "write";
  const risky = action === "press" || action === "write";
  const override = facts.overrides.get(listing.list) ?? facts.evidence.override;
  const released = risky
    ? release({ ...facts.evidence, ...ownCause(facts, row), override }, listing.firstSeen)
    : ({ kind: "free", because: "it asks nobody for anything" } as const);
  const letter: Letter | null =
    action === "write" && released.kind !== "held" ? removalLetter(listing, row, facts.writer, facts.evidence) : null;
  return {
    list: list.id,
    name: row.id === list.id ? list.name : `${list.name}: ${row.name}`,
    weight: list.weight,
    code: listing.code,
    meaning: listing.meaning,
    firstSeen: listing.firstSeen,
    action,
    state: released.kind,
    because: action === "ignore" ? (row.ignore ?? list.ignore ?? "") : released.because,
    missing: released.kind === "held" ? [...released.missing] : [],
    how: removal.how,
    where: removal.where ?? filled(row.look ?? list.look, facts.subject),
    wants: [...removal.wants],
    time: removal.time,
    // RFC 6471 §2.2.5: a list must not charge for removal.
    fee: removal.fee === null ? null : `${removal.fee}; do not pay: it goes by itself, and payment proves nothing`,
    letter,
    tester: row.hazard === null ? null : testerWarning(true, facts.evidence.standing),
  };
}

/** Lists of what should not send mail at all say nothing of relaying: that is the cause, and it is named. */
function ownCause({ evidence, now }: RemovalFacts, row: List): Pick<RepairEvidence, "cause"> {
  if (row.role !== "policy" || evidence.cause !== null) return { cause: evidence.cause };
  return { cause: { says: `${row.name} lists by policy, not for what was sent`, at: now } };
}

const filled = (url: string | null, subject: string): string | null =>
  url === null ? null : url.replaceAll("{subject}", encodeURIComponent(subject));
