/** Knocks at many addresses: bounded in number, rate and time; what does not answer is tried twice. */
import type { Clock, Knock, Knocker } from "../ports.ts";
import type { Targets } from "./order.ts";

export const knockStates = ["pending", "open", "closed", "filtered", "unreachable", "refused-here"] as const;

export interface KnockingOptions {
  /** Knocks a second; null: as many as there can be (loopback). */
  readonly rate: number | null;
  /** At once. */
  readonly width: number;
  /** How long the first knock waits at most. */
  readonly timeoutMs: number;
  /** The place to begin at: what comes before was done by a run that was stopped. */
  readonly from: number;
  /** The states before that place, in the order of places; null: none are known. */
  readonly states: Uint8Array | null;
}

/** Answers after which the slowest tells how long to wait for one. */
const answersToTrust = 5;

/** Waiting is cut to so many times the slowest answer, but never below so long; and the second time it is doubled. */
const slack = 6;
const leastWaitMs = 300;

/** How often the clock is looked at. */
const tickMs = 20;

/** Somebody opened: in which place of the order, and who. */
export interface Opened {
  readonly place: number;
  readonly index: number;
}

interface UnderWay {
  readonly index: number;
  readonly began: number;
  readonly stop: () => void;
}

export class Knocking {
  readonly #targets: Targets;
  readonly #knocker: Knocker;
  readonly #clock: Clock;
  readonly #options: KnockingOptions;
  /** One state an index. */
  readonly states: Uint8Array;
  readonly #open: Opened[] = [];
  /** Places that were silent once. */
  readonly #again: number[] = [];
  /** How many of those were tried again. */
  #asked = 0;
  /** By place, the oldest first. */
  readonly #underWay = new Map<number, UnderWay>();
  #place: number;
  #finished = 0;
  #slowest = 0;
  #answers = 0;

  constructor(targets: Targets, knocker: Knocker, clock: Clock, options: KnockingOptions) {
    this.#targets = targets;
    this.#knocker = knocker;
    this.#clock = clock;
    this.#options = options;
    this.#place = options.from;
    this.states = new Uint8Array(targets.count);
    for (let place = 0; place < Math.min(options.from, options.states?.length ?? 0); place += 1)
      this.states[targets.at(place).index] = options.states?.[place] ?? 0;
  }

  /** How many are decided. */
  get done(): number {
    return this.#options.from + this.#finished;
  }

  /** The place it began at. */
  get startedFrom(): number {
    return this.#options.from;
  }

  /** All places before this one are decided. */
  get safePlace(): number {
    let least = this.#place;
    for (const place of this.#underWay.keys()) if (place < least) least = place;
    for (let at = this.#asked; at < this.#again.length; at += 1) least = Math.min(least, this.#again[at]!);
    return least;
  }

  /** The states before a place, in the order of places. */
  statesBefore(end: number): Uint8Array {
    return Uint8Array.from({ length: end }, (_, place) => this.states[this.#targets.at(place).index] ?? 0);
  }

  /** Open ones that nobody has taken yet. */
  takeOpen(): readonly Opened[] {
    return this.#open.splice(0);
  }

  /** Resolves when all are decided, or the signal says stop. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#pass(signal, () => (this.#place < this.#targets.count ? this.#place++ : null), false);
    // What did not answer may have been lost on the way: once more, later, with more patience.
    await this.#pass(signal, () => this.#again[this.#asked++] ?? null, true);
  }

  #pass(signal: AbortSignal, next: () => number | null, last: boolean): Promise<void> {
    const began = this.#clock.monotonic();
    let started = 0;
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        expire();
        fill();
      }, tickMs);
      const finish = (): void => {
        signal.removeEventListener("abort", abort);
        clearInterval(timer);
        resolve();
      };
      const abort = (): void => {
        for (const { stop } of this.#underWay.values()) stop();
        finish();
      };
      /** Those who have waited long enough: the oldest come first. */
      const expire = (): void => {
        const due = this.#clock.monotonic() - this.#wait(last);
        for (const [place, { began: then, stop }] of this.#underWay) {
          if (then > due) break;
          stop();
          this.#settle(place, "filtered", last);
        }
      };
      const fill = (): void => {
        const { rate, width } = this.#options;
        const now = this.#clock.monotonic();
        const allowed = rate === null ? Number.POSITIVE_INFINITY : ((now - began) / 1000) * rate + 1;
        while (this.#underWay.size < width && started < allowed) {
          const place = next();
          if (place === null) {
            if (this.#underWay.size === 0) finish();
            return;
          }
          started += 1;
          const { address, port, index } = this.#targets.at(place);
          const stop = this.#knocker.knock({ address, port }, (met) => {
            this.#settle(place, met, last);
            fill();
          });
          this.#underWay.set(place, { index, began: now, stop });
        }
      };
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      else fill();
    });
  }

  #wait(last: boolean): number {
    const { timeoutMs } = this.#options;
    const trusted =
      this.#answers < answersToTrust ? timeoutMs : Math.min(timeoutMs, Math.max(leastWaitMs, this.#slowest * slack));
    return last ? trusted * 2 : trusted;
  }

  #settle(place: number, met: Knock, last: boolean): void {
    const knock = this.#underWay.get(place);
    if (knock === undefined) return;
    this.#underWay.delete(place);
    if (met === "open" || met === "closed") {
      this.#answers += 1;
      const ms = this.#clock.monotonic() - knock.began;
      if (ms > this.#slowest) this.#slowest = ms;
    }
    if (met === "filtered" && !last) {
      this.#again.push(place);
      return;
    }
    this.states[knock.index] = knockStates.indexOf(met);
    this.#finished += 1;
    if (met === "open") this.#open.push({ place, index: knock.index });
  }
}
