/** Someone wants a packet filter written, proved or asked: texts are read once, and a proof is on record before it is shown. */

import { findingsOfProof } from "../filters/findings.ts";
import { renderJob } from "../filters/job.ts";
import type { Reading } from "../filters/model.ts";
import { type Direction, type Family, type Packet, protocolNumbers, tcpFlags } from "../filters/packet.ts";
import type { Platform, Rendered } from "../filters/platform.ts";
import { platformIds, platforms } from "../filters/platforms/platforms.ts";
import { prove } from "../filters/prove.ts";
import { query } from "../filters/query.ts";
import type { FilterDocument, ProofResult, QueryDocument } from "../filters/result.ts";
import { wantedOf } from "../filters/wanted.ts";
import type { IpAddress } from "../net/ip.ts";
import type { Clock, Random } from "../ports.ts";
import type { Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { nearest } from "../text/nearest.ts";
import { DataError, SiteError, UsageError } from "./errors.ts";
import { runIdOf } from "./run-id.ts";

/** A text as it was read. */
export interface FilterText {
  readonly file: string;
  readonly text: string;
}

export interface FilterPlace {
  readonly platform: string;
  /** The outside interface or zone, as a person names it. */
  readonly outside: string | null;
  readonly list: string | null;
}

/** The platform of this id. Throws `UsageError`, with what is known. */
export function platformNamed(id: string): Platform {
  const found = platforms.find((one) => one.id === id.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(id, platformIds);
  throw new UsageError(
    `Unknown platform "${id}".${near === null ? "" : ` Did you mean ${near}?`} Known: ${platformIds.join(", ")}.`,
  );
}

export interface RenderRequest {
  readonly site: Site;
  readonly platform: string;
  readonly outside: string | null;
  readonly insides: readonly string[];
  readonly into: string | null;
}

export interface RenderedFilter extends Rendered {
  readonly platform: string;
  readonly title: string;
  readonly versions: string;
  readonly revision: string;
  /** What reading the text back and proving it brought. */
  readonly proof: Pick<ProofResult, "verdict" | "because" | "checkedAgainst" | "residuals">;
}

/** Writes one platform's filter, reads it back and proves it. Throws `UsageError` and `SiteError`. */
export function renderFilter({ site, platform: id, outside, insides, into }: RenderRequest): RenderedFilter {
  const platform = platformNamed(id);
  needsNetworks(site);
  for (const name of [outside, into, ...insides]) if (name !== null) needsPlainName(name);
  const wanted = wantedOf(site, platform.sees);
  const where = outside ?? platform.outside;
  const job = renderJob(wanted, {
    outside: where,
    insides: insides.length > 0 || platform.inside === null ? insides : [platform.inside],
    into,
  });
  const rendered = platform.render(job);
  const reading = platform.read(`${platform.id} filter`, rendered.text);
  const { verdict, because, checkedAgainst, residuals } = prove({
    ...{ platform, reading, wanted, outside: where, list: null, direction: null, baseline: null },
  });
  return {
    ...rendered,
    notes: [
      ...(outside === null ? [`The outside interface is taken to be ${where}: name yours with --interface.`] : []),
      ...rendered.notes,
    ],
    platform: platform.id,
    title: platform.title,
    versions: platform.versions,
    revision: job.revision,
    proof: { verdict, because, checkedAgainst, residuals },
  };
}

export interface ProofTaskRequest extends FilterPlace {
  readonly site: Site;
  readonly filter: FilterText;
  readonly baseline: FilterText | null;
  readonly direction: Direction | null;
}

export interface FilterTaskPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** Null: `--no-store`. */
  readonly store: Store | null;
}

/** Proves a filter. Throws `UsageError`, `DataError` and `SiteError`. */
export async function proveFilter(request: ProofTaskRequest, ports: FilterTaskPorts): Promise<FilterDocument> {
  const { clock, random, store } = ports;
  const platform = platformNamed(request.platform);
  needsNetworks(request.site);
  const startedAt = clock.now().toISOString();
  const reading = readingOf(platform, request.filter);
  const { outside, list } = placeIn(reading, request);
  const proof = prove({
    platform,
    reading,
    wanted: wantedOf(request.site, platform.sees),
    outside,
    list,
    direction: request.direction,
    baseline: request.baseline === null ? null : readingOf(platform, request.baseline),
  });
  const document: FilterDocument = {
    schema: "fencepost/filters/1",
    ...proof,
    findings: [...findingsOfProof(request.filter.file, proof)],
    startedAt,
    finishedAt: clock.now().toISOString(),
  };
  const run = runIdOf(clock, random);
  await store?.runs.begin({ id: run, tool: "filters", profile: platform.id, catalogue: 0 });
  await store?.runs.addTarget(run, {
    subject: subjectOf(request.filter.file),
    verdict: document.verdict,
    result: JSON.stringify(document),
    sent: [],
  });
  await store?.runs.end(run, document.verdict, JSON.stringify({ verdict: document.verdict, ended: "finished" }));
  return document;
}

/** Subjects of other tools are addresses and configurations. */
const subjectOf = (file: string): string => `filter ${file}`;
export const fileOfFilter = (subject: string): string => subject.slice(subjectOf("").length);

export interface AskedPacket {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly port: number;
  /** It belongs to a session that is open already. */
  readonly established: boolean;
}

/** What becomes of one packet. Throws `UsageError` and `DataError`. */
export function queryFilter(
  request: FilterPlace & { readonly filter: FilterText; readonly direction: Direction; readonly packet: AskedPacket },
): QueryDocument {
  const { packet, direction } = request;
  if (packet.source.family !== packet.destination.family)
    throw new UsageError("Source and destination are of different families: name two IPv4 or two IPv6 addresses.");
  const platform = platformNamed(request.platform);
  const reading = readingOf(platform, request.filter);
  const { outside, list } = placeIn(reading, request);
  return query({ platform, reading, outside, list, direction, packet: packetOf(packet) });
}

function packetOf({ source, destination, protocol, sourcePort, port, established }: AskedPacket): Packet {
  const flag = (name: (typeof tcpFlags)[number]): number => 1 << tcpFlags.indexOf(name);
  return {
    source,
    destination,
    protocol,
    sourcePort,
    destinationPort: port,
    flags: protocol === protocolNumbers.tcp ? flag(established ? "ack" : "syn") : 0,
    state: established ? "established" : "new",
    laterFragment: false,
    extended: false,
    inside: 0,
  };
}

/** Echo request, as ping sends it (RFC 792, RFC 4443 §4.1): type × 256 + code. */
export const echoRequest = (family: Family): number => (family === 4 ? 8 : 128) << 8;

function readingOf(platform: Platform, { file, text }: FilterText): Reading {
  const reading = platform.read(file, text);
  if (reading.lists.length === 0 && reading.interfaces.length === 0 && reading.chains.size === 0) {
    const [trouble] = reading.troubles;
    throw new DataError(
      trouble === undefined
        ? `${file}: no packet filter and no interface of ${platform.title} was found. Expected its configuration as the device prints it.`
        : `${file}:${trouble.place.line}: ${trouble.says}. No filter was found: is this the configuration of ${platform.title}?`,
    );
  }
  return reading;
}

/** The interface and list as the text names them. */
function placeIn(reading: Reading, { outside, list }: FilterPlace): { outside: string | null; list: string | null } {
  if (list !== null && !reading.lists.includes(list)) {
    const folded = reading.lists.find((name) => name.toLowerCase() === list.toLowerCase());
    if (folded !== undefined) return { outside: null, list: folded };
    const near = nearest(list, [...reading.lists]);
    throw new UsageError(
      `There is no list "${list}".${near === null ? "" : ` Did you mean ${near}?`} ${named("lists", reading.lists)}`,
    );
  }
  if (outside === null) return { outside, list };
  const interfaceName = reading.interfaceNamed(outside);
  if (interfaceName !== null) return { outside: interfaceName, list };
  // Rules of some platforms speak of interfaces only here and there: one that none of them names may still be outside.
  if (reading.interfaces.length === 0) return { outside, list };
  throw new UsageError(`There is no interface or zone "${outside}". ${named("interfaces", reading.interfaces)}`);
}

const named = (what: string, names: readonly string[]): string =>
  names.length === 0
    ? `The text names no ${what}.`
    : `The text names these ${what}: ${names.slice(0, 20).join(", ")}${names.length > 20 ? `, and ${names.length - 20} more` : ""}.`;

/** Names go into the text of a filter: none may end its place there. */
function needsPlainName(name: string): void {
  if (!/^[\w.,:/@*+ -]{1,63}$/.test(name))
    throw new UsageError(
      `${JSON.stringify(name)} is no name for an interface, zone or list: expected up to 63 letters, digits, spaces and . , : / @ * + - _`,
    );
}

function needsNetworks(site: Site): void {
  if (site.networks.length === 0)
    throw new SiteError("The site file names no networks: there is nothing to filter for.");
}
