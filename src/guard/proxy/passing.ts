/**
 * One client's mail on its way through: every recipient is judged before the upstream hears of it, and what the upstream
 * says to MAIL, RCPT and the final dot is what the client hears. Whatever is unclear throws `UpstreamLost`: the
 * client hears 421, and comes again.
 */
import { isLoopback } from "../../net/ip.ts";
import type { Endpoint } from "../../ports.ts";
import { splitPathAndParameters } from "../../smtp/parameters.ts";
import { type Reply, reply } from "../../smtp/reply.ts";
import type { Question, SessionOptions, SessionState } from "../../smtp/session.ts";
import { bytesOf } from "../../text/lines.ts";
import { fromWire } from "../../text/wire.ts";
import { judge } from "../house.ts";
import { type ProxyClient, readXclient } from "./client.ts";
import { offer, sessionOptions } from "./offer.ts";
import { receivedField } from "./received.ts";
import type { ProxyHouse } from "./settings.ts";
import { dotMs, Upstream, UpstreamLost } from "./upstream.ts";
import type { Watched } from "./watch.ts";

export interface Answer {
  readonly reply: Reply;
  readonly authenticated?: string;
  readonly restart?: true;
}

/** What the proxy says of a message with other line ends than CRLF (RFC 5321 §2.3.8). */
const bareLineEnd = reply(550, "5.6.0", "Message refused: bare CR, bare LF or NUL in it");

/** Each new name costs a new connection to the upstream. */
const maxIntroductions = 20;
const tooManyIntroductions = reply(421, "4.7.0", "Too many introductions");

const notSeen = reply(450, "4.7.1", "Not passed on: the mail server behind does not see who you are");

export class Passing {
  readonly #proxy: ProxyHouse;
  readonly #watched: Watched;
  readonly #at: Endpoint;
  /** Whether the peer is one that may say XCLIENT. */
  readonly #trusted: boolean;
  #client: ProxyClient;
  #upstream: Upstream | null = null;
  /** The name and the protocol that the upstream was told. */
  #introduced: string | null = null;
  #introductions = 0;
  #reversePath = "<>";
  #utf8 = false;
  /** The upstream has something to forget before the next transaction. */
  #inTransaction = false;
  #inLogin = false;
  #loggedIn = false;
  /** Something of a message is under way. */
  #sending = false;
  /** Why the message cannot be taken any more; what comes of it is thrown away. */
  #failed: Reply | null = null;
  #options: SessionOptions;

  constructor(proxy: ProxyHouse, client: ProxyClient, at: Endpoint, trusted: boolean, watched: Watched) {
    this.#proxy = proxy;
    this.#client = client;
    this.#at = at;
    this.#trusted = trusted;
    this.#watched = watched;
    this.#options = this.#optionsFor(null, false);
  }

  /** What the session offers now; it changes with the upstream's own offer. */
  get options(): SessionOptions {
    return this.#options;
  }

  async answer(question: Question, state: SessionState): Promise<Answer> {
    switch (question.kind) {
      case "connect":
        // The upstream is not asked yet: whoever connects and is silent costs it nothing.
        return { reply: this.#greeting() };
      case "helo":
        return { reply: await this.#helo(question.name, question.verb === "EHLO", state) };
      case "mail":
        return { reply: await this.#mail(question.path, state) };
      case "rcpt":
        return { reply: await this.#rcpt(question.path) };
      case "data":
        return { reply: await this.#data(state) };
      case "message":
        return { reply: await this.#message() };
      case "chunk":
        return { reply: await this.#chunk(question.last) };
      case "auth":
        return this.#auth(question.mechanism, question.lines);
      case "command":
        return this.#xclient(question.argument, state);
    }
  }

  #greeting(): Reply {
    const { hostName } = this.#proxy.settings;
    return reply(220, null, `${hostName} ESMTP`);
  }

  #optionsFor(upstream: Upstream | null, tls: boolean): SessionOptions {
    const { settings } = this.#proxy;
    return sessionOptions({
      hostName: settings.hostName,
      upstream: upstream?.extensions ?? new Map(),
      startTls: settings.startTls,
      xclient: this.#trusted,
      // A login that the upstream takes only under TLS is not to be had here without.
      logins: settings.passesLogins() && (tls || upstream?.secure === false),
    });
  }

  async #helo(name: string, esmtp: boolean, state: SessionState): Promise<Reply> {
    if (name.length > 255) return reply(501, "5.5.4", "The host name is too long");
    const refused = await this.#introduce(name, esmtp, state.tls);
    if (refused !== null) return refused;
    return esmtp ? offer(this.#options, state.tls) : reply(250, null, this.#proxy.settings.hostName);
  }

  /** Sees to it that the upstream knows this client by this name. Null, or what it has against it. */
  async #introduce(helo: string, esmtp: boolean, tls: boolean): Promise<Reply | null> {
    const introduced = `${esmtp} ${helo}`;
    if (this.#upstream !== null && this.#introduced === introduced) return null;
    // A login belongs to a connection.
    if (this.#loggedIn) throw new UpstreamLost("the connection that has logged in is gone");
    this.#leave();
    this.#introductions += 1;
    if (this.#introductions > maxIntroductions) return tooManyIntroductions;
    const { settings, dialer } = this.#proxy;
    const opened = await Upstream.open(
      {
        to: settings.upstream,
        send: settings.send,
        client: this.#client,
        at: this.#at,
        helo,
        esmtp,
        // On the same machine TLS protects nothing, unless it is what the upstream takes logins under.
        tls: tls || !isLoopback(settings.upstream.address),
      },
      dialer,
      this.#watched,
    );
    if (opened.upstream === null) return opened.refused;
    this.#upstream = opened.upstream;
    this.#introduced = introduced;
    this.#options = this.#optionsFor(this.#upstream, tls);
    return null;
  }

  #connected(): Upstream {
    if (this.#upstream === null) throw new UpstreamLost("it is not connected");
    return this.#upstream;
  }

  async #mail(text: string, state: SessionState): Promise<Reply> {
    const read = splitArgument(text);
    if (read === null) return reply(501, "5.5.4", "Syntax: MAIL FROM:<address>");
    const refused = await this.#introduce(state.helo ?? "", state.esmtp, state.tls);
    if (refused !== null) return refused;
    await this.#settle();
    this.#reversePath = read.path;
    this.#utf8 = / SMTPUTF8( |$)/i.test(read.parameters);
    const answer = await this.#final(`MAIL FROM:${read.path}${read.parameters}`);
    this.#inTransaction = answer.code < 400;
    return answer;
  }

  async #rcpt(text: string): Promise<Reply> {
    const read = splitArgument(text);
    if (read === null) return reply(501, "5.5.4", "Syntax: RCPT TO:<address>");
    const ruling = judge(
      "proxy",
      {
        client: this.#client.address,
        authenticated: this.#loggedIn || this.#client.loggedIn,
        reversePath: fromWire(this.#reversePath),
        forwardPath: fromWire(read.path),
      },
      this.#proxy.house,
    );
    if (ruling.action === "refuse") return reply(ruling.code, ruling.enhanced, ruling.text);
    // Only observed. A mailer that takes the client for the guard, which it may well trust, would relay for it.
    if (ruling.decision.action === "refuse" && !this.#connected().seesClient) return notSeen;
    const known = this.#proxy.unknown.recall(read.path);
    if (known !== null) return known;
    const answer = await this.#final(`RCPT TO:${read.path}${read.parameters}`);
    this.#proxy.unknown.learn(read.path, answer);
    return answer;
  }

  async #data(state: SessionState): Promise<Reply> {
    const upstream = this.#connected();
    const answer = await upstream.command("DATA");
    if (answer.code >= 400) return answer;
    // 354 and nothing else: what it does not read as a message it reads as commands.
    if (answer.code !== 354) throw new UpstreamLost(`it answers DATA with ${answer.code}`);
    this.#sending = true;
    this.#failed = null;
    this.#pending = bytesOf(this.#received(state));
    return answer;
  }

  /** Goes before the first bytes of the message, in one write with them. */
  #pending: Uint8Array | null = null;

  /** Message bytes as they came. Resolves when there may be more. */
  async content(...parts: readonly Uint8Array[]): Promise<void> {
    if (this.#failed !== null) return;
    const all = (this.#pending === null ? parts : [this.#pending, ...parts]).filter(({ length }) => length > 0);
    this.#pending = null;
    if (all.length === 0) return;
    try {
      await this.#connected().write(all.length === 1 ? all[0]! : Buffer.concat(all));
    } catch (error) {
      if (!(error instanceof UpstreamLost)) throw error;
      // It has had enough; what it said last tells why.
      const last = await this.#connected()
        .hear()
        .catch(() => null);
      if (last === null || last.code < 400) throw error;
      this.#fail(last);
    }
  }

  /** The message has line ends that the upstream might take for the end of data: it hears nothing more of it. */
  spoil(): void {
    if (this.#failed === null) this.#fail(bareLineEnd);
  }

  #fail(answer: Reply): void {
    this.#failed = answer;
    this.#pending = null;
    this.#leave();
  }

  async #message(): Promise<Reply> {
    this.#sending = false;
    const failed = this.#failed;
    this.#failed = null;
    if (failed !== null) {
      if (this.#loggedIn) throw new UpstreamLost("the connection that has logged in is gone");
      return failed;
    }
    const answer = final(await this.#connected().hear(dotMs));
    this.#inTransaction = false;
    return answer;
  }

  /** Before the bytes of a chunk. */
  async beginChunk(bytes: number, last: boolean, state: SessionState): Promise<void> {
    const received = this.#sending ? "" : this.#received(state);
    this.#sending = true;
    const size = bytes + received.length;
    await this.#connected().write(bytesOf(`BDAT ${size}${last ? " LAST" : ""}\r\n${received}`));
  }

  async #chunk(last: boolean): Promise<Reply> {
    const answer = final(await this.#connected().hear(dotMs));
    if (last) {
      this.#sending = false;
      this.#inTransaction = false;
    }
    return answer;
  }

  #received(state: SessionState): string {
    return receivedField({
      client: this.#client,
      helo: state.helo ?? "",
      hostName: this.#proxy.settings.hostName,
      esmtp: state.esmtp,
      tls: state.tls,
      loggedIn: this.#loggedIn || this.#client.loggedIn,
      utf8: this.#utf8,
      at: this.#proxy.clock.now(),
    });
  }

  async #auth(mechanism: string, lines: readonly string[]): Promise<Answer> {
    const upstream = this.#connected();
    const last = lines.at(-1);
    if (!this.#inLogin) await this.#settle();
    const line = this.#inLogin ? (last ?? "") : `AUTH ${mechanism}${last === undefined ? "" : ` ${last}`}`;
    const answer = await upstream.command(line);
    this.#inLogin = answer.code === 334;
    if (this.#inLogin) return { reply: answer };
    final(answer);
    this.#loggedIn = answer.code === 235;
    // Any other yes is none that RFC 4954 knows.
    if (answer.code < 400 && !this.#loggedIn) throw new UpstreamLost(`it answers AUTH with ${answer.code}`);
    return this.#loggedIn ? { reply: answer, authenticated: mechanism } : { reply: answer };
  }

  #xclient(argument: string, state: SessionState): Answer {
    if (state.reversePath !== null) return { reply: reply(503, "5.5.1", "A mail transaction is under way") };
    const client = readXclient(argument, this.#client);
    if (client === null) return { reply: reply(501, "5.5.4", "Syntax: XCLIENT attribute=value...") };
    this.#client = client;
    this.forget();
    return { reply: this.#greeting(), restart: true };
  }

  /** RFC 3207 §4.2: what was said before the handshake is forgotten, also by the upstream. */
  forget(): void {
    this.#leave();
    this.#loggedIn = false;
    this.#options = this.#optionsFor(null, true);
  }

  /** Has the upstream forget what the client has left unfinished. */
  async #settle(): Promise<void> {
    const upstream = this.#connected();
    if (this.#inLogin) {
      await upstream.command("*");
      this.#inLogin = false;
    }
    if (!this.#inTransaction) return;
    const answer = await upstream.command("RSET");
    if (answer.code !== 250) throw new UpstreamLost(`it answers RSET with ${answer.code}`);
    this.#inTransaction = false;
    this.#sending = false;
  }

  async #final(line: string): Promise<Reply> {
    return final(await this.#connected().command(line));
  }

  /** Ends the connection to the upstream. A message that is under way is not finished there, and so is not taken. */
  #leave(): void {
    if (this.#sending) this.#upstream?.close();
    else this.#upstream?.quit();
    this.#upstream = null;
    this.#introduced = null;
    this.#inTransaction = false;
    this.#inLogin = false;
    this.#sending = false;
  }

  close(): void {
    this.#leave();
  }
}

/** 2xx, 4xx or 5xx; anything else means that we no longer know where we are. */
function final(answer: Reply): Reply {
  if (answer.code >= 300 && answer.code < 400)
    throw new UpstreamLost(`an intermediate reply is out of place: ${answer.code}`);
  return answer;
}

/** The path with its brackets, and the parameters as they are passed on. */
function splitArgument(text: string): { readonly path: string; readonly parameters: string } | null {
  const split = splitPathAndParameters(text);
  if (!split.ok) return null;
  const { path, parameters } = split.value;
  // What is judged is, byte for byte, what the upstream reads.
  return {
    path: path.startsWith("<") ? path : `<${path}>`,
    parameters: parameters.map(({ keyword, value }) => ` ${keyword}${value === null ? "" : `=${value}`}`).join(""),
  };
}
