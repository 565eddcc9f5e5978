/** A clock that stands still unless someone sleeps, and randomness that repeats. */
import type { Clock, Random } from "../../src/ports.ts";

export function fakeClock(at = "2026-11-24T00:00:00.000Z"): Clock {
  let ms = Date.parse(at);
  return {
    now: () => new Date(ms),
    monotonic: () => ms,
    sleep: async (wait, signal) => {
      signal.throwIfAborted();
      ms += wait;
    },
  };
}

export function fakeRandom(seed = 1): Random {
  let state = seed;
  return {
    bytes: (count) =>
      Uint8Array.from({ length: count }, () => {
        // Numerical Recipes' linear congruential generator: repeatable is all it has to be.
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state >>> 24;
      }),
  };
}
