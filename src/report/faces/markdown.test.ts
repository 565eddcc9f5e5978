import fc from "fast-check";
import { expect, test } from "vitest";
import { code, type Text, toned } from "../document.ts";
import { renderMarkdown } from "./markdown.ts";

const paragraph = (text: Text): string => renderMarkdown({ title: "", blocks: [{ kind: "paragraph", text }] });

for (const [what, text, want] of [
  // Nothing that a stranger wrote becomes a link, an image, HTML or emphasis.
  ["a link", "[x](https://evil.example)", "\\[x\\](https://evil.example)"],
  ["an image", "![x](y)", "\\!\\[x\\](y)"],
  ["HTML", "<script>", "\\<script\\>"],
  ["an entity", "&lt;", "\\&lt;"],
  ["emphasis", "*a* _b_", "\\*a\\* \\_b\\_"],
  ["a line end", "a\n# b", "a \\# b"],
  ["a control character", "a\u0007b", "a\\\\x07b"],
  // Code is fenced by more ticks than it holds.
  ["code", code("a*b"), "`a*b`"],
  ["ticks in code", code("a `b` c"), "`` a `b` c ``"],
  // Emphasis does not begin or end at a space.
  ["strong", ["x", toned("R1 ", "strong"), "y"], "x**R1** y"],
] as const satisfies readonly (readonly [string, Text, string])[])
  test(`${what}: ${want}`, () => expect(paragraph(text)).toBe(`${want}\n`));

test("a table has as many cells in each line, whatever is in them", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 4 }), (rows) => {
      const text = renderMarkdown({
        title: "",
        blocks: [{ kind: "table", head: ["a", "b"], rows: rows.map(([a, b]) => [a, code(b)]) }],
      });
      const lines = text.trimEnd().split("\n");
      expect(lines.length).toBe(rows.length + 2);
      for (const line of lines) expect(line.replaceAll(/\\./g, "").split("|").length).toBe(4);
    }),
  );
});

test("a block of code ends where it ends", () => {
  const text = renderMarkdown({ title: "", blocks: [{ kind: "code", text: "a\n```\nb" }] });
  expect(text).toBe("````\na\n```\nb\n````\n");
});
