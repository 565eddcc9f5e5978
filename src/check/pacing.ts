/**
 * How fast one address is asked. No gap while it answers promptly; after 421, a throttling text or a slow reply the gap
 * doubles from half a second to ten, and each prompt connection halves it again.
 */
import type { Clock } from "../ports.ts";

/** Postfix begins to slow a session at its tenth error (smtpd_soft_error_limit); below that nobody minds. */
export const maxRefusals = 9;
/** Exim ends a session at the third syntax error (smtp_max_synprot_errors). */
export const maxSyntaxComplaints = 2;
/**
 * A reply slower than this asks for slowness. Not one second: Postfix holds an accepted recipient back for exactly that
 * long when more comes in than goes out (in_flow_delay), and slowing down does not help it.
 */
const slowReplyMs = 1500;
const gaps = { first: 500, most: 10_000 } as const;

export class Pacer {
  readonly #clock: Clock;
  readonly #least: number;
  #gap = 0;
  #refusals: number = maxRefusals;

  /** @param least the gap that is kept in any case: half a second for targets outside the site's own networks. */
  constructor(clock: Clock, least: number) {
    this.#clock = clock;
    this.#least = least;
  }

  /** How many refusals one connection may collect before another is opened. */
  get refusalsPerConnection(): number {
    return this.#refusals;
  }

  /** Waits until the next connection may be opened. */
  async beforeConnection(signal: AbortSignal): Promise<void> {
    const gap = Math.max(this.#gap, this.#least);
    if (gap > 0) await this.#clock.sleep(gap, signal);
  }

  /** The server asked for slowness, or showed it. */
  throttled(): void {
    this.#gap = this.#gap === 0 ? gaps.first : Math.min(gaps.most, this.#gap * 2);
  }

  /** A reply took so long; `refusals` is how many this connection had collected by then. */
  replied(ms: number, refusals: number): void {
    if (ms < slowReplyMs) return;
    this.throttled();
    // A tarpit that grows with errors is escaped by fewer of them on one connection.
    if (refusals > 1) this.#refusals = Math.max(2, Math.min(this.#refusals, refusals - 1));
  }

  /** A connection went by without slowness. */
  prompt(): void {
    this.#gap = this.#gap <= gaps.first ? 0 : this.#gap / 2;
  }
}
