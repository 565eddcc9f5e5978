import { expect, test } from "vitest";
import { formatHostPort, parseHostPort } from "./host-port.ts";

for (const [text, want] of [
  ["mx.example", "mx.example"],
  ["MX.example:25", "mx.example:25"],
  ["192.0.2.1", "192.0.2.1"],
  ["192.0.2.1:2525", "192.0.2.1:2525"],
  ["[2001:db8::1]:25", "[2001:db8::1]:25"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["2001:db8::25", "2001:db8::25"], // an address, not a port
  ["[192.0.2.1]:25", "192.0.2.1:25"],
  ["localhost:65535", "localhost:65535"],
] as const) {
  test(`${text} is ${want}`, () => {
    const read = parseHostPort(text);
    expect(read.ok && formatHostPort(read.value)).toBe(want);
  });
}

for (const text of [
  "",
  ":25",
  "mx.example:",
  "mx.example:0",
  "mx.example:65536",
  "mx.example:025",
  "mx.example:25x",
  "[mx.example]:25",
  "[2001:db8::1]25",
  "2001:db8::1::25",
  "10.1.1",
  "10.01.1.1:25",
  "a b:25",
]) {
  test(`${JSON.stringify(text)} is refused`, () => expect(parseHostPort(text).ok).toBe(false));
}
