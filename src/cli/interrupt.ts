/** Ctrl-C, a closed terminal, a reader that went away: the run is asked to stop, to keep what is known and to tidy up. */
import { exitCodes, Interrupted } from "./exit.ts";

/** One Ctrl-C reaches us twice within a millisecond when a launcher passes it on; a person needs longer. */
const secondMs = 500;

/** What a run may still do once its launcher was killed: close its sessions, give its leases back. */
const partingMs = 1500;

/** @param hangUp what SIGHUP means to a service; without it SIGHUP ends the run, as a terminal that is closed does. */
export function interruptSignal(hangUp?: () => void): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Interrupted());
  let first = 0;
  const interrupt = (): void => {
    const now = Date.now();
    if (first === 0) {
      first = now;
      stop();
    } else if (now - first >= secondMs) process.exit(exitCodes.interrupted);
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, interrupt);
  process.on("SIGHUP", hangUp ?? interrupt);
  // `fencepost check | head`: nobody reads on. A run that this cut short ends with 130, as by Ctrl-C, and not with 0, which
  // would say closed; one that was over by then keeps its code. What reads only to the end (`catalogue list`) ends with 0.
  process.stdout.on("error", stop);
  // The launcher was killed, and its terminal has gone on without us.
  process.on("disconnect", () => {
    stop();
    setTimeout(() => process.exit(exitCodes.interrupted), partingMs).unref();
  });
  return controller.signal;
}
