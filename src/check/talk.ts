/**
 * The only part of the relay tester that talks: plays the steps of an instance on a connection and brings back what was
 * heard. It judges nothing. Simple instances share a connection, one transaction each; all others get a fresh one.
 */
import { Dialogue, type Heard, type Loss } from "../dialogue/client.ts";
import type { IpAddress } from "../net/ip.ts";
import {
  type ClientCertificate,
  type Clock,
  DialError,
  type Dialer,
  type DialFailure,
  type Endpoint,
  type TlsFacts,
} from "../ports.ts";
import { type Extensions, parseExtensions } from "../smtp/ehlo.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import { formatTranscript } from "../smtp/transcript.ts";
import type { Instance, RenderedPath, RenderedStep, SimpleRenderedStep } from "./expand.ts";
import { maxSyntaxComplaints, type Pacer } from "./pacing.ts";
import { isSyntaxComplaint, isThrottle, meaningOf } from "./refusal.ts";

/**
 * How long we wait (RFC 5321 §4.5.3.2 gives minutes, for servers that must deliver). A wait that ends is reported as a
 * time-out and never as a refusal, so a slow mailer can only cost us an answer.
 */
export const waits = {
  connect: 15_000,
  greeting: 45_000,
  command: 60_000,
  tls: 20_000,
  data: 120_000,
  dot: 300_000,
  malformedEnd: 5000,
} as const;
export type Waits = { readonly [Wait in keyof typeof waits]: number };

/** Where in the dialogue something was decided. */
export type Stage = "connect" | "ehlo" | "starttls" | "auth" | "injection" | "mail" | "rcpt" | "data" | "dot";

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

/** What a row says of a message of its own. */
export type RenderedMessage = Extract<SimpleRenderedStep, { message: unknown }>["message"];

/** Makes the message of a step, or null if these recipients may not get one. */
export type ComposeStep = (
  message: RenderedMessage,
  recipients: readonly RenderedPath[],
) => Promise<MessageToSend | null>;

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

export interface TalkTarget {
  readonly endpoint: Endpoint;
  readonly source: IpAddress | null;
  readonly helo: string;
  /** The name asked for in TLS (SNI), if the target has one. */
  readonly serverName: string | null;
  /** RFC 8314: TLS from the first byte. */
  readonly implicitTls: boolean;
  readonly clientCertificate: ClientCertificate | null;
  /** `waits`, unless a test is in a hurry. */
  readonly waits: Waits;
}

export interface TalkPorts {
  readonly dialer: Dialer;
  readonly clock: Clock;
}

/** A connection with its greeting heard. */
interface Session {
  readonly dialogue: Dialogue;
  readonly greeting: Reply | null;
  readonly waits: Waits;
  helo: string | null;
  extensions: Extensions;
  tls: TlsFacts | null;
  refusals: number;
  complaints: number;
  probes: number;
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
    const outcome = failure ?? (await player.run(instance.steps, simple ? 1 : 0));
    const transcript = formatTranscript(session.dialogue.transcript.slice(from));
    if (!simple || session.dialogue.over || outcome.reply?.code === 421 || this.#worn(session))
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
    const securesItself = instance.steps.some((step) => "starttls" in step);
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

export interface MessageToSend {
  /** Stuffed already, without the end of data. */
  readonly content: string;
  /** The end of data: CRLF.CRLF, or what a smuggling probe writes instead. */
  readonly end: string;
  /** Written in one piece with a malformed end. */
  readonly tail: string | null;
}

interface Outcome {
  readonly stage: Stage;
  readonly reply: Reply | null;
  readonly loss: Loss | DialFailure | null;
}

const outcomeOf = (stage: Stage, heard: Heard): Outcome =>
  heard.kind === "reply" ? { stage, reply: heard.reply, loss: null } : { stage, reply: null, loss: heard.loss };

const merged = (a: Extensions, b: Extensions): Extensions => {
  const all = new Map(a);
  for (const [keyword, parameters] of b) all.set(keyword, [...new Set([...(all.get(keyword) ?? []), ...parameters])]);
  return all;
};

function greetingLine(step: RenderedStep): string | null {
  if ("ehlo" in step) return `EHLO ${step.ehlo}`.trimEnd();
  if ("helo" in step) return `HELO ${step.helo}`.trimEnd();
  return null;
}

/** One HELO, then one transaction that can be taken back by RSET: many of these fit on a connection. */
export function isSimple(steps: readonly RenderedStep[]): boolean {
  const [first, ...rest] = steps;
  if (first === undefined || greetingLine(first) === null) return false;
  return rest.filter((step) => "mail" in step).length === 1 && rest.every((step) => "mail" in step || "rcpt" in step);
}

async function greet(session: Session, line: string): Promise<Heard> {
  let heard = await session.dialogue.command(line, session.waits.command);
  // RFC 5321 §3.2: a server that does not know EHLO is greeted with HELO. A refusal of the name stays a refusal.
  const unknown =
    heard.kind === "reply" &&
    [500, 501, 502, 504].includes(heard.reply.code) &&
    !/helo|ehlo|name|domain/i.test(heard.reply.text);
  if (unknown && line.startsWith("EHLO "))
    heard = await session.dialogue.command(`HELO ${line.slice(5)}`, session.waits.command);
  if (heard.kind === "reply" && isPositive(heard.reply)) {
    session.helo = line;
    session.extensions = parseExtensions(heard.reply);
  }
  return heard;
}

/** STARTTLS and its handshake; null when the session is secure, else what came instead. */
async function secure(
  session: Session,
  target: TalkTarget,
  step: Extract<RenderedStep, { starttls: unknown }>["starttls"] | undefined,
): Promise<Heard | null> {
  const heard =
    step?.inject === undefined
      ? await session.dialogue.command("STARTTLS", session.waits.command)
      : ((await session.dialogue.say(`STARTTLS\r\n${step.inject}`)) ??
        (await session.dialogue.hear(session.waits.command)));
  if (heard.kind === "lost" || heard.reply.code !== 220) return heard;
  const tls = await session.dialogue.startTls(
    {
      ...(target.serverName === null ? {} : { serverName: target.serverName }),
      ...(step?.certificate === true && target.clientCertificate !== null ? { client: target.clientCertificate } : {}),
    },
    session.waits.tls,
  );
  if ("kind" in tls) return tls;
  session.tls = tls;
  session.helo = null;
  return null;
}

/** Plays steps on one session. */
class Player {
  readonly #session: Session;
  readonly #target: TalkTarget;
  readonly #pacer: Pacer;
  readonly #judgedStep: number | null;
  readonly #compose: ComposeStep | null;
  judged: Reply | null = null;
  dot: Reply | null = null;
  claim: Reply | null = null;
  unasked: Reply | null = null;
  inTransaction = false;
  /** The RCPT paths accepted in the transaction that is open. */
  recipients: RenderedPath[] = [];
  /** Whether a PROXY header was written, and the server has not yet shown what it made of it. */
  #prefaced = false;

  constructor(
    session: Session,
    target: TalkTarget,
    pacer: Pacer,
    judgedStep: number | null,
    compose: ComposeStep | null,
  ) {
    this.#compose = compose;
    this.#session = session;
    this.#target = target;
    this.#pacer = pacer;
    this.#judgedStep = judgedStep;
  }

  /** Runs the steps in order, from one of them on, and tells where it ended. */
  async run(steps: readonly RenderedStep[], from: number): Promise<Outcome> {
    let last: Outcome = { stage: "connect", reply: this.#session.greeting, loss: null };
    for (const [index, step] of steps.entries()) {
      if (index < from) continue;
      if ("message" in step) {
        const outcome = await this.#message(step.message);
        if (outcome === null) break;
        last = outcome;
        if (outcome.loss !== null) return outcome;
        continue;
      }
      const outcome = await this.#step(step, index === this.#judgedStep);
      // A refused recipient does not end a transaction; every other refusal ends the attempt.
      if (outcome.loss !== null) return outcome;
      last = index === this.#judgedStep || this.judged === null ? outcome : last;
      const refused = outcome.reply !== null && outcome.reply.code >= 400;
      if (refused && outcome.stage !== "rcpt" && outcome.stage !== "auth" && outcome.stage !== "data") return outcome;
      if (outcome.reply?.code === 421) return outcome;
    }
    return this.judged === null ? last : { stage: last.stage, reply: last.reply, loss: null };
  }

  async #step(step: RenderedStep, isJudged: boolean): Promise<Outcome> {
    const { dialogue } = this.#session;
    if ("preface" in step) {
      this.#prefaced = true;
      return { stage: "injection", reply: this.#session.greeting, loss: null };
    }
    if ("ehlo" in step || "helo" in step) return outcomeOf("ehlo", await this.#hello(greetingLine(step) ?? ""));
    if ("mail" in step) {
      const heard = await this.path("MAIL FROM:", step.mail);
      if (heard.kind === "reply" && isPositive(heard.reply)) this.inTransaction = true;
      return outcomeOf("mail", heard);
    }
    if ("rcpt" in step) {
      const heard = await this.path("RCPT TO:", step.rcpt);
      if (heard.kind === "reply") {
        if (isJudged) this.judged = heard.reply;
        if (isPositive(heard.reply)) this.recipients.push(step.rcpt);
      }
      return outcomeOf("rcpt", heard);
    }
    if ("rset" in step) {
      this.recipients = [];
      this.inTransaction = false;
      return outcomeOf("mail", await this.#command("RSET"));
    }
    if ("starttls" in step) {
      if (this.#session.tls !== null)
        return { stage: "starttls", reply: { code: 220, enhanced: null, text: "" }, loss: null };
      const failed = await secure(this.#session, this.#target, step.starttls);
      if (failed !== null) return outcomeOf("starttls", failed);
      // A kept command is answered before what is asked now, so two replies come to one question.
      if (
        step.starttls.inject !== undefined &&
        (await dialogue.command("NOOP", this.#session.waits.command)).kind === "reply"
      )
        this.unasked = await dialogue.hearIfAny(300);
      return { stage: "starttls", reply: { code: 220, enhanced: null, text: "" }, loss: null };
    }
    if ("auth" in step) return this.#auth(step.auth.mechanism, step.auth.lines);
    if ("raw" in step) return this.#raw(step.raw.text, step.raw.replies, isJudged);
    if ("pipeline" in step) return this.#pipeline(step.pipeline, isJudged);
    return { stage: "rcpt", reply: this.judged, loss: null };
  }

  async #hello(line: string): Promise<Heard> {
    if (!this.#prefaced) return greet(this.#session, line);
    this.#prefaced = false;
    // No second try with HELO: the first reply may be to the header, taken for a command, and shows what became of it.
    const heard = await this.#session.dialogue.command(line, this.#session.waits.command);
    if (heard.kind === "reply") this.claim = heard.reply;
    return heard;
  }

  /** `MAIL FROM:` or `RCPT TO:` with a path, or the row's own line. */
  async path(verb: "MAIL FROM:" | "RCPT TO:", path: RenderedPath): Promise<Heard> {
    return this.#command(lineOf(verb, path));
  }

  async #command(line: string): Promise<Heard> {
    const heard = await this.#session.dialogue.command(line, this.#session.waits.command);
    if (heard.kind === "reply") this.#count(heard.reply, heard.ms);
    return heard;
  }

  #count(reply: Reply, ms: number): void {
    const session = this.#session;
    if (reply.code >= 400) {
      session.refusals += 1;
      if (isSyntaxComplaint(reply)) session.complaints += 1;
      if (isThrottle(reply)) this.#pacer.throttled();
    }
    this.#pacer.replied(ms, session.refusals);
  }

  async #auth(mechanism: string, lines: readonly string[]): Promise<Outcome> {
    const encode = (line: string): string =>
      line === "=" || line === "*" ? line : Buffer.from(line, "latin1").toString("base64");
    // RFC 4422 §5: in these the client speaks first, so its first line goes along (RFC 4954 §4).
    const clientFirst = ["PLAIN", "ANONYMOUS", "EXTERNAL", "XOAUTH2", "OAUTHBEARER"].includes(mechanism);
    const queue = lines.map(encode);
    const initial = clientFirst ? queue.shift() : undefined;
    let heard = await this.#command(initial === undefined ? `AUTH ${mechanism}` : `AUTH ${mechanism} ${initial}`);
    while (heard.kind === "reply" && heard.reply.code === 334) {
      const next = queue.shift();
      // RFC 4954 §4: an asterisk gives up. XOAUTH2 wants an empty line to tell its error.
      heard = await this.#command(
        next ?? (mechanism === "XOAUTH2" && queue.length === 0 && lines.length === 1 ? "" : "*"),
      );
      if (next === undefined && heard.kind === "reply" && heard.reply.code === 334) break;
    }
    if (heard.kind === "reply") this.claim = heard.reply;
    return outcomeOf("auth", heard);
  }

  async #raw(text: string, replies: number, isJudged: boolean): Promise<Outcome> {
    const lost = await this.#session.dialogue.say(text);
    if (lost !== null) return outcomeOf("injection", lost);
    const verb = /^[a-z]+/i.exec(text)?.[0]?.toUpperCase() ?? "";
    const stage: Stage = /^(mail|send|soml|saml)$/i.test(verb)
      ? "mail"
      : verb === "RCPT"
        ? "rcpt"
        : verb === "DATA" || verb === "BDAT"
          ? "data"
          : "injection";
    let heard: Heard = { kind: "reply", reply: { code: 250, enhanced: null, text: "" }, ms: 0 };
    for (let index = 0; index < replies; index += 1) {
      heard = await this.#session.dialogue.hear(this.#session.waits.command);
      if (heard.kind === "lost") return outcomeOf(stage, heard);
      this.#count(heard.reply, heard.ms);
    }
    if (heard.kind === "reply" && replies > 0) {
      if (stage === "injection") this.claim = heard.reply;
      if (isJudged) this.judged = heard.reply;
      if (stage === "mail" && isPositive(heard.reply)) this.inTransaction = true;
    }
    return outcomeOf(stage, heard);
  }

  async #pipeline(
    steps: Extract<RenderedStep, { pipeline: unknown }>["pipeline"],
    isJudged: boolean,
  ): Promise<Outcome> {
    const lines = steps.map((step) => ({ step, wire: wireOf(step) }));
    const lost = await this.#session.dialogue.say(lines.map(({ wire }) => wire.text).join(""));
    if (lost !== null) return outcomeOf("mail", lost);
    let outcome: Outcome = { stage: "mail", reply: null, loss: null };
    for (const { step, wire } of lines) {
      for (let index = 0; index < wire.replies; index += 1) {
        const heard = await this.#session.dialogue.hear(this.#session.waits.command);
        const stage: Stage = "rcpt" in step ? "rcpt" : "mail" in step ? "mail" : "raw" in step ? "data" : "ehlo";
        if (heard.kind === "lost") return outcomeOf(stage, heard);
        this.#count(heard.reply, heard.ms);
        if ("rcpt" in step) {
          if (isJudged) this.judged = heard.reply;
          if (isPositive(heard.reply)) this.recipients.push(step.rcpt);
        }
        if ("mail" in step && isPositive(heard.reply)) this.inTransaction = true;
        if ("rcpt" in step || outcome.reply === null || stage === "data") outcome = outcomeOf(stage, heard);
        // DATA was among them and was granted: only an empty message may follow, or the server waits for ever.
        if (heard.reply.code === 354) outcome = await this.#emptyMessage();
      }
    }
    return outcome;
  }

  async #emptyMessage(): Promise<Outcome> {
    const heard = await this.#session.dialogue.command(".", this.#session.waits.dot);
    if (heard.kind === "reply") this.dot = heard.reply;
    return outcomeOf("dot", heard);
  }

  /** A message step in the middle of an instance; null if none may be sent here. */
  async #message(message: RenderedMessage): Promise<Outcome | null> {
    if (this.#compose === null) return null;
    if (message.empty === true) {
      // Said although every recipient may have been refused: that is the point of these rows.
      const asked = await this.#session.dialogue.command("DATA", this.#session.waits.data);
      if (asked.kind === "lost" || asked.reply.code !== 354) return outcomeOf("data", asked);
      return this.#emptyMessage();
    }
    if (this.recipients.length === 0) return null;
    const composed = await this.#compose(message, this.recipients);
    if (composed === null) return null;
    const outcome = await this.data(composed);
    if (outcome.reply !== null) this.dot = outcome.reply;
    this.recipients = [];
    this.inTransaction = false;
    return outcome;
  }

  /** DATA and the message, in the transaction that is open. */
  async data(message: MessageToSend): Promise<Outcome> {
    const { dialogue } = this.#session;
    const asked = await dialogue.command("DATA", this.#session.waits.data);
    if (asked.kind === "lost" || asked.reply.code !== 354) return outcomeOf("data", asked);
    const size = message.content.length;
    const lost = await dialogue.sayData(
      `${message.content}${message.end}${message.tail ?? ""}`,
      `[${size} bytes of message]${message.end === "\r\n.\r\n" ? " ." : ` then the end ${JSON.stringify(message.end)}`}`,
    );
    if (lost !== null) return outcomeOf("dot", lost);
    if (message.end === "\r\n.\r\n") return outcomeOf("dot", await dialogue.hear(this.#session.waits.dot));
    // A malformed end: a server that takes it answers at once; otherwise the proper end is still owed.
    const early = await dialogue.hearIfAny(this.#session.waits.malformedEnd);
    if (early !== null) {
      this.unasked = early;
      return { stage: "dot", reply: early, loss: null };
    }
    const late = (await dialogue.say("\r\n.\r\n")) ?? (await dialogue.hear(this.#session.waits.dot));
    return outcomeOf("data", late);
  }

  /** Takes the transaction back, so that the session can be used for the next probe. */
  async reset(): Promise<void> {
    const heard = await this.#session.dialogue.command("RSET", this.#session.waits.command);
    if (heard.kind === "lost" || !isPositive(heard.reply)) await this.#session.dialogue.quit();
  }
}

const lineOf = (verb: string, path: RenderedPath): string => (typeof path === "string" ? `${verb}${path}` : path.line);

function wireOf(step: Extract<RenderedStep, { pipeline: unknown }>["pipeline"][number]): {
  text: string;
  replies: number;
} {
  if ("ehlo" in step || "helo" in step) return { text: `${greetingLine(step)}\r\n`, replies: 1 };
  if ("mail" in step) return { text: `${lineOf("MAIL FROM:", step.mail)}\r\n`, replies: 1 };
  if ("rcpt" in step) return { text: `${lineOf("RCPT TO:", step.rcpt)}\r\n`, replies: 1 };
  if ("rset" in step) return { text: "RSET\r\n", replies: 1 };
  if ("raw" in step) return { text: step.raw.text, replies: step.raw.replies };
  return { text: "DATA\r\n", replies: 1 };
}

/** Whether this refusal says that TLS has to come first. */
export const wantsTls = (reply: Reply | null): boolean =>
  reply !== null && reply.code >= 400 && meaningOf(reply) === "starttls-first";
