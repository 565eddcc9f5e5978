/**
 * Answers that are still good, so that a question is asked once: by two lists that share a zone, by its health check, or
 * by the next run of a service a minute later. Bounded; positive, negative and failed answers have their own time.
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
  readonly #held = new Map<string, { readonly answer: Promise<Answer<IpAddress>>; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer that is held for this name, or the one that `ask` brings. What `ask` throws is not kept. */
  ask(name: string, ask: () => Promise<Answer<IpAddress>>): Promise<Answer<IpAddress>> {
    const held = this.#held.get(name);
    if (held !== undefined) {
      if (this.#clock.monotonic() < held.until) return held.answer;
      this.#held.delete(name); // so that it goes to the end, away from what is forgotten first
    }
    const entry = { answer: ask(), until: Number.POSITIVE_INFINITY };
    this.#held.set(name, entry);
    if (this.#held.size > maxAnswers) this.#forgetOldest();
    entry.answer.then(
      (answer) => {
        entry.until = this.#clock.monotonic() + lifetimeOf(answer);
      },
      () => {
        if (this.#held.get(name) === entry) this.#held.delete(name);
      },
    );
    return entry.answer;
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
