import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { arrivalWith } from "../../test/fakes/arrival.ts";
import { systemClock } from "../io/clock.ts";
import type { Clock } from "../ports.ts";
import { StoreTooNew } from "./migrations.ts";
import { memoryDrop, openStore } from "./store.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "fencepost-store-"));
  folders.push(folder);
  return join(folder, "store.sqlite");
}

function clockAt(start: string): Clock & { at: number } {
  const clock = {
    at: Date.parse(start),
    now: () => new Date(clock.at),
    monotonic: () => clock.at,
    sleep: async () => {},
  };
  return clock;
}

test("a run, its targets and its end are read back as they were written", async () => {
  const clock = clockAt("2026-11-24T02:00:00Z");
  await using store = await openStore(newFile(), clock);
  await store.runs.begin({ id: "r1", tool: "check", profile: "quick", catalogue: 1 });
  clock.at += 1000;
  await store.runs.addTarget("r1", {
    subject: "192.0.2.25:25",
    verdict: "open",
    result: '{"a":1}',
    sent: [{ token: "t1", instance: "plain-external" }],
  });
  expect((await store.runs.list(10))[0]).toMatchObject({
    id: "r1",
    verdict: "inconclusive",
    finishedAt: null,
    targets: 1,
  });
  clock.at += 1000;
  await store.runs.end("r1", "open", '{"s":1}');
  expect(await store.runs.get("r1")).toEqual({
    id: "r1",
    tool: "check",
    verdict: "open",
    profile: "quick",
    catalogue: 1,
    startedAt: new Date("2026-11-24T02:00:00Z"),
    finishedAt: new Date("2026-11-24T02:00:02Z"),
    targets: 1,
    summary: '{"s":1}',
  });
  expect((await store.runs.targetsOf("r1")).map(({ subject, verdict, result }) => [subject, verdict, result])).toEqual([
    ["192.0.2.25:25", "open", '{"a":1}'],
  ]);
  expect(await store.runs.sentBy("t1")).toEqual({ run: "r1", subject: "192.0.2.25:25", instance: "plain-external" });
  expect([await store.runs.sentBy("t2"), await store.runs.get("r2")]).toEqual([null, null]);
});

test("the course of a subject, newest first, and the one before a run", async () => {
  const clock = clockAt("2026-11-24T02:00:00Z");
  await using store = await openStore(newFile(), clock);
  for (const [id, verdict] of [
    ["r1", "closed"],
    ["r2", "open"],
  ] as const) {
    clock.at += 60_000;
    await store.runs.begin({ id, tool: "check", profile: "quick", catalogue: 1 });
    await store.runs.addTarget(id, { subject: "192.0.2.25:25", verdict, result: "{}", sent: [] });
  }
  expect((await store.runs.ofSubject("192.0.2.25:25", 10)).map(({ run }) => run)).toEqual(["r2", "r1"]);
  expect((await store.runs.ofSubject("192.0.2.25:25", 1)).map(({ run }) => run)).toEqual(["r2"]);
  expect((await store.runs.latest("192.0.2.25:25", "r2"))?.run).toBe("r1");
  expect((await store.runs.list(1)).map(({ id }) => id)).toEqual(["r2"]);
});

test("a result is revised only if it is still what was read", async () => {
  await using store = await openStore(newFile(), systemClock);
  await store.runs.begin({ id: "r1", tool: "check", profile: "quick", catalogue: 1 });
  await store.runs.addTarget("r1", { subject: "a", verdict: "suspect", result: "1", sent: [] });
  const [read] = await store.runs.targetsOf("r1");
  if (read === undefined) throw new Error("not stored");
  expect(await store.runs.revise(read, "open", "2")).toBe(true);
  expect(await store.runs.revise(read, "open", "3")).toBe(false);
  expect((await store.runs.targetsOf("r1")).map(({ verdict, result }) => [verdict, result])).toEqual([["open", "2"]]);
  expect([
    await store.runs.reviseRun("r1", null, "open", null),
    await store.runs.reviseRun("r1", "other", "closed", null),
  ]).toEqual([true, false]);
  expect((await store.runs.get("r1"))?.verdict).toBe("open");
});

test("a mark never goes back", async () => {
  await using store = await openStore(newFile(), systemClock);
  expect(await store.mark("x")).toBe(0);
  await store.setMark("x", 7);
  await store.setMark("x", 5);
  expect([await store.mark("x"), await store.mark("y")]).toEqual([7, 0]);
});

for (const [name, open] of [
  ["in a file", async () => (await openStore(newFile(), systemClock)).drop],
  ["in memory", async () => memoryDrop()],
] as const)
  test(`arrivals ${name} are read in order, from any mark`, async () => {
    const drop = await open();
    expect(await drop.since(0)).toEqual({ arrivals: [], mark: 0 });
    for (const helo of ["a", "b", "c"]) await drop.record(arrivalWith({ helo }));
    const all = await drop.since(0);
    expect(all.arrivals.map(({ helo }) => helo)).toEqual(["a", "b", "c"]);
    expect(await drop.since(all.mark)).toEqual({ arrivals: [], mark: all.mark });
    // How a run finds out where it starts.
    expect((await drop.since(Number.MAX_SAFE_INTEGER)).mark).toBe(all.mark);
    await drop.record(arrivalWith({ helo: "d" }));
    expect((await drop.since(all.mark)).arrivals.map(({ helo }) => helo)).toEqual(["d"]);
  });

test("a lease is one owner's until it is released or runs out", async () => {
  const clock = clockAt("2026-11-24T02:00:00Z");
  await using store = await openStore(newFile(), clock);
  const { leases } = store;
  expect(await leases.take("m", "a", 1000)).toBe(null);
  expect(await leases.take("m", "a", 1000)).toBe(null); // renewed
  expect(await leases.take("m", "b", 1000)).toEqual({ owner: "a", until: new Date(clock.at + 1000) });
  expect([await leases.held("a"), await leases.held("b")]).toEqual([true, false]);
  await leases.release("m", "b");
  expect(await leases.take("m", "b", 1000)).not.toBe(null);
  clock.at += 1001;
  expect(await leases.held("a")).toBe(false);
  expect(await leases.take("m", "b", 1000)).toBe(null);
  await leases.release("m", "b");
  expect(await leases.take("m", "a", 1000)).toBe(null);
});

test("a store that a newer version wrote is refused, and left as it is", async () => {
  const file = newFile();
  await (await openStore(file, systemClock))[Symbol.asyncDispose]();
  const raw = new DatabaseSync(file);
  raw.exec("insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2030-01-01')");
  const migrations = (from: DatabaseSync) => from.prepare("select name from kysely_migration order by name").all();
  const before = migrations(raw);
  raw.close();
  await expect(openStore(file, systemClock)).rejects.toThrow(StoreTooNew);
  const again = new DatabaseSync(file);
  expect(migrations(again)).toEqual(before);
  again.close();
});

test("a file that is no database is an error, not an empty store", async () => {
  const file = newFile();
  const { writeFileSync } = await import("node:fs");
  writeFileSync(file, "this is no database, only text that is long enough to be read as one".repeat(20));
  await expect(openStore(file, systemClock)).rejects.toThrow(/not a database/);
});
