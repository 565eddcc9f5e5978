import { expect, test } from "vitest";
import type { Judge, ProbeClass } from "../knowledge/probe.ts";
import { parseReplyLine, replyOf } from "../smtp/reply.ts";
import type { Instance } from "./expand.ts";
import { judge } from "./judge.ts";
import type { Played } from "./talk.ts";

const instance = (how: Judge, probeClass: ProbeClass = "plain"): Instance => ({
  probe: {
    id: "row",
    since: 1,
    title: "row",
    why: "row",
    class: probeClass,
    era: "current",
    safety: "envelope",
    judge: how,
    needs: [],
    passes: [],
    steps: [{ ehlo: "x" }],
    remedy: "F1",
    references: ["none"],
    verified: "2026-11-24",
  },
  name: "row",
  pass: null,
  identity: null,
  steps: [{ ehlo: "x" }, { mail: "<a@b>" }, { rcpt: "<c@d>" }],
  judged: 2,
  token: "t",
  mask: "",
  also: [],
});
const line = (text: string) => replyOf([parseReplyLine(text)!]);
const played = (over: Partial<Played>): Played => ({
  stage: "rcpt",
  reply: null,
  loss: null,
  judged: null,
  claim: null,
  unasked: null,
  dot: null,
  transcript: "",
  ...over,
});
const atRcpt = (text: string): Played => played({ judged: line(text), reply: line(text) });
const mx = { clientRefusalIsPolicy: false, authInClear: false };

for (const [text, outcome, why] of [
  ["250 2.1.5 Ok", "accepted", "RCPT accepted is a suspicion"],
  ["251 will forward", "accepted", "RFC 5321 §3.4"],
  ["252 cannot say", "accepted", "as 250, less sure"],
  ["454 4.7.1 <x>: Relay access denied", "refused", "Postfix's default denial is temporary by code, not by sense"],
  ["550 5.1.1 unknown user", "refused", "an address that is refused is not relayed to"],
  ["503 5.7.1 Relay not allowed", "refused", "code alone would say: sequence"],
  ["503 5.5.1 need MAIL first", "not-reached", "our own sequence, not a judgement of the recipient"],
  ["450 4.2.0 Greylisted", "deferred", "may be accepted later"],
  ["451 4.3.0 local error", "deferred", "says nothing"],
  ["554 5.7.1 Client host [203.0.113.9] blocked using list.example", "tester-refused", "about us"],
  ["554 5.7.1 Client host rejected: Access denied", "tester-refused", "about us, as long as no control has passed"],
  ["550 5.7.1 <a@b>: Sender address rejected: not yours", "not-reached", "the recipient was not judged"],
  ["530 5.7.0 Must issue a STARTTLS command first", "not-reached", "not closed: only TLS is wanted"],
  ["530 5.7.1 Authentication required", "refused", "without a login nobody gets through"],
  ["452 4.5.3 too many recipients", "deferred", "a limit, not a judgement"],
] as const)
  test(`RCPT ${text} → ${outcome}: ${why}`, () =>
    expect(judge(instance("relay"), atRcpt(text), mx).outcome).toBe(outcome));

test("where the client may be refused by policy, that is a refusal", () => {
  const submission = { clientRefusalIsPolicy: true, authInClear: false };
  expect(judge(instance("relay"), atRcpt("554 5.7.1 Client host rejected: Access denied"), submission).outcome).toBe(
    "refused",
  );
});

test("a time-out is never a refusal; two closed sessions in the middle are one", () => {
  for (const loss of ["timeout", "garbled", "tls"] as const)
    expect(judge(instance("relay"), played({ stage: "rcpt", loss }), mx).outcome).toBe("error");
  expect(judge(instance("relay"), played({ stage: "rcpt", loss: "closed" }), mx).outcome).toBe("refused");
  expect(judge(instance("relay"), played({ stage: "connect", loss: "closed" }), mx).outcome).toBe("error");
});

test("a made-up login that is believed is told, whatever becomes of the recipient", () => {
  const believed = judge(instance("login", "auth"), { ...atRcpt("250 ok"), claim: line("235 2.7.0 ok") }, mx);
  expect(believed).toMatchObject({ outcome: "accepted", shows: "login-believed" });
  const refused = judge(
    instance("login", "auth"),
    played({ stage: "auth", reply: line("535 5.7.8 no"), claim: line("535 5.7.8 no") }),
    mx,
  );
  expect(refused).toEqual({ outcome: "refused" });
});

test("an injected identity counts as believed only if the server did not refuse the injection", () => {
  const refused = judge(
    instance("injection", "trust"),
    { ...atRcpt("250 ok"), claim: line("550 5.7.0 no XCLIENT for you") },
    mx,
  );
  expect(refused).toEqual({ outcome: "refused" });
  const believed = judge(
    instance("injection", "trust"),
    { ...atRcpt("554 5.7.1 Relay access denied"), claim: line("220 hello 127.0.0.1") },
    mx,
  );
  expect(believed).toMatchObject({ outcome: "refused", shows: "injection-believed" });
});

test("DATA granted after every recipient was refused is not yet an answer", () => {
  const granted = played({ stage: "data", judged: line("550 5.7.1 relaying denied"), reply: line("354 go on") });
  expect(judge(instance("relay"), granted, mx).outcome).toBe("accepted");
});
