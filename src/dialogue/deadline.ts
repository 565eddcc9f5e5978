/**
 * Runs something with a time limit of its own under a caller's signal. `AbortSignal.timeout` keeps its timer until it
 * fires, which at thousands of dialogues is memory that grows; this one is cleared as soon as the work is done.
 */

/** The time given for one wait has passed. */
export class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
}

/** Rejects with `DeadlinePassed`, or with the caller's reason if the caller's signal aborted. */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new DeadlinePassed(`${Math.round(ms / 1000)} s have passed`)),
    Math.max(1, ms),
  );
  const passOn = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", passOn, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", passOn);
  }
}
