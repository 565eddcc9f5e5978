/** Time and randomness made real. */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import type { Clock, Random } from "../ports.ts";

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await wait(ms, undefined, { signal });
    } catch {
      signal.throwIfAborted();
    }
  },
};

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };
