/** Knocks at many addresses: bounded in number, rate and time; what does not answer is tried twice. */
import type { Clock, Knock, Knocker } from "../ports.ts";
import type { Targets } from "./order.ts";

export const knockStates = ["pending", "open", "closed", "filtered", "unreachable", "refused-here"] as const;
/** `filtered`: no answer, twice. `unreachable`: a router said so. `refused-here`: our own machine would not send it. */
export type KnockState = (typeof knockStates)[number];

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

/** Answers of which the slowest tells how long to wait for one. */
const answersToTrust = 50;

/** Waiting is cut to so many times the slowest answer, but never below so long. */
const slack = 6;
const leastWaitMs = 250;

export class Knocking {
  readonly #targets: Targets;
  readonly #knocker: Knocker;
  readonly #clock: Clock;
  readonly #options: KnockingOptions;
  /** One state an index. */
  readonly states: Uint8Array;
  readonly #open: number[] = [];
  readonly #again: number[] = [];
  #place: number;
  #inFlight = 0;
  #started = 0;
  #finished = 0;
  #slowest = 0;
  #answers = 0;
  readonly #running = new Set<number>();

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

  /** How many are decided, of how many. */
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
    for (const place of this.#running) if (place < least) least = place;
    for (const place of this.#again) if (place < least) least = place;
    return least;
  }

  /** The states before a place, in the order of places. */
  statesBefore(end: number): Uint8Array {
    return Uint8Array.from({ length: end }, (_, place) => this.states[this.#targets.at(place).index] ?? 0);
  }

  /** Open ones that nobody has taken yet. */
  takeOpen(): readonly number[] {
    return this.#open.splice(0);
  }

  /** Resolves when all are decided, or the signal says stop. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#pass(signal, () => (this.#place < this.#targets.count ? this.#place++ : null), false);
    // What did not answer may have been lost on the way: once more, later, with more patience.
    await this.#pass(signal, () => this.#again.shift() ?? null, true);
  }

  #pass(signal: AbortSignal, next: () => number | null, last: boolean): Promise<void> {
    const began = this.#clock.monotonic();
    const before = this.#started;
    return new Promise((resolve) => {
      let ended = false;
      let timer: NodeJS.Timeout | null = null;
      const stops = new Set<() => void>();
      const finish = (): void => {
        if (ended) return;
        ended = true;
        signal.removeEventListener("abort", abort);
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
      const abort = (): void => {
        for (const stop of stops) stop();
        stops.clear();
        finish();
      };
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) return abort();
      const fill = (): void => {
        timer = null;
        const { rate, width } = this.#options;
        while (!ended && this.#inFlight < width) {
          if (rate !== null) {
            const due = ((this.#started - before + 1) / rate) * 1000 - (this.#clock.monotonic() - began);
            if (due > 1) {
              timer ??= setTimeout(fill, Math.min(due, 100));
              return;
            }
          }
          const place = next();
          if (place === null) {
            if (this.#inFlight === 0) finish();
            return;
          }
          this.#started += 1;
          this.#inFlight += 1;
          this.#running.add(place);
          const { address, port, index } = this.#targets.at(place);
          const stop = this.#knocker.knock({ address, port }, this.#wait(last), (knock) => {
            stops.delete(stop);
            this.#running.delete(place);
            this.#inFlight -= 1;
            if (ended) return;
            this.#settle(place, index, knock, last);
            if (timer === null) fill();
          });
          stops.add(stop);
        }
      };
      fill();
    });
  }

  #wait(last: boolean): number {
    const { timeoutMs } = this.#options;
    const trusted =
      this.#answers < answersToTrust ? timeoutMs : Math.min(timeoutMs, Math.max(leastWaitMs, this.#slowest * slack));
    return last ? trusted * 2 : trusted;
  }

  #settle(place: number, index: number, { kind, ms }: Knock, last: boolean): void {
    if (kind === "open" || kind === "closed") {
      this.#answers += 1;
      if (ms > this.#slowest) this.#slowest = ms;
    }
    if (kind === "filtered" && !last) {
      this.#again.push(place);
      return;
    }
    this.states[index] = knockStates.indexOf(kind);
    this.#finished += 1;
    if (kind === "open") this.#open.push(index);
  }
}
