/**
 * The only part of the relay tester that talks: plays the steps of an instance on a connection and brings back what was
 * heard. It judges nothing. Simple instances share a connection, one transaction each; all others get a fresh one.
 */
import { Dialogue, type Heard, type Loss } from "../dialogue/client.ts";
import type { IpAddress } from "../net/ip.ts";
import { type Clock, DialError, type Dialer, type DialFailure, type TlsFacts } from "../ports.ts";
import type { Extensions } from "../smtp/ehlo.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import { formatTranscript } from "../smtp/transcript.ts";
import type { Instance, RenderedPath, RenderedStep } from "./expand.ts";
import { maxSyntaxComplaints, type Pacer } from "./pacing.ts";
import { type ComposeStep, type MessageToSend, Player } from "./player.ts";
import { isThrottle, meaningOf } from "./refusal.ts";
import {
  greet,
  greetingLine,
  type Outcome,
  outcomeOf,
  type Session,
  type Stage,
  secure,
  type TalkTarget,
} from "./session.ts";

/** What playing an instance brought. */
export interface Played {
  /** Where it ended, with the reply that ended it; a null reply goes with a loss. */
  readonly stage: Stage;
  readonly reply: Reply | null;
  readonly loss: Loss | DialFailure | null;
  /** The reply to the recipient that is judged, if it came so far. */
  readonly judged: Reply | null;
  /** The reply to AUTH's last line, XCLIENT, XFORWARD or the line after a PROXY header. */
  readonly claim: Reply | null;
  /** A server that answered something we had not asked: the sign of commands kept across STARTTLS. */
  readonly unasked: Reply | null;
  /** The reply to the end of the last message that was sent along the way. */
  readonly dot: Reply | null;
  readonly transcript: string;
}

/** What playing, then sending a message to, several recipients brought. */
export interface Sent {
  /** Whether DATA was asked for at all. */
  readonly tried: boolean;
  /** The reply to each recipient, in order. */
  readonly recipients: readonly (Reply | null)[];
  /** The reply to the final dot, or that which came instead. */
  readonly stage: Stage;
  readonly reply: Reply | null;
  readonly loss: Loss | DialFailure | null;
  readonly transcript: string;
}

export interface TalkPorts {
  readonly dialer: Dialer;
  readonly clock: Clock;
}

export interface Failure {
  readonly stage: Stage;
  readonly reply: Reply | null;
  readonly loss: Loss | DialFailure | null;
  readonly detail: string;
  readonly transcript: string;
}

/** What the first connection shows. */
export interface Introduction {
  readonly greeting: Reply;
  readonly ehlo: Reply;
  readonly extensions: Extensions;
  /** Keywords offered before TLS, for the finding about AUTH in the clear. */
  readonly plainExtensions: Extensions;
  readonly tls: TlsFacts | null;
  readonly transcript: string;
}

export class Talker {
  readonly #target: TalkTarget;
  readonly #ports: TalkPorts;
  readonly #pacer: Pacer;
  readonly #signal: AbortSignal;
  /** Whether every session is taken into TLS by STARTTLS first, because the server demands it. */
  #tlsFirst = false;
  #session: Session | null = null;
  #failedDials = 0;
  #connections = 0;
  #local: IpAddress | null = null;

  constructor(target: TalkTarget, ports: TalkPorts, pacer: Pacer, signal: AbortSignal) {
    this.#target = target;
    this.#ports = ports;
    this.#pacer = pacer;
    this.#signal = signal;
  }

  /** The address of ours that the last connection came from. */
  get local(): IpAddress | null {
    return this.#local;
  }

  get connections(): number {
    return this.#connections;
  }

  /** Connections that failed in a row: three, and the target is not there any more. */
  get failedDials(): number {
    return this.#failedDials;
  }

  demandTls(): void {
    this.#tlsFirst = true;
  }

  async close(): Promise<void> {
    await this.#session?.dialogue.quit();
    this.#session = null;
  }

  /** Connects, greets, looks at the offer, and at TLS if it is offered. */
  async introduce(): Promise<Introduction | Failure> {
    const session = await this.#open(null);
    if ("detail" in session) return session;
    const { dialogue } = session;
    const ehlo = await this.#greet(session, `EHLO ${this.#target.helo}`);
    if (ehlo.kind === "lost" || !isPositive(ehlo.reply)) {
      await dialogue.quit();
      return this.#failure("ehlo", ehlo, dialogue);
    }
    const plain = session.extensions;
    if (!this.#target.implicitTls && plain.has("STARTTLS") && session.tls === null) {
      // Only looked at: a mailer whose TLS is broken is still tested in the clear.
      if (await this.#secure(session)) await this.#greet(session, `EHLO ${this.#target.helo}`);
    }
    const introduction: Introduction = {
      greeting: session.greeting ?? { code: 0, enhanced: null, text: "" },
      ehlo: ehlo.reply,
      extensions: merged(plain, session.extensions),
      plainExtensions: this.#target.implicitTls ? new Map() : plain,
      tls: session.tls,
      transcript: formatTranscript(dialogue.transcript),
    };
    await dialogue.quit();
    return introduction;
  }

  /**
   * Plays an instance up to its judged recipient (and the steps after it), without sending a message. A session that
   * breaks in the middle is repeated once on a fresh connection; the second end counts.
   */
  async play(instance: Instance): Promise<Played> {
    const first = await this.#playOnce(instance, null);
    if (first.loss === null && first.reply?.code !== 421) return first;
    if (first.stage === "connect" && this.#failedDials > 0) return first;
    if (first.reply?.code === 421) this.#pacer.throttled();
    await this.close();
    return this.#playOnce(instance, null);
  }

  /** Plays an instance with its message steps; for rows whose point is what comes after a message. */
  async playWhole(instance: Instance, compose: ComposeStep): Promise<Played> {
    return this.#playOnce(instance, compose);
  }

  async #playOnce(instance: Instance, compose: ComposeStep | null): Promise<Played> {
    const simple = compose === null && isSimple(instance.steps);
    const opened = simple ? await this.#simpleSession(instance.steps[0]!) : await this.#freshSession(instance);
    if ("detail" in opened) return { ...opened, judged: null, claim: null, unasked: null, dot: null };
    const { session, failure } = opened;
    const from = session.probes > 1 && simple ? session.dialogue.mark : 0;
    const player = new Player(session, this.#target, this.#pacer, instance.judged, compose);
    const played = failure ?? (await player.run(instance.steps, simple ? 1 : 0));
    const outcome = (played.loss === null ? await player.finish() : null) ?? played;
    const transcript = formatTranscript(session.dialogue.transcript.slice(from));
    if (failure !== null || !simple || session.dialogue.over || outcome.reply?.code === 421 || this.#worn(session))
      await this.#endSession(session);
    else if (player.inTransaction) await player.reset();
    if (session.dialogue.over && this.#session === session) this.#session = null;
    return {
      ...outcome,
      judged: player.judged,
      claim: player.claim,
      unasked: player.unasked,
      dot: player.dot,
      transcript,
    };
  }

  #worn(session: Session): boolean {
    return session.refusals >= this.#pacer.refusalsPerConnection || session.complaints >= maxSyntaxComplaints;
  }

  async #endSession(session: Session): Promise<void> {
    await session.dialogue.quit();
    if (this.#session === session) this.#session = null;
  }

  /** A connection on which this HELO line was said: the one at hand, or a new one. */
  async #simpleSession(first: RenderedStep): Promise<{ session: Session; failure: Outcome | null } | Failure> {
    const line = greetingLine(first) ?? `EHLO ${this.#target.helo}`;
    const held = this.#session;
    if (held !== null && held.helo === line && !held.dialogue.over) {
      held.probes += 1;
      return { session: held, failure: null };
    }
    await this.close();
    const session = await this.#open(null);
    if ("detail" in session) return session;
    session.probes = 1;
    const heard = await this.#greet(session, line);
    if (heard.kind === "reply" && isPositive(heard.reply)) {
      this.#session = session;
      return { session, failure: null };
    }
    return { session, failure: outcomeOf("ehlo", heard) };
  }

  async #freshSession(instance: Instance): Promise<{ session: Session; failure: Outcome | null } | Failure> {
    await this.close();
    const preface = instance.steps.find((step) => "preface" in step);
    // Behind a PROXY header nothing may come first: the reply to what follows shows what became of it.
    const securesItself = preface !== undefined || instance.steps.some((step) => "starttls" in step);
    const session = await this.#open(
      preface !== undefined && "preface" in preface ? preface.preface.text : null,
      securesItself,
    );
    if ("detail" in session) return session;
    session.probes = 1;
    return { session, failure: null };
  }

  /** Opens a connection and hears the greeting; with TLS first, EHLO and STARTTLS too. */
  async #open(preface: string | null, plain = false): Promise<Session | Failure> {
    await this.#pacer.beforeConnection(this.#signal);
    const { endpoint, source, implicitTls, serverName } = this.#target;
    const opened = this.#ports.clock.monotonic();
    let connection: Awaited<ReturnType<Dialer["connect"]>>;
    try {
      this.#connections += 1;
      connection = await this.#ports.dialer.connect(
        endpoint,
        {
          timeoutMs: this.#target.waits.connect,
          ...(source === null ? {} : { source }),
          ...(implicitTls ? { tls: serverName === null ? {} : { serverName } } : {}),
        },
        this.#signal,
      );
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      this.#failedDials += 1;
      return {
        stage: "connect",
        reply: null,
        loss: error.failure,
        detail: error.message,
        transcript: `*: ${error.message}`,
      };
    }
    this.#local = connection.local.address;
    const dialogue = new Dialogue(connection, this.#ports.clock, this.#signal, opened);
    if (connection.tls !== null) dialogue.note(`TLS: ${connection.tls.protocol} ${connection.tls.cipher}`);
    if (preface !== null) await dialogue.say(preface);
    const greeting = await dialogue.hear(this.#target.waits.greeting);
    if (greeting.kind === "lost" || !isPositive(greeting.reply)) {
      if (greeting.kind === "reply" && isThrottle(greeting.reply)) this.#pacer.throttled();
      const failure = this.#failure("connect", greeting, dialogue);
      await dialogue.quit();
      return failure;
    }
    this.#failedDials = 0;
    this.#pacer.prompt();
    const session: Session = {
      dialogue,
      greeting: greeting.reply,
      waits: this.#target.waits,
      helo: null,
      extensions: new Map(),
      tls: connection.tls,
      refusals: 0,
      complaints: 0,
      probes: 0,
    };
    if (this.#tlsFirst && !implicitTls && !plain) {
      const ehlo = await this.#greet(session, `EHLO ${this.#target.helo}`);
      if (ehlo.kind === "lost" || !(await this.#secure(session))) {
        const failure = this.#failure("starttls", ehlo, dialogue);
        await dialogue.quit();
        return failure;
      }
    }
    return session;
  }

  async #greet(session: Session, line: string): Promise<Heard> {
    return greet(session, line);
  }

  async #secure(session: Session): Promise<boolean> {
    return (await secure(session, this.#target, undefined)) === null;
  }

  #failure(stage: Stage, heard: Heard, dialogue: Dialogue): Failure {
    return {
      stage,
      reply: heard.kind === "reply" ? heard.reply : null,
      loss: heard.kind === "lost" ? heard.loss : null,
      detail: heard.kind === "lost" ? heard.detail : `${heard.reply.code} ${heard.reply.text}`,
      transcript: formatTranscript(dialogue.transcript),
    };
  }

  /**
   * Plays an instance and sends a message to its judged recipient and to more recipients that are judged alike.
   * @param more the RCPT paths of further instances that share HELO and reverse-path
   * @param message the whole message, CRLF line ends, not stuffed
   * @param may asked with the accepted recipients just before DATA; if it says no, RSET is sent instead
   */
  async send(
    instance: Instance,
    more: readonly RenderedPath[],
    message: MessageToSend,
    may: (accepted: readonly RenderedPath[]) => Promise<boolean>,
  ): Promise<Sent> {
    const opened = await this.#freshSession(instance);
    if ("detail" in opened) return { tried: false, recipients: [], ...opened };
    const { session } = opened;
    const player = new Player(session, this.#target, this.#pacer, instance.judged, null);
    const played = await player.run(instance.steps, 0);
    const recipients: (Reply | null)[] = [player.judged];
    const accepted: RenderedPath[] = player.judged !== null && isPositive(player.judged) ? [...player.recipients] : [];
    if (!session.dialogue.over) {
      for (const path of more) {
        const heard = await player.path("RCPT TO:", path);
        recipients.push(heard.kind === "reply" ? heard.reply : null);
        if (heard.kind === "reply" && isPositive(heard.reply)) accepted.push(path);
        if (session.dialogue.over) break;
      }
    }
    let outcome: Outcome = played;
    let tried = false;
    if (accepted.length > 0 && !session.dialogue.over && (await may(accepted))) {
      tried = true;
      outcome = await player.data(message);
    }
    const transcript = formatTranscript(session.dialogue.transcript);
    await session.dialogue.quit();
    return { tried, recipients, ...outcome, transcript };
  }
}

const merged = (a: Extensions, b: Extensions): Extensions => {
  const all = new Map(a);
  for (const [keyword, parameters] of b) all.set(keyword, [...new Set([...(all.get(keyword) ?? []), ...parameters])]);
  return all;
};

/** One HELO, then one transaction that can be taken back by RSET: many of these fit on a connection. */
export function isSimple(steps: readonly RenderedStep[]): boolean {
  const [first, ...rest] = steps;
  if (first === undefined || greetingLine(first) === null) return false;
  return rest.filter((step) => "mail" in step).length === 1 && rest.every((step) => "mail" in step || "rcpt" in step);
}

/** Whether this refusal says that TLS has to come first. */
export const wantsTls = (reply: Reply | null): boolean =>
  reply !== null && reply.code >= 400 && meaningOf(reply) === "starttls-first";
