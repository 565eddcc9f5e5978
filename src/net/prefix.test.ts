import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { expect, test } from "vitest";
import { formatIp, type IpAddress, parseIp, widthOf } from "./ip.ts";
import { contains, formatPrefix, parsePrefix, prefixOf, prefixRange } from "./prefix.ts";

function complaint(text: string): string {
  const prefix = parsePrefix(text);
  return prefix.ok ? "" : `${text}: ${prefix.expected}`;
}

for (const [text, want] of [
  ["192.0.2.0/24", "192.0.2.0/24"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["::/0", "::/0"],
  ["2001:DB8::/32", "2001:db8::/32"],
  // A bare address is the prefix of that one host.
  ["192.0.2.1", "192.0.2.1/32"],
  ["2001:db8::1", "2001:db8::1/128"],
  // IPv4-mapped prefixes are IPv4.
  ["::ffff:192.0.2.0/120", "192.0.2.0/24"],
  ["::ffff:0:0/96", "0.0.0.0/0"],
] as const) {
  test(`${text} is ${want}`, () => {
    const prefix = parsePrefix(text);
    expect(prefix.ok && formatPrefix(prefix.value)).toBe(want);
  });
}

test("set host bits are refused, with what may have been meant", () => {
  expect(complaint("10.1.1.2/23")).toBe("10.1.1.2/23: host bits are set. Did you mean 10.1.0.0/23?");
  expect(complaint("2001:db8::1/64")).toBe("2001:db8::1/64: host bits are set. Did you mean 2001:db8::/64?");
});

for (const text of [
  "192.0.2.0/33",
  "192.0.2.0/",
  "192.0.2.0/024",
  "192.0.2.0/-1",
  "192.0.2.0/2 4",
  "::/129",
  "::ffff:192.0.2.0/24",
  "192.0.2/24",
  "/24",
  "10/8",
  "10.0.0.0/255.0.0.0",
]) {
  test(`${text} is no prefix`, () => expect(parsePrefix(text).ok).toBe(false));
}

const address = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((bits): IpAddress => ({ family: 4, bits })),
  fc.bigInt({ min: 1n << 64n, max: (1n << 128n) - 1n }).map((bits): IpAddress => ({ family: 6, bits })),
);
const prefix = fc.tuple(address, fc.nat(128)).map(([a, n]) => prefixOf(a, Math.min(n, widthOf(a.family))));

test("parse(format(p)) is p", () => {
  fc.assert(
    fc.property(prefix, (p) => {
      expect(parsePrefix(formatPrefix(p))).toEqual({ ok: true, value: p });
    }),
  );
});

test("contains agrees with the range and with ipaddr.js", () => {
  const near = fc.tuple(prefix, address, fc.bigInt({ min: -2n, max: 2n })).map(([p, a, delta]) => {
    const { first, last } = prefixRange(p);
    const bits = (delta < 0n ? first : last) + delta;
    const whole = 1n << BigInt(widthOf(p.address.family));
    const candidate: IpAddress = bits < 0n || bits >= whole ? a : { family: p.address.family, bits };
    return { p, candidate };
  });
  fc.assert(
    fc.property(near, ({ p, candidate }) => {
      const { family, first, last } = prefixRange(p);
      const got = contains(p, candidate);
      expect(got).toBe(candidate.family === family && candidate.bits >= first && candidate.bits <= last);
      const a = ipaddr.parse(formatIp(candidate));
      const b = ipaddr.parse(formatIp(p.address));
      if (candidate.family === 6 && candidate.bits >> 32n === 0xffffn) return; // printed mapped, read back as IPv4
      if (a.kind() === b.kind()) expect(got).toBe(a.match(b as never, p.length as never));
    }),
  );
});

test("an IPv6 prefix holds no IPv4 address", () => {
  const all = parsePrefix("::/0");
  const mapped = parseIp("::ffff:192.0.2.1");
  expect(all.ok && mapped.ok && contains(all.value, mapped.value)).toBe(false);
});
