import fc from "fast-check";
import { expect, test } from "vitest";
import { type Block, code, toned } from "../document.ts";
import { renderText, textLine } from "./text.ts";

const plain = { colour: false, width: 40 };
const render = (...blocks: readonly Block[]): string => renderText({ title: "", blocks }, plain);

test("paragraphs break at spaces, long words where the line ends", () => {
  expect(render({ kind: "paragraph", text: "one two three four five six seven eight nine" })).toBe(
    "one two three four five six seven eight\nnine\n",
  );
  expect(render({ kind: "paragraph", text: "x".repeat(50) })).toBe(`${"x".repeat(40)}\n${"x".repeat(10)}\n`);
});

test("what is to be typed stays on one line", () => {
  expect(render({ kind: "paragraph", text: ["test again with: ", code("fencepost check mx1 --patient")] })).toBe(
    "test again with:\nfencepost check mx1 --patient\n",
  );
});

test("a word may change its tone, and is not broken there", () => {
  expect(
    render({ kind: "paragraph", text: ["thirty-eight letters and then some (", toned("word", "bad"), ")."] }),
  ).toBe("thirty-eight letters and then some\n(word).\n");
});

test("a table puts numbers to the right and folds the widest column", () => {
  const table: Block = {
    kind: "table",
    head: ["name", "n", "why"],
    rows: [
      ["plain", "7", "because it was passed on to the catcher"],
      ["x", "12", ""],
    ],
  };
  expect(render(table)).toBe(`  name    n  why
  plain   7  because it was passed on to
             the catcher
  x      12
`);
});

test("events make a column of their words", () => {
  expect(
    render({
      kind: "events",
      events: [
        { word: "relayed", tone: "bad", title: "one", lines: ["came out"] },
        { word: "ok", tone: "good", title: "two", lines: [] },
      ],
    }),
  ).toBe("  RELAYED  one\n    came out\n  OK       two\n");
});

test("evidence that is folded away is left out", () => {
  expect(
    render({
      kind: "details",
      summary: "x",
      word: "x",
      tone: "good",
      anchor: "x",
      blocks: [{ kind: "paragraph", text: "y" }],
    }),
  ).toBe("");
});

test("colour only where it was asked for", () => {
  const block: Block = { kind: "banner", title: "t", word: "OPEN", tone: "bad", says: "x" };
  expect(render(block)).not.toContain("\u001b");
  expect(renderText({ title: "", blocks: [block] }, { ...plain, colour: true })).toContain("\u001b[31m");
});

test("a line is cut at the width", () => {
  expect(textLine(["CLOSED", "192.0.2.25:25", "a reason that is far too long"], plain)).toBe(
    "CLOSED  192.0.2.25:25  a reason that is…\n",
  );
});

test("whatever is in the text, no line is wider than the terminal, and none steers it", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\u001b[2J", "\u202e", "\r", "a b", "<script>", "|"),
  );
  const block = fc.oneof(
    fc.record({ kind: fc.constant("paragraph" as const), text: fc.array(text, { maxLength: 4 }) }),
    fc.record({ kind: fc.constant("list" as const), items: fc.array(text, { maxLength: 3 }) }),
    fc.record({
      kind: fc.constant("facts" as const),
      rows: fc.array(fc.tuple(fc.constantFrom("a", "label"), text), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("table" as const),
      head: fc.constant(["a", "b", "c"]),
      rows: fc.array(fc.tuple(text, text, text), { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("events" as const),
      events: fc.array(
        fc.record({
          word: fc.constantFrom("relayed", "x"),
          tone: fc.constant("bad" as const),
          title: text,
          lines: fc.array(text, { maxLength: 2 }),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    }),
    fc.record({
      kind: fc.constant("banner" as const),
      title: text,
      word: fc.constant("OPEN"),
      tone: fc.constant("bad" as const),
      says: text,
    }),
  );
  fc.assert(
    fc.property(fc.array(block, { maxLength: 4 }), fc.integer({ min: 40, max: 100 }), (blocks, width) => {
      const lines = renderText({ title: "", blocks }, { colour: false, width }).split("\n");
      for (const line of lines) {
        expect(line.length).toBeLessThanOrEqual(width);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }
    }),
  );
});
