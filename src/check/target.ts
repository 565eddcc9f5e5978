/**
 * One address and port, from the first greeting to the verdict: introduction, controls, envelope stage, message stage,
 * controls again, arrivals. A run that is stopped keeps what is known.
 */
import type { Ending } from "../finding/run.ts";
import type { IpAddress } from "../net/ip.ts";
import { greetedName } from "../smtp/ehlo.ts";
import { isPositive } from "../smtp/reply.ts";
import { conclude } from "./conclude.ts";
import { controlOf, expectationOf } from "./control.ts";
import { deliver, isPlain, notAllowed } from "./delivery.ts";
import { expand, type Instance } from "./expand.ts";
import { Inbox } from "./inbox.ts";
import { type JudgeContext, judge } from "./judge.ts";
import { type Letters, letters } from "./letters.ts";
import { Pacer } from "./pacing.ts";
import { RunRecord } from "./record.ts";
import type { CheckPorts, CheckRequest, CheckTarget } from "./request.ts";
import type { ControlResult, TargetResult, Vantage } from "./result.ts";
import { waits } from "./session.ts";
import { hasOwnMessage, isExplainedBySender, isProvable, plainestFirst, senderOf, variesSenderOnly } from "./stages.ts";
import type { Surroundings } from "./surroundings.ts";
import { type Failure, type Introduction, type Played, Talker, wantsTls } from "./talk.ts";
import { explained, notTried, type Tried } from "./tried.ts";
import { vantageOf } from "./vantage.ts";

/** The run was stopped by its own deadline. */
export class DeadlineReached extends Error {
  override readonly name = "DeadlineReached";
}

/** How often controls are repeated in a long run, so that a ban half way is noticed. */
const controlEvery = 80;
/** When greylisted instances are tried again, with `--patient`: most greylists clear within minutes. */
const patience = [60_000, 300_000, 900_000] as const;
/** So many instances with one reverse-path, and it is worth a message of its own at once. */
const sharedSender = 3;
/** Connections that fail in a row before the target counts as gone. */
const maxFailedDials = 3;
/** Instances in a row that waited in vain, each of them twice: a server that keeps silent costs minutes each time. */
const maxSilences = 3;
/** Between connections to a target outside the site's own networks. */
const foreignGapMs = 500;

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

/** Progress: so many done of so many, and what is being done. */
export type TargetNews = (done: number, total: number | null, doing: string) => void;

export async function testTarget(
  target: CheckTarget,
  source: IpAddress | null,
  request: CheckRequest,
  ports: CheckPorts,
  signal: AbortSignal,
  news: TargetNews,
): Promise<TargetEnd> {
  const rdns = await ports.resolver.ptr(target.address, signal).catch(() => null);
  const names = rdns?.kind === "answer" ? rdns.records.slice(0, 4) : [];
  return new TargetRun(target, source, names, request, ports, signal, news).test();
}

class TargetRun {
  readonly #target: CheckTarget;
  readonly #rdns: readonly string[];
  readonly #request: CheckRequest;
  readonly #ports: CheckPorts;
  readonly #signal: AbortSignal;
  readonly #news: TargetNews;
  readonly #talker: Talker;
  readonly #record = new RunRecord();
  readonly #inbox: Inbox;
  #letters: Letters;
  #introduction: Introduction | null = null;
  #vantage: Vantage = "unknown";
  #messages = 0;
  /** The plain instance that was passed on: then every recipient is, and what remains to be asked is little. */
  #openToAll: string | null = null;
  /** Reverse-paths that were proved, or tried to, before anything else with the same one; by whom they were passed on. */
  readonly #provedSenders = new Map<string, string | null>();
  #silences = 0;
  /** Kept, because greylisting only clears for the same sender and recipient. */
  #controlInstances: readonly Instance[] = [];

  constructor(
    target: CheckTarget,
    source: IpAddress | null,
    rdns: readonly string[],
    request: CheckRequest,
    ports: CheckPorts,
    signal: AbortSignal,
    news: TargetNews,
  ) {
    this.#target = target;
    this.#rdns = rdns;
    this.#request = request;
    this.#ports = ports;
    this.#signal = signal;
    this.#news = news;
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
      new Pacer(ports.clock, request.consent.basis(target.address) === "authorised" ? foreignGapMs : 0),
      signal,
    );
    this.#inbox = new Inbox(ports.drop, ports.clock, this.#record, {
      key: request.key,
      targetAddresses: [target.address, ...target.sameMailer],
      source: () => this.#talker.local,
    });
    this.#letters = letters(target, request, this.#surroundings(), ports);
  }

  async test(): Promise<TargetEnd> {
    const startedAt = this.#ports.clock.now().toISOString();
    let ended: Ending = "finished";
    let planned: readonly Instance[] = [];
    try {
      await this.#inbox.open();
      const introduction = await this.#talker.introduce();
      if ("detail" in introduction) {
        planned = mayWantProxyHeader(introduction) ? this.#plan() : [];
        if (!(await this.#onlyWithProxyHeader(planned))) return { kind: "unanswered", failure: introduction };
      } else {
        this.#introduction = introduction;
        this.#letters = letters(this.#target, this.#request, this.#surroundings(), this.#ports);
        planned = this.#plan();
        this.#record.addControls(await this.#controlsAt("start"));
        await this.#envelopeStage(planned.filter((instance) => !hasOwnMessage(instance)));
        await this.#messageStage(planned.filter(hasOwnMessage));
        this.#record.addControls(await this.#controlsAt("end"));
      }
      const left = this.#inbox.left(this.#request.waitMs);
      if (left !== null) {
        this.#news(0, null, `waiting up to ${Math.round(left / 1000)} s for messages to arrive`);
        await this.#inbox.wait(left, this.#signal);
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error;
      ended = this.#signal.reason instanceof DeadlineReached ? "deadline" : "interrupted";
      for (const instance of planned) if (!this.#record.has(instance.name)) this.#record.add(notTried(instance, ended));
      await this.#inbox.look();
    } finally {
      await this.#talker.close().catch(() => {});
    }
    this.#record.settle();
    const result = conclude(this.#target, this.#request, this.#record, {
      introduction: this.#introduction,
      source: this.#talker.local,
      vantage: this.#vantage,
      messagesSent: this.#messages,
      connections: this.#talker.connections,
      ended,
      startedAt,
      finishedAt: this.#ports.clock.now().toISOString(),
    });
    const sent = this.#record.tried.filter((one) => one.sent);
    return {
      kind: "tested",
      result,
      sent: sent.map(({ instance }) => ({ token: instance.token, instance: instance.name })),
    };
  }

  /** Placeholders, identities and tokens; what cannot be run is told at once. */
  #plan(): readonly Instance[] {
    const { catalogue, profile, vantage, isOurs } = this.#request;
    const source = this.#talker.local;
    this.#vantage =
      vantage ?? (source === null ? "unknown" : vantageOf({ source, target: this.#target.address, isOurs }));
    const expansion = this.#expand(profile.selection);
    for (const { probe: id, instance: name, reason } of expansion.notRun) {
      const probe = catalogue.probes.find((one) => one.id === id);
      const nothing = { pass: null, identity: null, steps: [], judged: null, token: "", mask: "", also: [] };
      if (probe !== undefined && probe.class !== "control")
        this.#record.add(notTried({ probe, name, ...nothing }, reason));
    }
    const instances = expansion.instances.filter((instance) => instance.probe.class !== "control");
    // An older tester's list keeps its order; our own whole begins with what explains most.
    return "all" in profile.selection ? plainestFirst(instances) : instances;
  }

  #expand(selection: CheckRequest["profile"]["selection"]): ReturnType<typeof expand> {
    return expand({
      probes: this.#request.catalogue.probes,
      selection,
      surroundings: this.#surroundings(),
      issue: (_name, form) => this.#request.tokens.issue(form),
    });
  }

  #surroundings(): Surroundings {
    const { catcher, helo, insideAddresses, clientCertificate } = this.#request;
    const target = this.#target;
    const introduction = this.#introduction;
    return {
      helo,
      senderDomain: catcher.senderDomain,
      catchDomain: catcher.domain,
      catcherAddress: catcher.address,
      catcherAddress6: catcher.address6,
      catcherHost: catcher.host,
      localDomains: target.domains,
      localRecipient: target.localRecipient,
      targetHost: target.hostName,
      bannerHost: introduction === null ? null : greetedName(introduction.greeting),
      rdns: this.#rdns,
      address: target.address,
      address6: target.sameMailer.find((address) => address.family === 6) ?? null,
      port: target.port,
      role: target.role,
      insideAddresses: insideAddresses.slice(0, 8),
      backupDomain: catcher.backupDomain,
      clientCertificate: clientCertificate !== null,
      keywords: introduction?.extensions ?? new Map(),
    };
  }

  /** A listener that greets only behind a PROXY header is a listener that believes one. */
  async #onlyWithProxyHeader(planned: readonly Instance[]): Promise<boolean> {
    let silent = 0;
    let answered = false;
    for (const instance of planned) {
      if (!("preface" in (instance.steps[0] ?? {})) || instance.probe.judge !== "injection") continue;
      const tried = await this.#try(instance);
      answered ||= tried.stage !== "connect";
      // One header that opens the way is enough; each that is not understood costs a time-out, and three are an answer.
      if (tried.outcome === "accepted" || (!answered && (silent += 1) >= 3)) break;
    }
    if (!answered) return false;
    for (const instance of planned)
      if (!this.#record.has(instance.name))
        this.#record.add(notTried(instance, "the server greets only behind a PROXY header"));
    await this.#messageStage([]);
    return true;
  }

  async #controlsAt(at: "start" | "end"): Promise<readonly ControlResult[]> {
    const questions = at === "start" ? ["ctl-local-unknown", "ctl-accept-all"] : [];
    const wanted = this.#target.role === "mx" ? ["ctl-local-accept", ...questions] : ["ctl-repeat-plain"];
    const controls: ControlResult[] = [];
    if (this.#controlInstances.length === 0) this.#controlInstances = this.#expand({ select: wanted }).instances;
    for (const instance of this.#controlInstances)
      if (wanted.includes(instance.probe.id)) controls.push(await this.#control(instance, at));
    return controls;
  }

  async #control(instance: Instance, at: "start" | "end"): Promise<ControlResult> {
    return controlOf(instance, await this.#playInTls(instance), at, expectationOf(instance, this.#target));
  }

  get #stoppedAnswering(): boolean {
    return this.#talker.failedDials >= maxFailedDials || this.#silences >= maxSilences;
  }

  async #envelopeStage(instances: readonly Instance[]): Promise<void> {
    const senders = Map.groupBy(instances, senderOf);
    for (const [index, instance] of instances.entries()) {
      this.#news(index, instances.length, instance.name);
      const explainedBy = this.#explainedBy(instance);
      if (this.#stoppedAnswering) this.#record.add(notTried(instance, "the target stopped answering"));
      else if (explainedBy !== null) this.#record.add(notTried(instance, `not needed: ${explained(explainedBy)}`));
      else {
        const tried = await this.#try(instance);
        const shared = (senders.get(senderOf(instance))?.length ?? 0) >= sharedSender;
        if (tried.outcome === "accepted" && (isPlain(tried) || (shared && variesSenderOnly(instance))))
          await this.#proveNow(tried);
        if (index > 0 && index % controlEvery === 0) await this.#askControlsAgain();
      }
    }
    if (this.#request.patient) await this.#tryAgain();
  }

  /** What has shown already that this instance would be passed on. */
  #explainedBy(instance: Instance): string | null {
    if (!isExplainedBySender(instance)) return null;
    return this.#openToAll ?? this.#provedSenders.get(senderOf(instance) ?? "") ?? null;
  }

  /**
   * A sender that many instances share is proved when it is first accepted: a mailer that is open to all, or to all who
   * write that sender, is done soon, and its queue is not filled with recipients that are taken back.
   */
  async #proveNow(tried: Tried): Promise<void> {
    const sender = senderOf(tried.instance) ?? "";
    if (this.#provedSenders.has(sender)) return;
    await this.#deliver([tried]);
    await this.#talker.close();
    const relayed = tried.outcome === "relayed" ? tried.instance.name : null;
    this.#provedSenders.set(sender, relayed);
    if (isPlain(tried)) this.#openToAll ??= relayed;
  }

  /** The controls again, in the middle of a long run. */
  async #askControlsAgain(): Promise<void> {
    const tried = this.#record.tried.length;
    if (this.#record.controls.every((control) => control.passed))
      this.#record.stillGood(await this.#controlsAt("end"), tried);
  }

  /** Plays an instance; if the server demands TLS first, again inside it, and all that follow too. */
  async #playInTls(instance: Instance): Promise<Played> {
    let played = await this.#talker.play(instance);
    const offered = this.#introduction?.extensions.has("STARTTLS") === true && this.#target.port !== 465;
    const securesItself = instance.steps.some((step) => "starttls" in step);
    if (offered && !securesItself && wantsTls(played.judged ?? played.reply)) {
      this.#talker.demandTls();
      await this.#talker.close();
      played = await this.#talker.play(instance);
    }
    this.#record.heard(played.judged, played.reply);
    this.#silences = played.loss === "timeout" ? this.#silences + 1 : 0;
    return played;
  }

  async #try(instance: Instance): Promise<Tried> {
    const played = await this.#playInTls(instance);
    const judgement = judge(instance, played, this.#judgeContext());
    const ignored = judgement.shows === "injection-believed" && (await this.#swallowsAnything(instance));
    const shows = ignored ? null : (judgement.shows ?? null);
    const reason = ignored ? "the server ignores whatever is written before its greeting" : (judgement.reason ?? null);
    return this.#record.add({
      ...notTried(instance, ""),
      outcome: judgement.outcome,
      // What was accepted with a reason of its own is still to be proved.
      reason: judgement.outcome === "accepted" ? null : reason,
      shows,
      stage: played.judged !== null && played.stage !== "data" ? "rcpt" : played.stage,
      reply: played.judged ?? (shows === null ? null : played.claim) ?? played.reply,
      transcript: played.transcript,
    });
  }

  /** Whether a line that is no PROXY header is swallowed too: then nothing was believed, the server only did not look. */
  async #swallowsAnything(instance: Instance): Promise<boolean> {
    const [first, ...rest] = instance.steps;
    if (first === undefined || !("preface" in first)) return false;
    const nonsense = { preface: { text: "FENCEPOST 127.0.0.1\r\n" } };
    const played = await this.#talker.play({ ...instance, steps: [nonsense, ...rest] });
    return played.claim !== null && isPositive(played.claim);
  }

  #judgeContext(): JudgeContext {
    const introduction = this.#introduction;
    return {
      clientRefusalIsPolicy:
        this.#target.role !== "mx" ||
        this.#target.acceptsFromOthersOnly ||
        this.#record.controls.some((control) => control.id === "ctl-local-accept" && control.passed),
      authInClear: introduction?.plainExtensions.has("AUTH") === true && introduction.extensions.has("STARTTLS"),
    };
  }

  /** Greylisted instances again, with the same token, or the wait would begin anew. */
  async #tryAgain(): Promise<void> {
    for (const pause of patience) {
      const deferred = this.#record.tried.filter((one) => one.outcome === "deferred").map((one) => one.instance);
      const controls = this.#record.controls.filter(
        ({ passed, reply }) => !passed && reply !== null && reply.code < 500,
      );
      if (deferred.length === 0 && controls.length === 0) return;
      this.#news(0, deferred.length, `waiting ${pause / 60_000} min for greylisting`);
      await this.#talker.close();
      await this.#ports.clock.sleep(pause, this.#signal);
      for (const instance of this.#controlInstances)
        if (controls.some((control) => control.id === instance.probe.id))
          this.#record.replaceControl(await this.#control(instance, "start"));
      for (const instance of deferred) await this.#try(instance);
    }
  }

  /** @param own instances whose point is a message of their own; they come last, while the budget lasts */
  async #messageStage(own: readonly Instance[]): Promise<void> {
    const accepted = this.#record.tried.filter((one) => one.outcome === "accepted" && isProvable(one));
    for (const tried of accepted) {
      // A login or an injected identity that the plainest sender explains needs no message either.
      const by = this.#openToAll ?? this.#provedSenders.get(senderOf(tried.instance) ?? "") ?? null;
      if (by === null) continue;
      tried.explainedBy = by;
      tried.reason = `not sent: ${explained(by)}`;
    }
    if (accepted.some((tried) => tried.explainedBy === null))
      this.#news(0, null, `proving ${accepted.length} accepted recipients by delivery`);
    await this.#deliver(accepted);
    this.#leaveOutUnprovable();
    for (const [index, instance] of own.entries()) {
      this.#news(index, own.length, instance.name);
      if (this.#messages >= this.#request.maxMessages)
        this.#record.add(notTried(instance, "the run's message budget is spent"));
      else if (this.#stoppedAnswering) this.#record.add(notTried(instance, "the target stopped answering"));
      else await this.#tryWhole(instance);
    }
  }

  /**
   * A mailer that takes any local-part takes these too, and no message may be sent to show what becomes of them: then
   * nothing can be told by them here, and the forms that can be proved have to do.
   */
  #leaveOutUnprovable(): void {
    const takesAny = this.#record.controls.some(({ id, reply }) => id === "ctl-local-unknown" && reply?.code === 250);
    if (!takesAny) return;
    for (const tried of this.#record.tried)
      if (tried.outcome === "accepted" && tried.reason === notAllowed && tried.instance.probe.judge === "routing") {
        tried.outcome = "not-run";
        tried.reason = "the mailer takes any local-part, and no message may be sent to this one";
      }
  }

  async #deliver(accepted: readonly Tried[]): Promise<void> {
    this.#messages += await deliver(accepted, this.#request.maxMessages - this.#messages, this.#request.waitMs, {
      talker: this.#talker,
      compose: this.#letters.compose,
      may: (paths) => this.#letters.may(paths, this.#signal),
      collect: (atMostMs) => this.#inbox.wait(atMostMs, this.#signal),
      onSent: () => this.#inbox.sent(),
    });
  }

  /** Plays an instance with its own messages. */
  async #tryWhole(instance: Instance): Promise<void> {
    const before = this.#messages;
    const played = await this.#talker.playWhole(instance, async (message, recipients) => {
      if (this.#messages >= this.#request.maxMessages || !(await this.#letters.may(recipients, this.#signal)))
        return null;
      this.#messages += 1;
      return this.#letters.composeStep(instance, message);
    });
    this.#record.heard(played.judged, played.reply);
    if (this.#messages > before || played.dot !== null) this.#inbox.sent();
    const judgement = judge(instance, played, this.#judgeContext());
    this.#record.add({
      ...notTried(instance, ""),
      ...judgement,
      reason: judgement.reason ?? null,
      shows: judgement.shows ?? null,
      ...wholeOutcome(instance, played, judgement.outcome),
      stage: played.stage,
      reply: played.dot ?? played.judged ?? played.reply,
      transcript: played.transcript,
      sent: played.dot !== null && isPositive(played.dot),
    });
  }
}

/** What the fate of its own message adds to the judgement of an instance. */
function wholeOutcome(
  { probe }: Instance,
  { dot, unasked }: Played,
  outcome: Tried["outcome"],
): Partial<Pick<Tried, "outcome" | "reason" | "shows">> {
  if (dot === null) return {};
  if (probe.judge === "smuggling") {
    const taken = unasked !== null && isPositive(unasked);
    return taken
      ? { outcome: "accepted", shows: "smuggling-accepted", reason: "the malformed end was taken for the end of data" }
      : { outcome: "refused", reason: "the malformed end was not taken for the end of data" };
  }
  // Accepting a local recipient is right; only what comes back, or comes through, is a fault.
  if (isPositive(dot)) return probe.judge === "backscatter" || probe.judge === "reparse" ? { outcome: "silent" } : {};
  return outcome === "accepted" ? { outcome: "refused", reason: "refused at the end of the message" } : {};
}

/**
 * A TCP connection was made, but no greeting came: the peer closed it, kept silent or gave up (Postfix: 421), as a
 * listener does that waits for a PROXY header.
 */
function mayWantProxyHeader({ stage, loss, reply, transcript }: Failure): boolean {
  if (stage !== "connect") return false;
  if (reply !== null) return reply.code === 421;
  return loss === "closed" || loss === "reset" || (loss === "timeout" && / \*: no complete/.test(transcript));
}
