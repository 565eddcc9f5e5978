import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp, parseIp } from "../../net/ip.ts";
import { type ProxyClient, readXclient, writeXclient } from "./client.ts";
import { ClientCount } from "./client-count.ts";
import { receivedField } from "./received.ts";
import { UnknownRecipients } from "./unknown-recipients.ts";

const ip = (text: string) => {
  const read = parseIp(text);
  if (!read.ok) throw new Error(text);
  return read.value;
};
const before: ProxyClient = { address: ip("192.0.2.1"), port: 25, loggedIn: false };
const seen = (client: ProxyClient | null) =>
  client === null
    ? null
    : [client.address === null ? null : formatIp(client.address), client.port, client.loggedIn].join(" ");

for (const [argument, want] of [
  ["ADDR=203.0.113.9", "203.0.113.9 25 false"],
  ["addr=IPV6:2001:db8::9 PORT=4711", "2001:db8::9 4711 false"],
  ["NAME=x.example HELO=y PROTO=ESMTP", "192.0.2.1 25 false"],
  ["LOGIN=alice ADDR=203.0.113.9", "203.0.113.9 25 true"],
  ["LOGIN=[UNAVAILABLE]", "192.0.2.1 25 false"],
  // Not known is not the peer, which may be one of ours.
  ["ADDR=[UNAVAILABLE]", " 25 false"],
  ["ADDR=[TEMPUNAVAIL]", " 25 false"],
  ["ADDR=2030113.9", null],
  ["ADDR=", null],
  ["SURPRISE=1", null],
  ["=x", null],
  ["", null],
] as const)
  test(`XCLIENT ${argument}`, () => expect(seen(readXclient(argument, before))).toBe(want));

test("any XCLIENT is read without throwing", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void readXclient(text, before)));
});

const all = new Map([["XCLIENT", ["NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN"]]]);

test("what is written is read again", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65535 }), fc.string(), (text, port, helo) => {
      const client = { address: ip(text), port, loggedIn: false };
      const line = writeXclient(client, helo, "ESMTP", all) ?? "";
      expect(line).toMatch(/^[\x20-\x7e]+$/);
      expect(seen(readXclient(line.replace("XCLIENT ", ""), before))).toBe(seen(client));
    }),
  );
});

test("only what the upstream takes is said", () => {
  expect(writeXclient(before, "a b", "SMTP", new Map([["XCLIENT", ["HELO", "ADDR"]]]))).toBe(
    "XCLIENT ADDR=192.0.2.1 HELO=a+20b",
  );
  expect(writeXclient(before, "a", "SMTP", new Map([["XCLIENT", ["NAME"]]]))).toBe(null);
  expect(writeXclient(before, "a", "SMTP", new Map())).toBe(null);
  const nobody = { address: null, port: 0, loggedIn: false };
  expect(writeXclient(nobody, "a", "SMTP", all)).toContain("ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE]");
});

const taken = {
  ...{ client: before, helo: "pc.example", hostName: "mx.example", esmtp: true, tls: false, loggedIn: false },
  ...{ utf8: false, at: new Date("2026-11-24T12:00:00Z") },
};

for (const [what, given, want] of [
  [
    "plain",
    {},
    /^Received: from pc\.example \(\[192\.0\.2\.1\]\)\r\n\tby mx\.example .* with ESMTP;\r\n\tTue, 24 Nov 2026 12:00:00 \+0000\r\n$/,
  ],
  ["HELO", { esmtp: false, tls: true }, / with SMTP;/],
  ["TLS and a login", { tls: true, loggedIn: true }, / with ESMTPSA;/],
  ["SMTPUTF8", { utf8: true, tls: true }, / with UTF8SMTPS;/],
  ["nobody", { client: { ...before, address: null } }, /\(unknown\)/],
  // It must end neither the comment nor the line.
  [
    "a hostile name",
    { helo: "x) by [192.0.2.7]\r\nX: (" },
    /^Received: from x\?\?by\?\[192\.0\.2\.7\]\?\?X:\?\? \(\[192\.0\.2\.1\]\)\r\n\tby/,
  ],
] as const)
  test(`Received: ${what}`, () => expect(receivedField({ ...taken, ...given })).toMatch(want));

test("a client holds fifty connections, and an IPv6 network counts as one", () => {
  const count = new ClientCount();
  const places = Array.from({ length: 50 }, (_, n) => count.take(ip(`2001:db8::${n + 1}`)));
  expect(places).not.toContain(null);
  expect(count.take(ip("2001:db8::ffff"))).toBe(null);
  expect(count.take(ip("2001:db8:0:1::1"))).not.toBe(null);
  places[0]?.[Symbol.dispose]();
  expect(count.take(ip("2001:db8::ffff"))).not.toBe(null);
});

test("unknown recipients are remembered for a minute, and nothing else is", () => {
  let now = 0;
  const unknown = new UnknownRecipients(() => now);
  const who = { code: 550, enhanced: "5.1.1", text: "who?" };
  unknown.learn("<a@x.example>", who);
  unknown.learn("<b@x.example>", { ...who, enhanced: "5.7.1" });
  unknown.learn("<c@x.example>", { ...who, code: 450 });
  const known = () => ["a", "b", "c"].map((name) => unknown.recall(`<${name}@x.example>`) !== null);
  expect(known()).toEqual([true, false, false]);
  now = 60_000;
  expect(known()).toEqual([false, false, false]);
  for (let n = 0; n < 10_001; n += 1) unknown.learn(`<${n}@x.example>`, who);
  expect([unknown.recall("<0@x.example>"), unknown.recall("<10000@x.example>")]).toEqual([null, who]);
});
