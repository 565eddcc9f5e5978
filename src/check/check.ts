/**
 * `check`: the relay tester. Tests every target, serially per address and many addresses at once, and hands over each
 * target as it is done, so that memory does not grow with their number.
 */
import { DeadlinePassed } from "../dialogue/deadline.ts";
import type { Finding } from "../finding/finding.ts";
import type { Ending, RunEvent } from "../finding/run.ts";
import { formatIp, type IpAddress } from "../net/ip.ts";
import { DialError } from "../ports.ts";
import { targetJson } from "./conclude.ts";
import { guardedDialer } from "./consent.ts";
import type { CheckPorts, CheckRequest, CheckTarget } from "./request.ts";
import { type CheckSummary, type TargetResult, type Verdict, verdicts } from "./result.ts";
import { DeadlineReached, type TargetEnd, testTarget, type Unanswered } from "./target.ts";

/** One target done. `sent` ties the tokens of accepted messages to probe instances, so that late arrivals still count. */
export interface TargetStep {
  readonly result: TargetResult;
  readonly sent: readonly { readonly token: string; readonly instance: string }[];
}

export type CheckEvent = RunEvent<TargetStep, CheckSummary>;

/** What the run keeps of each target: enough for the summary. */
interface Kept {
  readonly address: string;
  readonly verdict: Verdict;
  readonly notListening: boolean;
  readonly applicable: number;
  readonly answered: number;
  readonly ended: Ending;
}

/**
 * Runs the test. Never throws for what targets do or when `signal` aborts: open sessions are closed and the result
 * says how it ended. Throws `NotAuthorised` only if a target slipped past the caller's own check of consent.
 */
export async function* check(
  request: CheckRequest,
  ports: CheckPorts,
  signal: AbortSignal,
): AsyncGenerator<CheckEvent> {
  const startedAt = ports.clock.now().toISOString();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  const timer =
    request.deadlineMs === null
      ? null
      : setTimeout(() => stop.abort(new DeadlineReached("the deadline came")), request.deadlineMs);

  const besides = [request.control, request.catcher.listens].filter((endpoint) => endpoint !== null);
  const guarded = { ...ports, dialer: guardedDialer(ports.dialer, request.consent, besides) };
  const queue = byAddress(request.targets, request.sources);
  const events: CheckEvent[] = [];
  const waiting: { target: CheckTarget; source: IpAddress | null; end: Unanswered }[] = [];
  const kept: Kept[] = [];
  const answeredFamilies = new Set<4 | 6>();
  const total = request.targets.length * Math.max(1, request.sources.length);
  let wake: (() => void) | null = null;
  let failure: unknown = null;
  let working = 0;
  let done = 0;

  const emit = (event: CheckEvent): void => {
    events.push(event);
    wake?.();
  };
  const finish = (target: CheckTarget, result: TargetResult, sent: TargetStep["sent"] = []): void => {
    kept.push({
      address: formatIp(target.address),
      verdict: result.verdict,
      notListening: result.reason === "not-listening",
      applicable: result.coverage.applicable,
      answered: result.coverage.answered,
      ended: result.ended,
    });
    for (const finding of result.findings) emit({ kind: "finding", finding });
    emit({ kind: "step", step: { result, sent } });
    emit({
      kind: "progress",
      done: (done += 1),
      total,
      doing: `${result.target.address}:${result.target.port} ${result.verdict}`,
    });
  };

  async function worker(): Promise<void> {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      for (const { target, source } of job) {
        const name = `${formatIp(target.address)}:${target.port}`;
        const end: TargetEnd = stop.signal.aborted
          ? {
              kind: "unanswered",
              failure: { stage: "connect", reply: null, loss: null, detail: "not tried", transcript: "" },
            }
          : await testTarget(target, source, request, guarded, stop.signal, (at, of, doing) =>
              emit({ kind: "progress", done, total, doing: `${name} ${of === null ? doing : `${at}/${of} ${doing}`}` }),
            );
        if (end.kind === "tested") {
          answeredFamilies.add(target.address.family);
          finish(target, end.result, end.sent);
        } else if (
          end.failure.loss === "refused" ||
          end.failure.reply !== null ||
          answeredFamilies.has(target.address.family)
        ) {
          finish(target, unansweredResult(target, source, end, request, ports, reachOf(end, true), stop.signal));
        } else waiting.push({ target, source, end });
      }
    }
  }

  const workers = Array.from({ length: Math.max(1, Math.min(request.concurrency, queue.length)) }, () => {
    working += 1;
    return worker()
      .catch((error: unknown) => {
        failure ??= error;
        stop.abort(error);
      })
      .finally(() => {
        working -= 1;
        wake?.();
      });
  });

  try {
    while (working > 0 || events.length > 0) {
      for (let event = events.shift(); event !== undefined; event = events.shift()) yield event;
      if (working > 0 && events.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    await Promise.all(workers);
    if (failure !== null) throw failure;
    // Silence can be the target's or our own network's: a listener that consents to be asked tells them apart.
    const families = new Set(waiting.map(({ target }) => target.address.family));
    for (const family of families)
      if (!answeredFamilies.has(family) && (await controlAnswers(request, guarded, family, stop.signal)))
        answeredFamilies.add(family);
    for (const { target, source, end } of waiting)
      finish(
        target,
        unansweredResult(
          target,
          source,
          end,
          request,
          ports,
          reachOf(end, answeredFamilies.has(target.address.family)),
          stop.signal,
        ),
      );
    yield* events.splice(0);
    yield { kind: "result", result: summaryOf(kept, request, startedAt, ports.clock.now().toISOString(), stop.signal) };
  } finally {
    if (timer !== null) clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    stop.abort(new DeadlinePassed("the run is over"));
  }
}

/** One job an address: its ports and our sources one after the other. */
function byAddress(
  targets: readonly CheckTarget[],
  sources: readonly IpAddress[],
): { target: CheckTarget; source: IpAddress | null }[][] {
  const jobs = new Map<string, { target: CheckTarget; source: IpAddress | null }[]>();
  for (const target of targets) {
    const key = formatIp(target.address);
    const fitting = sources.filter((source) => source.family === target.address.family);
    const job = jobs.get(key) ?? [];
    jobs.set(key, job);
    for (const source of fitting.length > 0 ? fitting : [null]) job.push({ target, source });
  }
  return [...jobs.values()];
}

async function controlAnswers(
  request: CheckRequest,
  ports: CheckPorts,
  family: 4 | 6,
  signal: AbortSignal,
): Promise<boolean> {
  if (request.control === null || request.control.address.family !== family || signal.aborted) return false;
  try {
    const connection = await ports.dialer.connect(request.control, { timeoutMs: 10_000 }, signal);
    connection.close();
    return true;
  } catch (error) {
    if (error instanceof DialError || signal.aborted) return false;
    throw error;
  }
}

interface Reach {
  readonly verdict: Verdict;
  readonly reason: NonNullable<TargetResult["reason"]> | null;
  readonly because: string;
}

/** What it means that a target could not be greeted. */
function reachOf({ failure }: Unanswered, familyAnswered: boolean): Reach {
  if (failure.reply !== null)
    return {
      verdict: "inconclusive",
      reason: null,
      because: `the server refused the dialogue: ${failure.reply.code} ${failure.reply.text.slice(0, 200)}`,
    };
  switch (failure.loss) {
    case "refused":
      return {
        verdict: "unreachable",
        reason: "not-listening",
        because: "nothing listens there: the connection was refused",
      };
    case "timeout":
    case "no-route":
      if (failure.stage !== "connect" || /no complete reply/.test(failure.detail))
        return {
          verdict: "inconclusive",
          reason: null,
          because: `it took the connection and kept silent: ${failure.detail}`,
        };
      return familyAnswered
        ? {
            verdict: "unreachable",
            reason: failure.loss,
            because:
              failure.loss === "timeout" ? "it did not answer; something may filter the port" : "there is no way to it",
          }
        : {
            verdict: "inconclusive",
            reason: null,
            because: `${failure.detail}. Nothing else answered in this address family either, so it may be our own network that blocks the port: name a listener that must answer as check.control`,
          };
    case null:
      return { verdict: "inconclusive", reason: null, because: failure.detail };
    case "garbled":
      return { verdict: "inconclusive", reason: null, because: `it answers, but not in SMTP: ${failure.detail}` };
    default:
      return { verdict: "inconclusive", reason: null, because: failure.detail };
  }
}

function unansweredResult(
  target: CheckTarget,
  source: IpAddress | null,
  end: Unanswered,
  request: CheckRequest,
  ports: CheckPorts,
  reach: Reach,
  signal: AbortSignal,
): TargetResult {
  const at = ports.clock.now().toISOString();
  return {
    target: targetJson(target),
    source: source === null ? null : formatIp(source),
    vantage: request.vantage ?? "unknown",
    verdict: reach.verdict,
    because: reach.because,
    ...(reach.reason === null ? {} : { reason: reach.reason }),
    practice: request.consent.basis(target.address) === "loopback",
    product: null,
    tls: null,
    coverage: { profile: request.profile.name, catalogue: request.catalogue.serial, applicable: 0, answered: 0 },
    controls: [],
    probes: [
      {
        id: "connect",
        instance: "connect",
        class: "control",
        title: "The connection itself",
        outcome: "error",
        stage: end.failure.stage,
        reply:
          end.failure.reply === null
            ? null
            : { code: end.failure.reply.code, text: end.failure.reply.text.slice(0, 1000) },
        proof: null,
        reason: end.failure.detail,
        transcript: end.failure.transcript,
      },
    ],
    findings: [] as Finding[],
    messagesSent: 0,
    connections: 0,
    ended: signal.aborted ? (signal.reason instanceof DeadlineReached ? "deadline" : "interrupted") : "finished",
    startedAt: at,
    finishedAt: at,
  };
}

/** The worst target counts; a port where nothing listens does not, if the same address spoke SMTP on another. */
function summaryOf(
  kept: readonly Kept[],
  request: CheckRequest,
  startedAt: string,
  finishedAt: string,
  signal: AbortSignal,
): CheckSummary {
  const speaking = new Set(kept.filter((one) => one.verdict !== "unreachable").map((one) => one.address));
  const counted = kept.filter((one) => !(one.notListening && speaking.has(one.address)));
  const worst = verdicts.find((verdict) => counted.some((one) => one.verdict === verdict)) ?? "inconclusive";
  return {
    schema: "fencepost/check/1",
    verdict: worst,
    coverage: {
      profile: request.profile.name,
      catalogue: request.catalogue.serial,
      applicable: counted.reduce((sum, one) => sum + one.applicable, 0),
      answered: counted.reduce((sum, one) => sum + one.answered, 0),
    },
    targets: Object.fromEntries(
      verdicts.map((verdict) => [verdict, kept.filter((one) => one.verdict === verdict).length]),
    ) as CheckSummary["targets"],
    ended: signal.aborted ? (signal.reason instanceof DeadlineReached ? "deadline" : "interrupted") : "finished",
    startedAt,
    finishedAt,
  };
}
