import fc from "fast-check";
import { expect, test } from "vitest";
import type { IpAddress } from "./ip.ts";
import { contains, type Prefix, prefixOf } from "./prefix.ts";
import { prefixMap } from "./prefix-map.ts";

// Prefixes crowded into the ends of both address spaces, where nesting and wrap-around happen.
const address = fc.tuple(fc.constantFrom(4, 6), fc.boolean(), fc.nat(63)).map(([family, top, low]): IpAddress => {
  const whole = 1n << (family === 4 ? 32n : 128n);
  return { family, bits: top ? whole - 64n + BigInt(low) : BigInt(low) };
});
const prefix = fc.tuple(address, fc.nat(7)).map(([a, host]) => prefixOf(a, (a.family === 4 ? 32 : 128) - host));
const anyPrefix = fc.oneof(
  { weight: 8, arbitrary: prefix },
  { weight: 1, arbitrary: address.map((a) => prefixOf(a, 0)) },
);

test("lookup agrees with trying every prefix", () => {
  fc.assert(
    fc.property(fc.array(anyPrefix, { maxLength: 12 }), address, (all, a) => {
      let want: { prefix: Prefix; value: number } | null = null;
      for (const [value, p] of all.entries()) {
        if (contains(p, a) && (want === null || p.length >= want.prefix.length)) want = { prefix: p, value };
      }
      expect(prefixMap(all.map((p, value) => [p, value])).lookup(a)).toEqual(want);
    }),
    { numRuns: 2000 },
  );
});

test("100,000 entries are built and asked quickly", () => {
  const started = performance.now();
  const map = prefixMap(
    Array.from({ length: 100_000 }, (_, i) => [prefixOf({ family: 6, bits: BigInt(i) << 80n }, 48), i] as const),
  );
  for (let i = 0; i < 100_000; i += 997)
    expect(map.lookup({ family: 6, bits: (BigInt(i) << 80n) | 7n })?.value).toBe(i);
  expect(map.lookup({ family: 4, bits: 7n })).toBe(null);
  expect(performance.now() - started).toBeLessThan(5_000); // it takes about 0.2 s
});
