/**
 * The connection to the mailer behind, one for each client: it is told for whom we speak, and from then on says what the
 * client hears. Unlike `Dialogue` it keeps no transcript and no timer of its own, which at thousands of messages a second
 * would be most of the work.
 */
import { type Connection, ConnectionLost, DialError, type Dialer, type Endpoint } from "../../ports.ts";
import { type Extensions, parseExtensions } from "../../smtp/ehlo.ts";
import { writeProxyHeader } from "../../smtp/proxy-header.ts";
import { parseReplyLine, type Reply, type ReplyLine, replyLimits, replyOf } from "../../smtp/reply.ts";
import { bytesOf, LineBuffer } from "../../text/lines.ts";
import { type ProxyClient, writeXclient } from "./client.ts";
import type { Watched } from "./watch.ts";

/** How the upstream learns of the client. `xclient` only if it offers XCLIENT to us. */
export const identities = ["xclient", "proxy1", "proxy2", "none"] as const;
export type Identity = (typeof identities)[number];

/** The upstream is not there, went away, or does not speak SMTP: the client comes again later. */
export class UpstreamLost extends Error {
  override readonly name = "UpstreamLost";
}

export interface Introduction {
  readonly to: Endpoint;
  readonly send: Identity;
  readonly client: ProxyClient;
  /** Where the client came to. */
  readonly at: Endpoint;
  readonly helo: string;
  readonly esmtp: boolean;
  /** STARTTLS, if it offers it. Its certificate is not checked: without TLS nothing would be. */
  readonly tls: boolean;
}

const dialMs = 10_000;
/** RFC 5321 §4.5.3.2: greeting, MAIL and RCPT five minutes, the final dot ten. */
const replyMs = 300_000;
export const dotMs = 600_000;

export class Upstream {
  readonly #connection: Connection;
  readonly #watched: Watched;
  readonly #lines = new LineBuffer(replyLimits.line);
  /** What it offers, as it said last. */
  extensions: Extensions = new Map();
  /** It sees the client rather than the guard, so that its own rules are about the client. */
  seesClient = false;
  /** Whether there is TLS to it. */
  get secure(): boolean {
    return this.#connection.tls !== null;
  }

  private constructor(connection: Connection, watched: Watched) {
    this.#connection = connection;
    this.#watched = watched;
  }

  /**
   * Connects and introduces the client. `refused`: it will not speak with this client, in its own words. Throws
   * `UpstreamLost`, or the signal's reason.
   */
  static async open(
    introduction: Introduction,
    dialer: Dialer,
    watched: Watched,
  ): Promise<
    { readonly upstream: Upstream; readonly refused: null } | { readonly upstream: null; readonly refused: Reply }
  > {
    watched.allow("upstream", replyMs);
    let connection: Connection;
    try {
      connection = await dialer.connect(introduction.to, { timeoutMs: dialMs }, watched.signal);
    } catch (error) {
      throw error instanceof DialError ? new UpstreamLost(error.message, { cause: error }) : error;
    }
    const upstream = new Upstream(connection, watched);
    try {
      const refused = await upstream.#introduce(introduction);
      if (refused === null) return { upstream, refused };
      upstream.close();
      return { upstream: null, refused };
    } catch (error) {
      upstream.close();
      throw error;
    }
  }

  /** Null when it is ready for MAIL. */
  async #introduce({ send, client, at, helo, esmtp, tls }: Introduction): Promise<Reply | null> {
    if (send === "proxy1" || send === "proxy2") {
      const from = client.address === null ? null : { address: client.address, port: client.port };
      await this.write(writeProxyHeader(send === "proxy1" ? 1 : 2, from, at));
      this.seesClient = from !== null;
    }
    const greeting = await this.hear();
    if (greeting.code !== 220) return refusalOf(greeting);
    const hello = async (): Promise<Reply | null> => {
      const answer = await this.command(`EHLO ${helo}`);
      if (answer.code === 250) {
        this.extensions = parseExtensions(answer);
        return null;
      }
      // RFC 5321 §3.2: a server of old does not know EHLO.
      if (answer.code !== 500 && answer.code !== 502) return refusalOf(answer);
      const old = await this.command(`HELO ${helo}`);
      return old.code === 250 ? null : refusalOf(old);
    };
    const first = await hello();
    if (first !== null) return first;
    if (tls && this.extensions.has("STARTTLS")) {
      const ready = await this.command("STARTTLS");
      if (ready.code !== 220) throw new UpstreamLost(`STARTTLS is offered and then refused: ${ready.code}`);
      await this.#guarded(this.#connection.startTls({}, this.#watched.signal));
      const again = await hello();
      if (again !== null) return again;
    }
    const xclient = send === "xclient" ? writeXclient(client, helo, esmtp ? "ESMTP" : "SMTP", this.extensions) : null;
    if (xclient === null) return null;
    const known = await this.command(xclient);
    if (known.code !== 220) return refusalOf(known);
    this.seesClient = client.address !== null;
    return hello();
  }

  /** Says one line (one character a byte) and gives the reply. */
  async command(line: string, ms: number = replyMs): Promise<Reply> {
    if (this.#lines.waiting > 0) {
      // It said something unasked. 421 is that it closes; anything else would be taken for the answer to what follows.
      const unasked = await this.hear();
      if (unasked.code === 421) return unasked;
      throw new UpstreamLost(`it speaks out of turn: ${unasked.code}`);
    }
    await this.write(bytesOf(`${line}\r\n`));
    return this.hear(ms);
  }

  /** Resolves when the bytes have left: whoever waits for it never fills the memory. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#watched.allow("upstream", replyMs);
    await this.#guarded(this.#connection.write(bytes, this.#watched.signal));
  }

  async hear(ms: number = replyMs): Promise<Reply> {
    this.#watched.allow("upstream", ms);
    const lines: ReplyLine[] = [];
    for (;;) {
      const line = this.#lines.next();
      if (line === null) {
        const chunk = await this.#guarded(this.#connection.read(this.#watched.signal));
        if (chunk === null) throw new UpstreamLost("it closed the connection");
        this.#lines.push(chunk);
        continue;
      }
      const parsed = line.kind === "line" ? parseReplyLine(line.text) : null;
      if (parsed === null || lines.length >= replyLimits.lines) throw new UpstreamLost("it does not speak SMTP");
      lines.push(parsed);
      if (parsed.last) return replyOf(lines);
    }
  }

  async #guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw error instanceof ConnectionLost ? new UpstreamLost(error.message, { cause: error }) : error;
    }
  }

  /** Ends politely and waits for nothing. Without its final dot a message is never taken (RFC 5321 §4.1.1.4). */
  quit(): void {
    this.#connection.write(bytesOf("QUIT\r\n"), this.#watched.signal).catch(() => {});
    this.#connection.close();
  }

  close(): void {
    this.#connection.close();
  }
}

/** Whatever was said instead of yes, as a refusal that a client understands. */
function refusalOf(reply: Reply): Reply {
  return reply.code >= 400 ? reply : { code: 421, enhanced: "4.3.0", text: "The mail server does not take mail now" };
}
