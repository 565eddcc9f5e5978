import fc from "fast-check";
import { expect, test } from "vitest";
import { fromWire } from "./wire.ts";

test("UTF-8 is decoded, other bytes stay as they are", () => {
  expect(fromWire("plain")).toBe("plain");
  expect(fromWire("b\xc3\xbccher")).toBe("bücher");
  expect(fromWire("b\xfccher")).toBe("b\xfccher");
  expect(fromWire("\xc3\xbc\xfc")).toBe("\xc3\xbc\xfc"); // not half of it
  expect(fromWire("\xc0\xae")).toBe("\xc0\xae"); // an overlong dot is no dot
});

test("whatever is text comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(fromWire(Buffer.from(text, "utf8").toString("latin1"))).toBe(text);
    }),
  );
});
