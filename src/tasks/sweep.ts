/**
 * Someone wants to know what listens in the site's networks: never in others. What is found is on record as it is found,
 * with how far the sweep came, so that another run goes on where this one was stopped, even by a kill.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { z } from "zod";
import type { Product } from "../knowledge/product.ts";
import { formatIp, type IpAddress, isLoopback } from "../net/ip.ts";
import { ipSet } from "../net/ip-set.ts";
import { formatPrefix, type Prefix, parsePrefix } from "../net/prefix.ts";
import type { Random } from "../ports.ts";
import type { Site } from "../site/model.ts";
import type { Store } from "../store/store.ts";
import { endpointText } from "../sweep/findings.ts";
import { hostsIn } from "../sweep/hosts.ts";
import { maxKnocks, targetsOf } from "../sweep/order.ts";
import { type FoundListener, listenerSchema } from "../sweep/result.ts";
import { type SweepEvent, type SweepPorts, type SweepVantage, sweep } from "../sweep/sweep.ts";
import { DataError, UsageError } from "./errors.ts";
import { runIdOf } from "./run-id.ts";

export interface SweepTaskRequest {
  readonly site: Site;
  /** As they were typed; none: all networks of the site. */
  readonly networks: readonly string[];
  /** Texts that name hosts: neighbour tables, leases, zones. */
  readonly hostTexts: readonly string[];
  readonly ports: readonly number[];
  /** Null: by the address that our knocks leave from. */
  readonly vantage: SweepVantage | null;
  /** The address that knocks leave from; null: not known. */
  readonly source: IpAddress | null;
  /** Knocks a second. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly resume: boolean;
  readonly helo: string;
  readonly products: readonly Product[];
}

export interface SweepTaskPorts extends SweepPorts {
  readonly random: Random;
  /** Null: `--no-store`. */
  readonly store: Store | null;
}

/** At once: enough that a dropping filter does not make the sweep slower than its rate. */
const width = 4000;

/** How often it is written down how far the sweep came, at most; and so many times longer than that takes. */
const saveMs = 1000;
const saveShare = 20;

const progressSchema = z.strictObject({
  of: z.string(),
  place: z.int(),
  /** The states before that place, in their order: deflated (RFC 1951), base64. */
  states: z.string(),
});

/** Throws `UsageError` and `DataError`. */
export async function* sweepTask(
  request: SweepTaskRequest,
  ports: SweepTaskPorts,
  signal: AbortSignal,
): AsyncGenerator<SweepEvent> {
  const { site, store } = { site: request.site, store: ports.store };
  const networks = networksOf(request);
  const hosts = hostsOf(request);
  const { count } = targetsOf(networks, hosts, request.ports);
  if (count === 0)
    throw new UsageError("There is nobody to knock at: IPv6 networks need known hosts. Name some with --hosts FILE.");
  if (count > maxKnocks)
    throw new UsageError(
      `${count} knocks are more than one sweep may make (${maxKnocks}): name fewer networks or ports.`,
    );
  const of = JSON.stringify([networks.map(formatPrefix), hosts.map(formatIp), request.ports]);
  if (request.resume && store === null) throw new UsageError("--resume reads the store: it cannot do without.");
  const stopped = request.resume ? await stoppedRun(of, store) : null;
  if (request.resume && stopped === null)
    throw new UsageError("No sweep of these networks and ports was stopped: there is nothing to go on with.");
  const run = runIdOf(ports.clock, ports.random);
  await store?.runs.begin({ id: run, tool: "sweep", profile: request.ports.join(","), catalogue: 0 });
  for (const listener of stopped?.listeners ?? []) await store?.runs.addTarget(run, targetOf(listener));
  let summary: string | null = null;
  let due = ports.clock.monotonic() + saveMs;
  const loopback = networks.every(({ address }) => isLoopback(address));
  for await (const event of sweep(
    {
      site,
      networks,
      hosts,
      ports: request.ports,
      vantage: request.vantage ?? (loopback ? "internal" : vantageOf(request)),
      helo: request.helo,
      products: request.products,
      // One's own machine needs no protection from its own knocks.
      knocking: {
        rate: loopback ? null : request.rate,
        width: loopback ? 1000 : width,
        timeoutMs: request.timeoutMs,
        from: stopped?.place ?? 0,
        states: stopped?.states ?? null,
      },
      before: stopped?.listeners ?? [],
    },
    ports,
    signal,
  )) {
    if (event.kind === "step") await store?.runs.addTarget(run, targetOf(event.step));
    if (event.kind === "safe" && ports.clock.monotonic() >= due) {
      const began = ports.clock.monotonic();
      const next = JSON.stringify({ of, place: event.place, states: packed(event.states()) });
      await store?.runs.reviseRun(run, summary, "unknown", next);
      summary = next;
      const now = ports.clock.monotonic();
      due = now + Math.max(saveMs, (now - began) * saveShare);
    }
    if (event.kind === "result") {
      const { verdict, ended, resumeFrom } = event.result;
      const progress = resumeFrom === null ? {} : { place: resumeFrom, states: packed(event.states()) };
      await store?.runs.end(run, verdict, JSON.stringify({ verdict, ended, of, ...progress, document: event.result }));
    }
    yield event;
  }
}

const packed = (states: Uint8Array): string => deflateRawSync(states).toString("base64");

const targetOf = (listener: FoundListener) => ({
  subject: endpointText(listener.address, listener.port),
  verdict: listener.speaks === "smtp" ? (listener.expected ? "expected" : "unexpected") : "other",
  result: JSON.stringify(listener),
  sent: [],
});

/** Throws `UsageError` for what is not the site's. */
function networksOf({ site, networks }: SweepTaskRequest): readonly Prefix[] {
  if (networks.length === 0) {
    if (site.networks.length === 0)
      throw new UsageError("The site file names no networks. Name one: fencepost sweep 127.0.0.0/24");
    return ipSet(site.networks).toPrefixes();
  }
  const own = ipSet(site.networks);
  const read = networks.map((text) => {
    const prefix = parsePrefix(text);
    if (!prefix.ok) throw new UsageError(`${text}: ${prefix.expected}.`);
    if (!isLoopback(prefix.value.address) && !own.includes(ipSet([prefix.value])))
      throw new UsageError(`${text} is not within the networks of the site file: only its own are swept.`);
    return prefix.value;
  });
  return ipSet(read).toPrefixes();
}

/** The mailers' own addresses are always known. */
function hostsOf({ site, hostTexts }: SweepTaskRequest): readonly IpAddress[] {
  const known = new Map<string, IpAddress>();
  for (const address of [
    ...site.mailers.flatMap((mailer) => [...mailer.addresses, ...mailer.sendsFrom]),
    ...hostTexts.flatMap(hostsIn),
  ])
    known.set(formatIp(address), address);
  return [...known.values()].sort((a, b) => a.family - b.family || (a.bits < b.bits ? -1 : a.bits > b.bits ? 1 : 0));
}

function vantageOf({ source, site }: SweepTaskRequest): SweepVantage {
  if (source === null) return "unknown";
  return isLoopback(source) || ipSet(site.networks).has(source) ? "internal" : "external";
}

/** The newest run of the same sweep, if it was stopped. */
async function stoppedRun(
  of: string,
  store: Store | null,
): Promise<{ place: number; states: Uint8Array; listeners: FoundListener[] } | null> {
  for (const run of (await store?.runs.list(200)) ?? []) {
    if (run.tool !== "sweep" || run.summary === null) continue;
    const read = progressSchema.partial().loose().safeParse(JSON.parse(run.summary));
    if (!read.success) throw new DataError(`The record of the sweep ${run.id} cannot be read.`);
    if (read.data.of !== of) continue;
    const { place, states } = read.data;
    if (place === undefined || states === undefined) return null;
    const listeners: FoundListener[] = [];
    for (const { result } of (await store?.runs.targetsOf(run.id)) ?? []) {
      const listener = listenerSchema.safeParse(JSON.parse(result));
      if (listener.success) listeners.push(listener.data);
    }
    return {
      place,
      states: new Uint8Array(inflateRawSync(Buffer.from(states, "base64"), { maxOutputLength: maxKnocks })),
      listeners,
    };
  }
  return null;
}
