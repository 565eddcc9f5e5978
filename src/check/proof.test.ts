import { expect, test } from "vitest";
import { parseIp } from "../net/ip.ts";
import type { Arrival } from "../ports.ts";
import { signatureOf } from "./message.ts";
import { signsOf } from "./proof.ts";

const key = Buffer.alloc(32, 3);
const ip = (text: string) => {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};
const context = { key, targetAddresses: [ip("192.0.2.25"), ip("2001:db8::25")], source: ip("203.0.113.9") };
const own = (token: string): string =>
  `X-Fencepost-Token: ${token}\r\nX-Fencepost-Signature: ${signatureOf(key, token)}\r\nAuto-Submitted: auto-generated\r\n`;
const arrival = (over: Partial<Arrival>): Arrival => ({
  at: "2026-11-24T07:00:00.000Z",
  peer: "192.0.2.25",
  helo: "mx1",
  reversePath: "<fp-t@sender.example.net>",
  recipients: [{ path: "<fp-t@catch.example.net>", token: "t" }],
  head: "",
  tokensInMessage: ["t"],
  bytes: 100,
  tls: null,
  ...over,
});

test("our message at the catcher, handed over by the target, is a relay", () => {
  const head = `Received: from probe (probe.example [203.0.113.9]) by mx1 with ESMTP\r\n${own("t")}\r\nbody`;
  expect(signsOf(arrival({ head }), context)).toMatchObject([
    {
      kind: "relayed",
      token: "t",
      clientSeenAs: null,
      proof: {
        exit: "192.0.2.25",
        multihop: false,
        hops: [{ trust: "verified" }, { trust: "claimed", address: "203.0.113.9" }],
      },
    },
  ]);
});

test("it left by the target's other address: no second hop", () => {
  expect(signsOf(arrival({ head: own("t"), peer: "2001:db8::25" }), context)).toMatchObject([
    { proof: { multihop: false } },
  ]);
});

test("it left by another machine: a chain", () => {
  expect(signsOf(arrival({ head: own("t"), peer: "192.0.2.80" }), context)).toMatchObject([
    { proof: { exit: "192.0.2.80", multihop: true } },
  ]);
});

test("with the null reverse-path our own header decides that it is no bounce", () => {
  expect(signsOf(arrival({ head: own("t"), reversePath: "<>" }), context)).toMatchObject([{ kind: "relayed" }]);
});

test("a forged signature does not make a bounce a relay", () => {
  const head = "X-Fencepost-Token: t\r\nX-Fencepost-Signature: 00\r\nContent-Type: multipart/report\r\n";
  expect(signsOf(arrival({ head, reversePath: "<>" }), context)).toMatchObject([{ kind: "bounced" }]);
});

test("a report credits every recipient it names", () => {
  const bounce = arrival({
    reversePath: "<>",
    head: "From: MAILER-DAEMON@mx1\r\nContent-Type: multipart/report\r\n",
    recipients: [{ path: "<fp-t@sender.example.net>", token: "t" }],
    tokensInMessage: ["t", "u", "v"],
  });
  expect(signsOf(bounce, context).map((sign) => [sign.kind, sign.token])).toEqual([
    ["bounced", "t"],
    ["bounced", "u"],
    ["bounced", "v"],
  ]);
});

test("an automatic reply is told from a report", () => {
  expect(
    signsOf(arrival({ head: "Auto-Submitted: auto-replied\r\n", reversePath: "<bob@ourcollege.example>" }), context),
  ).toMatchObject([{ kind: "bounced", how: "reply" }]);
});

test("a private client address in the oldest Received line shows a NAT in front", () => {
  const head = `Received: from x (gateway [172.18.0.1]) by mx1 with ESMTP\r\n${own("t")}`;
  expect(signsOf(arrival({ head }), context)).toMatchObject([{ clientSeenAs: "172.18.0.1" }]);
});
