/** What is on record about an address, in the one form that lists, complaints and the journey of a repair go by. */
import { z } from "zod";
import { targetResultSchema } from "../check/result.ts";
import { filterDocumentSchema } from "../filters/result.ts";
import type { Assessment } from "../finding/assessment.ts";
import { formatHostPort } from "../net/host-port.ts";
import { formatIp, type IpAddress, isLoopback } from "../net/ip.ts";
import { ipSet } from "../net/ip-set.ts";
import { parsePrefix } from "../net/prefix.ts";
import type { Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { sweepDocumentSchema } from "../sweep/result.ts";

/** The newest so many results about an address, and runs of the site, are looked at. */
const maxResults = 1000;

const smtpPort = 25;

/** Results that another version wrote are left out: what cannot be read proves nothing. */
export async function assessmentsOf(
  address: IpAddress,
  site: Site | null,
  store: Store,
): Promise<readonly Assessment[]> {
  return [
    ...(await checksOf(address, store)),
    ...(await disputesOf(address, store)),
    ...(await agreeing(address, site, store)),
  ];
}

/** Where a dispute is kept: its object is the port's subject, as of a check. */
export const disputeKind = "dispute";

async function checksOf(address: IpAddress, store: Store): Promise<readonly Assessment[]> {
  const withoutPort = formatHostPort({ host: { kind: "address", address }, port: 0 }).replace(/0$/, "");
  const found: Assessment[] = [];
  for (const { tool, subject, result } of await store.runs.ofSubjectsBeginning(withoutPort, maxResults)) {
    if (tool !== "check") continue;
    const read = targetResultSchema.safeParse(JSON.parse(result));
    // A rehearsal on one machine says nothing of the Internet, and all of a mailer that is there alone.
    if (!read.success || (read.data.practice && !isLoopback(address))) continue;
    const { verdict, reason, finishedAt, vantage, coverage } = read.data;
    found.push({
      subject,
      tool: "check",
      verdict: reason === "not-listening" ? reason : verdict,
      at: finishedAt,
      vantage,
      profile: coverage.profile,
      catalogue: coverage.catalogue,
      // The tester calls a listener unreachable only where another one of its family answered.
      answered: verdict !== "inconclusive" && reason !== "no-route",
    });
  }
  return found;
}

async function disputesOf(address: IpAddress, store: Store): Promise<readonly Assessment[]> {
  const said = await store.statements.about(formatIp(address));
  return said
    .filter(({ kind }) => kind === disputeKind)
    .map(({ object, at }) => ({
      subject: object,
      tool: "dispute",
      verdict: "disputed",
      at: at.toISOString(),
      vantage: "unknown",
      profile: "",
      catalogue: 0,
      answered: true,
    }));
}

const sweepSummary = z.looseObject({ document: sweepDocumentSchema });

/** Sweeps from outside, and proofs of filters, that say whether anybody reaches the address. */
async function agreeing(address: IpAddress, site: Site | null, store: Store): Promise<readonly Assessment[]> {
  const subject = formatIp(address);
  const found: Assessment[] = [];
  for (const { tool, id, summary, finishedAt } of await store.runs.list(maxResults)) {
    if (finishedAt === null) continue;
    const base = { subject, vantage: "external", profile: "", catalogue: 0 } as const;
    if (tool === "sweep") {
      const read = sweepSummary.safeParse(JSON.parse(summary ?? "null"));
      if (!read.success) continue;
      const { vantage, ended, networks, ports, listeners, counts, finishedAt: at } = read.data.document;
      if (vantage !== "external" || ended !== "finished" || !ports.includes(smtpPort)) continue;
      if (!covers(networks, address)) continue;
      const reached = listeners.some((one) => one.address === subject && one.port === smtpPort);
      // Where nothing at all answered, it may be our own network that lets nothing out.
      if (counts.open + counts.closed === 0) continue;
      found.push({ ...base, tool: "sweep", verdict: reached ? "reachable" : "unreachable", at, answered: true });
    } else if (tool === "filters" && isStrange(address, site))
      for (const { result } of await store.runs.targetsOf(id)) {
        const read = filterDocumentSchema.safeParse(JSON.parse(result));
        if (!read.success || read.data.verdict !== "exact") continue;
        found.push({ ...base, tool: "filters", verdict: "unreachable", at: read.data.finishedAt, answered: true });
      }
  }
  return found;
}

function covers(networks: readonly string[], address: IpAddress): boolean {
  const prefixes = networks.flatMap((text) => {
    const read = parsePrefix(text);
    return read.ok ? [read.value] : [];
  });
  return ipSet(prefixes).has(address);
}

/** One of the site's addresses that an exact filter lets nobody reach: no managed mailer has it. */
const isStrange = (address: IpAddress, site: Site | null): boolean =>
  site !== null &&
  ipSet(site.networks).has(address) &&
  !site.mailers.some(({ addresses }) => addresses.some((one) => formatIp(one) === formatIp(address)));
