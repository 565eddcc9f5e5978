import { expect, test } from "vitest";
import { fakeClock } from "../../test/fakes/clock.ts";
import { target } from "../../test/results/check.ts";
import type { TargetResult } from "../check/result.ts";
import { standing } from "../finding/assessment.ts";
import { parseIp } from "../net/ip.ts";
import { openStore, type Store } from "../store/store.ts";
import type { SweepDocument } from "../sweep/result.ts";
import { assessmentsOf, disputeKind } from "./assessments.ts";

const end = "2027-01-01T00:00:00.000Z";
const full = { profile: "full", catalogue: 1, applicable: 6, answered: 6 };

function ip(text: string) {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
}
const address = ip("192.0.2.25");

async function record(store: Store, result: TargetResult): Promise<void> {
  const subject = `${result.target.address}:${result.target.port}`;
  const id = `r${(await store.runs.list(100)).length}`;
  await store.runs.begin({ id, tool: "check", profile: result.coverage.profile, catalogue: 1 });
  await store.runs.addTarget(id, { subject, verdict: result.verdict, result: JSON.stringify(result), sent: [] });
  await store.runs.end(id, result.verdict, "{}");
}

function swept(given: Partial<SweepDocument>): SweepDocument {
  return {
    schema: "fencepost/sweep/1",
    verdict: "as-declared",
    because: "",
    vantage: "external",
    networks: ["192.0.2.0/24"],
    knownHostsOnly: [],
    ports: [25],
    counts: { open: 0, closed: 3, filtered: 253, unreachable: 0, refusedHere: 0, pending: 0 },
    listeners: [],
    missing: [],
    maps: [],
    findings: [],
    ended: "finished",
    resumeFrom: null,
    startedAt: "2026-11-25T00:00:00.000Z",
    finishedAt: "2026-11-25T00:00:00.000Z",
    ...given,
  };
}

async function recordSweep(store: Store, given: Partial<SweepDocument>): Promise<void> {
  await store.runs.begin({ id: "s1", tool: "sweep", profile: "25", catalogue: 0 });
  await store.runs.end("s1", "as-declared", JSON.stringify({ document: swept(given) }));
}

const isStanding = async (store: Store): Promise<string> => standing(await assessmentsOf(address, null, store), end).is;

test("checks of every port of the address count, and of no other", async () => {
  await using store = await openStore(":memory:", fakeClock());
  expect(await isStanding(store)).toBe("unknown");
  await record(store, target("closed", { coverage: full }));
  expect(await isStanding(store)).toBe("closed");
  const other = target("open");
  await record(store, { ...other, target: { ...other.target, address: "192.0.2.251" } });
  expect(await isStanding(store)).toBe("closed");
  await record(store, { ...other, target: { ...other.target, port: 587 } });
  expect(await isStanding(store)).toBe("open");
});

test("a rehearsal proves nothing, and what cannot be read neither", async () => {
  await using store = await openStore(":memory:", fakeClock());
  await record(store, target("closed", { coverage: full, practice: true }));
  await store.runs.begin({ id: "odd", tool: "check", profile: "full", catalogue: 1 });
  await store.runs.addTarget("odd", { subject: "192.0.2.25:25", verdict: "closed", result: '{"odd":1}', sent: [] });
  expect(await isStanding(store)).toBe("unknown");
});

test("a dispute is kept with the port that it is about", async () => {
  await using store = await openStore(":memory:", fakeClock("2026-12-01T00:00:00.000Z"));
  await record(store, target("closed", { coverage: full }));
  await store.statements.add({
    kind: disputeKind,
    subject: "192.0.2.25",
    object: "192.0.2.25:25",
    says: "an operator",
    evidence: null,
  });
  expect(await isStanding(store)).toBe("disputed");
});

for (const [what, given, want] of [
  ["nothing there", {}, "withdrawn"],
  ["from inside", { vantage: "internal" }, "unknown"],
  ["interrupted", { ended: "interrupted" }, "unknown"],
  ["of other networks", { networks: ["198.51.100.0/24"] }, "unknown"],
  ["of other ports", { ports: [587] }, "unknown"],
  [
    "where nothing answered",
    { counts: { open: 0, closed: 0, filtered: 256, unreachable: 0, refusedHere: 0, pending: 0 } },
    "unknown",
  ],
] as const satisfies readonly (readonly [string, Partial<SweepDocument>, string])[])
  test(`not reached, and a sweep ${what}: ${want}`, async () => {
    await using store = await openStore(":memory:", fakeClock());
    await record(store, target("unreachable", { reason: "timeout" }));
    await recordSweep(store, given);
    expect(await isStanding(store)).toBe(want);
  });
