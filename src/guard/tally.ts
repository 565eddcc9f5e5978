/**
 * Counts of what a guard decided: totals for monitoring, and for each refusal who, which rule, how often. Bounded: beyond
 * so many different ones the rest is counted together, so that a flood of forged senders costs no memory.
 */
import type { DecisionEvent, Door } from "./event.ts";

/** What was refused, or would have been, by whom and towards which domain. */
export interface RefusalCount {
  readonly door: Door;
  readonly action: "refuse" | "would-refuse";
  readonly reason: string;
  /** Null: others, beyond those that were counted one by one. */
  readonly client: string | null;
  /** The domain of the sender, and that of the recipient, as they were written. */
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

/** `policy pass inside-client` → how often. */
export type Totals = ReadonlyMap<string, number>;

const maxRows = 10_000;
const maxDomain = 100;

export class Tally {
  readonly #totals = new Map<string, number>();
  #rows = new Map<string, { row: Omit<RefusalCount, "count">; count: number }>();

  add({ door, action, reason, client, reversePath, forwardPath }: DecisionEvent): void {
    const total = `${door} ${action} ${reason}`;
    this.#totals.set(total, (this.#totals.get(total) ?? 0) + 1);
    if (action === "pass") return;
    const one = { door, action, reason, client, from: domainOf(reversePath), to: domainOf(forwardPath) };
    const key = JSON.stringify(one);
    const known = this.#rows.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.#rows.size < maxRows) this.#rows.set(key, { row: one, count: 1 });
    else this.#addOther({ ...one, client: null, from: "", to: "" });
  }

  #addOther(row: Omit<RefusalCount, "count">): void {
    const key = JSON.stringify(row);
    const known = this.#rows.get(key);
    if (known === undefined) this.#rows.set(key, { row, count: 1 });
    else known.count += 1;
  }

  /** Since the start. */
  get totals(): Totals {
    return this.#totals;
  }

  /** What was refused since this was last asked. */
  take(): readonly RefusalCount[] {
    const rows = [...this.#rows.values()];
    this.#rows = new Map();
    return rows.map(({ row, count }) => ({ ...row, count }));
  }
}

/** Behind the last `@`; the null reverse-path and postmaster have none. */
function domainOf(path: string): string {
  const inner = path.replace(/^<|>$/g, "");
  const at = inner.lastIndexOf("@");
  return at < 0 ? "" : inner.slice(at + 1, at + 1 + maxDomain).toLowerCase();
}
