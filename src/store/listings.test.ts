import { expect, test } from "vitest";
import type { Clock } from "../ports.ts";
import { openStore } from "./store.ts";

function clockAt(start: string): Clock & { at: number } {
  const clock = {
    at: Date.parse(start),
    now: () => new Date(clock.at),
    monotonic: () => clock.at,
    sleep: async () => {},
  };
  return clock;
}

const hour = 3_600_000;
const subject = "192.0.2.25";
const listed = { list: "spamhaus-zen", code: "127.0.0.3" };

test("a listing is known since it was first seen, until it is seen to be gone", async () => {
  const clock = clockAt("2026-11-24T00:00:00Z");
  await using store = await openStore(":memory:", clock);
  const first = clock.now();
  expect(await store.listings.saw({ subject, listed: [listed], clean: ["psbl"] })).toEqual([
    { kind: "appeared", subject, ...listed, firstSeen: first },
  ]);
  clock.at += hour;
  expect(await store.listings.saw({ subject, listed: [{ ...listed, code: "127.0.0.4" }], clean: [] })).toEqual([]);
  expect(await store.listings.of(subject)).toEqual([
    {
      subject,
      list: "spamhaus-zen",
      code: "127.0.0.4",
      firstSeen: first,
      lastSeen: clock.now(),
      goneAt: null,
    },
  ]);
  // Nothing known of a list changes nothing.
  clock.at += hour;
  expect(await store.listings.saw({ subject, listed: [], clean: ["psbl"] })).toEqual([]);
  clock.at += hour;
  expect(await store.listings.saw({ subject, listed: [], clean: ["spamhaus-zen"] })).toEqual([
    { kind: "gone", subject, list: "spamhaus-zen", code: "127.0.0.4", firstSeen: first },
  ]);
  expect(await store.listings.saw({ subject, listed: [], clean: ["spamhaus-zen"] })).toEqual([]);
  // Back again: another listing, known since now.
  clock.at += hour;
  expect(await store.listings.saw({ subject, listed: [listed], clean: [] })).toEqual([
    { kind: "appeared", subject, ...listed, firstSeen: clock.now() },
  ]);
  expect(await store.listings.of("192.0.2.26")).toEqual([]);
});

test("what people vouch for is kept in order, with its time", async () => {
  const clock = clockAt("2026-11-24T00:00:00Z");
  await using store = await openStore(":memory:", clock);
  const said = { kind: "queue-clean", subject, object: "", says: "looked at by hand", evidence: null };
  await store.statements.add(said);
  clock.at += hour;
  await store.statements.add({ ...said, kind: "because", object: "psbl", says: "they asked us to" });
  await store.statements.add({ ...said, subject: "192.0.2.26" });
  expect(await store.statements.about(subject)).toEqual([
    { ...said, at: new Date("2026-11-24T00:00:00Z") },
    { ...said, kind: "because", object: "psbl", says: "they asked us to", at: new Date("2026-11-24T01:00:00Z") },
  ]);
});

test("subjects that begin alike are found, and no others", async () => {
  const clock = clockAt("2026-11-24T00:00:00Z");
  await using store = await openStore(":memory:", clock);
  await store.runs.begin({ id: "r1", tool: "check", profile: "full", catalogue: 1 });
  for (const one of ["192.0.2.2:25", "192.0.2.25:25", "192.0.2.25:587", "192.0.2.251:25", "[2001:db8::25]:25"])
    await store.runs.addTarget("r1", { subject: one, verdict: "closed", result: "{}", sent: [] });
  const found = await store.runs.ofSubjectsBeginning("192.0.2.25:", 10);
  expect(found.map((one) => `${one.tool} ${one.subject}`).sort()).toEqual([
    "check 192.0.2.25:25",
    "check 192.0.2.25:587",
  ]);
});
