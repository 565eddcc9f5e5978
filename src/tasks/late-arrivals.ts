/**
 * Mail that reached the catcher after its run had ended. A queue may hold a message for days; the run that sent it is
 * over, but what arrives is proof all the same, and the stored verdict has to say so.
 */
import { finding, type Seen } from "../check/findings.ts";
import { type Sign, signsOf } from "../check/proof.ts";
import {
  type CheckSummary,
  type ProbeResult,
  summarySchema,
  type TargetResult,
  targetResultSchema,
  verdicts,
} from "../check/result.ts";
import { bySeverity, type Finding } from "../finding/finding.ts";
import type { Catalogue } from "../knowledge/catalogue.ts";
import { type IpAddress, parseIp } from "../net/ip.ts";
import type { Arrival, Clock, Random } from "../ports.ts";
import { subjectOfTarget } from "../report/verdict.ts";
import type { SiteLookup } from "../site/lookup.ts";
import type { StoredTarget } from "../store/runs.ts";
import type { Store } from "../store/store.ts";

export interface LatePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

export interface LateContext {
  readonly catalogue: Catalogue;
  /** Tells which other addresses are the same mailer; null if no site file says. */
  readonly lookup: SiteLookup | null;
}

/** A stored result that late mail has changed. */
export interface Revised {
  readonly run: string;
  readonly subject: string;
  readonly instance: string;
  readonly outcome: "relayed" | "bounced";
  readonly verdict: TargetResult["verdict"];
}

const markName = "late-arrivals";

/** A token lives eight days; one that no run has claimed a day later belongs to a run that was killed. */
const claimableMs = 9 * 24 * 3_600_000;

/** Processes that write at once settle it in fewer tries. */
const maxTries = 20;

/** Credits every arrival that belongs to a message of an earlier run. Asking again changes nothing. */
export async function creditLateArrivals(
  { store, clock, random }: LatePorts,
  context: LateContext,
): Promise<readonly Revised[]> {
  const key = await store.tokenKey(random);
  const revised: Revised[] = [];
  const start = await store.mark(markName);
  let settled = start;
  let allSettled = true;
  for (let mark = start; ; ) {
    const page = await store.drop.since(mark);
    if (page.arrivals.length === 0) break;
    for (const arrival of page.arrivals) {
      const claimed = await credit(arrival, key, store, context, revised);
      // Its run may still be going on and has not stored its tokens yet: look at it again next time.
      if (!claimed && clock.now().getTime() - Date.parse(arrival.at) < claimableMs) allSettled = false;
    }
    mark = page.mark;
    if (allSettled) settled = mark;
  }
  if (settled > start) await store.setMark(markName, settled);
  return revised;
}

/** Whether every token of this arrival belongs to a stored run. */
async function credit(
  arrival: Arrival,
  key: Uint8Array,
  store: Store,
  context: LateContext,
  revised: Revised[],
): Promise<boolean> {
  let claimed = true;
  for (const token of new Set([
    ...arrival.recipients.map((recipient) => recipient.token),
    ...arrival.tokensInMessage,
  ])) {
    const sent = await store.runs.sentBy(token);
    if (sent === null) {
      claimed = false;
      continue;
    }
    for (let tries = 0; tries < maxTries; tries += 1) {
      const stored = await storedFor(sent, token, store);
      if (stored === null) break;
      const sign = signsOf(arrival, {
        key,
        targetAddresses: addressesOf(stored.result, context.lookup),
        source: ipOf(stored.result.source),
      }).find((one) => one.token === token);
      const now = sign === undefined ? null : revisedResult(stored.result, sent.instance, sign, context.catalogue);
      if (sign === undefined || now === null) break;
      if (!(await store.runs.revise(stored.row, now.verdict, JSON.stringify(now)))) continue;
      await reviseSummary(sent.run, store);
      revised.push({ ...sent, outcome: sign.kind, verdict: now.verdict });
      break;
    }
  }
  return claimed;
}

async function storedFor(
  sent: { readonly run: string; readonly subject: string; readonly instance: string },
  token: string,
  store: Store,
): Promise<{ readonly row: StoredTarget; readonly result: TargetResult } | null> {
  const rows = await store.runs.targetsOf(sent.run, { subject: sent.subject });
  const read = rows.flatMap((row) => {
    const result = targetResultSchema.safeParse(JSON.parse(row.result));
    return result.success ? [{ row, result: result.data }] : [];
  });
  // Tested from several sources, one subject has several results: the token is in the transcript of one.
  const own = read.find(({ result }) =>
    result.probes.some((probe) => probe.instance === sent.instance && probe.transcript.toLowerCase().includes(token)),
  );
  return own ?? read.find(({ result }) => result.probes.some((probe) => probe.instance === sent.instance)) ?? null;
}

function addressesOf({ target }: TargetResult, lookup: SiteLookup | null): readonly IpAddress[] {
  const address = ipOf(target.address);
  if (address === null) return [];
  const mailer = lookup?.mailerAt(address) ?? null;
  return mailer === null ? [address] : [address, ...mailer.addresses, ...mailer.inside, ...mailer.sendsFrom];
}

function ipOf(text: string | null): IpAddress | null {
  const parsed = text === null ? null : parseIp(text);
  return parsed?.ok === true ? parsed.value : null;
}

/** The result as this sign makes it, or null if it says nothing new. A verdict only ever gets worse by it. */
export function revisedResult(
  result: TargetResult,
  instance: string,
  sign: Sign,
  catalogue: Catalogue,
): TargetResult | null {
  const probe = result.probes.find((one) => one.instance === instance);
  if (probe === undefined || probe.outcome === "relayed" || probe.outcome === sign.kind) return null;
  const { reason: _reason, ...rest } = probe;
  const changed: ProbeResult =
    sign.kind === "relayed" ? { ...rest, outcome: "relayed", proof: sign.proof } : { ...rest, outcome: "bounced" };
  const probes = result.probes.map((one) => (one.instance === instance ? changed : one));
  const answered = probe.outcome === "silent" || probe.outcome === "accepted" || probe.outcome === "deferred" ? 1 : 0;
  const coverage = {
    ...result.coverage,
    answered: Math.min(result.coverage.applicable, result.coverage.answered + answered),
  };
  const findings = findingsWith(result, probes, changed, sign, catalogue);
  if (sign.kind === "bounced" || !fromOutside(result)) return { ...result, probes, coverage, findings };
  const relayed = probes.filter((one) => one.outcome === "relayed").length;
  const because =
    result.verdict === "open"
      ? result.because
      : `${instance} was passed on to the catcher, after the run had ended${relayed > 1 ? `, and ${relayed - 1} more` : ""}`;
  return { ...result, verdict: "open", because, probes, coverage, findings };
}

const fromOutside = ({ vantage }: TargetResult): boolean => vantage === "external" || vantage === "neighbour";

/** What the sign shows is added; suspicions that it has settled go. */
function findingsWith(
  result: TargetResult,
  probes: readonly ProbeResult[],
  changed: ProbeResult,
  sign: Sign,
  catalogue: Catalogue,
): Finding[] {
  const subject = result.findings[0]?.subject ?? subjectOfTarget(result.target);
  const row = catalogue.probes.find((one) => one.id === changed.id);
  const product = catalogue.products.find((one) => one.id === result.product?.id);
  const remedy =
    product?.remedies?.[row?.remedy ?? ""] ?? catalogue.remedies.find((one) => one.id === row?.remedy)?.text ?? "";
  const exit = sign.kind === "relayed" ? sign.proof.exit : sign.exit;
  const seen: Partial<Seen> & { readonly subject: string } = {
    subject,
    probe: changed.instance,
    title: changed.title,
    exit,
    remedy,
  };
  const added: Finding[] = [];
  if (sign.kind === "bounced")
    added.push(finding(sign.how === "reply" ? "AUTOMATIC_REPLY" : "BACKSCATTER", seen, "", [changed.instance]));
  else if (fromOutside(result)) {
    added.push(finding("RELAY_DELIVERED", seen, changed.class, [changed.instance]));
    if (sign.proof.multihop) added.push(finding("RELAY_CHAIN", seen, exit, [changed.instance]));
    if (sign.clientSeenAs !== null)
      added.push(finding("CLIENT_HIDDEN", { ...seen, extra: sign.clientSeenAs }, "", [changed.instance]));
  }
  const still = (outcome: ProbeResult["outcome"]): boolean =>
    probes.some((one) => one.outcome === outcome && one.class !== "backscatter");
  const kept = result.findings.filter(
    ({ tag }) => (tag !== "RELAY_SILENT" || still("silent")) && (tag !== "RELAY_ACCEPTED" || still("accepted")),
  );
  const known = new Set(kept.map(({ key }) => key));
  return [...kept, ...added.filter(({ key }) => !known.has(key))].sort(bySeverity);
}

/** The run's own verdict and counts, from its targets as they are now. */
async function reviseSummary(run: string, store: Store): Promise<void> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const row = await store.runs.get(run);
    if (row === null) return;
    const counts = await store.runs.verdictsOf(run);
    const count = (verdict: string): number => counts.get(verdict) ?? 0;
    const worst = count("open") > 0 ? "open" : row.verdict;
    const read = row.summary === null ? null : summarySchema.safeParse(JSON.parse(row.summary));
    const summary: CheckSummary | null =
      read?.success === true
        ? {
            ...read.data,
            verdict: count("open") > 0 ? "open" : read.data.verdict,
            targets: Object.fromEntries(
              verdicts.map((verdict) => [verdict, count(verdict)]),
            ) as CheckSummary["targets"],
          }
        : null; // one count a verdict
    if (await store.runs.reviseRun(run, row.summary, worst, summary === null ? row.summary : JSON.stringify(summary)))
      return;
  }
}
