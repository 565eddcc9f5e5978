/**
 * One address and port, from the first greeting to the verdict: introduction, controls, envelope stage, message stage,
 * controls again, arrivals. A run that is stopped keeps what is known.
 */

import { fingerprint } from "../knowledge/fingerprint.ts";
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { Arrival } from "../ports.ts";
import { greetedName } from "../smtp/ehlo.ts";
import { formatLiteral } from "../smtp/literal.ts";
import { formatReply, isPositive } from "../smtp/reply.ts";
import { controlOf, expectationOf } from "./control.ts";
import { deliver, isPlain } from "./delivery.ts";
import { expand, type Instance, type RenderedPath } from "./expand.ts";
import { findingsOf } from "./explain.ts";
import { type JudgeContext, judge } from "./judge.ts";
import { composeMessage } from "./message.ts";
import { Pacer } from "./pacing.ts";
import { signsOf } from "./proof.ts";
import { mayReceive } from "./recipients.ts";
import type { CheckPorts, CheckRequest, CheckTarget } from "./request.ts";
import type { ControlResult, Ending, TargetResult, Vantage } from "./result.ts";
import type { Surroundings } from "./surroundings.ts";
import {
  type Failure,
  type Introduction,
  type MessageToSend,
  type Played,
  type RenderedMessage,
  Talker,
  waits,
  wantsTls,
} from "./talk.ts";
import { explained, notTried, resultOf, type Tried } from "./tried.ts";
import { vantageOf } from "./vantage.ts";
import { hasReturnedTwin, isDefinite, isInapplicable, verdictOf } from "./verdict.ts";

/** The run was stopped by its own deadline. */
export class DeadlineReached extends Error {
  override readonly name = "DeadlineReached";
}

/** Between two looks at the catcher. */
const lookMs = 100;
/** Once a relay is proved, nothing that comes later makes it worse: a short quiet is enough. */
const quietMs = 2000;
/** Relays and bounces of one message come about together; this long after the last of them nothing is likely to follow. */
const bounceQuietMs = 5000;
/** How often controls are repeated in a long run, so that a ban half way is noticed. */
const controlEvery = 80;
/** When greylisted instances are tried again, with `--patient` (facts: most greylists clear within minutes). */
const patience = [60_000, 300_000, 900_000] as const;

/** What could not even be greeted; the run decides, with what it learned elsewhere, what that means. */
export interface Unanswered {
  readonly kind: "unanswered";
  readonly failure: Failure;
}

export type TargetEnd =
  | {
      readonly kind: "tested";
      readonly result: TargetResult;
      /** The tokens of messages that were accepted, by probe instance. */
      readonly sent: readonly { readonly token: string; readonly instance: string }[];
    }
  | Unanswered;

export type TargetNews = (done: number, total: number | null, doing: string) => void;

export async function testTarget(
  target: CheckTarget,
  source: IpAddress | null,
  request: CheckRequest,
  ports: CheckPorts,
  signal: AbortSignal,
  news: TargetNews,
): Promise<TargetEnd> {
  const run = new TargetRun(target, source, request, ports, signal, news);
  return run.test();
}

class TargetRun {
  readonly #target: CheckTarget;
  readonly #request: CheckRequest;
  readonly #ports: CheckPorts;
  readonly #signal: AbortSignal;
  readonly #news: TargetNews;
  readonly #talker: Talker;
  readonly #startedAt: string;
  readonly #tried: Tried[] = [];
  readonly #byToken = new Map<string, Tried>();
  readonly #controls: ControlResult[] = [];
  #replies: string[] = [];
  #introduction: Introduction | null = null;
  #vantage: Vantage = "unknown";
  #from: IpAddress | null;
  #mark = 0;
  #messages = 0;
  #lastSent = 0;
  #lastArrival = 0;
  #ended: Ending = "finished";
  /** Up to where, in `#tried`, refusals lie before a control that passed. */
  #goodUntil = 0;

  constructor(
    target: CheckTarget,
    source: IpAddress | null,
    request: CheckRequest,
    ports: CheckPorts,
    signal: AbortSignal,
    news: TargetNews,
  ) {
    this.#target = target;
    this.#from = source;
    this.#request = request;
    this.#ports = ports;
    this.#signal = signal;
    this.#news = news;
    this.#startedAt = ports.clock.now().toISOString();
    const own = request.consent.basis(target.address);
    this.#talker = new Talker(
      {
        endpoint: { address: target.address, port: target.port },
        source,
        helo: request.helo,
        serverName: target.hostName,
        // RFC 8314 §7.3: the submissions service.
        implicitTls: target.port === 465,
        clientCertificate: request.clientCertificate,
        waits: request.waits ?? waits,
      },
      ports,
      new Pacer(ports.clock, own === "authorised" ? 500 : 0),
      signal,
    );
  }

  async test(): Promise<TargetEnd> {
    this.#mark = (await this.#ports.drop.since(Number.MAX_SAFE_INTEGER)).mark;
    let planned: readonly Instance[] = [];
    try {
      const introduction = await this.#talker.introduce();
      if ("detail" in introduction && !mayWantProxyHeader(introduction))
        return { kind: "unanswered", failure: introduction };
      if ("detail" in introduction) {
        planned = await this.#onlyWithProxyHeader();
        if (planned.length === 0) return { kind: "unanswered", failure: introduction };
      } else {
        this.#introduction = introduction;
        planned = await this.#plan(introduction);
        await this.#controlsAt("start");
        await this.#envelopeStage(planned);
        await this.#messageStage();
        await this.#controlsAt("end");
      }
      await this.#finalWait();
    } catch (error) {
      if (!this.#signal.aborted) throw error;
      this.#ended = this.#signal.reason instanceof DeadlineReached ? "deadline" : "interrupted";
      const known = new Set(this.#tried.map((tried) => tried.instance.name));
      for (const instance of planned) if (!known.has(instance.name)) this.#tried.push(notTried(instance, this.#ended));
      await this.#collectOnce();
    } finally {
      await this.#talker.close().catch(() => {});
    }
    this.#settleSilent();
    const sent = this.#tried
      .filter((one) => one.sent)
      .map(({ instance }) => ({ token: instance.token, instance: instance.name }));
    return { kind: "tested", result: this.#result(), sent };
  }

  /** Placeholders, identities and tokens; what cannot be run is told at once. */
  async #plan(introduction: Introduction | null): Promise<readonly Instance[]> {
    const { catalogue, profile } = this.#request;
    const surroundings = await this.#surroundings(introduction);
    this.#from = this.#talker.local;
    this.#vantage =
      this.#request.vantage ??
      (this.#from === null
        ? "unknown"
        : vantageOf({ source: this.#from, target: this.#target.address, isOurs: this.#request.isOurs }));
    const expansion = expand({
      probes: catalogue.probes,
      selection: profile.selection,
      surroundings,
      issue: (_name, form) => this.#request.tokens.issue(form),
    });
    for (const left of expansion.notRun) {
      const probe = catalogue.probes.find((one) => one.id === left.probe);
      if (probe !== undefined && probe.class !== "control")
        this.#tried.push(
          notTried(
            {
              probe,
              name: left.instance,
              pass: null,
              identity: null,
              steps: [],
              judged: null,
              token: "",
              mask: "",
              also: [],
            },
            left.reason,
          ),
        );
    }
    this.#goodUntil = this.#tried.length;
    return expansion.instances.filter((instance) => instance.probe.class !== "control");
  }

  async #surroundings(introduction: Introduction | null): Promise<Surroundings> {
    const { catcher } = this.#request;
    const names = await this.#ports.resolver
      .ptr(this.#target.address, this.#signal)
      .catch(() => ({ kind: "nodata" as const }));
    return {
      helo: this.#request.helo,
      senderDomain: catcher.senderDomain,
      catchDomain: catcher.domain,
      catcherAddress: catcher.address,
      catcherAddress6: catcher.address6,
      catcherHost: catcher.host,
      localDomains: this.#target.domains,
      localRecipient: this.#target.localRecipient,
      targetHost: this.#target.hostName,
      bannerHost: introduction === null ? null : greetedName(introduction.greeting),
      rdns: names.kind === "answer" ? names.records.slice(0, 4) : [],
      address: this.#target.address,
      address6: this.#target.sameMailer.find((address) => address.family === 6) ?? null,
      port: this.#target.port,
      role: this.#target.role,
      insideAddresses: this.#request.insideAddresses.slice(0, 8),
      backupDomain: catcher.backupDomain,
      clientCertificate: this.#request.clientCertificate !== null,
      keywords: introduction?.extensions ?? new Map(),
    };
  }

  /** A listener that greets only behind a PROXY header is a listener that believes one. */
  async #onlyWithProxyHeader(): Promise<readonly Instance[]> {
    const all = await this.#plan(null);
    const prefaced = all.filter(
      (instance) => "preface" in (instance.steps[0] ?? {}) && instance.probe.judge === "injection",
    );
    const answering: Instance[] = [];
    for (const instance of prefaced) {
      const tried = await this.#try(instance);
      if (tried.stage !== "connect") answering.push(instance);
      // One header that opens the way is enough; each that is not understood costs a time-out.
      if (tried.outcome === "accepted") break;
      // Three silences are an answer.
      if (answering.length === 0 && this.#tried.filter((one) => one.instance.probe.judge === "injection").length >= 3)
        break;
    }
    if (answering.length === 0) {
      this.#tried.length = 0;
      return [];
    }
    const known = new Set(this.#tried.map((tried) => tried.instance.name));
    for (const instance of all)
      if (!known.has(instance.name))
        this.#tried.push(notTried(instance, "the server greets only behind a PROXY header"));
    await this.#messageStage();
    return all;
  }

  async #controlsAt(at: "start" | "end"): Promise<void> {
    const wanted =
      this.#target.role === "mx"
        ? ["ctl-local-accept", ...(at === "start" ? ["ctl-local-unknown", "ctl-accept-all"] : [])]
        : ["ctl-repeat-plain"];
    const expansion = expand({
      probes: this.#request.catalogue.probes,
      selection: { select: wanted },
      surroundings: await this.#surroundings(this.#introduction),
      issue: (_name, form) => this.#request.tokens.issue(form),
    });
    for (const instance of expansion.instances) {
      let played = await this.#talker.play(instance);
      if (wantsTls(played.reply) && this.#target.port !== 465) {
        this.#talker.demandTls();
        await this.#talker.close();
        played = await this.#talker.play(instance);
      }
      this.#controls.push(controlOf(instance, played, at, this.#expectation(instance)));
      this.#remember(played);
    }
    if (this.#controls.filter((control) => control.at === at).every((control) => control.passed))
      this.#goodUntil = this.#tried.length;
  }

  #expectation(instance: Instance): ReturnType<typeof expectationOf> {
    return expectationOf(instance, this.#target);
  }

  async #envelopeStage(instances: readonly Instance[]): Promise<void> {
    const now = instances.filter((instance) => instance.probe.safety === "envelope" || !afterMessage(instance));
    for (const [index, instance] of now.entries()) {
      this.#news(index, now.length, instance.name);
      if (this.#talker.failedDials >= 3) {
        this.#tried.push(notTried(instance, "the target stopped answering"));
        continue;
      }
      if (this.#openToAll !== null && isExplained(instance)) {
        this.#tried.push(notTried(instance, `not needed: ${explained(this.#openToAll)}`));
        continue;
      }
      const tried = await this.#try(instance);
      if (tried.outcome === "accepted" && isPlain(tried)) await this.#proveNow(tried);
      if (index > 0 && index % controlEvery === 0) await this.#stillGood();
    }
    for (const instance of instances) if (!now.includes(instance)) this.#later.push(instance);
    if (this.#request.patient) await this.#tryAgain();
  }

  readonly #later: Instance[] = [];
  /** The plain instance that was passed on: then every recipient is, and what remains to be asked is little. */
  #openToAll: string | null = null;
  #provedPlain = false;

  /** The first plain recipient that is accepted is proved at once: a mailer that is open to all is done soon. */
  async #proveNow(tried: Tried): Promise<void> {
    if (this.#provedPlain) return;
    this.#provedPlain = true;
    await this.#deliver([tried]);
    await this.#talker.close();
    if (tried.outcome === "relayed") this.#openToAll = tried.instance.name;
  }

  /** The control again, in the middle of a long run. */
  async #stillGood(): Promise<void> {
    const first = this.#controls.find((control) => control.at === "start");
    if (first === undefined || !first.passed) return;
    const before = this.#controls.length;
    const until = this.#tried.length;
    await this.#controlsAt("end");
    const again = this.#controls.splice(before);
    if (again.length > 0 && again.every((control) => control.passed)) this.#goodUntil = until;
  }

  async #try(instance: Instance): Promise<Tried> {
    let played = await this.#talker.play(instance);
    if (
      wantsTls(played.judged ?? played.reply) &&
      this.#introduction?.extensions.has("STARTTLS") === true &&
      !instance.steps.some((step) => "starttls" in step)
    ) {
      this.#talker.demandTls();
      await this.#talker.close();
      played = await this.#talker.play(instance);
    }
    this.#remember(played);
    let judgement = judge(instance, played, this.#context());
    if (judgement.shows === "injection-believed" && (await this.#swallowsAnything(instance))) {
      const { shows: _shows, ...rest } = judgement;
      judgement = { ...rest, reason: "the server ignores whatever is written before its greeting" };
    }
    const tried: Tried = {
      ...notTried(instance, ""),
      outcome: judgement.outcome,
      reason: judgement.reason ?? null,
      shows: judgement.shows ?? null,
      stage: played.judged !== null && played.stage !== "data" ? "rcpt" : played.stage,
      reply: shownReply(played, judgement.shows),
      transcript: played.transcript,
    };
    // What was accepted with a reason of its own is still to be proved.
    if (tried.outcome === "accepted") tried.reason = null;
    const at = this.#tried.findIndex((one) => one.instance.name === instance.name);
    if (at >= 0) this.#tried[at] = tried;
    else this.#tried.push(tried);
    this.#byToken.set(instance.token, tried);
    return tried;
  }

  /** Whether a line that is no PROXY header is swallowed too: then nothing was believed, the server only did not look. */
  async #swallowsAnything(instance: Instance): Promise<boolean> {
    const [first, ...rest] = instance.steps;
    if (first === undefined || !("preface" in first)) return false;
    const played = await this.#talker.play({
      ...instance,
      steps: [{ preface: { text: "FENCEPOST 127.0.0.1\r\n" } }, ...rest],
    });
    return played.claim !== null && isPositive(played.claim);
  }

  #remember(played: Played): void {
    for (const reply of [played.judged, played.reply])
      if (reply !== null && reply.code >= 400 && this.#replies.length < 200) this.#replies.push(formatReply(reply));
  }

  #context(): JudgeContext {
    return {
      clientRefusalIsPolicy:
        this.#target.role !== "mx" ||
        this.#target.acceptsFromOthersOnly ||
        this.#controls.some((control) => control.id === "ctl-local-accept" && control.passed),
      authInClear:
        this.#introduction?.plainExtensions.has("AUTH") === true && this.#introduction.extensions.has("STARTTLS"),
    };
  }

  /** Greylisted instances again, with the same token, or the wait would begin anew. */
  async #tryAgain(): Promise<void> {
    for (const pause of patience) {
      const deferred = this.#tried.filter((one) => one.outcome === "deferred").map((one) => one.instance);
      if (deferred.length === 0) return;
      this.#news(0, deferred.length, `waiting ${pause / 60_000} min for greylisting`);
      await this.#talker.close();
      await this.#ports.clock.sleep(pause, this.#signal);
      for (const instance of deferred) await this.#try(instance);
    }
  }

  async #messageStage(): Promise<void> {
    const accepted = this.#tried.filter((one) => one.outcome === "accepted" && isProvable(one));
    if (accepted.length > 0) this.#news(0, null, `proving ${accepted.length} accepted recipients by delivery`);
    if (this.#openToAll !== null)
      for (const tried of accepted) {
        tried.explainedBy = this.#openToAll;
        tried.reason = `not sent: ${explained(this.#openToAll)}`;
      }
    await this.#deliver(accepted);
    await this.#sendOwnMessages();
  }

  async #deliver(accepted: readonly Tried[]): Promise<void> {
    this.#messages += await deliver(accepted, this.#request.maxMessages - this.#messages, this.#request.waitMs, {
      talker: this.#talker,
      compose: (instance, covered, headers) => ({
        content: this.#compose(instance, covered, headers),
        end: "\r\n.\r\n",
        tail: null,
      }),
      may: (paths) => this.#mayReceiveAll(paths),
      collect: (atMostMs) => this.#collect(atMostMs),
      onSent: () => {
        this.#lastSent = this.#ports.clock.monotonic();
      },
    });
  }

  /** Rows whose point is a message of their own, while the budget lasts. */
  async #sendOwnMessages(): Promise<void> {
    for (const [index, instance] of this.#later.entries()) {
      this.#news(index, this.#later.length, instance.name);
      if (this.#messages >= this.#request.maxMessages)
        this.#tried.push(notTried(instance, "the run's message budget is spent"));
      else if (this.#talker.failedDials >= 3) this.#tried.push(notTried(instance, "the target stopped answering"));
      else await this.#tryWhole(instance);
    }
  }

  /** Plays an instance with its own messages. */
  async #tryWhole(instance: Instance): Promise<void> {
    let composed = false;
    const played = await this.#talker.playWhole(instance, async (message, recipients) => {
      if (this.#messages >= this.#request.maxMessages || !(await this.#mayReceiveAll(recipients))) return null;
      composed = true;
      this.#messages += 1;
      return this.#composeStep(instance, message);
    });
    this.#remember(played);
    if (composed || played.dot !== null) this.#lastSent = this.#ports.clock.monotonic();
    const judgement = judge(instance, played, this.#context());
    const tookDot = played.dot !== null && isPositive(played.dot);
    const tried: Tried = {
      ...notTried(instance, ""),
      outcome: judgement.outcome,
      reason: judgement.reason ?? null,
      shows: judgement.shows ?? null,
      stage: played.stage,
      reply: played.dot ?? played.judged ?? played.reply,
      transcript: played.transcript,
      sent: tookDot,
    };
    if (instance.probe.judge === "smuggling") {
      const early = played.unasked !== null && isPositive(played.unasked);
      if (early) tried.shows = "smuggling-accepted";
      tried.outcome = played.dot === null ? tried.outcome : early ? "accepted" : "refused";
      tried.reason = early
        ? "the malformed end was taken for the end of data"
        : "the malformed end was not taken for the end of data";
    } else if (instance.probe.judge === "backscatter" || instance.probe.judge === "reparse") {
      // Accepting a local recipient is right; only what comes back, or comes through, is a fault.
      if (tookDot) tried.outcome = "silent";
    } else if (!tookDot && played.dot !== null && tried.outcome === "accepted") {
      tried.outcome = "refused";
      tried.reason = "refused at the end of the message";
    }
    this.#tried.push(tried);
    this.#byToken.set(instance.token, tried);
  }

  #composeStep(instance: Instance, message: RenderedMessage): MessageToSend {
    const end = message.end === undefined ? "\r\n.\r\n" : Buffer.from(message.end, "hex").toString("latin1");
    return {
      content: this.#compose(instance, [instance.name], message.headers ?? []),
      end,
      tail: message.tail ?? null,
    };
  }

  #compose(instance: Instance, covered: readonly string[], headers: readonly string[]): string {
    const request = this.#request;
    return composeMessage(
      instance,
      covered,
      {
        runId: request.runId,
        at: this.#ports.clock.now(),
        senderDomain:
          request.catcher.senderDomain ??
          request.catcher.domain ??
          (request.catcher.address === null ? "invalid" : formatLiteral(request.catcher.address)),
        target: `${formatIp(this.#target.address)} port ${this.#target.port}`,
        operator: request.operator,
        contact: request.contact,
        authorisation: request.authorisation,
        key: request.key,
      },
      headers,
    );
  }

  async #mayReceiveAll(paths: readonly RenderedPath[]): Promise<boolean> {
    const { catcher, tokens } = this.#request;
    const target = this.#target;
    const names = await this.#surroundings(this.#introduction);
    const literals = [target.address, ...target.sameMailer].flatMap((address) => [
      formatIp(address),
      formatLiteral(address).toLowerCase(),
    ]);
    const rule = {
      catchDomains: [catcher.domain, catcher.backupDomain, catcher.senderDomain].filter((domain) => domain !== null),
      catcherAddresses: [catcher.address, catcher.address6].filter((address) => address !== null),
      catcherHosts: [catcher.host].filter((host) => host !== null),
      targetNames: [
        ...target.domains,
        target.hostName ?? "",
        names.bannerHost ?? "",
        ...names.rdns,
        "localhost",
        "localhost.localdomain",
        "[127.0.0.1]",
        "127.0.0.1",
        ...literals,
      ]
        .filter((name) => name !== "")
        .map((name) => name.toLowerCase().replace(/\.$/, "")),
      localRecipient: target.localRecipient,
      resolver: this.#ports.resolver,
      tokens,
    };
    for (const path of paths)
      if (!(await mayReceive(typeof path === "string" ? path : path.line.replace(/^[^:]*:/, ""), rule, this.#signal)))
        return false;
    return true;
  }

  /** Looks at the catcher until the time is up, or all that was sent is accounted for. */
  async #collect(atMostMs: number): Promise<void> {
    const until = this.#ports.clock.monotonic() + atMostMs;
    for (;;) {
      await this.#collectOnce();
      const now = this.#ports.clock.monotonic();
      const proved = this.#tried.some((one) => one.outcome === "relayed");
      if (now >= until || !this.#awaiting() || (proved && now - this.#lastArrival > quietMs)) return;
      await this.#ports.clock.sleep(lookMs, this.#signal);
    }
  }

  async #finalWait(): Promise<void> {
    if (this.#lastSent === 0) return;
    const left = this.#request.waitMs - (this.#ports.clock.monotonic() - this.#lastSent);
    this.#news(0, null, `waiting up to ${Math.max(0, Math.round(left / 1000))} s for messages to arrive`);
    await this.#collect(Math.max(0, left));
  }

  #awaiting(): boolean {
    const waiting = this.#tried.filter(
      (one) => one.sent && one.proof === null && one.bounce === null && one.instance.probe.judge !== "smuggling",
    );
    if (waiting.length === 0) return false;
    // Bounces that we cannot see are waited for only as long as those that we can keep coming.
    const quiet =
      this.#lastArrival > 0 &&
      this.#ports.clock.monotonic() - Math.max(this.#lastArrival, this.#lastSent) > bounceQuietMs;
    return !(quiet && waiting.every((one) => hasReturnedTwin(this.#tried, one)));
  }

  async #collectOnce(): Promise<void> {
    const { arrivals, mark } = await this.#ports.drop.since(this.#mark);
    this.#mark = mark;
    for (const arrival of arrivals) this.#credit(arrival);
  }

  #credit(arrival: Arrival): void {
    for (const sign of signsOf(arrival, {
      key: this.#request.key,
      targetAddresses: [this.#target.address, ...this.#target.sameMailer],
      source: this.#from,
    })) {
      const tried = this.#byToken.get(sign.token);
      if (tried === undefined) continue;
      this.#lastArrival = this.#ports.clock.monotonic();
      if (sign.kind === "relayed") {
        tried.outcome = "relayed";
        tried.proof ??= sign.proof;
        tried.clientSeenAs ??= sign.clientSeenAs;
        tried.reason = null;
      } else {
        tried.bounce ??= { how: sign.how, exit: sign.exit };
        if (tried.outcome !== "relayed") tried.outcome = "bounced";
      }
    }
  }

  #settleSilent(): void {
    for (const tried of this.#tried)
      if (tried.sent && tried.outcome === "accepted" && tried.instance.probe.judge !== "smuggling")
        tried.outcome = "silent";
    const end = this.#controls.filter((control) => control.at === "end");
    // The target treats us otherwise than at the beginning: what it refused since may have been about us.
    if (
      end.some((control) => !control.passed) &&
      this.#controls.some((control) => control.at === "start" && control.passed)
    )
      for (const tried of this.#tried.slice(this.#goodUntil))
        if (tried.outcome === "refused" || tried.outcome === "not-reached") {
          tried.outcome = "tester-refused";
          tried.reason = "the control failed afterwards, so this may be about the tester";
        }
  }

  #result(): TargetResult {
    const { catalogue, profile, catcher } = this.#request;
    const facts = {
      tried: this.#tried,
      controls: this.#controls,
      vantage: this.#vantage,
      profile: profile.name,
      canCatch: catcher.domain !== null,
      ended: this.#ended,
    };
    const { verdict, because } = verdictOf(facts);
    const introduction = this.#introduction;
    const print = fingerprint(
      {
        banner: introduction?.greeting.text ?? null,
        ehlo: introduction?.ehlo.text.split("\n") ?? [],
        replies: this.#replies,
        help: null,
      },
      catalogue.products,
    );
    const product = print === null ? null : (catalogue.products.find((one) => one.id === print.product) ?? null);
    const subject = `${formatIp(this.#target.address)}:${this.#target.port}`;
    return {
      target: {
        host: this.#target.host,
        address: formatIp(this.#target.address),
        port: this.#target.port,
        role: this.#target.role,
        ...(this.#target.mailer === null ? {} : { mailer: this.#target.mailer }),
      },
      source: this.#from === null ? null : formatIp(this.#from),
      vantage: this.#vantage,
      verdict,
      because,
      practice: this.#request.consent.basis(this.#target.address) === "loopback",
      product:
        product === null || print === null
          ? null
          : {
              id: product.id,
              name: product.name,
              ...(print.version === undefined ? {} : { version: print.version }),
              evidence: [...print.evidence],
            },
      tls:
        introduction?.tls == null
          ? null
          : {
              protocol: introduction.tls.protocol,
              cipher: introduction.tls.cipher,
              certificate: introduction.tls.certificate,
            },
      coverage: {
        profile: profile.name,
        catalogue: catalogue.serial,
        applicable: this.#tried.filter((one) => !isInapplicable(one)).length,
        answered: this.#tried.filter(isDefinite).length,
      },
      controls: this.#controls,
      probes: this.#tried.map(resultOf),
      findings: findingsOf(subject, this.#tried, this.#controls, product, catalogue.remedies, verdict),
      messagesSent: this.#messages,
      connections: this.#talker.connections,
      ended: this.#ended,
      startedAt: this.#startedAt,
      finishedAt: this.#ports.clock.now().toISOString(),
    };
  }
}

/**
 * A TCP connection was made, but no greeting came: the peer closed it, kept silent or gave up (Postfix: 421), as a
 * listener does that waits for a PROXY header.
 */
function mayWantProxyHeader({ stage, loss, reply, transcript }: Failure): boolean {
  if (stage !== "connect") return false;
  if (reply !== null) return reply.code === 421;
  return loss === "closed" || loss === "reset" || (loss === "timeout" && /^\*: no complete/m.test(transcript));
}

/** Rows whose judged recipient comes after a message, or whose point is a message to the site's own recipient. */
function afterMessage(instance: Instance): boolean {
  const { steps, probe, judged } = instance;
  const message = steps.findIndex(
    (step) => "message" in step || ("pipeline" in step && step.pipeline.some((one) => "message" in one)),
  );
  if (message >= 0 && probe.safety === "local-message") return true;
  return (
    message >= 0 &&
    (message <= (judged ?? -1) ||
      "pipeline" in (steps[message] ?? {}) ||
      steps.some((step) => "message" in step && step.message.empty === true))
  );
}

/** What a plain relay explains: whoever passes on everything passes on this too. Logins and injected identities show more. */
function isExplained({ probe }: Instance): boolean {
  return (
    !["auth", "trust"].includes(probe.class) && ["relay", "routing", "sender-form", "subdomain"].includes(probe.judge)
  );
}

/** Only acceptance of an outside recipient is proved by a message. */
function isProvable(tried: Tried): boolean {
  return ["relay", "routing", "sender-form", "login", "injection"].includes(tried.instance.probe.judge);
}

function shownReply(played: Played, shows: Tried["shows"] | undefined): Played["reply"] {
  if ((shows === "login-believed" || shows === "injection-believed") && played.claim !== null && played.judged === null)
    return played.claim;
  return played.judged ?? played.reply;
}
