import { type CheckEvent, check } from "../check/check.ts";
import { type Authorisation, consentOf } from "../check/consent.ts";
import type { Selection } from "../check/expand.ts";
import type { CheckRequest, CheckTarget } from "../check/request.ts";
import type { CheckDocument, CheckSummary, TargetResult, Vantage } from "../check/result.ts";
import type { Waits } from "../check/session.ts";
import { tokens } from "../check/token.ts";
import type { Catalogue } from "../knowledge/catalogue.ts";
import { formatIp, type IpAddress, isLoopback } from "../net/ip.ts";
import type { ClientCertificate, Clock, Dialer, Endpoint, Listener, MailDrop, Random, Resolver } from "../ports.ts";
import { siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import { formatLiteral } from "../smtp/literal.ts";
import { formatMailbox } from "../smtp/path.ts";
import type { Store } from "../store/store.ts";
import type { Witness } from "../witness/witness.ts";
import { openCatcher } from "./catcher.ts";
import { changeSince } from "./changes.ts";
import { Unavailable, UsageError } from "./errors.ts";
import { creditLateArrivals } from "./late-arrivals.ts";
import { runIdOf } from "./run-id.ts";
import { addressesOf, type NamedTargets, namedTargets } from "./targets.ts";
import { replayOf } from "./witness-replay.ts";

export interface CheckOptions {
  /** As typed; none means all mailers of the site. */
  readonly targets: readonly string[];
  readonly site: Site | null;
  /** The site file's name, for messages. */
  readonly siteFile: string | null;
  readonly catalogue: Catalogue;
  readonly profile: string;
  /** Probe ids or selectors in place of a profile. */
  readonly probes: readonly string[];
  /** Sessions to replay, in place of a profile. */
  readonly witnesses: readonly Witness[];
  readonly sources: readonly IpAddress[];
  readonly vantage: Vantage | null;
  readonly catcher: {
    readonly listen: Endpoint | null;
    readonly domain: string | null;
    readonly backupDomain: string | null;
  };
  readonly authorisation: Authorisation | null;
  readonly maxMessages: number;
  readonly waitMs: number;
  readonly patient: boolean;
  readonly deadlineMs: number | null;
  readonly clientCertificate: ClientCertificate | null;
  readonly concurrency: number;
  /** How long replies are waited for, where not as long as usual: for tests. */
  readonly waits?: Waits;
}

export interface CheckTaskPorts {
  readonly dialer: Dialer;
  readonly listener: Listener;
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly random: Random;
  /** Null: `--no-store`. */
  readonly store: Store | null;
  readonly drop: MailDrop;
  /** Says something to the person that is no result: a warning, a hint. */
  readonly tell: (text: string) => void;
}

/** What the command line and the service are given: the tool's events, with what changed since the last run. */
export type CheckTaskEvent = CheckEvent | { readonly kind: "change"; readonly subject: string; readonly text: string };

/** A lease outlives the longest silence of one target by far, and a killed process by little. */
const leaseMs = 10 * 60_000;

export async function* checkTask(
  options: CheckOptions,
  ports: CheckTaskPorts,
  signal: AbortSignal,
): AsyncGenerator<CheckTaskEvent> {
  const { site } = options;
  const lookup = site === null ? null : siteLookup(site);
  const { name: profile, selection, catalogue, sources } = planOf(options, ports.tell);
  const found = await namedTargets(
    options.targets,
    {
      site,
      lookup,
      hosted: catalogue.hosted,
      resolver: ports.resolver,
      sources,
      domains: options.authorisation?.domains ?? [],
    },
    signal,
  );
  // A witness is about its own client: over the other family somebody else would play it.
  const bound = options.witnesses.length > 0 && sources.length > 0;
  const named: NamedTargets = bound
    ? {
        ...found,
        targets: found.targets.filter(({ address }) => sources.some(({ family }) => family === address.family)),
      }
    : found;
  if (named.targets.length === 0 && named.unresolved.length === 0)
    throw new UsageError("no target: name a host, an address or a domain, or list mailers in site.yaml");

  const isSite = (address: IpAddress): boolean =>
    lookup !== null && (lookup.isOurAddress(address) || lookup.mailerAt(address) !== null);
  const consent = consentOf(isSite, options.authorisation, profile, ports.clock.now());
  for (const target of named.targets)
    if (consent.basis(target.address) === null) throw new UsageError(refusalOf(target, options, ports.clock.now()));

  const key = ports.store === null ? ports.random.bytes(32) : await ports.store.tokenKey(ports.random);
  if (ports.store !== null) {
    const late = await creditLateArrivals({ ...ports, store: ports.store }, { catalogue, lookup });
    for (const { subject, run, instance, outcome, verdict } of late)
      ports.tell(
        `${subject}: mail of run ${run} arrived late (${instance} ${outcome}); its verdict is ${verdict} now.`,
      );
  }
  const made = tokens(key, ports.clock, ports.random);
  const practice = named.targets.every((target) => isLoopback(target.address));
  await using catching = await openCatcher(
    { site, siteFile: options.siteFile, ...options.catcher, practice },
    ports,
    made,
    signal,
  );
  const runId = runIdOf(ports.clock, ports.random);
  const request: CheckRequest = {
    runId,
    targets: named.targets,
    catalogue,
    profile: { name: profile, selection },
    sources,
    vantage: options.vantage,
    helo:
      catching.identity.host ??
      catching.identity.domain ??
      (catching.identity.address === null ? "[127.0.0.1]" : formatLiteral(catching.identity.address)),
    catcher: catching.identity,
    operator: options.authorisation?.who ?? site?.name ?? "The owner of this machine",
    contact: options.authorisation?.contact ?? contactOf(site) ?? "the postmaster of that server",
    authorisation: options.authorisation?.text ?? null,
    isOurs: isSite,
    insideAddresses: lookup?.insideAddresses() ?? [],
    consent,
    control: await controlOf(site, ports, signal),
    maxMessages: options.maxMessages,
    waitMs: options.waitMs,
    patient: options.patient,
    deadlineMs: options.deadlineMs,
    clientCertificate: options.clientCertificate,
    concurrency: options.concurrency,
    tokens: made,
    key,
    ...(options.waits === undefined ? {} : { waits: options.waits }),
  };

  await using _leased = await lease(named.targets, runId, ports);
  await ports.store?.runs.begin({
    id: runId,
    tool: "check",
    profile: request.profile.name,
    catalogue: catalogue.serial,
  });
  const total = named.targets.length * Math.max(1, sources.length) + named.unresolved.length;
  yield { kind: "progress", done: 0, total, doing: "starting" };
  for (const { name, reason } of named.unresolved) {
    const result = unresolvedResult(name, reason, request, ports.clock.now());
    await ports.store?.runs.addTarget(runId, {
      subject: name,
      verdict: result.verdict,
      result: JSON.stringify(result),
      sent: [],
    });
    yield { kind: "step", step: { result, sent: [] } };
  }
  for await (const event of check(request, ports, signal)) {
    if (event.kind === "step") {
      const { result, sent } = event.step;
      const subject = subjectOf(result);
      // The evidence is on record before anyone sees the verdict.
      const before = (await ports.store?.runs.latest(subject, runId)) ?? null;
      await ports.store?.runs.addTarget(runId, {
        subject,
        verdict: result.verdict,
        result: JSON.stringify(result),
        sent,
      });
      yield event;
      const change = before === null ? null : changeSince(before, result);
      if (change !== null) yield { kind: "change", subject, text: change };
    } else if (event.kind === "result") {
      const summary = withUnresolved(event.result, named);
      await ports.store?.runs.end(runId, summary.verdict, JSON.stringify(summary));
      yield { kind: "result", result: summary };
    } else yield event;
  }
}

export const subjectOf = (result: TargetResult): string =>
  `${result.target.address.includes(":") ? `[${result.target.address}]` : result.target.address}:${result.target.port}`;

/** A name that led nowhere counts as unreachable: worse than closed, better than everything else. */
function withUnresolved(summary: CheckSummary, { targets, unresolved }: NamedTargets): CheckSummary {
  if (unresolved.length === 0) return summary;
  const verdict = targets.length === 0 || summary.verdict === "closed" ? "unreachable" : summary.verdict;
  const unreachable = summary.targets.unreachable + unresolved.length;
  return { ...summary, verdict, targets: { ...summary.targets, unreachable } };
}

/** The whole as one document, for `--json`. */
export function documentOf(
  summary: Extract<CheckEvent, { kind: "result" }>["result"],
  results: readonly TargetResult[],
  changes: readonly { subject: string; text: string }[],
): CheckDocument {
  return {
    ...summary,
    results: [...results],
    findings: results.flatMap((result) => result.findings),
    ...(changes.length === 0 ? {} : { changes: [...changes] }),
  };
}

/** Which probes are played, from where, and what that is called in the result. */
function planOf(
  options: CheckOptions,
  tell: (text: string) => void,
): {
  readonly name: string;
  readonly selection: Selection;
  readonly catalogue: Catalogue;
  readonly sources: readonly IpAddress[];
} {
  const { catalogue, profile, probes, witnesses, sources } = options;
  if (witnesses.length > 0) {
    if (probes.length > 0) throw new UsageError("name --witness or --probes, not both.");
    const replay = replayOf(witnesses, sources, tell);
    return {
      name: "witness",
      selection: { select: replay.probes.map(({ id }) => id) },
      catalogue: { ...catalogue, probes: [...catalogue.probes, ...replay.probes] },
      sources: replay.sources,
    };
  }
  const name = probes.length > 0 ? "custom" : profile;
  return { name, selection: selectionOf(options), catalogue, sources };
}

function selectionOf({ catalogue, profile, probes }: CheckOptions): Selection {
  if (probes.length > 0) {
    for (const selector of probes) {
      const id = selector.split("/")[0];
      if (!catalogue.probes.some((probe) => probe.id === id))
        throw new UsageError(`unknown probe "${id}". \`fencepost catalogue list\` shows them.`);
    }
    return { select: probes };
  }
  const found = catalogue.profiles.find((one) => one.id === profile);
  if (found === undefined)
    throw new UsageError(`unknown profile "${profile}". Known: ${catalogue.profiles.map((one) => one.id).join(", ")}.`);
  return "all" in found ? { all: true } : { select: found.select };
}

function refusalOf(target: CheckTarget, options: CheckOptions, now: Date): string {
  const address = formatIp(target.address);
  const expired = options.authorisation !== null && now > options.authorisation.until;
  if (expired)
    return `${address} may not be tested: the authorisation ended on ${options.authorisation!.until.toISOString().slice(0, 10)}.`;
  return `${address}${target.host === address ? "" : ` (${target.host})`} may not be tested: it is neither in the networks of ${options.siteFile ?? "a site file"} nor covered by --authorisation. We only test who asked to be tested.`;
}

/** One test at a mailer at a time, whoever runs it. */
async function lease(targets: readonly CheckTarget[], owner: string, ports: CheckTaskPorts): Promise<AsyncDisposable> {
  const { store } = ports;
  if (store === null) return { [Symbol.asyncDispose]: async () => {} };
  const resources = [...new Set(targets.map((target) => formatIp(target.address)))];
  const release = async (): Promise<void> => {
    for (const resource of resources) await store.leases.release(resource, owner);
  };
  for (const resource of resources) {
    const held = await store.leases.take(resource, owner, leaseMs);
    if (held !== null) {
      await release();
      throw new Unavailable(
        `${resource} is being tested by run ${held.owner} until ${held.until.toISOString()} at most. Wait for it, or use another --store.`,
      );
    }
  }
  const renewal = setInterval(() => {
    for (const resource of resources) void store.leases.take(resource, owner, leaseMs).catch(() => {});
  }, leaseMs / 3);
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(renewal);
      await release();
    },
  };
}

async function controlOf(site: Site | null, ports: CheckTaskPorts, signal: AbortSignal): Promise<Endpoint | null> {
  const control = site?.check.control ?? null;
  if (control === null) return null;
  if (control.host.kind === "address") return { address: control.host.address, port: control.port };
  const [address] = await addressesOf(control.host.name, ports.resolver, signal);
  return address === undefined ? null : { address, port: control.port };
}

const contactOf = (site: Site | null): string | null => {
  const contact = site?.contacts.postmaster ?? site?.contacts.csirt ?? null;
  return contact === null ? null : formatMailbox(contact);
};

function unresolvedResult(name: string, reason: string, request: CheckRequest, now: Date): TargetResult {
  const at = now.toISOString();
  return {
    target: { host: name, address: "", port: 25, role: "mx" },
    source: null,
    vantage: request.vantage ?? "unknown",
    verdict: "unreachable",
    because: reason,
    reason: "no-route",
    practice: false,
    product: null,
    tls: null,
    coverage: { profile: request.profile.name, catalogue: request.catalogue.serial, applicable: 0, answered: 0 },
    controls: [],
    probes: [],
    findings: [],
    messagesSent: 0,
    connections: 0,
    ended: "finished",
    startedAt: at,
    finishedAt: at,
  };
}
