import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { listsPage } from "../../docs/generate-lists.ts";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { loadCatalogue } from "./catalogue.ts";
import { codeSchema, deadLists, listSchema } from "./list.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
const { catalogue } = read;
const lists = new Map(catalogue.lists.map((list) => [list.id, list]));

test("docs/blocklists.md is what the catalogue says: node docs/generate-lists.ts", () => {
  expect(listsPage(catalogue)).toBe(readFileSync(new URL("../../docs/blocklists.md", import.meta.url), "utf8"));
});

test("all lists of the facts are rows, living and dead", () => {
  expect(catalogue.lists.length).toBe(103);
  expect(deadLists(catalogue.lists).length).toBe(29);
});

test("no zone is in two lists, but where one list holds the other", () => {
  const owner = new Map<string, string>();
  for (const { id, zones, aliases = [] } of catalogue.lists)
    for (const zone of [...zones.map((one) => one.zone), ...aliases]) {
      expect([zone, owner.get(zone)]).toEqual([zone, undefined]);
      owner.set(zone, id);
    }
});

test("what is within another list is asked there: that one lives and has zones", () => {
  for (const { id, within } of catalogue.lists)
    if (within !== undefined) {
      const holder = lists.get(within);
      expect([id, holder?.within, (holder?.zones.length ?? 0) > 0, holder?.status !== "dead"]).toEqual([
        id,
        undefined,
        true,
        true,
      ]);
    }
});

test("a list that accuses and can be asked has a code that does", () => {
  for (const { id, role, zones, codes, status } of catalogue.lists)
    if (
      status !== "dead" &&
      (role === "block" || role === "policy") &&
      zones.some((one) => !one.subjects.includes("hash"))
    )
      expect([id, codes.some(({ kind }) => kind === "listed")]).toEqual([id, true]);
});

test("an allow list never accuses", () => {
  for (const { id, role, codes } of catalogue.lists)
    if (role === "allow" || role === "score" || role === "info")
      expect([id, codes.some(({ kind }) => kind === "listed")]).toEqual([id, false]);
});

const zen = lists.get("spamhaus-zen");

for (const [why, change] of [
  ["an end without being dead", { ended: "2024-06" }],
  ["dead without an end", { status: "dead" }],
  ["a zone with a key that has no name", { key: undefined }],
  ["a page that is no link", { look: "check.spamhaus.org" }],
  ["a word that no version knows", { surprise: true }],
] as const)
  test(`a row is refused: ${why}`, () => {
    const row: Record<string, unknown> = { ...zen, ...change };
    if (row.key === undefined) delete row.key;
    expect(listSchema.safeParse(row).success).toBe(false);
  });

for (const [why, code] of [
  ["neither answer nor bit", {}],
  ["both", { answer: "127.0.0.2", bit: 2 }],
  ["several bits", { bit: 6 }],
  ["outside 127/8", { answer: "128.0.0.2" }],
  ["a refusal without a reason", { answer: "127.0.0.1", kind: "refused" }],
  ["a reason without a refusal", { answer: "127.0.0.2", because: "over-limit" }],
] as const)
  test(`a code is refused: ${why}`, () => {
    expect(codeSchema.safeParse({ kind: "listed", means: "x", confidence: "H", ...code }).success).toBe(false);
  });
