import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { arrivalWith } from "../../test/fakes/arrival.ts";
import { documentWith, probe, target } from "../../test/results/check.ts";
import { probeFields, signatureOf } from "../check/message.ts";
import { summarySchema, type TargetResult, targetResultSchema } from "../check/result.ts";
import { tokens } from "../check/token.ts";
import { systemRandom } from "../io/clock.ts";
import type { Catalogue } from "../knowledge/catalogue.ts";
import type { Arrival } from "../ports.ts";
import { openStore, type Store } from "../store/store.ts";
import { creditLateArrivals } from "./late-arrivals.ts";

const folder = mkdtempSync(join(tmpdir(), "fencepost-late-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

const clock = { now: () => new Date("2026-11-24T05:00:00Z"), monotonic: () => 0, sleep: async () => {} };
const catalogue: Catalogue = {
  serial: 1,
  date: "2026-11-24",
  probes: [],
  unsupported: [],
  profiles: [],
  remedies: [],
  products: [],
  hosted: [],
  later: [],
  lists: [],
  receivers: [],
};
const context = { catalogue, lookup: null };

interface Scene {
  readonly store: Store;
  readonly key: Uint8Array;
  /** The token of a message that the stored run sent, by instance. */
  readonly token: (instance: string) => string;
  readonly credit: () => ReturnType<typeof creditLateArrivals>;
  readonly result: () => Promise<TargetResult>;
}

/** A run on record whose messages nobody has seen arrive. */
async function scene(given: Partial<TargetResult> = {}): Promise<Scene & AsyncDisposable> {
  files += 1;
  const store = await openStore(join(folder, `${files}.sqlite`), clock);
  const key = await store.tokenKey(systemRandom);
  const made = tokens(key, clock, systemRandom);
  const sent = new Map(["plain-external", "sender-null"].map((instance) => [instance, made.issue("long")]));
  const token = (instance: string): string => sent.get(instance) ?? "";
  const result = target("suspect", {
    because: "plain-external was accepted from a stranger and not accounted for, and 1 more",
    probes: [...sent].map(([id, value]) =>
      probe(id, {
        outcome: "silent",
        stage: "dot",
        class: id.startsWith("plain") ? "plain" : "sender",
        transcript: `C: RCPT TO:<fp-${value}@catch.example>`,
      }),
    ),
    coverage: { profile: "quick", catalogue: 1, applicable: 2, answered: 0 },
    findings: [
      {
        tag: "RELAY_SILENT",
        severity: "medium",
        subject: "192.0.2.25:25",
        key: "RELAY_SILENT|192.0.2.25:25",
        says: "x",
        why: "x",
        remedy: "x",
        evidence: [],
        data: {},
      },
    ],
    ...given,
  });
  await store.runs.begin({ id: "r1", tool: "check", profile: "quick", catalogue: 1 });
  await store.runs.addTarget("r1", {
    subject: "192.0.2.25:25",
    verdict: result.verdict,
    result: JSON.stringify(result),
    sent: [...sent].map(([instance, value]) => ({ token: value, instance })),
  });
  const { results: _results, findings: _findings, ...summary } = documentWith([result]);
  await store.runs.end("r1", result.verdict, JSON.stringify(summary));
  return {
    store,
    key,
    token,
    credit: () => creditLateArrivals({ store, clock, random: systemRandom }, context),
    result: async () => targetResultSchema.parse(JSON.parse((await store.runs.targetsOf("r1"))[0]?.result ?? "")),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function relayedArrival(token: string, key: Uint8Array, given: Partial<Arrival> = {}): Arrival {
  return arrivalWith({
    recipients: [{ path: `<fp-${token}@catch.example>`, token }],
    head: [
      "Received: from tester.example.net ([198.51.100.9]) by mx1.ourcollege.example; Tue, 24 Nov 2026 04:29:59 +0000",
      `${probeFields.token}: ${token}`,
      `${probeFields.signature}: ${signatureOf(key, token)}`,
      "",
      "This is a test.",
    ].join("\r\n"),
    tokensInMessage: [token],
    ...given,
  });
}

test("a message that arrives after its run turns the stored verdict to open", async () => {
  await using at = await scene();
  await at.store.drop.record(relayedArrival(at.token("plain-external"), at.key));
  expect(await at.credit()).toEqual([
    { run: "r1", subject: "192.0.2.25:25", instance: "plain-external", outcome: "relayed", verdict: "open" },
  ]);
  const result = await at.result();
  expect(result.verdict).toBe("open");
  expect(result.because).toBe("plain-external was passed on to the catcher, after the run had ended");
  expect(result.probes[0]).toMatchObject({
    outcome: "relayed",
    proof: { exit: "192.0.2.25", multihop: false, receivedAt: "2026-11-24T04:30:00.000Z" },
  });
  // The other message is still silent, and so is its finding.
  expect(result.findings.map(({ tag }) => tag)).toEqual(["RELAY_DELIVERED", "RELAY_SILENT"]);
  expect(result.coverage.answered).toBe(1);
  const run = await at.store.runs.get("r1");
  expect(run?.verdict).toBe("open");
  expect(summarySchema.parse(JSON.parse(run?.summary ?? ""))).toMatchObject({
    verdict: "open",
    targets: { open: 1, suspect: 0 },
  });
});

test("asking again changes nothing", async () => {
  await using at = await scene();
  await at.store.drop.record(relayedArrival(at.token("plain-external"), at.key));
  await at.credit();
  const [before] = await at.store.runs.targetsOf("r1");
  expect(await at.credit()).toEqual([]);
  // Not even if all is read from the beginning, as another store's mark would have it.
  await at.store.drop.record(relayedArrival(at.token("plain-external"), at.key));
  expect(await at.credit()).toEqual([]);
  expect(await at.store.runs.targetsOf("r1")).toEqual([before]);
});

test("all silent messages that arrive settle the suspicion", async () => {
  await using at = await scene();
  for (const instance of ["plain-external", "sender-null"])
    await at.store.drop.record(relayedArrival(at.token(instance), at.key, { peer: "203.0.113.7" }));
  expect((await at.credit()).length).toBe(2);
  const result = await at.result();
  expect(result.findings.map(({ tag }) => tag).sort()).toEqual(["RELAY_CHAIN", "RELAY_DELIVERED", "RELAY_DELIVERED"]);
  expect(result.coverage.answered).toBe(2);
});

test("a bounce is told, and makes no verdict better", async () => {
  await using at = await scene();
  const token = at.token("sender-null");
  await at.store.drop.record(
    arrivalWith({
      reversePath: "<>",
      recipients: [{ path: `<fp-${token}@catch.example>`, token }],
      tokensInMessage: [token],
      head: "From: MAILER-DAEMON@mx1.ourcollege.example\r\nContent-Type: multipart/report; report-type=delivery-status\r\n\r\n",
    }),
  );
  expect(await at.credit()).toMatchObject([{ instance: "sender-null", outcome: "bounced", verdict: "suspect" }]);
  const result = await at.result();
  expect([result.verdict, result.probes[1]?.outcome]).toEqual(["suspect", "bounced"]);
  expect(result.findings.map(({ tag }) => tag)).toEqual(["BACKSCATTER", "RELAY_SILENT"]);
});

test("from inside, what is passed on makes nobody an open relay", async () => {
  await using at = await scene({ verdict: "inconclusive", vantage: "internal" });
  await at.store.drop.record(relayedArrival(at.token("plain-external"), at.key));
  await at.credit();
  const result = await at.result();
  expect([result.verdict, result.probes[0]?.outcome]).toEqual(["inconclusive", "relayed"]);
  expect((await at.store.runs.get("r1"))?.verdict).toBe("inconclusive");
});

test("a run that is still going on is waited for", async () => {
  await using at = await scene();
  const later = tokens(at.key, clock, systemRandom).issue("long");
  await at.store.drop.record(relayedArrival(later, at.key));
  await at.store.drop.record(relayedArrival(at.token("plain-external"), at.key));
  expect((await at.credit()).map(({ instance }) => instance)).toEqual(["plain-external"]);
  // Now that run is stored, too.
  await at.store.runs.begin({ id: "r2", tool: "check", profile: "quick", catalogue: 1 });
  const result = target("suspect", {
    probes: [probe("plain-helo", { outcome: "silent" })],
    target: { host: "x", address: "192.0.2.30", port: 25, role: "mx" },
  });
  await at.store.runs.addTarget("r2", {
    subject: "192.0.2.30:25",
    verdict: "suspect",
    result: JSON.stringify(result),
    sent: [{ token: later, instance: "plain-helo" }],
  });
  expect(await at.credit()).toMatchObject([{ run: "r2", instance: "plain-helo", outcome: "relayed", verdict: "open" }]);
  // It went in at one address and came out at another.
  expect(
    JSON.parse((await at.store.runs.targetsOf("r2"))[0]?.result ?? "")
      .findings.map(({ tag }: { tag: string }) => tag)
      .sort(),
  ).toEqual(["RELAY_CHAIN", "RELAY_DELIVERED"]);
});

test("mail to tokens that nobody sent, and results of another kind, change nothing", async () => {
  await using at = await scene();
  await at.store.drop.record(arrivalWith({ recipients: [{ path: "<fp-unknown@catch.example>", token: "unknown" }] }));
  expect(await at.credit()).toEqual([]);
  await at.store.runs.begin({ id: "r9", tool: "check", profile: "quick", catalogue: 1 });
  await at.store.runs.addTarget("r9", {
    subject: "x",
    verdict: "closed",
    result: '{"of":"a newer version"}',
    sent: [{ token: "unknown", instance: "plain-external" }],
  });
  expect(await at.credit()).toEqual([]);
});

test("of processes that credit at once, none undoes what another did", async () => {
  await using at = await scene();
  for (const instance of ["plain-external", "sender-null"])
    await at.store.drop.record(relayedArrival(at.token(instance), at.key));
  await using other = await openStore(join(folder, `${files}.sqlite`), clock);
  await Promise.all([
    at.credit(),
    creditLateArrivals({ store: other, clock, random: systemRandom }, context),
    at.credit(),
  ]);
  expect((await at.result()).probes.map(({ outcome }) => outcome)).toEqual(["relayed", "relayed"]);
});
