import { expect, test } from "vitest";
import { ageWords } from "./age.ts";

for (const [seconds, want] of [
  [-5, "0 seconds"],
  [1, "1 second"],
  [59.9, "59 seconds"],
  [60, "1 minute"],
  [3599, "59 minutes"],
  [7200, "2 hours"],
  [86_400, "1 day"],
  [86_400 * 400, "400 days"],
] as const)
  test(want, () => expect(ageWords(seconds)).toBe(want));
