/** Someone wants a page for whoever manages a mailer. What a test found is put in, if one is on record. */
import { targetResultSchema } from "../check/result.ts";
import { bySeverity } from "../finding/finding.ts";
import type { Catalogue } from "../knowledge/catalogue.ts";
import type { Clock } from "../ports.ts";
import { brief } from "../repair/brief.ts";
import type { BriefDocument } from "../repair/brief-result.ts";
import type { Whereabouts } from "../repair/command.ts";
import type { Mailer, Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { SiteError, UsageError } from "./errors.ts";
import { productNamed, recordedOf, siteRecords } from "./recorded.ts";
import { mailerNamed } from "./status.ts";

export interface BriefTaskRequest {
  readonly site: Site;
  /** Null: the only one. */
  readonly mailer: string | null;
  readonly whereabouts: Whereabouts;
}

export interface BriefTaskPorts {
  /** Null: nothing is on record. */
  readonly store: Store | null;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}

/** Throws `UsageError` and `SiteError`. */
export async function briefTask(
  { site, mailer: name, whereabouts }: BriefTaskRequest,
  { store, catalogue, clock }: BriefTaskPorts,
): Promise<BriefDocument> {
  const mailer = name === null ? onlyMailer(site) : mailerNamed(name, site);
  const now = clock.now().toISOString();
  const base = { site, mailer, whereabouts, now };
  if (store === null) return brief({ ...base, product: productNamed(mailer.product, catalogue.products), found: [] });
  const ports = { store, catalogue, now };
  const records = await recordedOf(mailer, site, await siteRecords(ports), whereabouts, ports);
  return brief({
    ...base,
    product: records.mailer.product,
    found: await foundAt(records.mailer.listeners, store),
  });
}

function onlyMailer({ mailers }: Site): Mailer {
  const [first, second] = mailers;
  if (first === undefined)
    throw new SiteError("The site file names no mailers. Add the one to be mended under mailers.");
  if (second === undefined) return first;
  throw new UsageError(
    `A brief is about one mailer: name it. The site has ${mailers
      .slice(0, 20)
      .map((one) => one.name)
      .join(", ")}.`,
  );
}

/** A page has room for so many. */
const maxFound = 6;

/** What the newest test of each listener found, and how to mend it. */
async function foundAt(listeners: readonly string[], store: Store): Promise<BriefDocument["found"]> {
  const all = [];
  for (const listener of listeners) {
    const row = await store.runs.latest(listener, "");
    const read = row === null ? null : targetResultSchema.safeParse(JSON.parse(row.result));
    if (read?.success !== true) continue;
    const heavy = read.data.findings.filter(({ severity }) => severity !== "info" && severity !== "low");
    all.push(...heavy.map((finding) => ({ finding, at: read.data.finishedAt })));
  }
  return all
    .sort((a, b) => bySeverity(a.finding, b.finding))
    .slice(0, maxFound)
    .map(({ finding: { subject, says, remedy }, at }) => ({ subject, says, remedy, at }));
}
