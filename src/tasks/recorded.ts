/**
 * What the store holds about the mailers of a site, gathered for the journey. What another version wrote is left out: what
 * cannot be read proves nothing.
 */
import { z } from "zod";
import { auditResultSchema } from "../audit/result.ts";
import { targetResultSchema } from "../check/result.ts";
import { incidentSchema } from "../complaints/result.ts";
import { filterDocumentSchema } from "../filters/result.ts";
import type { Catalogue } from "../knowledge/catalogue.ts";
import type { Product } from "../knowledge/product.ts";
import { subjectResultSchema } from "../lists/result.ts";
import { formatHostPort } from "../net/host-port.ts";
import { formatIp, type IpAddress, isLoopback, isPrivate, parseIp } from "../net/ip.ts";
import type { Whereabouts } from "../repair/command.ts";
import type {
  AskedRecord,
  AuditRecord,
  IncidentRecord,
  ListingRecord,
  ProofRecord,
  Recorded,
  SweepRecord,
} from "../repair/recorded.ts";
import type { Mailer, Site } from "../site/model.ts";
import type { RunRow } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { sweepDocumentSchema } from "../sweep/result.ts";
import { assessmentsOf } from "./assessments.ts";
import { subjectOfConfiguration } from "./audit.ts";
import { fileOfFilter } from "./filters.ts";
import { newerProbes } from "./history.ts";
import { statementsAbout } from "./say.ts";

/** So many runs of the site, and results about one subject, are looked at, the newest first. */
const maxRuns = 1000;
const maxResults = 20;

/** Runs that are read whole: mailboxes, and tests of mailers whose addresses only DNS knows. */
const maxWholeRuns = 50;

export interface RecordedPorts {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly now: string;
}

/** Evidence that is of the site, not of one mailer. */
export interface SiteRecords {
  readonly runs: readonly RunRow[];
  readonly proofs: readonly ProofRecord[];
  readonly sweeps: readonly SweepRecord[];
  readonly reportsRead: string | null;
  readonly incidents: readonly (IncidentRecord & { readonly mailer: string })[];
}

export async function siteRecords({ store }: RecordedPorts): Promise<SiteRecords> {
  const runs = await store.runs.list(maxRuns);
  const readings = runs.filter(({ tool, finishedAt }) => tool === "complaints" && finishedAt !== null);
  return {
    runs,
    proofs: await proofsOf(runs, store),
    sweeps: runs.flatMap(sweepOf),
    reportsRead: readings[0]?.finishedAt?.toISOString() ?? null,
    incidents: await incidentsOf(readings.slice(0, maxWholeRuns), store),
  };
}

async function proofsOf(runs: readonly RunRow[], store: Store): Promise<readonly ProofRecord[]> {
  const found: ProofRecord[] = [];
  for (const { id } of runs.filter(({ tool }) => tool === "filters").slice(0, maxWholeRuns))
    for (const { subject, result } of await store.runs.targetsOf(id, { limit: maxResults })) {
      const read = filterDocumentSchema.safeParse(JSON.parse(result));
      if (!read.success) continue;
      const { platform, verdict, because, finishedAt: at } = read.data;
      found.push({ file: fileOfFilter(subject), platform, verdict, because, at, run: id });
    }
  return found;
}

const sweptSchema = z.looseObject({ document: sweepDocumentSchema });

/** A sweep from inside does not see what a stranger reaches, and one that was stopped has not seen all. */
function sweepOf({ tool, id, summary }: RunRow): readonly SweepRecord[] {
  if (tool !== "sweep" || summary === null) return [];
  const read = sweptSchema.safeParse(JSON.parse(summary));
  if (!read.success) return [];
  const { vantage, ended, verdict, because, finishedAt: at } = read.data.document;
  return vantage === "external" && ended === "finished" ? [{ verdict, because, at, run: id }] : [];
}

/** Incidents as they were read last; seen since the reading that brought all of their reports. */
async function incidentsOf(readings: readonly RunRow[], store: Store): Promise<SiteRecords["incidents"]> {
  const found = new Map<string, IncidentRecord & { readonly mailer: string }>();
  // Oldest first, so that what is read again changes nothing.
  for (const { id: run, finishedAt } of [...readings].reverse())
    for (const { result } of await store.runs.targetsOf(run)) {
      const read = incidentSchema.safeParse(JSON.parse(result));
      if (!read.success) continue;
      const { id, mailer, cause, until, reports, reporters } = read.data;
      const before = found.get(id);
      const same = before !== undefined && before.reports === reports;
      const seenAt = same ? before.seenAt : (finishedAt?.toISOString() ?? until);
      found.set(id, { id, mailer, cause, until, reports, reporters, seenAt });
    }
  return [...found.values()];
}

/** Everything that is on record about one mailer. */
export async function recordedOf(
  mailer: Mailer,
  site: Site,
  ofSite: SiteRecords,
  whereabouts: Whereabouts,
  ports: RecordedPorts,
): Promise<Recorded> {
  const { store, catalogue, now } = ports;
  const addresses = mailer.addresses.length > 0 ? mailer.addresses : await addressesSeen(mailer, ofSite, store);
  const sendsFrom = unique([...addresses, ...mailer.sendsFrom]);
  const known = sendsFrom.filter((address) => !isPrivate(address) && !isLoopback(address));
  const listeners = listenersOf(mailer, addresses);
  const assessments = [];
  for (const address of addresses) assessments.push(...(await assessmentsOf(address, site, store)));
  return {
    mailer: {
      name: mailer.name,
      product: await productOf(mailer, listeners, catalogue, store),
      listeners,
      sendsFrom: known.map(formatIp),
      practice: addresses.length > 0 && addresses.every(isLoopback),
    },
    now,
    newerProbes: (serial) => newerProbes(serial, catalogue),
    whereabouts,
    assessments,
    audits: await auditsOf(mailer.name, store),
    proofs: ofSite.proofs,
    sweeps: ofSite.sweeps,
    listings: await listingsOf(known, catalogue, store),
    asked: await askedOf(known, store),
    reportsRead: ofSite.reportsRead,
    incidents: ofSite.incidents.filter((one) => one.mailer === mailer.name),
    statements: await statementsAbout(mailer.name, sendsFrom, store),
  };
}

function listenersOf({ host, ports }: Mailer, addresses: readonly IpAddress[]): readonly string[] {
  return ports.flatMap(({ port }) =>
    addresses.length === 0
      ? host === null
        ? []
        : [`${host}:${port}`]
      : addresses.map((address) => formatHostPort({ host: { kind: "address", address }, port })),
  );
}

/** Where tests found a mailer of which the site file names the host alone. */
async function addressesSeen({ name }: Mailer, { runs }: SiteRecords, store: Store): Promise<readonly IpAddress[]> {
  const checks = runs.filter(({ tool }) => tool === "check").slice(0, maxWholeRuns);
  for (const { id } of checks) {
    const found = (await store.runs.targetsOf(id, { limit: maxRuns })).flatMap(({ result }) => {
      const read = targetResultSchema.safeParse(JSON.parse(result));
      const address = read.success && read.data.target.mailer === name ? parseIp(read.data.target.address) : null;
      return address?.ok === true ? [address.value] : [];
    });
    // The newest run that knows it: its host may have moved since an older one.
    if (found.length > 0) return unique(found);
  }
  return [];
}

function unique(addresses: readonly IpAddress[]): readonly IpAddress[] {
  return [...new Map(addresses.map((address) => [formatIp(address), address])).values()];
}

/** The site file's word, else what the newest test told it by. */
async function productOf(
  { product }: Mailer,
  listeners: readonly string[],
  { products }: Catalogue,
  store: Store,
): Promise<Product | null> {
  const named = productNamed(product, products);
  if (named !== null) return named;
  for (const listener of listeners) {
    const row = await store.runs.latest(listener, "");
    const read = row === null ? null : targetResultSchema.safeParse(JSON.parse(row.result));
    const found = read?.success === true ? products.find(({ id }) => id === read.data.product?.id) : undefined;
    if (found !== undefined) return found;
  }
  return null;
}

/** @param name as a site file has it: an id of the catalogue or a name, in any case. */
export function productNamed(name: string | null, products: readonly Product[]): Product | null {
  const wanted = name?.trim().toLowerCase() ?? "";
  return products.find((one) => one.id === wanted || one.name.toLowerCase() === wanted) ?? null;
}

async function auditsOf(name: string, store: Store): Promise<readonly AuditRecord[]> {
  const rows = await store.runs.ofSubject(subjectOfConfiguration(name), maxResults);
  return rows.flatMap(({ result, at, run }) => {
    const read = auditResultSchema.safeParse(JSON.parse(result));
    return read.success ? [{ verdict: read.data.verdict, because: read.data.because, at: at.toISOString(), run }] : [];
  });
}

async function listingsOf(
  addresses: readonly IpAddress[],
  { lists }: Catalogue,
  store: Store,
): Promise<readonly ListingRecord[]> {
  const byId = new Map(lists.map((list) => [list.id, list]));
  const found: ListingRecord[] = [];
  for (const address of addresses)
    for (const { subject, list, firstSeen, goneAt } of await store.listings.of(formatIp(address))) {
      const row = byId.get(list);
      found.push({
        subject,
        list,
        name: row?.name ?? list,
        firstSeen: firstSeen.toISOString(),
        goneAt: goneAt?.toISOString() ?? null,
        // As a check of the lists judges: whatever is not known to be of no matter matters.
        heeded: row?.ignore === undefined,
      });
    }
  return found;
}

/** Runs that asked all lists: one that asked a few does not clear an address. */
async function askedOf(addresses: readonly IpAddress[], store: Store): Promise<readonly AskedRecord[]> {
  const found: AskedRecord[] = [];
  for (const address of addresses)
    for (const { run, subject, at, result } of await store.runs.ofSubject(formatIp(address), maxResults)) {
      const read = subjectResultSchema.safeParse(JSON.parse(result));
      if (!read.success || (await store.runs.get(run))?.profile !== "") continue;
      found.push({ subject, verdict: read.data.verdict, at: at.toISOString() });
    }
  return found;
}
