import fc from "fast-check";
import { expect, test } from "vitest";
import { parseListKeys } from "./keys.ts";

const known = ["abusix", "spamhaus-dqs"];

test("a line each, or commas; comments and blanks", () => {
  const read = parseListKeys("# ours\nspamhaus-dqs = AbC123 # free tier\n\nabusix=x-1,", known);
  expect(read.ok && [...read.value]).toEqual([
    ["spamhaus-dqs", "abc123"],
    ["abusix", "x-1"],
  ]);
  const none = parseListKeys("", known);
  expect(none.ok && none.value.size).toBe(0);
});

for (const [text, expected] of [
  ["secret123", /^entry 1: expected NAME=KEY with a name of abusix, spamhaus-dqs$/],
  ["abusix=ok\nspamhous=secret123", /^entry 2: /],
  ["abusix=", /^entry 1 \(abusix\): expected a key/],
  // A dot would make more than one label of it: another zone.
  ["abusix=secret123.example", /^entry 1 \(abusix\): /],
  [`abusix=${"a".repeat(64)}`, /^entry 1 \(abusix\): /],
] as const)
  test(`refused: ${text.slice(0, 40)}`, () => {
    const read = parseListKeys(text, known);
    expect(read.ok ? "" : read.expected).toMatch(expected);
    // What is wrong may be the key itself.
    expect(read.ok ? "" : read.expected).not.toMatch(/secret123/);
  });

test("whatever it is given, it answers", () => {
  fc.assert(fc.property(fc.string(), (text) => typeof parseListKeys(text, known).ok === "boolean"));
});
