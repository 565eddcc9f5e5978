/** Plays the steps of an instance on one session, and remembers what was said to the recipient that is judged. */
import type { Heard } from "../dialogue/client.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import type { RenderedPath, RenderedStep, SimpleRenderedStep } from "./expand.ts";
import type { Pacer } from "./pacing.ts";
import { isSyntaxComplaint, isThrottle } from "./refusal.ts";
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

export interface MessageToSend {
  /** Stuffed already, without the end of data. */
  readonly content: string;
  /** The end of data: CRLF.CRLF, or what a smuggling probe writes instead. */
  readonly end: string;
  /** Written in one piece with a malformed end. */
  readonly tail: string | null;
}

/** What a row says of a message of its own. */
export type RenderedMessage = Extract<SimpleRenderedStep, { message: unknown }>["message"];

/** Makes the message of a step, or null if these recipients may not get one. */
export type ComposeStep = (
  message: RenderedMessage,
  recipients: readonly RenderedPath[],
) => Promise<MessageToSend | null>;

/** Plays steps on one session. */
export class Player {
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
      // What became of a message before the judged recipient says nothing about it.
      if (index === this.#judgedStep) this.dot = null;
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
        const stage: Stage =
          "rcpt" in step ? "rcpt" : "mail" in step ? "mail" : "raw" in step || "message" in step ? "data" : "ehlo";
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

  /**
   * The judged recipient was accepted in a transaction that no message step has ended: its message is the proof. Null
   * if there is none to send.
   */
  async finish(): Promise<Outcome | null> {
    if (this.#compose === null || this.judged === null || !isPositive(this.judged) || this.dot !== null) return null;
    return this.#session.dialogue.over || !this.inTransaction ? null : this.#message({});
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
