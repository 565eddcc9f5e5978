import { expect, test } from "vitest";
import { fakeClock } from "../../test/fakes/clock.ts";
import { ip } from "../../test/fakes/resolver.ts";
import type { IpAddress } from "../net/ip.ts";
import type { Answer } from "../ports.ts";
import { AnswerMemory } from "./memory.ts";

const listed: Answer<IpAddress> = { kind: "answer", records: [ip("127.0.0.2")], ttl: 60 };
const never = new AbortController().signal;

/** How often it is asked within two questions that lie so far apart. */
async function askedIn(answer: Answer<IpAddress>, apartMs: number): Promise<number> {
  const clock = fakeClock();
  const memory = new AnswerMemory(clock);
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return answer;
  };
  expect(await memory.ask("a.example", ask)).toEqual(answer);
  await clock.sleep(apartMs, never);
  expect(await memory.ask("a.example", ask)).toEqual(answer);
  return asked;
}

for (const [why, answer, apartMs, want] of [
  // As long as the record says.
  ["a listing within its TTL", listed, 59_000, 1],
  ["a listing after it", listed, 61_000, 2],
  ["a TTL of nothing", { ...listed, ttl: 0 }, 1, 2],
  ["a TTL of a week", { ...listed, ttl: 604_800 }, 3_700_000, 2],
  // RFC 2308: what is not there, too; failures for a moment (§7).
  ["not listed, a minute later", { kind: "nxdomain" }, 60_000, 1],
  ["not listed, ten minutes later", { kind: "nodata" }, 600_000, 2],
  ["a failure, at once", { kind: "failed", cause: "timeout" }, 1000, 1],
  ["a failure, later", { kind: "failed", cause: "servfail" }, 11_000, 2],
] as const)
  test(`${why}: asked ${want} times`, async () => {
    expect(await askedIn(answer, apartMs)).toBe(want);
  });

test("who asks while an answer is under way waits for the same one; an abort is not remembered", async () => {
  const memory = new AnswerMemory(fakeClock());
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return listed;
  };
  await Promise.all([memory.ask("a.example", ask), memory.ask("a.example", ask)]);
  expect(asked).toBe(1);
  await expect(memory.ask("b.example", () => Promise.reject(new Error("stop")))).rejects.toThrow("stop");
  expect(await memory.ask("b.example", ask)).toEqual(listed);
});
