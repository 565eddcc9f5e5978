import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { fingerprint, type Said } from "./fingerprint.ts";
import { patternTrouble } from "./pattern.ts";
import { productSchema } from "./product.ts";

const folder = new URL("../../catalogue/products/", import.meta.url);
const products = readdirSync(folder).map((path) =>
  productSchema.parse(parse(readFileSync(new URL(path, folder), "utf8"))),
);

const nothing: Said = { banner: null, ehlo: [], replies: [], help: null };

for (const [said, product, version] of [
  // The words of the refusal alone: the banner is easily edited.
  [{ replies: ["554 5.7.1 <a@catch.example>: Relay access denied"] }, "postfix", undefined],
  [{ replies: ["550 relay not permitted"] }, "exim", undefined],
  [
    { replies: ["550 5.7.1 <a@catch.example>... Relaying denied. Proper authentication required."] },
    "sendmail",
    undefined,
  ],
  [{ replies: ["513 Relaying denied."] }, "courier", undefined],
  [{ replies: ["550 I cannot deliver mail for <a@catch.example>"] }, "haraka", undefined],
  [{ replies: ["550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"] }, "exchange", undefined],
  [{ replies: ["550 5.7.64 TenantAttribution; Relay Access Denied"] }, "exchange-online", undefined],
  [{ replies: ["550 5.7.1 Unable to relay for a@catch.example"] }, "iis", undefined],
  [{ replies: ["553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"] }, "qmail", undefined],
  [{ replies: ["550 5.7.1 Requested action not taken: relaying denied"] }, "james", undefined],
  [{ replies: ["550 5.1.2 Relay not allowed."] }, "stalwart", undefined],
  [{ replies: ["503 5.7.1 Relay not allowed"] }, "chasquid", undefined],
  [{ replies: ["550 5.1.1 not accepting email for domain"] }, "mox", undefined],
  [{ replies: ["550 Delivery is not allowed to this address."] }, "hmailserver", undefined],
  [{ replies: ["554 Relay rejected for policy reasons."] }, "domino", undefined],
  [{ replies: ["550 Invalid recipient: <a@catch.example>"] }, "opensmtpd", undefined],
  // Greetings, with the version where it is told.
  [{ banner: "mx.example.org ESMTP Postfix (Debian/GNU)" }, "postfix", undefined],
  [{ banner: "mx.example.org ESMTP Exim 4.96 Tue, 24 Nov 2026 10:00:00 +0000" }, "exim", "4.96"],
  [{ banner: "mx.example.org ESMTP Sendmail 8.17.1.9/8.17.1.9; Tue, 24 Nov 2026" }, "sendmail", "8.17.1.9"],
  [{ banner: "mx.example.org ESMTP Haraka/3.0.3 ready" }, "haraka", "3.0.3"],
  [{ banner: "mx.example.org ESMTP OpenSMTPD" }, "opensmtpd", undefined],
  [{ banner: "mx.example.org Microsoft ESMTP MAIL Service, Version: 10.0.14393.0 ready at" }, "iis", "10.0.14393.0"],
  [{ banner: "mx.example.org Microsoft ESMTP MAIL Service ready at Tue, 24 Nov 2026" }, "exchange", undefined],
  [{ banner: "mailpit.example ESMTP Mailpit" }, "mail-sink", undefined],
] as const) {
  test(`${Object.values(said)} is ${product}`, () => {
    const guess = fingerprint({ ...nothing, ...said }, products);
    expect(guess?.product).toBe(product);
    expect(guess?.version).toBe(version);
    expect(guess?.evidence.length).toBeGreaterThan(0);
  });
}

test("an edited greeting does not hide the words of the refusal", () => {
  const said = {
    ...nothing,
    banner: "mx.example.org ESMTP Exim 4.96",
    replies: ["454 4.7.1 <a@catch.example>: Relay access denied", "250 2.1.0 Ok"],
  };
  expect(fingerprint(said, products)).toMatchObject({ product: "postfix", confidence: "high" });
});

test("nothing that tells, and a tie, are no guess", () => {
  expect(fingerprint({ ...nothing, banner: "mx.example.org ESMTP", replies: ["550 no"] }, products)).toBe(null);
  const twin = products.filter(({ id }) => id === "postfix");
  expect(fingerprint({ ...nothing, banner: "h ESMTP Postfix" }, [...twin, ...twin])).toBe(null);
});

test("a long hostile text costs little", () => {
  const hostile = ["a".repeat(1e6), "5.1.0 ".repeat(1e5), " Hello [".repeat(1e5)];
  const started = performance.now();
  fingerprint({ banner: hostile.join(""), ehlo: hostile, replies: hostile, help: hostile.join("") }, products);
  expect(performance.now() - started).toBeLessThan(500);
});

for (const [pattern, trouble] of [
  ["Relay access denied", null],
  ["Exim (?<version>[0-9.]{1,8})", null],
  ["(?:a|b)c?", null],
  ["\\.\\.\\. Relaying [*+] denied", null],
  ["a+", /without a bound/],
  ["a{2,}", /without a bound/],
  ["(ab){1,9}", /repeats a group/],
  ["a{1,9}b{1,9}c{1,9}", /more than two/],
  ["a{1,99}", /more than 64/],
  ["(?=a)", /look-around/],
  ["(a)\\1", /back-reference/],
  ["(a", /no regular expression/],
] as const) {
  test(`pattern ${pattern}`, () => {
    if (trouble === null) expect(patternTrouble(pattern)).toBe(null);
    else expect(patternTrouble(pattern)).toMatch(trouble);
  });
}
