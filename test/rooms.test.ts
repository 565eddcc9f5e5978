import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { importsIn, violations } from "./rooms.ts";

const root = new URL("../src/", import.meta.url);

test("imports run only downward", () => {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(50);
  expect(violations(files.flatMap((file) => importsIn(file, readFileSync(new URL(file, root), "utf8"))))).toEqual([]);
});

for (const [from, source, want] of [
  // upward, also by types only
  ["net/a.ts", 'import type { X } from "../check/check.ts";', /upward from check/],
  // sideways
  ["check/a.ts", 'import { x } from "../practice/practice.ts";', /sideways from practice/],
  // by import() types
  ["net/a.ts", 'type X = import("../site/site.ts").Site;', /upward from site/],
  // re-exports
  ["smtp/a.ts", 'export { x } from "../io/tcp.ts";', /upward from io/],
  // I/O outside its rooms
  ["check/a.ts", 'import net from "node:net";', /may be imported only in io/],
  ["tasks/a.ts", 'import { sql } from "kysely";', /may be imported only in store/],
  ["nowhere/a.ts", 'import { x } from "../net/ip.ts";', /lies in no room/],
] as const)
  test(`a planted fault is found: ${source}`, () =>
    expect(violations(importsIn(from, source)).join("\n")).toMatch(want));

test("a planted circle is found", () => {
  const imports = [
    ...importsIn("net/a.ts", 'import { b } from "./b.ts";'),
    ...importsIn("net/b.ts", 'import { a } from "./a.ts";'),
  ];
  expect(violations(imports).join("\n")).toMatch(/circle: net\/a.ts → net\/b.ts → net\/a.ts/);
});
