/**
 * Answers that are still good, so that a question is asked once: by a health check of two kinds of subject, or by the next
 * run of a service a minute later. Bounded; positive, negative and failed answers have their own time.
 */
import type { IpAddress } from "../net/ip.ts";
import type { Answer, Clock } from "../ports.ts";

/** RFC 2308 §5: a negative answer lives as long as the zone's SOA says. The resolver keeps that; this is what we rely on at most. */
const negativeMs = 300_000;
const positiveMs = 3_600_000;
const failedMs = 10_000;
const maxAnswers = 100_000;

export class AnswerMemory {
  readonly #clock: Clock;
  readonly #held = new Map<string, { readonly answer: Answer<IpAddress>; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer that is held for this name and still good. */
  get(name: string): Answer<IpAddress> | undefined {
    const held = this.#held.get(name);
    return held !== undefined && this.#clock.monotonic() < held.until ? held.answer : undefined;
  }

  put(name: string, answer: Answer<IpAddress>): void {
    this.#held.delete(name); // so that it goes to the end, away from what is forgotten first
    this.#held.set(name, { answer, until: this.#clock.monotonic() + lifetimeOf(answer) });
    if (this.#held.size > maxAnswers) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const [oldest] = this.#held.keys();
    if (oldest !== undefined) this.#held.delete(oldest);
  }
}

function lifetimeOf(answer: Answer<IpAddress>): number {
  if (answer.kind === "failed") return failedMs;
  return answer.kind === "answer" ? Math.min(answer.ttl * 1000, positiveMs) : negativeMs;
}
