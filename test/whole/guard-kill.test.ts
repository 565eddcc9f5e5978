import { expect, test } from "vitest";
import { killRounds } from "./guard-kill.ts";

test("whoever dies, what was acknowledged has arrived, and nobody was let through", { timeout: 120_000 }, async () => {
  const { acknowledged, lost, relayed, wrong } = await killRounds(10, 7, 24_620);
  expect({ lost, relayed, wrong }).toEqual({ lost: [], relayed: [], wrong: [] });
  expect(acknowledged).toBeGreaterThan(10);
});
