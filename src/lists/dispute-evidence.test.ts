import fc from "fast-check";
import { expect, test } from "vitest";
import { witnessSchema } from "../witness/witness.ts";
import { witnessesIn } from "./dispute-evidence.ts";

const ours = new Set(["ourcollege.example", "mx1.ourcollege.example", "[192.0.2.25]", "192.0.2.25"]);
const isOurs = (domain: string): boolean => ours.has(domain.toLowerCase());
const there = "fencepost-elsewhere.example";

const paths = (text: string): readonly string[] => witnessesIn(text, isOurs).map(({ forwardPath }) => forwardPath);

for (const [what, text, want] of [
  [
    "a transcript with arrows",
    `<<< 220 mx1.ourcollege.example ESMTP
>>> HELO tester.example
<<< 250 mx1.ourcollege.example
>>> MAIL FROM:<spamtest@mx1.ourcollege.example>
<<< 250 ok
>>> RCPT TO:<relaytest%tester.example@mx1.ourcollege.example>
<<< 250 ok`,
    [`<probe%${there}@mx1.ourcollege.example>`],
  ],
  [
    "as Fencepost writes it",
    "C: MAIL FROM:<a@b.example>\nS: 250 ok\nC: RCPT TO:<x@tester.example>\nS: 250 ok",
    [`<probe@${there}>`],
  ],
  ["without brackets", "mail from: a@b.example\nrcpt to: x@tester.example\n", [`<probe@${there}>`]],
  [
    "with times before",
    "12:01:02 -> RCPT TO:<tester.example!x@[192.0.2.25]>\n12:01:03 <- 250 ok",
    [`<${there}!probe@[192.0.2.25]>`],
  ],
  ["quoted", 'RCPT TO:<"x@tester.example"@ourcollege.example>', [`<"probe@${there}"@ourcollege.example>`]],
  // What was accepted comes first; what was refused may still be worth a try.
  [
    "several",
    "RCPT TO:<a@one.example>\n550 no\nRCPT TO:<b%two.example@ourcollege.example>\n250 ok",
    [`<probe%${there}@ourcollege.example>`, `<probe@${there}>`],
  ],
  // A header of a message that came through.
  [
    "a header",
    `Return-Path: <boss@ourcollege.example>
Received: from mx1.ourcollege.example (mx1.ourcollege.example [192.0.2.25])
\tby mx.tester.example with ESMTP; Tue, 24 Nov 2026 10:00:00 +0000
Received: from pc (HELO evil.example) (203.0.113.9)
\tby mx1.ourcollege.example with SMTP id 1 for <trap@tester.example>;
\tTue, 24 Nov 2026 09:59:58 +0000
`,
    [`<probe@${there}>`],
  ],
  // Mail to us is no relaying.
  ["a recipient of ours", "RCPT TO:<postmaster@ourcollege.example>\n250 ok", []],
  ["no session at all", "Your server is an open relay. Fix it.", []],
] as const)
  test(what, () => {
    expect(paths(text)).toEqual(want);
  });

test("who it said to be stays, where it was one of ours", () => {
  const [witness] = witnessesIn(
    "HELO mx1.ourcollege.example\nMAIL FROM:<boss@ourcollege.example>\n250\nRCPT TO:<alice@ourcollege.example>\n250 ok\nRCPT TO:<x@tester.example>\n250 ok",
    isOurs,
  );
  expect(witness).toMatchObject({
    helo: "mx1.ourcollege.example",
    reversePath: "<boss@ourcollege.example>",
    previousRecipients: ["<alice@ourcollege.example>"],
  });
  const [stranger] = witnessesIn(
    "HELO tester.example\nMAIL FROM:<t@tester.example>\nRCPT TO:<x@tester.example>",
    isOurs,
  );
  expect(stranger).toMatchObject({
    helo: "client.fencepost-stranger.example",
    reversePath: "<stranger@fencepost-stranger.example>",
  });
});

test("whatever comes, it is witnesses that can be replayed, and few of them", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          "RCPT TO:",
          "MAIL FROM:",
          "HELO ",
          "<",
          ">",
          "@",
          "%",
          "!",
          "a.b",
          "x",
          "\n",
          " ",
          "250",
          '"',
          "\0",
        ),
      ),
      (parts) => {
        const found = witnessesIn(parts.join(""), isOurs);
        expect(found.length).toBeLessThanOrEqual(10);
        for (const one of found) {
          expect(one.forwardPath).toContain(there);
          if (!one.forwardPath.includes("\0")) witnessSchema.parse(one);
        }
      },
    ),
  );
});
