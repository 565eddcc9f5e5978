/**
 * The loop that runs the pure session step on a connection: reads lines, asks policy, streams message bytes, keeps the
 * time. It decides nothing itself.
 */
import type { Connection } from "../ports.ts";
import { DataDecoder, type EndOfData } from "../smtp/data.ts";
import { type Reply, reply, writeReply } from "../smtp/reply.ts";
import {
  type Effect,
  newSession,
  type Question,
  type SessionEvent,
  type SessionOptions,
  type SessionState,
  step,
} from "../smtp/session.ts";
import { bytesOf, LineBuffer } from "../text/lines.ts";
import { DeadlinePassed, withDeadline } from "./deadline.ts";

/** What policy answers. `silence`: say nothing more and drop the connection. */
export type PolicyAnswer =
  | { readonly kind: "reply"; readonly reply: Reply; readonly authenticated?: string; readonly restart?: true }
  | { readonly kind: "drop" };

/** The two things a server is: how it answers, and what it does with message bytes. */
export interface ServerPolicy {
  answer(question: Question, state: SessionState, signal: AbortSignal): Promise<PolicyAnswer>;
  /** Message content, dots unstuffed, one character a byte. Resolves when it may be followed by more. */
  content(text: string): Promise<void>;
}

export interface ServerLimits {
  /** RFC 5321 §4.5.3.2.7: a server waits at least five minutes for the next command. */
  readonly idleMs: number;
  /** The whole session. */
  readonly sessionMs: number;
  /** RFC 5321 §4.5.3.1.4 allows 512 octets; extensions need more. */
  readonly maxLine: number;
}

export const defaultServerLimits: ServerLimits = { idleMs: 300_000, sessionMs: 1_800_000, maxLine: 4096 };

export interface ServerSettings {
  readonly limits?: ServerLimits;
  readonly endOfData?: EndOfData;
  /** Commands sent before the TLS handshake are carried out after it: only for mailers that misbehave on purpose. */
  readonly keepsInput?: true;
}

/** Serves one connection to its end. Never throws for what the peer does; aborting the signal closes with 421. */
export async function serveSession(
  connection: Connection,
  options: SessionOptions,
  policy: ServerPolicy,
  signal: AbortSignal,
  settings: ServerSettings = {},
): Promise<void> {
  const limits = settings.limits ?? defaultServerLimits;
  try {
    await withDeadline(signal, limits.sessionMs, (whole) =>
      serve(connection, options, policy, whole, limits, settings),
    );
  } catch {
    // A reset, a failed handshake, an idle peer or our own end: tell the peer if it still listens, then let go.
    const farewell = writeReply(reply(421, "4.4.2", `${options.hostName} closing`));
    await withDeadline(new AbortController().signal, 1000, (brief) => connection.write(bytesOf(farewell), brief)).catch(
      () => {},
    );
  } finally {
    connection.close();
  }
}

async function serve(
  connection: Connection,
  options: SessionOptions,
  policy: ServerPolicy,
  whole: AbortSignal,
  limits: ServerLimits,
  { endOfData = "crlf", keepsInput }: ServerSettings,
): Promise<void> {
  const lines = new LineBuffer(limits.maxLine);
  let state = newSession(options, connection.tls !== null);

  /** The next bytes, or the event that ends the session. */
  async function read(): Promise<Uint8Array | Extract<SessionEvent, { kind: "closed" | "timeout" }>> {
    try {
      const chunk = await withDeadline(whole, limits.idleMs, (signal) => connection.read(signal));
      return chunk ?? { kind: "closed" };
    } catch (error) {
      if (error instanceof DeadlinePassed && !whole.aborted) return { kind: "timeout" };
      throw error;
    }
  }
  const write = (text: string) => connection.write(bytesOf(text), whole);

  /** Reads message bytes until the end of data; what follows goes back to the line buffer (RFC 2920 allows pipelining). */
  async function collect(): Promise<SessionEvent> {
    const decoder = new DataDecoder(endOfData);
    let bytes = 0;
    for (let chunk: Awaited<ReturnType<typeof read>> = lines.takeAll(); ; chunk = await read()) {
      if ("kind" in chunk) return chunk;
      const { content, rest } = decoder.push(chunk);
      bytes += content.length;
      if (bytes <= options.maxBytes && content !== "") await policy.content(content);
      if (rest !== null) {
        lines.push(rest);
        return { kind: "dataEnd", bytes };
      }
    }
  }

  /** Carries out one effect and gives the event it leads to, if it leads to one. */
  async function carryOut(effect: Effect): Promise<SessionEvent | null> {
    switch (effect.kind) {
      case "reply":
        await write(writeReply(effect.reply));
        return null;
      case "ask": {
        if (effect.question.kind === "message" && effect.question.bytes > options.maxBytes)
          return { kind: "answered", reply: reply(552, "5.3.4", "Message too big") };
        const { kind, ...answer } = await policy.answer(effect.question, state, whole);
        return kind === "drop" ? { kind: "closed" } : { kind: "answered", ...(answer as { reply: Reply }) };
      }
      case "startTls":
        // Bytes the client sent before the handshake are dropped, never run inside it (RFC 3207 §6).
        if (keepsInput !== true) lines.takeAll();
        await connection.startTls({}, whole);
        return { kind: "tlsUp" };
      case "collect":
        return collect();
      case "collectChunk":
        throw new Error("this loop offers no BDAT");
      case "close":
        connection.close();
        return null;
    }
  }

  async function nextLine(): Promise<SessionEvent> {
    for (;;) {
      const line = lines.next();
      if (line !== null) return { kind: "line", text: line.text, tooLong: line.kind === "too-long" };
      const chunk = await read();
      if ("kind" in chunk) return chunk;
      lines.push(chunk);
    }
  }

  let event: SessionEvent = { kind: "connected" };
  while (state.phase !== "ended") {
    const result = step(state, event);
    state = result.state;
    let next: SessionEvent | null = null;
    for (const effect of result.effects) next = (await carryOut(effect)) ?? next;
    if (state.phase !== "ended") event = next ?? (await nextLine());
  }
}
