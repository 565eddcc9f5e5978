import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DomainName,
  domainSet,
  formatDomainPattern,
  isAtOrBelow,
  isBelow,
  parentOf,
  parseDomain,
  parseDomainPattern,
} from "./domain.ts";

function domain(text: string): DomainName {
  const name = parseDomain(text);
  if (!name.ok) throw new Error(`${text}: ${name.expected}`);
  return name.value;
}

for (const [text, want] of [
  ["Example.ORG", "example.org"],
  ["example.org.", "example.org"],
  ["localhost", "localhost"],
  ["_dmarc.example.org", "_dmarc.example.org"],
  ["4.3.2.1.in-addr.arpa", "4.3.2.1.in-addr.arpa"],
  // U-labels and A-labels are one name (RFC 5890 §2.3.2.4).
  ["bücher.example", "xn--bcher-kva.example"],
  ["BÜCHER.example", "xn--bcher-kva.example"],
  ["bu\u0308cher.example", "xn--bcher-kva.example"], // not yet in NFC
  ["XN--BCHER-KVA.example", "xn--bcher-kva.example"],
  ["straße.example", "xn--strae-oqa.example"],
  // A fake A-label is a name like any other.
  ["XN--A.example", "xn--a.example"],
] as const) {
  test(`${text} is ${want}`, () => expect(domain(text)).toBe(want));
}

for (const text of [
  ...["", ".", "..", ".example.org", "example..org", "example.org..", "-a.example", "a-.example", "a b.example", "a@b"],
  ...["192.0.2.1", "example.1", "[192.0.2.1]", "a%40b.example", "a/b.example", "a\0b.example", "example.org\n"],
  ...[`${"a".repeat(64)}.example`, `${"a.".repeat(130)}example`, "xn--"],
  // Characters that some software maps to ASCII and other does not: no name, rather than two.
  ...[
    "ｅｘａｍｐｌｅ.org",
    "example。org",
    "\u212aelvin.example",
    "①.example",
    "ｂücher.example",
    "bücher\u00ad.example",
    "ﬁ.example",
    "a\u00adb.example",
    "a\u200bb.example",
  ],
]) {
  test(`${JSON.stringify(text)} is no domain name`, () => expect(parseDomain(text).ok).toBe(false));
}

test("what is read once is read again as the same", () => {
  fc.assert(
    fc.property(fc.oneof(fc.domain(), fc.string({ unit: "grapheme", maxLength: 30 })), (text) => {
      const once = parseDomain(text);
      if (once.ok) expect(parseDomain(once.value)).toEqual(once);
    }),
  );
});

test("a name is below its parents, not below itself or a name that merely ends alike", () => {
  expect(isBelow(domain("a.example.org"), domain("example.org"))).toBe(true);
  expect(isBelow(domain("example.org"), domain("example.org"))).toBe(false);
  expect(isBelow(domain("badexample.org"), domain("example.org"))).toBe(false);
  expect(isAtOrBelow(domain("example.org"), domain("example.org"))).toBe(true);
});

test("exact names and wildcards", () => {
  const set = domainSet(
    ["example.org", "*.example.net", "bücher.example"].map((text) => {
      const pattern = parseDomainPattern(text);
      if (!pattern.ok) throw new Error(pattern.expected);
      return pattern.value;
    }),
  );
  const has = (text: string) => set.has(domain(text));
  expect(["EXAMPLE.org", "a.example.net", "a.b.example.net", "xn--bcher-kva.example"].map(has)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["a.example.org", "example.net", "badexample.net", "net"].map(has)).toEqual([false, false, false, false]);
});

test("patterns are written as they are read", () => {
  for (const text of ["example.org", "*.example.org"]) {
    const pattern = parseDomainPattern(text);
    expect(pattern.ok && formatDomainPattern(pattern.value)).toBe(text);
  }
  for (const text of ["*", "*.", "a.*.example", "**.example", "*example"])
    expect(parseDomainPattern(text).ok).toBe(false);
});

test("the parent of a name", () => {
  expect([parentOf(domain("a.example.org")), parentOf(domain("org"))]).toEqual(["example.org", null]);
});
