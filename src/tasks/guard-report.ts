/** Someone wants to know what a guard refused, or would have: who, which rule, how often. */
import { parseIp } from "../net/ip.ts";
import type { Clock } from "../ports.ts";
import type { GuardReport } from "../report/results/guard.ts";
import { siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";

/** @param hours how far back it reaches. */
export async function guardReport(
  { hours, limit, site }: { readonly hours: number; readonly limit: number; readonly site: Site | null },
  { store, clock }: { readonly store: Store; readonly clock: Clock },
): Promise<GuardReport> {
  const until = clock.now();
  const since = new Date(until.getTime() - hours * 3_600_000);
  const rows = await store.guardCounts.since(since, 1_000_000);
  const sum = (action: string): number =>
    rows.filter((row) => row.action === action).reduce((total, { count }) => total + count, 0);
  const whose = namesOf(site);
  return {
    schema: "fencepost/guard-report/1",
    since: since.toISOString(),
    until: until.toISOString(),
    refused: sum("refuse"),
    wouldRefuse: sum("would-refuse"),
    rows: rows.slice(0, limit).map(({ last, action, ...row }) => ({
      ...row,
      action: action === "would-refuse" ? "would-refuse" : "refuse",
      whose: row.client === null ? null : whose(row.client),
      last: last.toISOString(),
    })),
    more: rows.length > limit,
  };
}

/** A client of our own that is refused is what a manager wants to see first. */
function namesOf(site: Site | null): (client: string) => string | null {
  if (site === null) return () => null;
  const lookup = siteLookup(site);
  return (client) => {
    const read = parseIp(client);
    if (!read.ok) return null;
    return lookup.mailerAt(read.value)?.name ?? (lookup.isOurAddress(read.value) ? site.name : null);
  };
}
