/**
 * Keeps the time of all sessions of a proxy with one timer. A timer and an abort controller for every wait would cost
 * more than the SMTP between them, and ten thousand idle clients must cost next to nothing.
 */
import { DeadlinePassed } from "../../dialogue/deadline.ts";

const tickMs = 1000;
/** What idle clients get while connections run short, as Postfix does under stress. */
const pressedMs = 10_000;

/** Who is waited for: only clients can be hurried. */
type Awaited = "client" | "upstream";

export class Watch implements Disposable {
  readonly #sessions = new Set<Watched>();
  readonly #timer: NodeJS.Timeout;
  readonly #pressed: () => boolean;
  #now = performance.now();

  /** @param pressed whether connections run short. */
  constructor(pressed: () => boolean, signal: AbortSignal) {
    this.#pressed = pressed;
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
    signal.addEventListener("abort", () => this.#endAll(signal.reason), { once: true });
  }

  get now(): number {
    return this.#now;
  }

  /** A session that may last so long altogether. */
  begin(sessionMs: number): Watched {
    const session = new Watched(this, sessionMs, (done) => this.#sessions.delete(done));
    this.#sessions.add(session);
    return session;
  }

  #tick(): void {
    this.#now = performance.now();
    const pressed = this.#pressed();
    for (const session of this.#sessions) session.look(this.#now, pressed ? pressedMs : Number.POSITIVE_INFINITY);
  }

  #endAll(reason: unknown): void {
    for (const session of this.#sessions) session.abort(reason);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** One session's time. Its signal aborts with `DeadlinePassed`; times are kept to the second. */
export class Watched implements Disposable {
  readonly #watch: Watch;
  readonly #controller = new AbortController();
  readonly #ends: number;
  readonly #done: (self: Watched) => void;
  readonly signal: AbortSignal = this.#controller.signal;
  #since: number;
  #allowed: number;
  #awaited: Awaited = "client";

  constructor(watch: Watch, sessionMs: number, done: (self: Watched) => void) {
    this.#watch = watch;
    this.#since = watch.now;
    this.#allowed = sessionMs;
    this.#ends = watch.now + sessionMs;
    this.#done = done;
  }

  /** The next wait is for this peer, and may take so long. */
  allow(awaited: Awaited, ms: number): void {
    this.#since = this.#watch.now;
    this.#awaited = awaited;
    this.#allowed = ms;
  }

  look(now: number, mostForClients: number): void {
    const allowed = this.#awaited === "client" ? Math.min(this.#allowed, mostForClients) : this.#allowed;
    if (now < this.#since + allowed && now < this.#ends) return;
    this.abort(new DeadlinePassed(`the ${this.#awaited} took too long`));
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    this.#done(this);
  }
}
