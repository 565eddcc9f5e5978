/** Ctrl-C: the first asks the run to stop and keep what is known, a second one ends it at once. */
import { exitCodes } from "./exit.ts";

/** One Ctrl-C reaches us twice within a millisecond when a launcher passes it on; a person needs longer. */
const secondMs = 500;

export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const stop = (): void => {
    const now = Date.now();
    if (first === 0) {
      first = now;
      controller.abort(new Error("interrupted"));
    } else if (now - first >= secondMs) process.exit(exitCodes.interrupted);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // The launcher was killed: nobody is left to read what we would print.
  process.on("disconnect", () => process.exit(exitCodes.interrupted));
  return controller.signal;
}
