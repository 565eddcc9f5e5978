/** From what each zone said to what is known of each subject. Pure. */
import { bySeverity, type Finding } from "../finding/finding.ts";
import type { List } from "../knowledge/list.ts";
import { healthFinding, listingFinding, resolverFinding } from "./findings.ts";
import type { Health } from "./health.ts";
import type { Meaning } from "./meaning.ts";
import type { Asking, Unasked } from "./plan.ts";
import { type Subject, subjectText } from "./question.ts";
import { foreseen, reasonWords, type UnknownReason } from "./reasons.ts";
import type { ResolverHealth } from "./resolver-health.ts";
import type { ListHealth, Listing, ListsDocument, ListsVerdict, SubjectResult } from "./result.ts";

/** What one zone said of one subject. `text`: its TXT record. */
export type Told =
  | { readonly kind: "meaning"; readonly meaning: Meaning; readonly text: string | null }
  | { readonly kind: "untold"; readonly reason: UnknownReason };

export interface ZoneTold {
  readonly asking: Asking;
  readonly health: Health;
  readonly told: Told;
}

/** Lists whose silence leaves a subject in doubt. */
const weighty: ReadonlySet<List["weight"]> = new Set(["highest", "high", "medium"]);

/** Lists on which an entry is bad; the others say something good, or only tell. */
const accuses = ({ role }: List): boolean => role === "block" || role === "policy" || role === "mixed";

export function subjectResult(
  subject: Subject,
  mailer: string | null,
  zones: readonly ZoneTold[],
  unasked: readonly Unasked[],
  rows: ReadonlyMap<string, List>,
): SubjectResult {
  const listings: Listing[] = [];
  const notes: SubjectResult["notes"] = [];
  const clean = new Set<string>();
  const unknown = new Map<string, { readonly list: List; readonly reason: UnknownReason }>();
  const listed = new Set<string>();
  for (const { asking, health, told } of zones) {
    const { list } = asking;
    const reason = reasonOf(health, told);
    if (told.kind === "meaning" && (told.meaning.kind === "listed" || told.meaning.kind === "noted"))
      for (const { code, kind, means, part, relay } of told.meaning.entries) {
        if (kind !== "listed" || !accuses(list)) notes.push({ list: list.id, code, meaning: means });
        else {
          listed.add(list.id);
          const text = told.text === null ? {} : { text: told.text };
          listings.push({
            ...listing(list, rows.get(part ?? "") ?? list, subject),
            code,
            meaning: means,
            ...text,
            relay,
          });
        }
      }
    if (!accuses(list)) continue;
    if (reason === null) clean.add(list.id);
    else unknown.set(list.id, { list, reason });
  }
  for (const { list, kind, reason } of unasked)
    if (kind === subject.kind && accuses(list)) unknown.set(list.id, { list, reason });
  for (const id of listed) {
    clean.delete(id);
    unknown.delete(id);
  }
  // One zone of a list that could not be asked leaves the list in doubt.
  for (const id of unknown.keys()) clean.delete(id);
  const doubt = [...unknown.values()].some(({ list, reason }) => weighty.has(list.weight) && !foreseen.has(reason));
  return {
    subject: subjectText(subject),
    kind: subject.kind,
    mailer,
    verdict: listings.some(({ ignore }) => ignore === null)
      ? "listed"
      : doubt || (clean.size === 0 && listings.length === 0)
        ? "unknown"
        : "clean",
    listings,
    notes,
    clean: [...clean],
    unknown: [...unknown.values()].map(({ list, reason }) => ({ list: list.id, reason })),
  };
}

/** Why the zone's word is not enough; null: it is. */
function reasonOf(health: Health, told: Told): UnknownReason | null {
  if (told.kind === "untold") return told.reason;
  switch (told.meaning.kind) {
    case "listed":
    case "noted":
      return null;
    case "unlisted":
      return health.verdict === "healthy" ? null : "no-test-entry";
    case "refused":
      return told.meaning.because;
    case "outside":
      return "lapsed";
    case "unknown-code":
      return "unknown-code";
    case "failed":
      return told.meaning.cause;
  }
}

function listing(list: List, source: List, subject: Subject): Omit<Listing, "code" | "meaning" | "relay"> {
  const { kind, where, how, wants, time, fee } = source.removal;
  return {
    list: list.id,
    name: list.name,
    weight: list.weight,
    ignore: list.ignore ?? null,
    removal: { by: source.id, kind, where, how, wants, time, fee },
    look: lookPage(list, subject),
  };
}

/** @param only the one subject of this kind, if there is but one: then the page can be named that shows it. */
export function listHealth(asking: Asking, health: Health, only: Subject | null): ListHealth {
  const { list, row, kind } = asking;
  return {
    ...listHead(list, only),
    zone: row.zone,
    kind,
    verdict: health.verdict,
    reason: health.verdict === "unfit" ? health.reason : health.verdict === "healthy" ? null : "no-test-entry",
    says: health.verdict === "unfit" ? health.says : "",
  };
}

export function unaskedHealth({ list, kind, reason }: Unasked, only: Subject | null): ListHealth {
  return { ...listHead(list, only), zone: "", kind, verdict: "not-asked", reason, says: "" };
}

const listHead = (list: List, only: Subject | null) => ({
  list: list.id,
  name: list.name,
  weight: list.weight,
  look: lookPage(list, only),
});

/** The operator's page; without a subject it is left empty there. */
function lookPage({ look }: List, subject: Subject | null): string | null {
  return look?.replace("{subject}", subject === null ? "" : subjectText(subject)) ?? null;
}

export function resolverWords(
  servers: readonly string[],
  health: ResolverHealth | null,
  lists: readonly ListHealth[],
): ListsDocument["resolver"] {
  const who = servers.length === 0 ? "This machine's resolver" : `The resolver ${servers.join(", ")}`;
  const said = (verdict: ListsDocument["resolver"]["verdict"], says: string) => ({
    servers: [...servers],
    verdict,
    says,
  });
  if (health === null) return said("not-tested", "The run was stopped before it was tested.");
  if (health.verdict === "silent") return said("silent", `${who} does not answer.`);
  if (health.verdict === "rewrites")
    return said("rewrites", `${who} answers ${[...health.with].join(", ")} for names that do not exist.`);
  const refusing = new Set(lists.filter(({ reason }) => reason === "refuses-resolver").map(({ name }) => name));
  if (refusing.size > 0)
    return said(
      "refused-by-lists",
      `${who} is refused by ${[...refusing].join(", ")}: it is public, or nobody can tell whose it is.`,
    );
  return said("sound", `${who} answers, and makes nothing up.`);
}

export function findingsOf(
  subjects: readonly SubjectResult[],
  lists: readonly ListHealth[],
  resolver: ListsDocument["resolver"],
): readonly Finding[] {
  const all = [
    ...subjects.flatMap(({ subject, listings }) => listings.map((one) => listingFinding(subject, one))),
    ...lists.map(healthFinding),
    resolverFinding(resolver),
  ].filter((finding) => finding !== null);
  return [...new Map(all.map((finding) => [finding.key, finding])).values()].sort(bySeverity);
}

export function verdictOf(
  subjects: readonly SubjectResult[],
  lists: readonly ListHealth[],
): { readonly verdict: ListsVerdict; readonly because: string } {
  const of = (verdict: ListsVerdict): number => subjects.filter((one) => one.verdict === verdict).length;
  const [listed, unknown] = [of("listed"), of("unknown")];
  if (listed > 0)
    return {
      verdict: "listed",
      because: `${listed} of ${subjects.length} addresses and domains ${listed === 1 ? "is" : "are"} listed.`,
    };
  if (unknown === 0)
    return { verdict: "clean", because: "No list that could be asked, and that anyone should heed, lists anything." };
  const why = lists.filter(
    ({ reason, weight }) => reason !== null && !foreseen.has(reason) && weighty.has(weight as List["weight"]),
  );
  const names = [...new Set(why.map(({ name, reason }) => `${name} ${reasonWords[reason ?? "dead"]}`))];
  return {
    verdict: "unknown",
    because: `Nothing is listed as far as is known, but not every list that matters could be asked${names.length === 0 ? "" : `: ${names.slice(0, 3).join("; ")}${names.length > 3 ? "; and others" : ""}`}.`,
  };
}
