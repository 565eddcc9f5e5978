import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const keys = ["name", "domains", "networks", "mailers", "policy"];
for (const [word, want] of [
  ["domain", "domains"],
  ["netwroks", "networks"],
  ["Mailers", "mailers"],
  ["polcy", "policy"],
  ["nmae", "name"],
  ["colour", null],
  ["x", null],
  ["", null],
] as const) {
  test(`${word} → ${want}`, () => expect(nearest(word, keys)).toBe(want));
}
