import { expect, test } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { loadCatalogue } from "../knowledge/catalogue.ts";
import { catalogueDocument } from "../report/documents/catalogue.ts";
import { renderText } from "../report/faces/text.ts";
import { catalogueSchema } from "../report/results/catalogue.ts";
import { catalogueEntry, listedProbes, listedProducts } from "./catalogue.ts";
import { UsageError } from "./errors.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
const { catalogue } = read;
const all = { class: null, era: null, profile: null };

test("every probe, product, profile and remedy can be shown, and is what the schema says", () => {
  for (const { id } of [...catalogue.probes, ...catalogue.products, ...catalogue.profiles, ...catalogue.remedies]) {
    const entry = catalogueEntry(id, catalogue);
    expect(catalogueSchema.safeParse(entry).error, id).toBe(undefined);
    const text = renderText(catalogueDocument(entry), { colour: false, width: 80 });
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  }
});

test("a list is narrowed by class, era and profile", () => {
  const ids = (options: Partial<Parameters<typeof listedProbes>[1]>) =>
    (listedProbes(catalogue, { ...all, ...options }).probes ?? []).map(({ id }) => id);
  expect(ids({}).length).toBe(catalogue.probes.length);
  const helo = ids({ class: "helo" });
  expect(helo).toEqual(catalogue.probes.filter((probe) => probe.class === "helo").map(({ id }) => id));
  const both = ids({ class: "helo", era: "current", profile: "quick" });
  expect(both.length).toBeGreaterThan(0);
  expect(both.length).toBeLessThan(helo.length);
  expect(ids({ profile: "full" })).not.toContain(catalogue.probes.find((probe) => probe.safety === "risky")?.id);
});

test("an entry names what it refers to", () => {
  const probe = catalogueEntry("rcpt-pct-at", catalogue);
  expect([probe.remedy?.id, probe.inProfiles?.slice(0, 2)]).toEqual(["F3", ["quick", "full"]]);
  const remedy = catalogueEntry("f3", catalogue);
  expect(remedy.ofProbes).toContain("rcpt-pct-at");
  expect(remedy.forProducts?.map(({ id }) => id)).toContain("postfix");
  expect(listedProducts(catalogue).products?.length).toBe(catalogue.products.length);
});

test("what is not there is asked back", () => {
  expect(() => catalogueEntry("exmi", catalogue)).toThrow("Did you mean exim?");
  expect(() => catalogueEntry("nothing-like-it-at-all", catalogue)).toThrow("`fencepost catalogue list` shows them");
  expect(() => listedProbes(catalogue, { ...all, profile: "odd" })).toThrow(UsageError);
  const newer = {
    ...catalogue,
    unsupported: [{ id: "new-one", reason: 'needs Fencepost ≥ 9.0 (unknown step "warp")' }],
  };
  expect(() => catalogueEntry("new-one", newer)).toThrow("the probe new-one needs Fencepost ≥ 9.0");
});
