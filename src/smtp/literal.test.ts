import { expect, test } from "vitest";
import { formatLiteral, parseLiteral } from "./literal.ts";

for (const [text, want] of [
  ["[192.0.2.1]", "[192.0.2.1]"],
  ["[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"],
  ["[ipv6:2001:DB8::1]", "[IPv6:2001:db8::1]"],
  // One host, one value.
  ["[IPv6:::ffff:192.0.2.1]", "[192.0.2.1]"],
] as const) {
  test(`${text} is ${want}`, () => {
    const address = parseLiteral(text);
    expect(address.ok && formatLiteral(address.value)).toBe(want);
  });
}

for (const text of [
  "192.0.2.1",
  "[192.0.2.1",
  "192.0.2.1]",
  "[]",
  "[",
  "[2001:db8::1]",
  "[IPv6:192.0.2.1]",
  "[IPv6:]",
  "[IPv4:192.0.2.1]",
  "[ 192.0.2.1]",
  "[192.0.2.01]",
  "[IPv6:fe80::1%1]",
  "[x:y]",
]) {
  test(`${text} is no address literal`, () => expect(parseLiteral(text).ok).toBe(false));
}
