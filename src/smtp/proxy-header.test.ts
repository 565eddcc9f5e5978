import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp, parseIp } from "../net/ip.ts";
import { readProxyHeader, writeProxyHeader } from "./proxy-header.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const hex = (digits: string): Uint8Array => Buffer.from(digits.replaceAll(" ", ""), "hex");

function seen(input: Uint8Array): string {
  const header = readProxyHeader(input);
  if (header.kind !== "header") return header.kind;
  return `${header.address === null ? "itself" : formatIp(header.address)} then "${Buffer.from(header.rest).toString("latin1")}"`;
}

for (const [name, input, want] of [
  ["version 1", bytes("PROXY TCP4 10.0.0.1 192.0.2.25 40000 25\r\nEHLO x\r\n"), '10.0.0.1 then "EHLO x\r\n"'],
  ["version 1, IPv6", bytes("PROXY TCP6 ::1 2001:db8::25 40000 25\r\n"), '::1 then ""'],
  ["version 1, unknown", bytes("PROXY UNKNOWN\r\n"), 'itself then ""'],
  ["version 1, unfinished", bytes("PROXY TCP4 10."), "more"],
  ["its first letters", bytes("PRO"), "more"],
  ["nothing", bytes(""), "more"],
  ["version 1 without an address", bytes("PROXY TCP4 nowhere\r\n"), "none"],
  ["a line without end", bytes(`PROXY ${"x".repeat(200)}`), "none"],
  ["SMTP", bytes("EHLO x\r\n"), "none"],
  ["version 2", hex("0D0A0D0A000D0A515549540A 21 11 000C 7F000001 C0000219 9C40 0019 45"), '127.0.0.1 then "E"'],
  ["version 2, local", hex("0D0A0D0A000D0A515549540A 20 00 0000"), 'itself then ""'],
  ["version 2, unfinished", hex("0D0A0D0A000D0A515549540A 21 11 000C 7F00"), "more"],
  ["version 2, too long", hex("0D0A0D0A000D0A515549540A 21 11 FFFF"), "none"],
  ["version 3", hex("0D0A0D0A000D0A515549540A 31 11 000C"), "none"],
] as const)
  test(`PROXY header: ${name}`, () => expect(seen(input)).toBe(want));

test("any bytes are read without throwing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), (input) => void readProxyHeader(input)));
});

const end = (text: string, port: number) => {
  const address = parseIp(text);
  if (!address.ok) throw new Error(text);
  return { address: address.value, port };
};

test("what is written is read again, whatever the families", () => {
  const ends = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 65535 }));
  fc.assert(
    fc.property(ends, ends, fc.constantFrom(1, 2), ([from, fromPort], [to, toPort], version) => {
      const client = end(from, fromPort);
      const header = writeProxyHeader(version, client, end(to, toPort));
      expect(seen(Buffer.concat([header, bytes("rest")]))).toBe(`${formatIp(client.address)} then "rest"`);
    }),
  );
});

for (const [version, want] of [
  [1, "PROXY TCP4 203.0.113.9 192.0.2.25 40000 25\r\n"],
  [2, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x09\xc0\0\x02\x19\x9c\x40\0\x19"],
] as const)
  test(`version ${version} on the wire, and for nobody`, () => {
    const to = end("192.0.2.25", 25);
    expect(Buffer.from(writeProxyHeader(version, end("203.0.113.9", 40000), to)).toString("latin1")).toBe(want);
    expect(seen(writeProxyHeader(version, null, to))).toBe('itself then ""');
  });
