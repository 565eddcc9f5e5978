import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ForwardPath,
  formatPath,
  parseForwardPath,
  parseReversePath,
  readForwardPath,
  readReversePath,
} from "./path.ts";

for (const [text, want] of [
  ["<user@example.org>", "<user@example.org>"],
  ["user@EXAMPLE.org", "<user@example.org>"],
  ["<User@example.org.>", "<User@example.org>"], // the local-part keeps its case (RFC 5321 §2.4)
  ["<POSTMASTER>", "<Postmaster>"],
  ["<@a.example,@b.example:user@c.example>", "<@a.example,@b.example:user@c.example>"],
  ["@[192.0.2.1],@[IPv6:2001:db8::1]:user@c.example", "<@[192.0.2.1],@[IPv6:2001:db8::1]:user@c.example>"],
  ["<user%outside.example@example.org>", "<user%outside.example@example.org>"],
  ["<outside.example!user@example.org>", "<outside.example!user@example.org>"],
  ['<"user@outside.example"@example.org>', '<"user@outside.example"@example.org>'],
  ["<user@[192.0.2.1]>", "<user@[192.0.2.1]>"],
  ["<user@[IPv6:2001:db8::1]>", "<user@[IPv6:2001:db8::1]>"],
  ["<user>", "<user>"],
  ["<host!user>", "<host!user>"],
  // Quotes that are not needed are not kept; those that are needed come back.
  ['<"user"@example.org>', "<user@example.org>"],
  ['<"a\\ b"@example.org>', '<"a b"@example.org>'],
  ['<"a\\"b"@example.org>', '<"a\\"b"@example.org>'],
  ["<a..b.@example.org>", '<"a..b."@example.org>'],
  ['<""@example.org>', '<""@example.org>'],
  ['<"postmaster">', "<Postmaster>"],
  ["<jürgen@bücher.example>", "<jürgen@xn--bcher-kva.example>"],
] as const) {
  test(`${text} is written ${want}`, () => {
    const path = parseForwardPath(text);
    expect(path.ok && formatPath(path.value)).toBe(want);
  });
}

for (const text of [
  ...["", "<>", "<", "<user@example.org", "user@example.org>", "<<user@example.org>>", "<user@>", "<@example.org>"],
  ...[
    "<user@a@example.org>",
    "<@a:user>",
    "<@a,b:user@c>",
    "<@a,:user@c>",
    '<"user@example.org>',
    '<"a"b@example.org>',
    "<a b@c.example>",
  ],
  ...[
    "<user@192.0.2.1>",
    "<user@[192.0.2.1>",
    "<user@exa_mple..org>",
    "<user\0@example.org>",
    '<"user\0"@example.org>',
    '<"a\\\x07"@b.example>',
    "<a\\@b@c.example>",
    "<user(hi)@example.org>",
  ],
  `<${"a".repeat(3000)}@example.org>`,
]) {
  test(`${JSON.stringify(text.slice(0, 60))} is kept as malformed`, () => {
    expect(parseForwardPath(text).ok).toBe(false);
    expect(readForwardPath(text)).toEqual({ kind: "malformed", text });
  });
}

test("the null reverse-path", () => {
  expect(parseReversePath("<>")).toEqual({ ok: true, value: { kind: "null" } });
  expect(readReversePath("").kind).toBe("malformed"); // MAIL FROM: with nothing after it
  expect(readReversePath("<postmaster>").kind).toBe("local");
});

test("the place of the fault is told", () => {
  expect(parseForwardPath("<user@exam ple.org>")).toMatchObject({ ok: false, at: 6 });
  expect(parseForwardPath("<@a.b c.example:user@b.example>")).toMatchObject({ ok: false, at: 4 });
});

/** Text that is nearly a path. */
const pathLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."<>@,:\"\\%!.[] =+-'",
        "user",
        "example.org",
        "bücher",
        "[192.0.2.1]",
        "[IPv6:::1]",
        "Postmaster",
        "\0",
        "@a.example:",
      ),
      fc.string({ maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

test("parse(format(p)) is p, for forward-paths", () => {
  const bracketed = fc.oneof(
    pathLike,
    pathLike.map((text) => `<${text}>`),
    pathLike.map((text) => `<${text}@example.org>`),
  );
  fc.assert(
    fc.property(bracketed, (text) => {
      const path: ForwardPath = readForwardPath(text);
      expect(readForwardPath(formatPath(path))).toEqual(path);
      const reverse = readReversePath(text);
      expect(readReversePath(formatPath(reverse))).toEqual(reverse);
    }),
    { numRuns: 5000 },
  );
});

test("any local-part survives being quoted", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 20 }), (content) => {
      const path = readForwardPath(`<"${content.replace(/["\\]/g, "\\$&")}"@example.org>`);
      if (/[\0-\x1f\x7f]/.test(content)) expect(path.kind).toBe("malformed");
      else expect(path.kind === "mailbox" && path.mailbox.localPart).toBe(content);
    }),
  );
});
