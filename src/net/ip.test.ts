import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { expect, test } from "vitest";
import {
  compareIp,
  formatIp,
  type IpAddress,
  isLoopback,
  isPrivate,
  isUnspecified,
  parseIp,
  reverseName,
  sameIp,
} from "./ip.ts";

function ip(text: string): IpAddress {
  const address = parseIp(text);
  if (!address.ok) throw new Error(`${text}: ${address.expected}`);
  return address.value;
}

const anyIp4 = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n }).map((bits): IpAddress => ({ family: 4, bits }));
/** Half of them sparse, so that runs of zeros are common. */
const anyIp6 = fc
  .oneof(
    fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }),
    fc.array(fc.constantFrom(0, 0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 }),
  )
  .map((groups): IpAddress => ({ family: 6, bits: groups.reduce((bits, group) => (bits << 16n) | BigInt(group), 0n) }))
  .filter((address) => address.bits >> 32n !== 0xffffn);

for (const [text, want] of [
  ["192.0.2.1", "192.0.2.1"],
  ["0.0.0.0", "0.0.0.0"],
  ["255.255.255.255", "255.255.255.255"],
  ["::", "::"],
  ["::1", "::1"],
  ["2001:DB8::1", "2001:db8::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], // the first of two equal runs (RFC 5952 §4.2.3)
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"], // the longer run
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], // one zero group is not shortened (§4.2.2)
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  // One host, one value: IPv4-mapped addresses are IPv4.
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:c000:0201", "192.0.2.1"],
  ["0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
] as const) {
  test(`${text} is ${want}`, () => expect(formatIp(ip(text))).toBe(want));
}

for (const text of [
  // Short, octal, hexadecimal and single-number forms (RFC 6943 §3.1.1).
  ...[
    "1",
    "127.1",
    "1.2.3",
    "01.2.3.4",
    "192.0.2.01",
    "0x7f.0.0.1",
    "2130706433",
    "256.0.0.1",
    "1.2.3.4.5",
    "1.2.3.999",
  ],
  ...["", " ", ".", "1..2.3", "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4", "1.2.3.4\n", "１.2.3.4"],
  // Zone ids mean nothing elsewhere.
  ...["fe80::1%eth0", "fe80::1%"],
  ...[":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::"],
  ...["g::", "1:", ":1", "::1:", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::01.2.3.4", "1.2.3.4::", "::1.2.3.4:5", "[::1]"],
]) {
  test(`${JSON.stringify(text)} is no address`, () => expect(parseIp(text).ok).toBe(false));
}

test("parse(format(a)) is a", () => {
  fc.assert(fc.property(fc.oneof(anyIp4, anyIp6), (address) => sameIp(ip(formatIp(address)), address)));
});

test("format agrees with ipaddr.js", () => {
  fc.assert(
    fc.property(fc.oneof(anyIp4, anyIp6), (address) => {
      const bytes: number[] = [];
      for (let i = address.family === 4 ? 4 : 16; i > 0; i -= 1)
        bytes.push(Number((address.bits >> BigInt(8 * (i - 1))) & 255n));
      const other = ipaddr.fromByteArray(bytes);
      return formatIp(address) === (other instanceof ipaddr.IPv6 ? other.toRFC5952String() : other.toString());
    }),
  );
});

test("whatever is read, ipaddr.js reads alike", () => {
  const nearly = fc.oneof(
    fc
      .array(fc.constantFrom("0", "1", "9", "a", "ffff", ":", "::", ".", "255", "%"), { maxLength: 16 })
      .map((parts) => parts.join("")),
    fc
      .tuple(fc.oneof(anyIp4, anyIp6).map(formatIp), fc.nat(40), fc.constantFrom("", ":", ".", "0", "f", " "))
      .map(([text, at, insert]) => text.slice(0, at) + insert + text.slice(at)),
  );
  fc.assert(
    fc.property(nearly, (text) => {
      const ours = parseIp(text);
      if (!ours.ok) return;
      expect(formatIp(ours.value)).toBe(
        ipaddr.process(text) instanceof ipaddr.IPv6
          ? (ipaddr.process(text) as ipaddr.IPv6).toRFC5952String()
          : ipaddr.process(text).toString(),
      );
    }),
    { numRuns: 2000 },
  );
});

test("any text is read or refused, never thrown at", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 64 }), (text) => typeof parseIp(text).ok === "boolean"));
});

test("IPv4 sorts before IPv6, then by number", () => {
  const sorted = ["::1", "10.0.0.2", "10.0.0.1", "::"].map(ip).sort(compareIp).map(formatIp);
  expect(sorted).toEqual(["10.0.0.1", "10.0.0.2", "::", "::1"]);
});

for (const text of [
  "10.0.0.0",
  "172.16.0.0",
  "172.31.255.255",
  "192.168.7.7",
  "100.64.0.0",
  "100.127.255.255",
  "169.254.1.1",
  "fc00::",
  "fdff::1",
  "fe80::1",
  "febf::1",
]) {
  test(`${text} is private`, () => expect(isPrivate(ip(text))).toBe(true));
}
for (const text of [
  "9.255.255.255",
  "11.0.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.0.0",
  "192.169.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "169.253.0.0",
  "127.0.0.1",
  "fbff::",
  "fe00::",
  "fec0::",
  "2001:db8::1",
]) {
  test(`${text} is not private`, () => expect(isPrivate(ip(text))).toBe(false));
}
test("loopback and unspecified", () => {
  expect(["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"].map(ip).every(isLoopback)).toBe(true);
  expect(["128.0.0.1", "126.0.0.1", "::2", "::"].map(ip).some(isLoopback)).toBe(false);
  expect(["0.0.0.0", "::"].map(ip).every(isUnspecified)).toBe(true);
  expect(["0.0.0.1", "::1"].map(ip).some(isUnspecified)).toBe(false);
});
test("reverse names", () => {
  expect(reverseName(ip("198.51.100.9"))).toBe("9.100.51.198.in-addr.arpa");
  expect(reverseName(ip("2001:db8::25"))).toBe(
    "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
  );
});
