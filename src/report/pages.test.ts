import { expect, test } from "vitest";
import { filled, keysIn, pages } from "../../docs/generate-tables.ts";
import { siteKeys } from "../../docs/site-keys.ts";
import { siteJsonSchema } from "../site/schema.ts";

test("every key of the site file has its line in docs/site-keys.ts, and no line is left over", () => {
  const keys = keysIn(siteJsonSchema(), "").map(({ path }) => path);
  expect(keys.filter((key) => siteKeys[key] === undefined)).toEqual([]);
  expect(Object.keys(siteKeys).filter((key) => !keys.includes(key))).toEqual([]);
});

for (const { path, text } of pages())
  test(`the tables of ${path.pathname.split("/").at(-1)} are what the code says: node docs/generate-tables.ts`, () => {
    expect(filled(text)).toBe(text);
  });
