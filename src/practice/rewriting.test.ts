import { expect, test } from "vitest";
import {
  bangPath,
  doubleAt,
  partsOf,
  percentHack,
  quotedAt,
  type Rewriting,
  sourceRoute,
  unsignedSrs,
} from "./rewriting.ts";

const isOwn = (domain: string): boolean => ["ourcollege.example", "[127.0.0.1]"].includes(domain);

for (const [name, rewrite, address, want] of [
  // The hack is read behind one of our names, or behind none (RFC 1123 §5.2.16).
  ["percent", percentHack, "user%elsewhere.example@ourcollege.example", "user@elsewhere.example"],
  ["percent", percentHack, "user%elsewhere.example@[127.0.0.1]", "user@elsewhere.example"],
  ["percent", percentHack, "user%elsewhere.example", "user@elsewhere.example"],
  ["percent", percentHack, '"user%elsewhere.example"@ourcollege.example', "user@elsewhere.example"],
  ["percent", percentHack, "user%elsewhere.example@elsewhere.example", null],
  ["percent", percentHack, "user@ourcollege.example", null],
  ["bang", bangPath, "elsewhere.example!user@ourcollege.example", "user@elsewhere.example"],
  ["bang", bangPath, "elsewhere.example!user", "user@elsewhere.example"],
  ["bang", bangPath, "user@ourcollege.example", null],
  ["source route", sourceRoute, "@ourcollege.example:user@elsewhere.example", "user@elsewhere.example"],
  ["source route", sourceRoute, "@elsewhere.example:user@ourcollege.example", null],
  ["quotes", quotedAt, '"user@elsewhere.example"@ourcollege.example', "user@elsewhere.example"],
  ["quotes", quotedAt, '"user@elsewhere.example"', "user@elsewhere.example"],
  ["quotes", quotedAt, '"user@ourcollege.example"@elsewhere.example', null],
  ["two @", doubleAt, "user@elsewhere.example@ourcollege.example", "user@elsewhere.example"],
  ["two @", doubleAt, "user@ourcollege.example@elsewhere.example", null],
  ["SRS", unsignedSrs, "SRS0=AAAA=AA=elsewhere.example=user@ourcollege.example", "user@elsewhere.example"],
  ["SRS", unsignedSrs, "srs0+AAAA=AA=elsewhere.example=user@ourcollege.example", "user@elsewhere.example"],
  ["SRS", unsignedSrs, "user@ourcollege.example", null],
] as const satisfies readonly (readonly [string, Rewriting, string, string | null])[])
  test(`${name}: ${address}`, () => expect(rewrite(address, isOwn)).toBe(want));

test("the last @ outside quotes parts an address", () => {
  expect(partsOf('"a@b"@C.example')).toEqual({ local: '"a@b"', domain: "c.example" });
  expect(partsOf('"a\\"@b"')).toEqual({ local: '"a\\"@b"', domain: null });
});
