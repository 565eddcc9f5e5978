/**
 * The whole thing on this machine alone: a practice mailer that is open in a subtle way is checked for real, mended, and
 * checked again. No root, no port 25, no DNS, and nothing leaves loopback.
 */
import type { CheckDocument, TargetResult } from "../check/result.ts";
import type { Catalogue } from "../knowledge/catalogue.ts";
import { type DomainName, parseDomain } from "../net/domain.ts";
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { Clock, Dialer, Endpoint, Listener, MailDrop, Random, Resolver } from "../ports.ts";
import { type Behaviour, type BehaviourId, behaviourOf } from "../practice/behaviours.ts";
import { startPractice } from "../practice/practice.ts";
import { parseSite, type Site } from "../site/site.ts";
import { type CheckOptions, checkTask, documentOf } from "./check.ts";

export interface DemoPorts {
  readonly dialer: Dialer;
  readonly listener: Listener;
  /** The practice mailer's listener, which holds the practice certificate. */
  readonly mailerListener: Listener;
  readonly clock: Clock;
  readonly random: Random;
  /** An empty drop for each of the two runs. */
  readonly newDrop: () => MailDrop;
}

export const demoForms = ["open", "closed"] as const;
/** The two states in which the mailer is checked. */
export type DemoForm = (typeof demoForms)[number];

export type DemoEvent =
  | { readonly kind: "form"; readonly form: DemoForm; readonly mailer: Endpoint; readonly behaviour: Behaviour }
  | { readonly kind: "progress"; readonly doing: string }
  | { readonly kind: "target"; readonly result: TargetResult }
  | { readonly kind: "checked"; readonly form: DemoForm; readonly document: CheckDocument }
  /** `asExpected`: open first, closed then. */
  | { readonly kind: "end"; readonly asExpected: boolean; readonly interrupted: boolean };

const loopback: IpAddress = { family: 4, bits: 0x7f000001n };
/** Refuses the plain test, which is all that many testers try. */
const behaviourIn: Readonly<Record<DemoForm, BehaviourId>> = { open: "trusts-local-sender", closed: "closed" };
const ourDomain = nameOf("ourcollege.example");
const catchDomain = nameOf("catch.example");
/** Loopback delivers within milliseconds. */
const waitMs = 3000;

const unknown = async () => ({ kind: "nxdomain" as const });
const noDns: Resolver = { a: unknown, aaaa: unknown, mx: unknown, txt: unknown, ptr: unknown };

export async function* demoTask(
  catalogue: Catalogue,
  ports: DemoPorts,
  signal: AbortSignal,
): AsyncGenerator<DemoEvent> {
  await using practice = await startPractice(
    {
      listen: { address: loopback, port: 0 },
      hostName: "mx.ourcollege.example",
      domains: [ourDomain],
      behaviours: [behaviourIn.open],
      routes: [],
      startTls: true,
    },
    { listener: ports.mailerListener, dialer: ports.dialer, clock: ports.clock },
  );
  // The catcher takes a free port; only then does the mailer know the way to it.
  const listener: Listener = {
    listen: async (on, serve, options) => {
      const listening = await ports.listener.listen(on, serve, options);
      practice.addRoute({ domain: catchDomain, to: listening.local });
      return listening;
    },
  };
  let asExpected = true;
  for (const form of demoForms) {
    if (signal.aborted) break;
    practice.behave([behaviourIn[form]]);
    const behaviour = behaviourOf(behaviourIn[form])!; // the ids above are in the table
    yield { kind: "form", form, mailer: practice.local, behaviour };
    const results: TargetResult[] = [];
    const events = checkTask(
      optionsFor(practice.local, catalogue),
      {
        dialer: ports.dialer,
        listener,
        resolver: noDns,
        clock: ports.clock,
        random: ports.random,
        store: null,
        drop: ports.newDrop(),
        tell: () => {},
      },
      signal,
    );
    for await (const event of events) {
      if (event.kind === "progress") yield { kind: "progress", doing: event.doing };
      if (event.kind === "step") {
        results.push(event.step.result);
        yield { kind: "target", result: event.step.result };
      }
      if (event.kind === "result") {
        asExpected &&= event.result.verdict === form;
        yield { kind: "checked", form, document: documentOf(event.result, results, []) };
      }
    }
  }
  yield { kind: "end", asExpected: asExpected && !signal.aborted, interrupted: signal.aborted };
}

function optionsFor(mailer: Endpoint, catalogue: Catalogue): CheckOptions {
  return {
    targets: [`${formatIp(mailer.address)}:${mailer.port}`],
    site: siteWith(mailer),
    siteFile: null,
    catalogue,
    profile: "quick",
    probes: [],
    witnesses: [],
    sources: [],
    // Loopback stands for the stranger; the report says that it is practice.
    vantage: "external",
    catcher: { listen: { address: loopback, port: 0 }, domain: catchDomain, backupDomain: null },
    authorisation: null,
    maxMessages: 30,
    waitMs,
    patient: false,
    deadlineMs: null,
    clientCertificate: null,
    concurrency: 1,
  };
}

/** The site file that a college with this one mailer would have. */
function siteTextFor(address: string, port: number): string {
  return [
    "name: Our College (practice)",
    `domains: [${ourDomain}]`,
    "networks: [192.0.2.0/24]",
    "mailers:",
    "  - name: mx",
    `    addresses: [${address}]`,
    `    ports: [{port: ${port}, role: mx}]`,
    "",
  ].join("\n");
}

function siteWith({ address, port }: Endpoint): Site {
  const read = parseSite(siteTextFor(formatIp(address), port), "site.yaml");
  if (!read.ok) throw new Error(`the demo's own site file is wrong: ${read.errors[0]?.message ?? ""}`);
  return read.site;
}

function nameOf(text: string): DomainName {
  const parsed = parseDomain(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.expected}`);
  return parsed.value;
}
