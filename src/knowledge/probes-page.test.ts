import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { probesPage, shippedTexts } from "../../docs/generate-probes.ts";
import { loadCatalogue } from "./catalogue.ts";

const read = loadCatalogue(shippedTexts());
const shipped = readFileSync(new URL("../../docs/probes.md", import.meta.url), "utf8");

test("docs/probes.md is what the catalogue says: node docs/generate-probes.ts", () => {
  expect(read.ok && probesPage(read.catalogue)).toBe(shipped);
});

test("every row of every table has as many cells as its head", () => {
  const cells = (line: string) => line.replaceAll("\\|", "").split("|").length;
  let head = 0;
  for (const line of shipped.split("\n")) {
    if (!line.startsWith("|")) head = 0;
    else if (head === 0) head = cells(line);
    else expect(cells(line), line).toBe(head);
  }
});
