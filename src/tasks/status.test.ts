import { beforeAll, expect, test } from "vitest";
import { fakeClock } from "../../test/fakes/clock.ts";
import { target } from "../../test/results/check.ts";
import { catalogue as shipped } from "../../test/whole/rehearse.ts";
import type { TargetResult, Verdict } from "../check/result.ts";
import type { Catalogue } from "../knowledge/catalogue.ts";
import type { StatusDocument } from "../repair/result.ts";
import { parseSite } from "../site/site.ts";
import { openStore, type Store } from "../store/store.ts";
import { briefTask } from "./brief.ts";
import { statusTask } from "./status.ts";

const clock = fakeClock("2026-11-24T12:00:00.000Z");
let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await shipped();
});

function siteOf(...mailers: readonly string[]) {
  const read = parseSite(
    `name: S\ndomains: [ourcollege.example]\nnetworks: [192.0.2.0/24]\nmailers: [${mailers.join(", ")}]`,
    "site.yaml",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.site;
}

const mx1 = "{ name: mx1, addresses: [192.0.2.25] }";
const whereabouts = { site: null, store: null };
let runs = 0;

async function record(
  store: Store,
  tool: string,
  given: {
    readonly subject?: string;
    readonly verdict: string;
    readonly result?: unknown;
    readonly summary?: unknown;
    readonly profile?: string;
  },
) {
  runs += 1;
  const id = `run-${runs}`;
  await store.runs.begin({ id, tool, profile: given.profile ?? "", catalogue: 1 });
  if (given.subject !== undefined)
    await store.runs.addTarget(id, {
      subject: given.subject,
      verdict: given.verdict,
      result: JSON.stringify(given.result),
      sent: [],
    });
  await store.runs.end(id, given.verdict, JSON.stringify(given.summary ?? {}));
}

async function check(store: Store, verdict: Verdict, given: Partial<TargetResult> = {}): Promise<void> {
  const full = { profile: "full", catalogue: catalogue.serial, applicable: 6, answered: 6 };
  const result = target(verdict, { coverage: full, ...given });
  const { address, port } = result.target;
  await record(store, "check", { subject: `${address}:${port}`, verdict, result });
}

async function status(store: Store, ...mailers: readonly string[]): Promise<StatusDocument> {
  return statusTask(
    { site: siteOf(...(mailers.length === 0 ? [mx1] : mailers)), mailer: null, saying: null, whereabouts },
    { store, catalogue, clock },
  );
}

const state = (document: StatusDocument, step: string, mailer = 0) =>
  document.mailers[mailer]?.steps.find((one) => one.step === step)?.state;

test("nothing on record: unknown, and a test is the first line", async () => {
  await using store = await openStore(":memory:", clock);
  const document = await status(store);
  expect(document.verdict).toBe("unknown");
  expect(document.next[0]).toMatchObject({ run: "fencepost check mx1 --profile full", mailer: "mx1" });
});

test("a test, an audit by the mailer's name and a reading of the mailbox are found", async () => {
  await using store = await openStore(":memory:", clock);
  await check(store, "open");
  await record(store, "audit", { subject: "configuration mx1", verdict: "open", result: auditOf("open") });
  await record(store, "audit", { subject: "configuration other", verdict: "closed", result: auditOf("closed") });
  await record(store, "complaints", { profile: "read", subject: "i1", verdict: "open-relay", result: incident("mx1") });
  const document = await status(store);
  expect(document.verdict).toBe("open");
  expect(document.findings.map(({ tag }) => tag)).toContain("REPAIR_OPEN");
  expect(document.mailers[0]?.steps.find(({ step }) => step === "configure")?.evidence).toMatchObject([
    { kind: "check" },
    { kind: "audit", says: "open: as it was found" },
  ]);
  expect(state(document, "mend")).toBe("blocked");
});

function auditOf(verdict: string) {
  return {
    name: "mx1",
    product: "postfix",
    version: null,
    checkedAgainst: "running",
    verdict,
    because: "as it was found",
    ...{ listeners: [], findings: [], assumes: [], unknowns: [], files: [], sessions: 1 },
  };
}

function incident(mailer: string) {
  const at = "2026-11-20T00:00:00.000Z";
  return { id: "i1", mailer, cause: "open-relay", from: at, until: at, provedAt: null, reports: 2, reporters: 1 };
}

test("incidents of another mailer are not this one's", async () => {
  await using store = await openStore(":memory:", clock);
  await check(store, "closed");
  await record(store, "complaints", { profile: "read", subject: "i1", verdict: "open-relay", result: incident("mx2") });
  expect(state(await status(store), "mend")).toBe("done");
});

test("what another version wrote proves nothing, and breaks nothing", async () => {
  await using store = await openStore(":memory:", clock);
  for (const [tool, subject] of [
    ["check", "192.0.2.25:25"],
    ["audit", "configuration mx1"],
    ["filters", "filter a.txt"],
    ["lists", "192.0.2.25"],
    ["complaints", "i1"],
  ] as const)
    await record(store, tool, { subject, verdict: "closed", result: { from: "the future" }, summary: { document: 7 } });
  await record(store, "sweep", { verdict: "as-declared", summary: { document: {} } });
  const document = await status(store);
  expect(document.verdict).toBe("unknown");
  expect(document.mailers[0]?.stands.is).toBe("unknown");
});

test("only a run that asked all lists clears an address", async () => {
  await using store = await openStore(":memory:", clock);
  const result = {
    subject: "192.0.2.25",
    kind: "ip4",
    mailer: "mx1",
    verdict: "clean",
    listings: [],
    notes: [],
    clean: ["psbl"],
    unknown: [],
  };
  await record(store, "lists", { subject: "192.0.2.25", verdict: "clean", profile: "psbl", result });
  expect(state(await status(store), "lists")).toBe("open");
  await record(store, "lists", { subject: "192.0.2.25", verdict: "clean", result });
  expect(state(await status(store), "lists")).toBe("done");
});

test("a listing that is there opens the step, one to ignore does not", async () => {
  await using store = await openStore(":memory:", clock);
  const ignored = catalogue.lists.find(({ ignore }) => ignore !== undefined)?.id ?? "";
  const listed = (list: string) => ({ subject: "192.0.2.25", listed: [{ list, code: "127.0.0.2" }], clean: [] });
  await check(store, "closed", { finishedAt: "2026-11-24T11:00:00.000Z" });
  await store.listings.saw(listed(ignored));
  expect((await status(store)).mailers[0]?.notARelay).toBeNull();
  await store.listings.saw(listed("psbl"));
  const document = await status(store);
  expect(state(document, "lists")).toBe("blocked");
  expect(document.mailers[0]?.notARelay?.causes.length).toBe(4);
});

test("the product is what the site file says, else what a test told", async () => {
  await using store = await openStore(":memory:", clock);
  const product = { id: "exim", name: "Exim", evidence: [] };
  await check(store, "open", { product });
  expect((await status(store)).mailers[0]?.product).toBe("exim");
  expect((await status(store, "{ name: mx1, addresses: [192.0.2.25], product: Postfix }")).mailers[0]?.product).toBe(
    "postfix",
  );
});

test("a mailer named by its host alone is found where a test found it", async () => {
  await using store = await openStore(":memory:", clock);
  await check(store, "open", {
    target: { host: "far.ourcollege.example", address: "192.0.2.77", port: 25, role: "mx", mailer: "far" },
  });
  const document = await status(store, "{ name: far, host: far.ourcollege.example }");
  expect(document.mailers[0]).toMatchObject({ verdict: "open", listeners: ["192.0.2.77:25"] });
});

test("a rehearsal counts for a mailer on loopback alone, and is marked", async () => {
  await using store = await openStore(":memory:", clock);
  const loop = (address: string) =>
    check(store, "open", { practice: true, target: { host: address, address, port: 25, role: "mx" } });
  await loop("127.0.0.1");
  await loop("192.0.2.25");
  const document = await status(store, mx1, "{ name: toy, addresses: [127.0.0.1] }");
  expect(document.mailers.map(({ mailer, verdict, practice }) => [mailer, verdict, practice])).toEqual([
    ["toy", "open", true],
    ["mx1", "unknown", false],
  ]);
});

test("of several mailers the worst comes first, and its lines", async () => {
  await using store = await openStore(":memory:", clock);
  await check(store, "open", { target: { host: "b", address: "192.0.2.26", port: 25, role: "mx" } });
  const document = await status(store, mx1, "{ name: mx2, addresses: [192.0.2.26] }");
  expect(document.mailers.map(({ mailer }) => mailer)).toEqual(["mx2", "mx1"]);
  expect(document.next.map(({ mailer }) => mailer)).toEqual(["mx2", "mx2", "mx2"]);
  expect(document.because).toMatch(/^mx2: /);
});

test("a mailer that is none is named with those that are", async () => {
  await using store = await openStore(":memory:", clock);
  const asked = statusTask(
    { site: siteOf(mx1), mailer: "mx2", saying: null, whereabouts },
    { store, catalogue, clock },
  );
  await expect(asked).rejects.toThrow(/Did you mean mx1/);
});

test("a brief holds what the last test found, the worst first, and the product's words", async () => {
  await using store = await openStore(":memory:", clock);
  const site = siteOf(mx1);
  const bare = await briefTask({ site, mailer: null, whereabouts }, { store: null, catalogue, clock });
  expect([bare.product, bare.found]).toEqual([null, []]);
  const finding = {
    tag: "RELAY_DELIVERED",
    severity: "critical" as const,
    subject: "192.0.2.25:25",
    key: "k",
    says: "It relays.",
    why: "",
    remedy: "Close it.",
    evidence: [],
    data: {},
  };
  await check(store, "open", {
    product: { id: "postfix", name: "Postfix", evidence: [] },
    findings: [
      { ...finding, severity: "info", says: "Odd." },
      { ...finding, severity: "high", says: "Less." },
      finding,
    ],
  });
  const full = await briefTask({ site, mailer: "mx1", whereabouts }, { store, catalogue, clock });
  expect(full.found.map(({ says }) => says)).toEqual(["It relays.", "Less."]);
  expect(full.product?.id).toBe("postfix");
  expect(full.requirements.filter(({ product }) => product.length > 0).length).toBeGreaterThan(4);
});
