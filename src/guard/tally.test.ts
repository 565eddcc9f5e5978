import { expect, test } from "vitest";
import type { DecisionEvent } from "./event.ts";
import { Tally } from "./tally.ts";

const event = (given: Partial<DecisionEvent> = {}): DecisionEvent => ({
  event: "decision",
  door: "policy",
  action: "refuse",
  cell: "external-external",
  reason: "relaying-denied",
  client: "203.0.113.9",
  reversePath: "<a@isp.example>",
  forwardPath: "<b@Elsewhere.example>",
  ...given,
});

test("refusals are counted by who, which rule, from and to where", () => {
  const tally = new Tally();
  tally.add(event());
  tally.add(event({ forwardPath: "<c@elsewhere.example>" }));
  tally.add(event({ reversePath: "<>", forwardPath: "<a@b@c>" }));
  tally.add(event({ action: "pass", reason: "our-recipient" }));
  const row = { door: "policy", action: "refuse", reason: "relaying-denied", client: "203.0.113.9" };
  expect(tally.take()).toEqual([
    { ...row, from: "isp.example", to: "elsewhere.example", count: 2 },
    { ...row, from: "", to: "c", count: 1 },
  ]);
  expect(tally.take()).toEqual([]);
  expect([...tally.totals]).toEqual([
    ["policy refuse relaying-denied", 3],
    ["policy pass our-recipient", 1],
  ]);
});

test("a flood of forged senders is counted together", () => {
  const tally = new Tally();
  for (let index = 0; index < 10_500; index += 1) tally.add(event({ reversePath: `<a@s${index}.example>` }));
  const rows = tally.take();
  expect(rows).toHaveLength(10_001);
  expect(rows.at(-1)).toMatchObject({ client: null, from: "", to: "", count: 500 });
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(10_500);
});
