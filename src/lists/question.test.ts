import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDomain } from "../net/domain.ts";
import { formatIp, type IpAddress, ipFromBits, parseIp } from "../net/ip.ts";
import { labelsOf, questionName, reversed, type Subject, subjectOfAddress } from "./question.ts";

function subject(text: string): Subject {
  const address = parseIp(text);
  if (address.ok) return subjectOfAddress(address.value);
  const name = parseDomain(text);
  if (!name.ok) throw new Error(text);
  return { kind: "domain", name: name.value };
}

for (const [text, want] of [
  // RFC 5782 §2.1.
  ["192.0.2.99", "99.2.0.192.bad.example.com"],
  // RFC 5782 §2.4, its own example.
  ["2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bad.example.com"],
  // One host, one question: an IPv4-mapped address is the IPv4 address.
  ["::ffff:192.0.2.99", "99.2.0.192.bad.example.com"],
  // RFC 5782 §3: domains as they are.
  ["Mail.Example.ORG.", "mail.example.org.bad.example.com"],
] as const)
  test(`${text} is asked for as ${want}`, () => {
    expect(questionName(labelsOf(subject(text)), "bad.example.com")).toBe(want);
  });

test("a name that DNS cannot hold is no question", () => {
  const long = `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.org`;
  expect(questionName(labelsOf(subject(long)), "list.example")).toBe(null);
  expect(questionName(labelsOf(subject(long)), "x.ab")).not.toBe(null);
});

const ip4 = fc.integer({ min: 0, max: 0xffff_ffff }).map((bits) => ipFromBits(4, BigInt(bits)));
const ip6 = fc.bigInt({ min: 1n << 48n, max: (1n << 128n) - 1n }).map((bits) => ipFromBits(6, bits));

test("law: backwards again is the address", () => {
  const back = (address: IpAddress): string => {
    const labels = reversed(address).split(".").reverse();
    return address.family === 4 ? labels.join(".") : (labels.join("").match(/.{4}/g)?.join(":") ?? "");
  };
  fc.assert(
    fc.property(fc.oneof(ip4, ip6), (address) => {
      const read = parseIp(back(address));
      expect(read.ok && formatIp(read.value)).toBe(formatIp(address));
    }),
  );
});

test("law: 4 labels of IPv4, 32 of IPv6, one nibble each", () => {
  fc.assert(fc.property(ip4, (address) => /^(\d{1,3}\.){3}\d{1,3}$/.test(reversed(address))));
  fc.assert(fc.property(ip6, (address) => /^([0-9a-f]\.){31}[0-9a-f]$/.test(reversed(address))));
});
