import fc from "fast-check";
import { expect, test } from "vitest";
import type { IpAddress } from "./ip.ts";
import { type IpSet, ipSet, ipSetOfRanges } from "./ip-set.ts";
import { formatPrefix, type IpRange, type Prefix, parsePrefix, prefixOf } from "./prefix.ts";

function prefixes(...texts: readonly string[]): readonly Prefix[] {
  return texts.map((text) => {
    const prefix = parsePrefix(text);
    if (!prefix.ok) throw new Error(`${text}: ${prefix.expected}`);
    return prefix.value;
  });
}
const texts = (set: IpSet) => set.toPrefixes().map(formatPrefix);

test("neighbours and overlaps merge", () => {
  expect(
    texts(ipSet(prefixes("192.0.2.128/25", "192.0.2.0/25", "192.0.2.7", "2001:db8::/33", "2001:db8:8000::/33"))),
  ).toEqual(["192.0.2.0/24", "2001:db8::/32"]);
});

test("subtracting one host from a /29 leaves three prefixes", () => {
  expect(texts(ipSet(prefixes("192.0.2.0/29")).subtract(ipSet(prefixes("192.0.2.0"))))).toEqual([
    "192.0.2.1/32",
    "192.0.2.2/31",
    "192.0.2.4/30",
  ]);
});

test("nothing, and everything", () => {
  const none = ipSet([]);
  expect(none.isEmpty).toBe(true);
  expect(texts(none.complement())).toEqual(["0.0.0.0/0", "::/0"]);
  expect(none.complement().complement().isEmpty).toBe(true);
});

// A world of 32 addresses a family, small enough to ask every one of them.
const world: readonly IpAddress[] = Array.from({ length: 64 }, (_, i) => ({
  family: i < 32 ? 4 : 6,
  bits: BigInt(i % 32),
}));
const range = fc
  .tuple(fc.constantFrom(4, 6), fc.nat(31), fc.nat(31))
  .map(([family, a, b]): IpRange => ({ family, first: BigInt(Math.min(a, b)), last: BigInt(Math.max(a, b)) }));
const set = fc.array(range, { maxLength: 8 });
const within = (ranges: readonly IpRange[], a: IpAddress) =>
  ranges.some((r) => r.family === a.family && a.bits >= r.first && a.bits <= r.last);

test("the algebra agrees with asking each address", () => {
  fc.assert(
    fc.property(set, set, (x, y) => {
      const a = ipSetOfRanges(x);
      const b = ipSetOfRanges(y);
      for (const address of world) {
        const inA = within(x, address);
        const inB = within(y, address);
        expect(a.has(address)).toBe(inA);
        expect(a.union(b).has(address)).toBe(inA || inB);
        expect(a.intersect(b).has(address)).toBe(inA && inB);
        expect(a.subtract(b).has(address)).toBe(inA && !inB);
        expect(a.complement().has(address)).toBe(!inA);
      }
      expect(a.includes(b)).toBe(world.every((address) => !within(y, address) || within(x, address)));
    }),
    { numRuns: 60 },
  );
});

test("laws: De Morgan, double complement, idempotence", () => {
  fc.assert(
    fc.property(set, set, (x, y) => {
      const a = ipSetOfRanges(x);
      const b = ipSetOfRanges(y);
      expect(a.union(b).complement().equals(a.complement().intersect(b.complement()))).toBe(true);
      expect(a.complement().complement().equals(a)).toBe(true);
      expect(a.union(a).equals(a)).toBe(true);
      expect(ipSet(a.toPrefixes()).equals(a)).toBe(true);
    }),
  );
});

test("toPrefixes is minimal: no two of its prefixes could be one", () => {
  fc.assert(
    fc.property(set, (x) => {
      const all = ipSetOfRanges(x).toPrefixes();
      for (const [i, p] of all.entries()) {
        const next = all[i + 1];
        if (
          next === undefined ||
          next.length !== p.length ||
          next.address.family !== p.address.family ||
          p.length === 0
        )
          continue;
        expect(prefixOf(p.address, p.length - 1)).not.toEqual(prefixOf(next.address, p.length - 1));
      }
    }),
  );
});

test("100,000 prefixes are built and asked quickly", () => {
  const many = Array.from({ length: 100_000 }, (_, i) =>
    prefixOf({ family: 4, bits: BigInt(i * 40_000) & 0xffffffffn }, 24),
  );
  const started = performance.now();
  const big = ipSet(many);
  let found = 0;
  for (let i = 0; i < 100_000; i += 1) if (big.has({ family: 4, bits: BigInt(i * 40_000) & 0xffffffffn })) found += 1;
  expect(found).toBe(100_000);
  expect(performance.now() - started).toBeLessThan(5_000); // it takes about 0.2 s
});
