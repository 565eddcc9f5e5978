import { expect, test } from "vitest";
import { offer, sessionOptions } from "./offer.ts";

const situation = { hostName: "mx.example", upstream: new Map(), startTls: false, xclient: false, logins: false };
const all = new Map([
  ["SIZE", ["1000"]],
  ["CHUNKING", []],
  ["AUTH", ["PLAIN", "CRAM-MD5", "LOGIN"]],
  ["STARTTLS", []],
  ["ETRN", []],
  ["BINARYMIME", []],
  ["PIPELINING", []],
  ["XCLIENT", ["ADDR"]],
]);

for (const [what, given, tls, want] of [
  ["nothing behind", {}, false, ["PIPELINING"]],
  // What the upstream has and we cannot pass is not offered; its STARTTLS and XCLIENT are not ours.
  ["all behind", { upstream: all }, false, ["PIPELINING", "SIZE 1000", "CHUNKING"]],
  ["a certificate", { startTls: true }, false, ["PIPELINING", "STARTTLS"]],
  ["a certificate, under TLS", { startTls: true }, true, ["PIPELINING"]],
  // Only what a made-up login can be tried with.
  ["logins", { upstream: all, logins: true }, false, ["PIPELINING", "SIZE 1000", "CHUNKING", "AUTH PLAIN LOGIN"]],
  ["a listed peer", { xclient: true }, false, ["PIPELINING", "XCLIENT ADDR PORT LOGIN NAME HELO PROTO"]],
] as const)
  test(`EHLO with ${what}`, () =>
    expect(offer(sessionOptions({ ...situation, ...given }), tls).text.split("\n")).toEqual(["mx.example", ...want]));

test("BDAT is taken only where the upstream takes it", () => {
  expect(sessionOptions(situation).chunking).toBe(undefined);
  expect(sessionOptions({ ...situation, upstream: all }).chunking).toBe(true);
});
