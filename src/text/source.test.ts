import { expect, test } from "vitest";
import { sourceOf } from "./source.ts";

const source = sourceOf("main.cf", "a = 1\r\n\nmynetworks = 0.0.0.0/0");

test("offsets become lines and columns", () => {
  expect([0, 4, 6, 7, 8, 9].map((offset) => source.positionAt(offset))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 5 },
    { line: 1, column: 7 }, // the LF belongs to its line
    { line: 2, column: 1 },
    { line: 3, column: 1 },
    { line: 3, column: 2 },
  ]);
  expect(source.positionAt(9999)).toEqual({ line: 3, column: 23 });
  expect(source.positionAt(-1)).toEqual({ line: 1, column: 1 });
});

test("lines come without their ends", () => {
  expect([0, 1, 2, 3, 4].map((line) => source.line(line))).toEqual(["", "a = 1", "", "mynetworks = 0.0.0.0/0", ""]);
  expect(source.lineCount).toBe(3);
  expect(sourceOf("empty", "").lineCount).toBe(1);
});

test("a span holds the text between", () => {
  expect(source.span(21, 30)).toEqual({
    file: "main.cf",
    start: { line: 3, column: 14 },
    end: { line: 3, column: 23 },
    text: "0.0.0.0/0",
  });
});
