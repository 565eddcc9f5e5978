/**
 * The client side of a dialogue: says commands, hears replies, keeps the exact transcript. It judges nothing, and takes
 * the peer for hostile: lines, replies, bytes and waiting are all bounded.
 */
import { type Clock, type Connection, ConnectionLost, type TlsFacts } from "../ports.ts";
import { parseReplyLine, type Reply, type ReplyLine, replyLimits, replyOf } from "../smtp/reply.ts";
import { printable, type Transcript, type TranscriptLine } from "../smtp/transcript.ts";
import { bytesOf, LineBuffer } from "../text/lines.ts";
import { DeadlinePassed, withDeadline } from "./deadline.ts";

/** Why no reply came. */
export type Loss = "closed" | "reset" | "timeout" | "garbled" | "tls";

/** What came instead of, or as, a reply. Abort throws; everything the peer does is a value. */
export type Heard =
  | { readonly kind: "reply"; readonly reply: Reply; readonly ms: number }
  | { readonly kind: "lost"; readonly loss: Loss; readonly detail: string };

/** How long the reply to QUIT may take before the connection is closed without it, and how long anyone waits for that. */
const goodbyeMs = 2000;
const promptGoodbyeMs = 20;

/** A transcript stops growing here; a session that long is evidence enough. */
const maxTranscriptLines = 4000;

export class Dialogue implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #lines = new LineBuffer(replyLimits.line);
  readonly #opened: number;
  readonly #transcript: TranscriptLine[] = [];
  #lost: Extract<Heard, { kind: "lost" }> | null = null;
  #quit = false;

  /** @param opened the monotonic time at which the connection was asked for, so that times in the transcript begin there. */
  constructor(connection: Connection, clock: Clock, signal: AbortSignal, opened: number = clock.monotonic()) {
    this.#connection = connection;
    this.#clock = clock;
    this.#signal = signal;
    this.#opened = opened;
  }

  get transcript(): Transcript {
    return this.#transcript;
  }

  /** How many lines the transcript has now: the mark from which a probe's own part begins. */
  get mark(): number {
    return this.#transcript.length;
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Whether the dialogue has ended: no further command can be answered. */
  get over(): boolean {
    return this.#lost !== null || this.#quit;
  }

  note(text: string): void {
    this.#record("*", text);
  }

  #record(side: TranscriptLine["side"], text: string): void {
    if (this.#transcript.length < maxTranscriptLines)
      this.#transcript.push({ at: Math.round(this.#clock.monotonic() - this.#opened), side, text: printable(text) });
  }

  #lose(loss: Loss, detail: string): Extract<Heard, { kind: "lost" }> {
    this.#lost ??= { kind: "lost", loss, detail };
    this.note(detail);
    this.#connection.close();
    return this.#lost;
  }

  /** Sends one command line and waits for its reply. The line holds one character a byte and gets CRLF. */
  async command(line: string, timeoutMs: number): Promise<Heard> {
    return (await this.say(`${line}\r\n`)) ?? this.hear(timeoutMs);
  }

  /** Sends bytes as they are; null when they left, else why they could not. */
  async say(wire: string): Promise<Extract<Heard, { kind: "lost" }> | null> {
    if (this.#lost !== null) return this.#lost;
    const shown = wire.endsWith("\r\n") ? wire.slice(0, -2) : wire;
    for (const line of shown.split("\r\n")) this.#record("C", line);
    try {
      // A peer that stops reading must not hold us for ever.
      await withDeadline(this.#signal, 120_000, (signal) => this.#connection.write(bytesOf(wire), signal));
      return null;
    } catch (error) {
      this.#signal.throwIfAborted();
      // What the peer said before it closed may still wait to be read; only then is the connection really over.
      return error instanceof ConnectionLost && this.#lines.waiting > 0
        ? null
        : this.#lose("reset", "connection lost while sending");
    }
  }

  /** Message data: only its size goes into the transcript. */
  async sayData(wire: string, shown: string): Promise<Extract<Heard, { kind: "lost" }> | null> {
    if (this.#lost !== null) return this.#lost;
    this.#record("C", shown);
    try {
      await withDeadline(this.#signal, 180_000, (signal) => this.#connection.write(bytesOf(wire), signal));
      return null;
    } catch {
      this.#signal.throwIfAborted();
      return this.#lose("reset", "connection lost while sending the message");
    }
  }

  /** Waits for one reply. The time is for the whole reply, so that a peer cannot stretch it byte by byte. */
  async hear(timeoutMs: number): Promise<Heard> {
    if (this.#lost !== null) return this.#lost;
    const began = this.#clock.monotonic();
    try {
      return await withDeadline(this.#signal, timeoutMs, (signal) => this.#reply(signal, began));
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof DeadlinePassed)
        return this.#lose("timeout", `no complete reply within ${Math.round(timeoutMs / 1000)} s`);
      return this.#lose("reset", error instanceof Error ? `connection lost: ${error.message}` : "connection lost");
    }
  }

  async #reply(signal: AbortSignal, began: number): Promise<Heard> {
    const lines: ReplyLine[] = [];
    let bytes = 0;
    for (;;) {
      const line = this.#lines.next();
      if (line === null) {
        const chunk = await this.#connection.read(signal);
        if (chunk === null) return this.#lose("closed", "the server closed the connection");
        this.#lines.push(chunk);
        bytes += chunk.length;
        // A flood without a line end, or with endless ones, is not SMTP.
        if (bytes > replyLimits.bytes)
          return this.#lose("garbled", `more than ${replyLimits.bytes} bytes in one reply`);
        continue;
      }
      this.#record("S", line.text.slice(0, 512));
      if (line.kind === "too-long") return this.#lose("garbled", `a reply line longer than ${replyLimits.line} bytes`);
      const parsed = parseReplyLine(line.text);
      if (parsed === null) return this.#lose("garbled", `not an SMTP reply: ${printable(line.text.slice(0, 80))}`);
      lines.push(parsed);
      if (parsed.last) return { kind: "reply", reply: replyOf(lines), ms: this.#clock.monotonic() - began };
      if (lines.length >= replyLimits.lines)
        return this.#lose("garbled", `a reply of more than ${replyLimits.lines} lines`);
    }
  }

  /** Whether the server has said something we have not asked for yet; waits at most so long. */
  async hearIfAny(timeoutMs: number): Promise<Reply | null> {
    if (this.#lost !== null) return null;
    if (this.#lines.waiting === 0) {
      try {
        const chunk = await withDeadline(this.#signal, timeoutMs, (signal) => this.#connection.read(signal));
        if (chunk === null) {
          this.#lose("closed", "the server closed the connection");
          return null;
        }
        this.#lines.push(chunk);
      } catch {
        this.#signal.throwIfAborted();
        return null;
      }
    }
    const heard = await this.hear(timeoutMs);
    return heard.kind === "reply" ? heard.reply : null;
  }

  /** The TLS handshake after a 220 to STARTTLS. */
  async startTls(
    options: Parameters<Connection["startTls"]>[0],
    timeoutMs: number,
  ): Promise<TlsFacts | Extract<Heard, { kind: "lost" }>> {
    if (this.#lost !== null) return this.#lost;
    this.#lines.takeAll();
    try {
      const facts = await withDeadline(this.#signal, timeoutMs, (signal) => this.#connection.startTls(options, signal));
      this.note(
        `TLS: ${facts.protocol} ${facts.cipher}${facts.certificate === null ? "" : `, certificate ${facts.certificate.subject}`}`,
      );
      return facts;
    } catch (error) {
      this.#signal.throwIfAborted();
      return this.#lose("tls", error instanceof Error ? error.message : "the TLS handshake failed");
    }
  }

  /**
   * Ends politely: QUIT, and no reset before its reply (RFC 5321 §4.1.1.10). A server that takes its time to say
   * goodbye (Exim holds it back for 200 ms) is not waited for; the connection closes when it has.
   */
  async quit(): Promise<void> {
    if (this.over) return;
    this.#quit = true;
    if (this.#signal.aborted || (await this.say("QUIT\r\n")) !== null) {
      this.#connection.close();
      return;
    }
    const goodbye = this.hear(goodbyeMs)
      .catch(() => {})
      .finally(() => this.#connection.close());
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      goodbye,
      new Promise((resolve) => {
        timer = setTimeout(resolve, promptGoodbyeMs);
      }),
    ]);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.quit().catch(() => this.#connection.close());
  }
}
