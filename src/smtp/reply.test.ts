import fc from "fast-check";
import { expect, test } from "vitest";
import { parseReplyLine, reply, replyOf, writeReply } from "./reply.ts";

for (const [line, want] of [
  // The last line of a reply has a space (RFC 5321 §4.2).
  ["250 OK", { code: 250, last: true, text: "OK" }],
  ["250-SIZE 10240000", { code: 250, last: false, text: "SIZE 10240000" }],
  // Seen in the wild: no text, no space.
  ["250", { code: 250, last: true, text: "" }],
  ["250-", { code: 250, last: false, text: "" }],
  // Not replies: wrong digits, other protocols, a code that runs into text.
  ["199 x", null],
  ["650 x", null],
  ["SSH-2.0-OpenSSH_9.2", null],
  ["HTTP/1.1 400 Bad Request", null],
  ["250OK", null],
  ["", null],
] as const) {
  test(`parseReplyLine ${JSON.stringify(line)}`, () => expect(parseReplyLine(line)).toEqual(want));
}

test("an enhanced status is taken from the text, if its class fits the code (RFC 2034 §4)", () => {
  expect(replyOf([{ code: 454, last: true, text: "4.7.1 <a@b>: Relay access denied" }])).toEqual({
    code: 454,
    enhanced: "4.7.1",
    text: "<a@b>: Relay access denied",
  });
  expect(replyOf([{ code: 550, last: true, text: "4.7.1 odd" }]).enhanced).toBeNull();
  expect(replyOf([{ code: 250, last: true, text: "10.1.1.2 greets you" }]).enhanced).toBeNull();
});

test("what a server writes, a client reads", () => {
  const texts = fc.array(fc.stringMatching(/^[a-z][ -~]{0,60}$/), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.constantFrom(220, 250, 354, 454, 550), texts, (code, lines) => {
      const sent = reply(code, code === 354 ? null : `${Math.trunc(code / 100)}.7.1`, lines.join("\n"));
      const read = writeReply(sent)
        .split("\r\n")
        .slice(0, -1)
        .map((line) => parseReplyLine(line)!);
      expect(replyOf(read)).toEqual(sent);
      expect(read.map((line) => line.last)).toEqual(lines.map((_, index) => index === lines.length - 1));
    }),
  );
});
