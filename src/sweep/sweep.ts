/**
 * Finds the mail services in the site's own networks: knocks at every address, hears what listens, and compares with the
 * managed mailers. Knocks at nobody else's.
 */
import type { Finding } from "../finding/finding.ts";
import { bySeverity } from "../finding/finding.ts";
import type { Ending, RunEvent } from "../finding/run.ts";
import type { Product } from "../knowledge/product.ts";
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { Clock, Dialer, Endpoint, Knocker, Resolver } from "../ports.ts";
import { type SiteLookup, siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import { endpointText, missingFinding, unexpectedFinding } from "./findings.ts";
import { interview } from "./interview.ts";
import { Knocking, type KnockingOptions, knockStates, type Opened } from "./knocks.ts";
import { addressMap, type CellKind } from "./map.ts";
import { type Targets, targetsOf } from "./order.ts";
import type { FoundListener, SweepDocument, SweepVerdict } from "./result.ts";

export type SweepVantage = SweepDocument["vantage"];

export interface SweepRequest {
  readonly site: Site;
  /** Within the site's networks, or loopback. */
  readonly networks: readonly Prefix[];
  /** Known to be there: of networks too large to be walked through only these are tried. */
  readonly hosts: readonly IpAddress[];
  readonly ports: readonly number[];
  readonly vantage: SweepVantage;
  readonly helo: string;
  readonly products: readonly Product[];
  readonly knocking: KnockingOptions;
  /** What a run that was stopped had found before `knocking.from`. */
  readonly before: readonly FoundListener[];
}

export interface SweepPorts {
  readonly knocker: Knocker;
  readonly dialer: Dialer;
  readonly resolver: Resolver;
  readonly clock: Clock;
}

/** How long the control host may take. */
const controlMs = 10_000;

/** How many listeners are heard at once. */
const interviews = 32;

/** How often progress is told, and with it how far a later run need not go back. */
const tickMs = 500;

/** The states of all places that are decided for good, for a later run that goes on from there. */
interface Resumable {
  readonly states: () => Uint8Array;
}

export type SweepEvent =
  | Exclude<RunEvent<FoundListener, SweepDocument>, { kind: "result" }>
  | ({ readonly kind: "result"; readonly result: SweepDocument } & Resumable)
  /** All before this place are decided, and what listens there was told. */
  | ({ readonly kind: "safe"; readonly place: number } & Resumable);

export async function* sweep(
  request: SweepRequest,
  ports: SweepPorts,
  signal: AbortSignal,
): AsyncGenerator<SweepEvent> {
  const { clock } = ports;
  const startedAt = clock.now().toISOString();
  const targets = targetsOf(request.networks, request.hosts, request.ports);
  const control = await controlAnswers(request, ports, signal);
  const knocking = new Knocking(targets, ports.knocker, clock, request.knocking);
  const lookup = siteLookup(request.site);
  const found = new Map(request.before.map((listener) => [keyOf(listener), listener]));
  const waiting: Opened[] = [];
  /** Places of those that opened and were not heard to their end: a later run has to come back to them. */
  const unheard = new Set<number>();
  const take = (): void => {
    for (const opened of knocking.takeOpen()) {
      waiting.push(opened);
      unheard.add(opened.place);
    }
  };
  const safePlace = (): number => Math.min(knocking.safePlace, ...unheard);
  let ended = false;
  const running = new Set<Promise<void>>();
  const fresh: FoundListener[] = [];
  const began = clock.monotonic();
  const all = knocking.run(signal).then(() => {
    ended = true;
  });
  while (true) {
    take();
    while (waiting.length > 0 && running.size < interviews && !signal.aborted) {
      const { place, index } = waiting.shift()!;
      const one: Promise<void> = interviewed({ ...request, lookup }, targets.byIndex(index), ports, signal)
        .then((listener) => {
          if (listener === null) return;
          fresh.push(listener);
          unheard.delete(place);
        })
        .finally(() => running.delete(one));
      running.add(one);
    }
    for (const listener of fresh.splice(0)) {
      // The run that was stopped may have told of it.
      if (found.has(keyOf(listener))) continue;
      found.set(keyOf(listener), listener);
      yield { kind: "step", step: listener };
    }
    take(); // while we told of them, others may have opened
    if (ended && running.size === 0 && fresh.length === 0 && (waiting.length === 0 || signal.aborted)) break;
    yield {
      kind: "progress",
      done: knocking.done,
      total: targets.count,
      doing: doing(knocking, targets, found.size, clock.monotonic() - began),
    };
    // What was heard is told by now, so that nothing before this place is lost with this run.
    if (fresh.length === 0) {
      const place = safePlace();
      yield { kind: "safe", place, states: () => knocking.statesBefore(place) };
    }
    await Promise.race([ended ? Promise.race(running) : all, ...running, pause(clock, signal)]);
  }
  await all;
  const ending: Ending = signal.aborted ? "interrupted" : "finished";
  const result = resultOf(request, targets, knocking, [...found.values()], {
    control,
    ending,
    resumeFrom: ending === "finished" ? null : safePlace(),
    startedAt,
    finishedAt: clock.now().toISOString(),
  });
  for (const finding of result.findings) yield { kind: "finding", finding };
  yield { kind: "result", result, states: () => knocking.statesBefore(result.resumeFrom ?? targets.count) };
}

const keyOf = ({ address, port }: FoundListener): string => endpointText(address, port);

/** A short rest; an abort ends it, and is no error. */
const pause = (clock: Clock, signal: AbortSignal): Promise<void> => clock.sleep(tickMs, signal).catch(() => {});

/** Null: it was stopped before it said anything. */
async function interviewed(
  { helo, products, lookup }: SweepRequest & { readonly lookup: SiteLookup },
  endpoint: Endpoint,
  ports: SweepPorts,
  signal: AbortSignal,
): Promise<FoundListener | null> {
  try {
    const heard = await interview(endpoint, helo, products, ports, signal);
    const mailer = lookup.mailerAt(endpoint.address);
    return {
      address: formatIp(endpoint.address),
      port: endpoint.port,
      ...heard,
      mailer: mailer?.name ?? null,
      expected: mailer?.ports.some(({ port }) => port === endpoint.port) === true,
    };
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

function doing(knocking: Knocking, targets: Targets, found: number, ms: number): string {
  const fresh = knocking.done - knocking.startedFrom;
  const left = targets.count - knocking.done;
  const seconds = fresh < 100 ? null : Math.round((left / fresh) * (ms / 1000));
  const time =
    seconds === null ? "" : seconds < 90 ? `, about ${seconds} s left` : `, about ${Math.round(seconds / 60)} min left`;
  return `${found} listening${time}`;
}

/** Whether port 25 can be reached at all from here; null: nobody said where to try. */
async function controlAnswers(
  { site, vantage }: SweepRequest,
  ports: SweepPorts,
  signal: AbortSignal,
): Promise<boolean | null> {
  const { control } = site.check;
  if (vantage !== "external" || control === null || signal.aborted) return null;
  const { host, port } = control;
  const addresses = host.kind === "address" ? [host.address] : await addressesOf(host.name, ports.resolver, signal);
  for (const address of addresses) if (await opens({ address, port }, ports.knocker)) return true;
  return false;
}

async function addressesOf(name: string, resolver: Resolver, signal: AbortSignal): Promise<readonly IpAddress[]> {
  try {
    const answers = await Promise.all([resolver.a(name, signal), resolver.aaaa(name, signal)]);
    return answers.flatMap((answer) => (answer.kind === "answer" ? answer.records.slice(0, 4) : []));
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

function opens(to: Endpoint, knocker: Knocker): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      stop();
      resolve(false);
    }, controlMs);
    const stop = knocker.knock(to, (met) => {
      clearTimeout(timer);
      resolve(met === "open");
    });
  });
}

interface End {
  readonly control: boolean | null;
  readonly ending: Ending;
  readonly resumeFrom: number | null;
  readonly startedAt: string;
  readonly finishedAt: string;
}

function resultOf(
  request: SweepRequest,
  targets: Targets,
  knocking: Knocking,
  listeners: readonly FoundListener[],
  { control, ending, resumeFrom, startedAt, finishedAt }: End,
): SweepDocument {
  const { vantage, networks, ports, hosts } = request;
  const inside = vantage !== "external";
  const sorted = [...listeners].sort(
    (a, b) => a.port - b.port || a.address.localeCompare(b.address, "en", { numeric: true }),
  );
  const unexpected = sorted.filter(({ speaks, expected }) => speaks === "smtp" && !expected);
  const missing = ending === "finished" ? missingOf(request, targets, knocking.states) : [];
  const counts = countsOf(knocking.states);
  const findings: Finding[] = [
    ...unexpected.map((listener) => unexpectedFinding(listener, inside)),
    ...missing.map(({ mailer, address, port, state }) => missingFinding(mailer, endpointText(address, port), state)),
  ].sort(bySeverity);
  const { verdict, because } = verdictOf({
    unexpected: unexpected.length,
    listeners: sorted,
    counts,
    control,
    ending,
    vantage,
  });
  return {
    schema: "fencepost/sweep/1",
    verdict,
    because,
    vantage,
    networks: networks.map(formatPrefix),
    knownHostsOnly: targets.unwalked.map((network) => ({
      network: formatPrefix(network),
      hosts: targetsOf([network], hosts, [0]).count,
    })),
    ports: [...ports],
    counts,
    listeners: sorted,
    missing,
    maps: targets.walked.map((network) =>
      addressMap(network, targets, knocking.states, ports, cellsOf(targets, sorted)),
    ),
    findings,
    ended: ending,
    resumeFrom,
    startedAt,
    finishedAt,
  };
}

function cellsOf(targets: Targets, listeners: readonly FoundListener[]): ReadonlyMap<number, CellKind> {
  const cells = new Map<number, CellKind>();
  for (const listener of listeners) {
    const read = parseIp(listener.address);
    const index = read.ok ? targets.indexOf(read.value, listener.port) : null;
    if (index !== null)
      cells.set(index, listener.speaks !== "smtp" ? "other" : listener.expected ? "expected" : "unexpected");
  }
  return cells;
}

function countsOf(states: Uint8Array): SweepDocument["counts"] {
  const counts = new Array<number>(knockStates.length).fill(0);
  for (const state of states) counts[state]! += 1;
  const of = (name: (typeof knockStates)[number]): number => counts[knockStates.indexOf(name)] ?? 0;
  return {
    open: of("open"),
    closed: of("closed"),
    filtered: of("filtered"),
    unreachable: of("unreachable"),
    refusedHere: of("refused-here"),
    pending: of("pending"),
  };
}

/** Listeners that the site file names, in the swept networks, and that did not open. */
function missingOf({ site, ports }: SweepRequest, targets: Targets, states: Uint8Array): SweepDocument["missing"] {
  return site.mailers.flatMap((mailer) =>
    mailer.addresses.flatMap((address) =>
      mailer.ports.flatMap(({ port }) => {
        const index = ports.includes(port) ? targets.indexOf(address, port) : null;
        const state = index === null ? "open" : (knockStates[states[index] ?? 0] ?? "pending");
        return state === "open" || state === "pending"
          ? []
          : [{ mailer: mailer.name, address: formatIp(address), port, state }];
      }),
    ),
  );
}

function verdictOf({
  unexpected,
  listeners,
  counts,
  control,
  ending,
  vantage,
}: {
  readonly unexpected: number;
  readonly listeners: readonly FoundListener[];
  readonly counts: SweepDocument["counts"];
  readonly control: boolean | null;
  readonly ending: Ending;
  readonly vantage: SweepVantage;
}): { readonly verdict: SweepVerdict; readonly because: string } {
  if (unexpected > 0)
    return {
      verdict: "unexpected",
      because: `${unexpected} mail ${unexpected === 1 ? "service answers" : "services answer"} that site.yaml does not name.`,
    };
  if (ending !== "finished") return { verdict: "unknown", because: "The sweep was stopped before its end." };
  if (counts.refusedHere > 0)
    return { verdict: "unknown", because: `This machine would not send ${counts.refusedHere} of the knocks.` };
  // Where nobody answers, it may be us who are cut off: many networks let nobody out to port 25.
  if (vantage === "external" && control === false)
    return {
      verdict: "unknown",
      because: "Not even the control host of site.yaml answers: port 25 may be blocked from here.",
    };
  if (vantage === "external" && control === null && listeners.length === 0 && counts.closed === 0)
    return {
      verdict: "unknown",
      because:
        "Nothing answered at all: port 25 may be blocked from here. Name a control host in site.yaml (check.control).",
    };
  return { verdict: "as-declared", because: "No mail service answers but those that site.yaml names." };
}
