import fc from "fast-check";
import { expect, test } from "vitest";
import { shown, shownLines } from "./shown.ts";

for (const [text, want] of [
  ["250 2.1.5 Ok", "250 2.1.5 Ok"],
  ["Grüße, κόσμε, 世界", "Grüße, κόσμε, 世界"],
  ["\u001b[31mred\u0007", "\\x1b[31mred\\x07"],
  ["a\r\nb", "a\\x0d\\x0ab"],
  ["c1 \u009b31m", "c1 \\x9b31m"],
  // Right-to-left override: `exe.txt` shown for `txt.exe`.
  ["\u202etxt.exe", "\\u{202e}txt.exe"],
  ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
  ["\ud800 alone", "\\u{d800} alone"],
  ["tag \u{e0041}", "tag \\u{e0041}"],
] as const)
  test(JSON.stringify(text), () => expect(shown(text)).toBe(want));

test("whatever comes, what is shown is visible, and showing it again changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const once = shown(text);
      expect(once).not.toMatch(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(shown(once)).toBe(once);
    }),
  );
});

test("line by line", () => expect(shownLines("a\nb\u0000\n")).toEqual(["a", "b\\x00", ""]));
