import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { closed, open, probe } from "../../test/results/check.ts";
import type { TargetResult } from "../check/result.ts";
import { systemClock } from "../io/clock.ts";
import { openStore, type Store } from "../store/store.ts";
import { DataError } from "./errors.ts";
import { publicationOf } from "./publish.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function storeWith(results: readonly TargetResult[]): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), "fencepost-publish-"));
  folders.push(folder);
  const store = await openStore(join(folder, "store.sqlite"), systemClock);
  for (const [at, result] of results.entries()) {
    await store.runs.begin({ id: `run-${at}`, tool: "check", profile: "full", catalogue: 1 });
    await store.runs.addTarget(`run-${at}`, {
      subject: `${result.target.address}:25`,
      verdict: result.verdict,
      result: JSON.stringify(result),
      sent: [],
    });
  }
  return store;
}

const { address } = open.target;
const now = new Date("2026-11-25T00:00:00Z");
const declaration = `
authority: { name: NREN, contact: csirt@nren.example, networks: [${address}/32] }
zone: relays.nren.example
nameServers: [ns1.nren.example]
page: https://nren.example/relays
notices: [{ address: ${address}, sent: 2026-11-01 }]
`;

const outside: TargetResult = { ...open, vantage: "external", practice: false };
const proving = outside.probes.filter(({ outcome }) => outcome === "relayed").map(({ id }) => id);

test("what a check proved is published; a later one that was refused the same probe takes it off", async () => {
  await using store = await storeWith([outside]);
  const first = await publicationOf(declaration, store, now);
  expect(first.judgements).toMatchObject([{ kind: "listed", address }]);
  const [zone = ""] = first.files.map(({ pieces }) => [...pieces].join(""));
  expect(zone).toContain(`${address.split(".").reverse().join(".")} IN A 127.0.0.2`);
  // RFC 6471 asks for evidence, and its owner has it: the public is not told how to use the relay.
  for (const id of proving) expect(zone).not.toContain(id);

  await using later = await storeWith([
    outside,
    {
      ...closed,
      target: outside.target,
      vantage: "external",
      practice: false,
      ended: "finished",
      finishedAt: "2026-11-24T12:00:00.000Z",
      probes: proving.map((id) => probe(id)),
    },
  ]);
  expect((await publicationOf(declaration, later, now)).judgements).toMatchObject([{ kind: "held" }]);
});

test.each([
  ["zone: [", "no YAML"],
  ["zone: relays.nren.example", "authority"],
  [declaration.replace("/32", "/99"), "expected a prefix"],
  [declaration.replace("https://nren.example/relays", "javascript:x"), "page"],
] as const)("a declaration that cannot be read is told: %s", async (text, why) => {
  await using store = await storeWith([]);
  await expect(publicationOf(text, store, now)).rejects.toThrow(DataError);
  await expect(publicationOf(text, store, now)).rejects.toThrow(why);
});
