import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clock, Random } from "../ports.ts";
import { tokens } from "./token.ts";

const at = (iso: string): Clock => ({ now: () => new Date(iso), monotonic: () => 0, sleep: async () => {} });
let counter = 0;
const random: Random = { bytes: (count) => Buffer.alloc(count, (counter += 1)) };
const key = Buffer.alloc(32, 7);
const made = tokens(key, at("2026-11-24T00:00:00Z"), random);

for (const form of ["long", "short"] as const) {
  test(`a ${form} token is valid for eight days, for us, in any case`, () => {
    const token = made.issue(form);
    expect(token).toMatch(form === "long" ? /^[a-z2-7]{26}$/ : /^[a-z2-7]{16}$/);
    expect(made.verify(token)).toBe(true);
    expect(tokens(key, at("2026-12-01T23:00:00Z"), random).verify(token)).toBe(true);
    expect(tokens(key, at("2026-12-03T00:00:00Z"), random).verify(token)).toBe(false);
    expect(tokens(Buffer.alloc(32, 8), at("2026-11-24T00:00:00Z"), random).verify(token)).toBe(false);
    expect(made.find(`FP-${token.toUpperCase()}`)).toEqual([token]);
  });

  test(`a ${form} token with one changed character is forged`, () => {
    const token = made.issue(form);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(..."abcdefgh234567"), (index, character) => {
        const forged = token.slice(0, index) + character + token.slice(index + 1);
        expect(made.verify(forged)).toBe(forged === token);
      }),
    );
  });

  test(`a ${form} token is found through any rewriting of the address`, () => {
    const token = made.issue(form);
    for (const address of [
      `fp-${token}@catch.example`,
      `fp-${token}%catch.example@ours.example`,
      `IMCEASMTP-fp+2D${token}+40catch+2Eexample@ours.example`,
      `SRS0=AAAA=AA=catch.example=fp-${token}@ours.example`,
      `postmaster@${token}.catch.example`,
      `catch.example!fp-${token}`,
      `x${token}y@z`,
    ])
      expect(made.find(address)).toEqual([token]);
  });
}

test("nothing is found in a stranger's text, and it costs little", () => {
  expect(made.find("a".repeat(1_000_000))).toEqual([]);
  expect(made.find("postmaster@ours.example")).toEqual([]);
});
