/** What arrives at the catcher while a target is tested: credits it to its probe, and knows when nothing more is due. */
import type { IpAddress } from "../net/ip.ts";
import type { Arrival, Clock, MailDrop } from "../ports.ts";
import { signsOf } from "./proof.ts";
import type { RunRecord } from "./record.ts";
import { hasReturnedTwin } from "./verdict.ts";

/** Between two looks at the catcher. */
const lookMs = 100;
/** Once a relay is proved, nothing that comes later makes it worse: a short quiet is enough. */
const quietMs = 2000;
/** Relays and bounces of one message come about together; this long after the last of them nothing is likely to follow. */
const bounceQuietMs = 5000;

export interface InboxContext {
  readonly key: Uint8Array;
  readonly targetAddresses: readonly IpAddress[];
  /** Our own address, once a connection was made. */
  readonly source: () => IpAddress | null;
}

export class Inbox {
  readonly #drop: MailDrop;
  readonly #clock: Clock;
  readonly #record: RunRecord;
  readonly #context: InboxContext;
  #mark = 0;
  #lastArrival = 0;
  #lastSent: number | null = null;

  constructor(drop: MailDrop, clock: Clock, record: RunRecord, context: InboxContext) {
    this.#drop = drop;
    this.#clock = clock;
    this.#record = record;
    this.#context = context;
  }

  /** What lies there already belongs to others. */
  async open(): Promise<void> {
    this.#mark = (await this.#drop.since(Number.MAX_SAFE_INTEGER)).mark;
  }

  /** A message was accepted: from now on something may arrive. */
  sent(): void {
    this.#lastSent = this.#clock.monotonic();
  }

  /** How much of the wait after the last message is left; null if none was sent. */
  left(waitMs: number): number | null {
    return this.#lastSent === null ? null : Math.max(0, waitMs - (this.#clock.monotonic() - this.#lastSent));
  }

  /** Looks until the time is up, or all that was sent is accounted for. */
  async wait(atMostMs: number, signal: AbortSignal): Promise<void> {
    const until = this.#clock.monotonic() + atMostMs;
    for (;;) {
      await this.look();
      const now = this.#clock.monotonic();
      const proved = this.#record.tried.some((one) => one.outcome === "relayed");
      if (now >= until || !this.#awaiting(now) || (proved && now - this.#lastArrival > quietMs)) return;
      await this.#clock.sleep(lookMs, signal);
    }
  }

  /** Credits what has arrived since the last look. */
  async look(): Promise<void> {
    const { arrivals, mark } = await this.#drop.since(this.#mark);
    this.#mark = mark;
    for (const arrival of arrivals) this.#credit(arrival);
  }

  #awaiting(now: number): boolean {
    const due = this.#record.tried.filter(
      (one) => one.sent && one.proof === null && one.bounce === null && one.instance.probe.judge !== "smuggling",
    );
    if (due.length === 0) return false;
    // Bounces that we cannot see are waited for only as long as those that we can keep coming.
    const quiet = this.#lastArrival > 0 && now - Math.max(this.#lastArrival, this.#lastSent ?? 0) > bounceQuietMs;
    return !(quiet && due.every((one) => hasReturnedTwin(this.#record.tried, one)));
  }

  #credit(arrival: Arrival): void {
    const { key, targetAddresses, source } = this.#context;
    for (const sign of signsOf(arrival, { key, targetAddresses, source: source() })) {
      const tried = this.#record.withToken(sign.token);
      if (tried === null) continue;
      this.#lastArrival = this.#clock.monotonic();
      if (sign.kind === "relayed") {
        tried.outcome = "relayed";
        tried.proof ??= sign.proof;
        tried.clientSeenAs ??= sign.clientSeenAs;
        tried.reason = null;
      } else {
        tried.bounce ??= { how: sign.how, exit: sign.exit };
        if (tried.outcome !== "relayed") tried.outcome = "bounced";
      }
    }
  }
}
