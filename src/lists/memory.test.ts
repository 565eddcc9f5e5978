import { expect, test } from "vitest";
import { fakeClock } from "../../test/fakes/clock.ts";
import { ip } from "../../test/fakes/resolver.ts";
import type { IpAddress } from "../net/ip.ts";
import type { Answer } from "../ports.ts";
import { AnswerMemory } from "./memory.ts";

const listed: Answer<IpAddress> = { kind: "answer", records: [ip("127.0.0.2")], ttl: 60 };
const never = new AbortController().signal;

/** Whether an answer is held after so long. */
async function heldAfter(answer: Answer<IpAddress>, ms: number): Promise<boolean> {
  const clock = fakeClock();
  const memory = new AnswerMemory(clock);
  expect(memory.get("a.example")).toBe(undefined);
  memory.put("a.example", answer);
  await clock.sleep(ms, never);
  const held = memory.get("a.example");
  if (held !== undefined) expect(held).toEqual(answer);
  return held !== undefined;
}

for (const [why, answer, ms, want] of [
  // As long as the record says.
  ["a listing within its TTL", listed, 59_000, true],
  ["a listing after it", listed, 61_000, false],
  ["a TTL of nothing", { ...listed, ttl: 0 }, 1, false],
  ["a TTL of a week", { ...listed, ttl: 604_800 }, 3_700_000, false],
  // RFC 2308: what is not there, too; failures for a moment (§7).
  ["not listed, a minute later", { kind: "nxdomain" }, 60_000, true],
  ["not listed, ten minutes later", { kind: "nodata" }, 600_000, false],
  ["a failure, at once", { kind: "failed", cause: "timeout" }, 1000, true],
  ["a failure, later", { kind: "failed", cause: "servfail" }, 11_000, false],
] as const)
  test(`${why}: ${want ? "held" : "not held"}`, async () => {
    expect(await heldAfter(answer, ms)).toBe(want);
  });

test("it holds so many, and forgets the oldest first", () => {
  const memory = new AnswerMemory(fakeClock());
  for (let at = 0; at <= 100_000; at += 1) memory.put(`${at}.example`, listed);
  expect([memory.get("0.example"), memory.get("1.example"), memory.get("100000.example")]).toEqual([
    undefined,
    listed,
    listed,
  ]);
});
