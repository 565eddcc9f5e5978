/**
 * The loop that runs the pure session step on a client's connection. Replies to commands that came together leave
 * together (RFC 2920), message bytes go on as they come, and every wait has its time.
 */
import type { Connection } from "../../ports.ts";
import { reply, writeReply } from "../../smtp/reply.ts";
import { type Effect, newSession, type SessionEvent, type SessionState, step } from "../../smtp/session.ts";
import { bytesOf, LineBuffer } from "../../text/lines.ts";
import { DataGate } from "./data-gate.ts";
import type { Passing } from "./passing.ts";
import type { Watched } from "./watch.ts";

/** RFC 5321 §4.5.3.2.7, and §4.5.3.2.5 for a block of message data. */
const commandMs = 300_000;
const blockMs = 180_000;
/** RFC 4954 §4: a line of AUTH may have 12,288 bytes. */
const maxLine = 12_288;

/** Serves until either side is done. Throws `ConnectionLost`, `UpstreamLost`, or the signal's reason. */
export async function serveClient(
  connection: Connection,
  first: Uint8Array,
  passing: Passing,
  watched: Watched,
): Promise<void> {
  await new ClientLoop(connection, first, passing, watched).run();
}

class ClientLoop {
  readonly #connection: Connection;
  readonly #passing: Passing;
  readonly #watched: Watched;
  readonly #lines = new LineBuffer(maxLine);
  #state: SessionState;
  /** Replies that have not left yet. */
  #said = "";

  constructor(connection: Connection, first: Uint8Array, passing: Passing, watched: Watched) {
    this.#connection = connection;
    this.#passing = passing;
    this.#watched = watched;
    this.#lines.push(first);
    this.#state = newSession(passing.options, connection.tls !== null);
  }

  async run(): Promise<void> {
    let event: SessionEvent = { kind: "connected" };
    while (this.#state.phase !== "ended") {
      const { state, effects } = step(this.#state, event);
      this.#state = state;
      let next: SessionEvent | null = null;
      for (const effect of effects) next = (await this.#carryOut(effect)) ?? next;
      if (this.#state.phase !== "ended") event = next ?? (await this.#nextLine());
    }
    await this.#flush();
  }

  /** Carries out one effect and gives the event it leads to, if it leads to one. */
  async #carryOut(effect: Effect): Promise<SessionEvent | null> {
    switch (effect.kind) {
      case "reply":
        this.#said += writeReply(effect.reply);
        return null;
      case "ask": {
        const answer = await this.#passing.answer(effect.question, this.#state);
        // The upstream's offer may have changed with its answer.
        this.#state = { ...this.#state, options: this.#passing.options };
        return { kind: "answered", ...answer };
      }
      case "startTls":
        await this.#flush();
        // Bytes the client sent before the handshake are dropped, never run inside it (RFC 3207 §6).
        this.#lines.takeAll();
        this.#watched.allow("client", commandMs);
        await this.#connection.startTls({}, this.#watched.signal);
        this.#passing.forget();
        return { kind: "tlsUp" };
      case "collect":
        return this.#collect();
      case "collectChunk":
        return this.#chunk(effect);
      case "close":
        return null;
    }
  }

  async #nextLine(): Promise<SessionEvent> {
    for (;;) {
      const line = this.#lines.next();
      if (line === null) {
        const chunk = await this.#read(commandMs);
        if (chunk === null) return { kind: "closed" };
        this.#lines.push(chunk);
        continue;
      }
      // A control character means something else to each program that reads it: no command needs one.
      if (line.kind === "line" && /[\x00-\x1f\x7f]/.test(line.text)) return { kind: "line", text: "", tooLong: false };
      return { kind: "line", text: line.text, tooLong: line.kind === "too-long" };
    }
  }

  /** Message data up to its end; what follows are commands again. */
  async #collect(): Promise<SessionEvent> {
    const gate = new DataGate();
    let bytes = 0;
    for (let chunk: Uint8Array | null = this.#lines.takeAll(); ; chunk = await this.#read(blockMs)) {
      if (chunk === null) return { kind: "closed" };
      const { held, pass, end, spoilt } = gate.push(chunk);
      bytes += end ?? chunk.length;
      if (spoilt) this.#passing.spoil();
      else await this.#passing.content(held, chunk.subarray(0, pass));
      if (end === null) continue;
      this.#lines.push(chunk.subarray(end));
      return { kind: "dataEnd", bytes };
    }
  }

  async #chunk({ bytes, last, wanted }: Extract<Effect, { kind: "collectChunk" }>): Promise<SessionEvent | null> {
    if (wanted) await this.#passing.beginChunk(bytes, last, this.#state);
    let left = bytes;
    for (let chunk: Uint8Array | null = this.#lines.takeAll(); ; chunk = await this.#read(blockMs)) {
      if (chunk === null) return { kind: "closed" };
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (wanted) await this.#passing.content(part);
      if (left > 0) continue;
      this.#lines.push(chunk.subarray(part.length));
      return wanted ? { kind: "chunkEnd", last } : null;
    }
  }

  /** Before waiting for the client it hears all that was said. */
  async #read(ms: number): Promise<Uint8Array | null> {
    await this.#flush();
    this.#watched.allow("client", ms);
    return this.#connection.read(this.#watched.signal);
  }

  async #flush(): Promise<void> {
    if (this.#said === "") return;
    const said = this.#said;
    this.#said = "";
    this.#watched.allow("client", blockMs);
    await this.#connection.write(bytesOf(said), this.#watched.signal);
  }
}

/** What a client hears when its session ends before it is over. */
export function farewell(hostName: string): Uint8Array {
  return bytesOf(writeReply(reply(421, "4.4.2", `${hostName} closing; try again later`)));
}
