/** Someone asks where the mailers stand: what is on record is read, and every step is derived from it. Nothing is measured. */
import type { Catalogue } from "../knowledge/catalogue.ts";
import type { Clock } from "../ports.ts";
import type { Whereabouts } from "../repair/command.ts";
import { findingsOfStatus } from "../repair/findings.ts";
import { journey, nextCommands } from "../repair/journey.ts";
import { type MailerStatus, type StatusDocument, statusVerdicts } from "../repair/result.ts";
import type { Mailer, Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { nearest } from "../text/nearest.ts";
import { SiteError, UsageError } from "./errors.ts";
import { recordedOf, siteRecords } from "./recorded.ts";
import { type Saying, say } from "./say.ts";

export interface StatusRequest {
  readonly site: Site;
  /** Null: all. */
  readonly mailer: string | null;
  /** What somebody says of that mailer; null: nothing. */
  readonly saying: Saying | null;
  readonly whereabouts: Whereabouts;
}

export interface StatusPorts {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

/** Throws `UsageError` and `SiteError`. */
export async function statusTask(
  { site, mailer, saying, whereabouts }: StatusRequest,
  { store, catalogue, clock }: StatusPorts,
): Promise<StatusDocument> {
  const mailers = mailer === null ? site.mailers : [mailerNamed(mailer, site)];
  if (mailers.length === 0)
    throw new SiteError(
      "The site file names no mailers. `fencepost sweep` finds those that answer; add them under mailers.",
    );
  if (saying !== null) await say(saying, oneOf(mailers), clock.now(), store);
  const now = clock.now().toISOString();
  const ports = { store, catalogue, now };
  const ofSite = await siteRecords(ports);
  const all: MailerStatus[] = [];
  for (const one of mailers) all.push(journey(await recordedOf(one, site, ofSite, whereabouts, ports)));
  // The worst first: whoever reads three lines should read these.
  const rank = ({ verdict }: MailerStatus): number => statusVerdicts.indexOf(verdict);
  const sorted = [...all].sort((a, b) => rank(a) - rank(b));
  return {
    schema: "fencepost/status/1",
    verdict: statusVerdicts.find((verdict) => all.some((one) => one.verdict === verdict)) ?? "unknown",
    because: becauseOf(sorted),
    catalogue: catalogue.serial,
    mailers: sorted,
    next: nextOf(sorted),
    findings: sorted.flatMap(findingsOfStatus),
    at: now,
  };
}

/** The mailer of this name. Throws `UsageError`, with what is known. */
export function mailerNamed(name: string, { mailers }: Site): Mailer {
  const found = mailers.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = mailers.map((one) => one.name);
  const near = nearest(name, names);
  throw new UsageError(
    `The site file names no mailer "${name}".${near === null ? "" : ` Did you mean ${near}?`} It names ${names.length === 0 ? "none" : names.slice(0, 20).join(", ")}.`,
  );
}

function oneOf(mailers: readonly Mailer[]): Mailer {
  const [first, second] = mailers;
  if (first !== undefined && second === undefined) return first;
  throw new UsageError("The site has several mailers: name the one you speak of with --mailer NAME.");
}

function becauseOf(sorted: readonly MailerStatus[]): string {
  const [worst] = sorted;
  if (worst === undefined) return "no mailer";
  if (worst.verdict === "done") return "Every step is done, not applicable or waived.";
  const also = sorted.filter(({ verdict }) => verdict === worst.verdict).length - 1;
  return `${worst.mailer}: ${worst.because}${also === 0 ? "" : `, and ${also} more like it`}.`;
}

/** One line of each mailer in turn would scatter the work: the worst mailer's come first. */
function nextOf(sorted: readonly MailerStatus[]): StatusDocument["next"] {
  const seen = new Set<string | null>();
  return sorted
    .flatMap(({ mailer, next }) => next.map((action) => ({ ...action, mailer })))
    .filter(({ on, run, mailer }) => {
      const key = on === "here" ? run : `${mailer} ${run}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .slice(0, nextCommands);
}
