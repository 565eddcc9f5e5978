import { expect, test } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { closed, documentWith, open, suspect } from "../../test/results/check.ts";
import { checkDocumentSchema, type TargetResult } from "../check/result.ts";
import { loadCatalogue } from "../knowledge/catalogue.ts";
import { historySchema } from "../report/results/history.ts";
import { openStore, type Store } from "../store/store.ts";
import { documentOf } from "./check.ts";
import { DataError, UsageError } from "./errors.ts";
import { courseOf, type HistoryPorts, pastRuns, type ShownCheck, shownRun } from "./history.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
const { catalogue } = read;

const clock = {
  at: Date.parse("2026-11-20T02:00:00Z"),
  now: () => new Date(clock.at),
  monotonic: () => 0,
  sleep: async () => {},
};

async function storeWith(
  runs: readonly {
    readonly id: string;
    readonly results: readonly TargetResult[];
    readonly ended?: "finished" | "interrupted";
    readonly catalogue?: number;
  }[],
): Promise<HistoryPorts & { store: Store }> {
  clock.at = Date.parse("2026-11-20T02:00:00Z");
  const store = await openStore(":memory:", clock);
  for (const run of runs) {
    clock.at += 3_600_000;
    await store.runs.begin({ id: run.id, tool: "check", profile: "quick", catalogue: run.catalogue ?? 1 });
    for (const result of run.results)
      await store.runs.addTarget(run.id, {
        subject: `${result.target.address}:${result.target.port}`,
        verdict: result.verdict,
        result: JSON.stringify(result),
        sent: [],
      });
    const {
      results: _results,
      findings: _findings,
      ...summary
    } = documentWith(run.results, run.ended === undefined ? {} : { ended: run.ended });
    if (run.ended !== undefined) await store.runs.end(run.id, summary.verdict, JSON.stringify(summary));
  }
  return {
    store,
    clock,
    catalogue: {
      ...catalogue,
      serial: 3,
      probes: catalogue.probes.map((probe, at) =>
        at < 2 && probe.class !== "control" ? { ...probe, since: 2 } : probe,
      ),
    },
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function shownCheck(name: string, ports: HistoryPorts): Promise<ShownCheck> {
  const shown = await shownRun(name, ports);
  if (shown.tool !== "check") throw new Error(`a run of ${shown.tool}`);
  return shown;
}

test("runs are listed newest first, each with its state and its age", async () => {
  const ports = await storeWith([
    { id: "r1-a", results: [closed], ended: "finished", catalogue: 2 },
    { id: "r2-b", results: [open], ended: "interrupted" },
    { id: "r3-c", results: [open] },
    { id: "r4-d", results: [] },
  ]);
  await ports.store.leases.take("192.0.2.25", "r4-d", 60_000);
  clock.at += 60_000;
  const result = await pastRuns(10, ports);
  expect(historySchema.safeParse(result).error).toBe(undefined);
  expect(
    result.runs?.map(({ run, state, verdict, age, newerProbes }) => [run, state, verdict, age, newerProbes]),
  ).toEqual([
    ["r4-d", "running", "inconclusive", 60, 2],
    ["r3-c", "killed", "inconclusive", 3660, 2],
    ["r2-b", "interrupted", "open", 7260, 2],
    ["r1-a", "finished", "closed", 10_860, 0],
  ]);
  expect((await pastRuns(1, ports)).runs?.length).toBe(1);
});

test("a run is shown again as it was, under its name or a part of it", async () => {
  const ports = await storeWith([
    { id: "20261120T030000-aaaaaa", results: [closed], ended: "finished" },
    { id: "20261121T030000-bbbbbb", results: [open, suspect], ended: "finished" },
  ]);
  for (const name of ["20261121T030000-bbbbbb", "bbbbbb", "20261121", "latest"]) {
    const shown = await shownCheck(name, ports);
    const document = documentOf(shown.summary, await all(shown.results), []);
    expect(checkDocumentSchema.safeParse(document).error).toBe(undefined);
    expect(document).toEqual({
      ...documentWith([open, suspect]),
      results: [open, suspect],
      findings: [...open.findings, ...suspect.findings],
    });
  }
  await expect(shownRun("2026", ports)).rejects.toThrow("is the name of 2 runs");
  await expect(shownRun("cccccc", ports)).rejects.toThrow(UsageError);
});

test("of a run that was killed, what is known is shown", async () => {
  const ports = await storeWith([{ id: "r1-a", results: [closed, suspect] }]);
  const { run, summary } = await shownCheck("latest", ports);
  expect([run.state, summary.verdict, summary.targets.closed, summary.coverage.applicable, summary.ended]).toEqual([
    "killed",
    "suspect",
    1,
    12,
    "interrupted",
  ]);
  // Closed targets of a run that did not come to its end do not make it closed.
  expect((await shownCheck("latest", await storeWith([{ id: "r1-a", results: [closed] }]))).summary.verdict).toBe(
    "inconclusive",
  );
});

test("a run of hundreds of targets comes whole, in parts", async () => {
  const results = Array.from({ length: 130 }, (_, number) => ({
    ...closed,
    target: { ...closed.target, address: `192.0.2.${number}` },
  }));
  const ports = await storeWith([{ id: "r1-a", results, ended: "finished" }]);
  const shown = await all((await shownCheck("latest", ports)).results);
  expect(new Set(shown.map(({ target }) => target.address)).size).toBe(130);
});

test("the course of a target, and of one that is unknown", async () => {
  const ports = await storeWith([
    { id: "r1-a", results: [closed], ended: "finished" },
    { id: "r2-b", results: [open], ended: "finished" },
  ]);
  for (const name of ["192.0.2.25", "192.0.2.25:25"]) {
    const result = await courseOf(name, 10, ports);
    expect(historySchema.safeParse(result).error).toBe(undefined);
    expect([result.target, result.course?.map(({ run, verdict, newerProbes }) => [run, verdict, newerProbes])]).toEqual(
      [
        "192.0.2.25:25",
        [
          ["r2-b", "open", 2],
          ["r1-a", "closed", 2],
        ],
      ],
    );
  }
  expect((await courseOf("192.0.2.99:25", 10, ports)).course).toEqual([]);
});

test("a result that another version wrote is told, not guessed at", async () => {
  const ports = await storeWith([]);
  await ports.store.runs.begin({ id: "r1-a", tool: "check", profile: "quick", catalogue: 1 });
  await ports.store.runs.addTarget("r1-a", { subject: "x", verdict: "closed", result: '{"odd":1}', sent: [] });
  await expect(courseOf("x", 10, ports)).rejects.toThrow(DataError);
  await ports.store.runs.begin({ id: "r2-b", tool: "later", profile: "", catalogue: 1 });
  await expect(shownRun("r2-b", ports)).rejects.toThrow("is a run of later");
  await ports.store.runs.begin({ id: "r3-c", tool: "sweep", profile: "25", catalogue: 0 });
  await expect(shownRun("r3-c", ports)).rejects.toThrow("sweep --resume");
  await ports.store.runs.end("r3-c", "as-declared", '{"odd":1}');
  await expect(shownRun("r3-c", ports)).rejects.toThrow(DataError);
  await ports.store.runs.begin({ id: "r4-d", tool: "filters", profile: "ios", catalogue: 0 });
  await ports.store.runs.addTarget("r4-d", { subject: "filter x", verdict: "exact", result: '{"odd":1}', sent: [] });
  await expect(shownRun("r4-d", ports)).rejects.toThrow(DataError);
});
