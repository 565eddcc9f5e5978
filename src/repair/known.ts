/** What the records of a mailer come to, before any step asks for it. Pure. */
import { latestChecks, type Standing, standing } from "../finding/assessment.ts";
import { ageOf, staleBy, staleCheck } from "./age.ts";
import { fencepostLine } from "./command.ts";
import type { IncidentRecord, ListingRecord, Recorded, StatementRecord } from "./recorded.ts";
import type { Evidence, StepName } from "./result.ts";

export interface Known {
  readonly records: Recorded;
  /** How it stands, by all of its listeners: one that was never tested leaves it unknown. */
  readonly stands: Standing;
  /** Listeners of the site file without a test that settled something. */
  readonly untested: readonly string[];
  /** When it was last proved open; null: never. */
  readonly lastOpen: string | null;
  /** Listings that somebody should heed, and incidents that mean misuse. */
  readonly listed: readonly ListingRecord[];
  readonly abuses: readonly IncidentRecord[];
  /** Since when it is known to be listed or complained of: the newest of these; null: it is not. */
  readonly abusedAt: string | null;
  readonly said: (kind: "queue-clean" | "cause" | "answered") => { readonly says: string; readonly at: string } | null;
  /** Who goes without a step, today; null: nobody. */
  readonly waiver: (step: StepName) => Waiver | null;
  /** A line of `fencepost` for this site. */
  readonly line: (...words: readonly string[]) => string;
  readonly evidence: (
    kind: Evidence["kind"],
    given: Pick<Evidence, "subject" | "says" | "at"> & Partial<Pick<Evidence, "stale" | "show">>,
  ) => Evidence;
  /** The newest test of each listener. */
  readonly checks: readonly Evidence[];
}

/** Reports of these are about mail that went through or out of the mailer; others ask for something else. */
const misuse: ReadonlySet<string> = new Set([
  "open-relay",
  "stolen-account",
  "infected-host",
  "spam",
  "list-notice",
  "other-abuse",
]);

export function known(records: Recorded): Known {
  const { now, mailer, whereabouts } = records;
  const assessments = records.assessments.filter(({ at }) => at <= now);
  const latest = latestChecks(assessments);
  const tested = new Set(latest.map(({ subject }) => subject));
  const untested = mailer.listeners.filter((listener) => !tested.has(listener));
  const listed = records.listings.filter(({ goneAt, heeded }) => goneAt === null && heeded);
  const abuses = records.incidents.filter(({ cause }) => misuse.has(cause));
  const line = (...words: readonly string[]): string => fencepostLine(words, whereabouts);
  const evidence: Known["evidence"] = (kind, given) => ({
    kind,
    stale: null,
    show: null,
    ...given,
    age: ageOf(given.at, now),
  });
  return {
    records,
    stands: standsWith(standing(assessments, now), untested),
    untested,
    lastOpen: newest(assessments.filter(({ tool, verdict }) => tool === "check" && verdict === "open"))?.at ?? null,
    listed,
    abuses,
    abusedAt: latestTime([...listed.map(({ firstSeen }) => firstSeen), ...abuses.map(({ until }) => until)]),
    said: (kind) => {
      const found = newest(records.statements.filter((one): one is Said => one.kind === kind && one.at <= now));
      return found === undefined ? null : { says: found.says, at: found.at };
    },
    waiver: (step) => {
      const found = newest(
        records.statements.filter((one): one is Waiver => one.kind === "waiver" && one.step === step && one.at <= now),
      );
      return found === undefined || found.until < now.slice(0, 10) ? null : found;
    },
    line,
    evidence,
    checks: latest.map((one) =>
      evidence("check", {
        subject: one.subject,
        says: `${one.verdict}${one.profile === "" ? "" : ` (profile ${one.profile})`}, seen from ${one.vantage}`,
        at: one.at,
        stale: staleCheck(one, now, records.newerProbes),
        show: line("history", "--target", one.subject),
      }),
    ),
  };
}

type Said = Extract<StatementRecord, { kind: "queue-clean" | "cause" | "answered" }>;

type Waiver = Extract<StatementRecord, { kind: "waiver" }>;

/** `closed` and `withdrawn` are about the whole mailer. */
function standsWith(stands: Standing, untested: readonly string[]): Standing {
  const [first] = untested;
  if (first === undefined || (stands.is !== "closed" && stands.is !== "withdrawn")) return stands;
  const others = untested.length === 1 ? "" : `, and ${untested.length - 1} more`;
  return { is: "unknown", at: null, because: `${first} was never tested${others}` };
}

/** The newest by time; of two at one time the one whose words come last, so that the order of records does not matter. */
export function newest<T extends { readonly at: string }>(all: readonly T[]): T | undefined {
  const rank = (one: T): string => `${one.at} ${JSON.stringify(one)}`;
  return all.reduce<T | undefined>((a, b) => (a === undefined || rank(a) <= rank(b) ? b : a), undefined);
}

export function latestTime(times: readonly string[]): string | null {
  return times.reduce<string | null>((last, at) => (last === null || at > last ? at : last), null);
}

/** Evidence of what was said, for a step that rests on it. */
export function saidEvidence(
  { evidence, said }: Known,
  kind: "queue-clean" | "cause" | "answered",
): readonly Evidence[] {
  const found = said(kind);
  return found === null ? [] : [evidence("statement", { subject: kind, says: found.says, at: found.at })];
}

/** Listings and incidents, as evidence. */
export function abuseEvidence({ records, listed, abuses, evidence, line }: Known): readonly Evidence[] {
  return [
    ...[...listed]
      .sort((a, b) => order(`${a.subject} ${a.list} ${a.firstSeen}`, `${b.subject} ${b.list} ${b.firstSeen}`))
      .map(({ subject, name, firstSeen }) =>
        evidence("listing", {
          subject,
          says: `listed at ${name}`,
          at: firstSeen,
          show: line("lists", "removal", subject),
        }),
      ),
    ...[...abuses]
      .sort((a, b) => order(JSON.stringify(a), JSON.stringify(b)))
      .map(({ id, cause, reports, reporters, until }) =>
        evidence("reports", {
          subject: id,
          says: `${reports} reports by ${reporters} reporters (${cause})`,
          at: until,
          stale: staleBy("reports", until, records.now),
        }),
      ),
  ];
}

export const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
