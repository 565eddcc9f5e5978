/** Several processes at one store, and processes that are killed while they write. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { openStore } from "../../src/store/store.ts";

const child = fileURLToPath(new URL("../fakes/store-child.ts", import.meta.url));
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "fencepost-store-"));
  folders.push(folder);
  return join(folder, "store.sqlite");
}

type Process = ChildProcessByStdio<null, Readable, null>;

function start(file: string, what: string, name: string, count = 1): Process {
  return spawn(process.execPath, [child, file, what, name, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
}

/** All that it says, once it has ended. */
async function saidBy(process: Process): Promise<readonly string[]> {
  const ended = new Promise((resolve) => process.once("close", resolve));
  let text = "";
  for await (const chunk of process.stdout) text += String(chunk);
  await ended;
  return text.split("\n").filter((line) => line !== "");
}

test("of many processes that want one lease, one gets it", async () => {
  const file = newFile();
  const said = await Promise.all(["a", "b", "c"].map((name) => saidBy(start(file, "lease", name))));
  expect(said.flat().sort()).toEqual(["refused", "refused", "taken"]);
});

test("processes that come first at once agree on the token key", async () => {
  const file = newFile();
  const said = await Promise.all(["a", "b", "c"].map((name) => saidBy(start(file, "key", name))));
  expect(new Set(said.flat()).size).toBe(1);
  await using store = await openStore(file, systemClock);
  expect(Buffer.from(await store.tokenKey(systemRandom)).toString("hex")).toBe(said[0]?.[0]);
});

test("two processes write to one file, and nothing of either is lost", async () => {
  const file = newFile();
  const said = await Promise.all([
    saidBy(start(file, "work", "a", 30)),
    saidBy(start(file, "work", "b", 30)),
    saidBy(start(file, "arrivals", "c", 30)),
  ]);
  expect(said.map((lines) => lines.length)).toEqual([1, 1, 30]);
  await using store = await openStore(file, systemClock);
  const runs = await store.runs.list(1000);
  expect(runs.filter(({ verdict, targets }) => verdict === "closed" && targets === 1).length).toBe(60);
  expect((await store.drop.since(0)).arrivals.length).toBe(30);
});

test("kill -9 loses no acknowledged arrival", async () => {
  const file = newFile();
  for (let round = 0; round < 3; round += 1) {
    const process = start(file, "arrivals", `round${round}`, 100_000);
    const acknowledged: string[] = [];
    let rest = "";
    for await (const chunk of process.stdout) {
      const lines = `${rest}${String(chunk)}`.split("\n");
      rest = lines.pop() ?? "";
      acknowledged.push(...lines);
      if (acknowledged.length > 20 + round * 17 && !process.killed) process.kill("SIGKILL");
    }
    await using store = await openStore(file, systemClock);
    const kept = new Set<string>();
    for (let mark = 0; ; ) {
      const page = await store.drop.since(mark);
      if (page.arrivals.length === 0) break;
      for (const arrival of page.arrivals) for (const { token } of arrival.recipients) kept.add(token);
      mark = page.mark;
    }
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(acknowledged.filter((token) => !kept.has(token))).toEqual([]);
  }
});
