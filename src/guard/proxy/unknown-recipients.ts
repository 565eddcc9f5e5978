/**
 * Recipients that the upstream has just called unknown: whoever guesses names by the thousand is answered from here for
 * a while. Only `5.1.1` is remembered: other refusals may be about the client or the sender.
 */
import type { Reply } from "../../smtp/reply.ts";

const keptMs = 60_000;
const mostKept = 10_000;

export class UnknownRecipients {
  readonly #known = new Map<string, { readonly reply: Reply; readonly until: number }>();
  readonly #now: () => number;

  /** @param now monotonic, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  recall(forwardPath: string): Reply | null {
    const known = this.#known.get(forwardPath);
    if (known === undefined) return null;
    if (this.#now() < known.until) return known.reply;
    this.#known.delete(forwardPath);
    return null;
  }

  /** Takes note of what the upstream said. */
  learn(forwardPath: string, reply: Reply): void {
    if (reply.code !== 550 || reply.enhanced !== "5.1.1") return;
    // The oldest goes first: a map keeps the order in which its keys came.
    if (this.#known.size >= mostKept)
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    this.#known.set(forwardPath, { reply, until: this.#now() + keptMs });
  }
}
