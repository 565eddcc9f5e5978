import fc from "fast-check";
import { expect, test } from "vitest";
import { splitPathAndParameters } from "./parameters.ts";

for (const [text, path, parameters] of [
  ["<user@example.org>", "<user@example.org>", []],
  [" <user@example.org>", "<user@example.org>", []],
  [
    "<> SIZE=1000 BODY=8BITMIME",
    "<>",
    [
      ["SIZE", "1000"],
      ["BODY", "8BITMIME"],
    ],
  ],
  ["<a@b.example> smtputf8", "<a@b.example>", [["SMTPUTF8", null]]],
  ["<a@b.example>  ORCPT=rfc822;a@b.example ", "<a@b.example>", [["ORCPT", "rfc822;a@b.example"]]],
  // Brackets and spaces inside quotes are part of the local-part.
  ['<"a> b"@c.example> NOTIFY=NEVER', '<"a> b"@c.example>', [["NOTIFY", "NEVER"]]],
  ['<"a\\"> b"@c.example>', '<"a\\"> b"@c.example>', []],
  // Without brackets the path ends at the space.
  ["user@example.org SIZE=1", "user@example.org", [["SIZE", "1"]]],
] as const) {
  test(text, () =>
    expect(splitPathAndParameters(text)).toEqual({
      ok: true,
      value: { path, parameters: parameters.map(([keyword, value]) => ({ keyword, value })) },
    }),
  );
}

for (const text of [
  "",
  "  ",
  "<user@example.org",
  '<"user@example.org>',
  "<a@b.example>SIZE=1",
  "<a@b.example> =1",
  "<a@b.example> SIZE=",
  "<a@b.example> A==b",
  "<a@b> <c@d>",
]) {
  test(`${JSON.stringify(text)} is refused`, () => expect(splitPathAndParameters(text).ok).toBe(false));
}

test("any text is split or refused, never thrown at", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => typeof splitPathAndParameters(text).ok === "boolean"));
});
