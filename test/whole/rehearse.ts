/** Runs the real check task against a practice mailer of this process, over real TCP on loopback. */
import type { TargetResult } from "../../src/check/result.ts";
import { type Waits, waits } from "../../src/check/session.ts";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { shippedCatalogue } from "../../src/io/files.ts";
import { tcpDialer, tcpListener } from "../../src/io/tcp.ts";
import { type Catalogue, loadCatalogue } from "../../src/knowledge/catalogue.ts";
import { type DomainName, parseDomain } from "../../src/net/domain.ts";
import { formatIp, type IpAddress, parseIp } from "../../src/net/ip.ts";
import type { Clock, Endpoint, Listener, Resolver } from "../../src/ports.ts";
import type { BehaviourId } from "../../src/practice/behaviours.ts";
import { practiceCertificate } from "../../src/practice/certificate.ts";
import { type Practice, startPractice } from "../../src/practice/practice.ts";
import type { Paces } from "../../src/practice/session.ts";
import { parseSite, type Site } from "../../src/site/site.ts";
import { memoryDrop, type Store } from "../../src/store/store.ts";
import { type CheckOptions, type CheckTaskEvent, checkTask } from "../../src/tasks/check.ts";

export function address(text: string): IpAddress {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
}

export function domain(text: string): DomainName {
  const parsed = parseDomain(text);
  if (!parsed.ok) throw new Error(parsed.expected);
  return parsed.value;
}

const nothing = async () => ({ kind: "nxdomain" as const });
/** No rehearsal asks a name server. */
export const noDns: Resolver = { a: nothing, aaaa: nothing, mx: nothing, txt: nothing, ptr: nothing };

export const ourDomain = domain("ourcollege.example");
export const catchDomain = domain("catch.example");

let loaded: Promise<Catalogue> | null = null;
export function catalogue(): Promise<Catalogue> {
  loaded ??= shippedCatalogue().then((texts) => {
    const read = loadCatalogue(texts);
    if (!read.ok) throw new Error(JSON.stringify(read.errors));
    return read.catalogue;
  });
  return loaded;
}

/** All but the one that is waited for in every run: a busy machine is no silent peer. */
export const hurried: Waits = { ...waits, malformedEnd: 40 };

export function siteOf(target: Endpoint, role: "mx" | "submission", also: readonly string[] = []): Site {
  const addresses = [formatIp(target.address), ...also].map((one) => JSON.stringify(one)).join(", ");
  const read = parseSite(
    [
      "name: Rehearsal",
      `domains: [${ourDomain}]`,
      "networks: [192.0.2.0/24, '2001:db8:25::/48']",
      `mailers: [{name: practice, addresses: [${addresses}], ports: [{port: ${target.port}, role: ${role}}]}]`,
    ].join("\n"),
    "site.yaml",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.site;
}

/** A listener that tells where it came to listen. */
export function told(inner: Listener, tell: (local: Endpoint) => void): Listener {
  return {
    listen: async (on, serve, options) => {
      const listening = await inner.listen(on, serve, options);
      tell(listening.local);
      return listening;
    },
  };
}

export interface CheckPlan {
  readonly target: Endpoint;
  readonly role?: "mx" | "submission";
  /** Other addresses of the same mailer. */
  readonly also?: readonly string[];
  readonly clock?: Clock;
  readonly onCatcher?: (local: Endpoint) => void;
  readonly options?: Partial<CheckOptions>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: CheckTaskEvent) => void;
  /** Where the run is recorded. */
  readonly store?: Store;
}

/** One target through the whole task; the result of that target. */
export async function checkOne(plan: CheckPlan): Promise<TargetResult> {
  const { target } = plan;
  const host = formatIp(target.address);
  const options: CheckOptions = {
    targets: [`${host.includes(":") ? `[${host}]` : host}:${target.port}`],
    site: siteOf(target, plan.role ?? "mx", plan.also),
    siteFile: "site.yaml",
    catalogue: await catalogue(),
    profile: "full",
    probes: [],
    witnesses: [],
    sources: [],
    vantage: "external",
    catcher: { listen: { address: address("127.0.0.2"), port: 0 }, domain: catchDomain, backupDomain: null },
    authorisation: null,
    maxMessages: 200,
    waitMs: 1500,
    patient: false,
    deadlineMs: null,
    clientCertificate: null,
    concurrency: 1,
    waits: hurried,
    ...plan.options,
  };
  const ports = {
    dialer: tcpDialer,
    listener: told(tcpListener(), plan.onCatcher ?? (() => {})),
    resolver: noDns,
    clock: plan.clock ?? systemClock,
    random: systemRandom,
    store: plan.store ?? null,
    drop: plan.store?.drop ?? memoryDrop(),
    tell: () => {},
  };
  let result: TargetResult | null = null;
  for await (const event of checkTask(options, ports, plan.signal ?? new AbortController().signal)) {
    plan.onEvent?.(event);
    if (event.kind === "step") result = event.step.result;
  }
  if (result === null) throw new Error("no result");
  return result;
}

export interface Rehearsal extends Partial<Omit<CheckPlan, "target">> {
  readonly listen?: string;
  readonly paces?: Partial<Paces>;
}

/** Starts a practice mailer that behaves so, checks it, and stops it. */
export async function rehearse(behaviours: readonly BehaviourId[], plan: Rehearsal = {}): Promise<TargetResult> {
  await using practice: Practice = await startPractice(
    {
      listen: { address: address(plan.listen ?? "127.0.0.1"), port: 0 },
      hostName: "practice.example",
      domains: [ourDomain],
      behaviours,
      routes: [],
      startTls: true,
      paces: { tarpitMs: 1, greylistMs: 0, proxyMs: 150, ...plan.paces },
    },
    { listener: tcpListener(practiceCertificate), dialer: tcpDialer, clock: systemClock },
  );
  return await checkOne({
    ...plan,
    target: practice.local,
    onCatcher: (to) => practice.addRoute({ domain: catchDomain, to }),
  });
}
