import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { productsPage } from "../../docs/generate-products.ts";
import { products as auditors } from "../audit/products.ts";
import { severities } from "../finding/finding.ts";
import { loadCatalogue } from "./catalogue.ts";
import { productSchema } from "./product.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error(read.errors.map(({ path, line, message }) => `${path}:${line}: ${message}`).join("\n"));
const { catalogue } = read;
const auditorNames = auditors.map(({ name }) => name);
const audited = catalogue.products.filter(({ auditedAs }) => auditedAs !== undefined);
const misconfigurations = catalogue.products.flatMap((product) =>
  (product.misconfigurations ?? []).map((row) => ({ ...row, auditedAs: product.auditedAs })),
);

/** The tags of an auditor with their severity: its rows, and remarks, which only their text tells. */
function tagsOf(auditor: string): ReadonlyMap<string, string> {
  const rows = Object.entries(auditors.find(({ name }) => name === auditor)?.rows ?? {});
  const url = new URL(`../audit/products/${auditor}/remarks.ts`, import.meta.url);
  const remarks = (existsSync(url) ? readFileSync(url, "utf8") : "").matchAll(/tag: "(\w+)",\s+severity: "(\w+)"/g);
  return new Map([
    ...rows.map(([tag, { severity }]) => [tag, severity] as const),
    ...[...remarks].map(([, tag = "", severity = ""]) => [tag, severity] as const),
  ]);
}

test("the catalogue has every configuration that the audit reads, and names no other", () => {
  expect(new Set(audited.map(({ auditedAs }) => auditedAs))).toEqual(new Set(auditorNames));
  for (const name of auditorNames.filter((one) => one !== "containers"))
    expect(catalogue.products.find(({ id }) => id === name)?.auditedAs).toBe(name);
});

/** What is made of a mailer that the audit reads has the mailer's own row for the rest. */
const byItself = (id: string, auditedAs: string) => id === auditedAs || auditedAs === "containers";

for (const { id, auditedAs = "", ...product } of audited)
  test(`${id} says how to show, hold, stop and reload it`, () => {
    expect(product.dump).toBeDefined();
    expect(product.queue).toBeDefined();
    expect(product.reload).toBeDefined();
    if (!byItself(id, auditedAs)) return;
    expect(product.listener.loopback).toBeDefined();
    expect(product.defaults).toBeDefined();
    expect(product.misconfigurations).toBeDefined();
  });

test("no id of a misconfiguration is used twice", () => {
  const ids = misconfigurations.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

test("a tag is one that the audit of this product gives, with the same severity", () => {
  for (const { id, tag, severity, auditedAs } of misconfigurations)
    if (tag !== undefined) expect([id, tagsOf(auditedAs ?? "").get(tag)]).toEqual([id, severity]);
});

/** What an auditor finds and cannot name more closely. */
const unnamed = /_(OTHER|UNKNOWN|COMBINATION)$/;

for (const auditor of auditorNames.filter((name) => name !== "containers"))
  test(`every fault that the audit of ${auditor} names is in the catalogue`, () => {
    const named = new Set(misconfigurations.map(({ tag }) => tag));
    const tags = [...tagsOf(auditor).keys()];
    expect(tags.length).toBeGreaterThan(5);
    expect(tags.filter((tag) => !unnamed.test(tag) && !named.has(tag))).toEqual([]);
  });

test("severities are those of findings", () => {
  expect(productSchema.shape.misconfigurations.unwrap().element.shape.severity.options).toEqual([...severities]);
});

test("docs/products.md is what the catalogue says: node docs/generate-products.ts", () => {
  const shipped = readFileSync(new URL("../../docs/products.md", import.meta.url), "utf8");
  expect(productsPage(catalogue)).toBe(shipped);
});

test("every row of every table of the page has as many cells as its head", () => {
  const cells = (line: string) => line.replaceAll("\\|", "").split("|").length;
  let head = 0;
  for (const line of productsPage(catalogue).split("\n")) {
    if (!line.startsWith("|")) head = 0;
    else if (head === 0) head = cells(line);
    else expect(cells(line), line).toBe(head);
  }
});
