import fc from "fast-check";
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { parseMailbox } from "../../smtp/path.ts";
import { answerSubject, type Letter, messageText } from "./message.ts";

const mailbox = (text: string) => {
  const read = parseMailbox(text);
  if (!read.ok) throw new Error(text);
  return read.value;
};

const letter: Letter = {
  from: { name: "Our College", mailbox: mailbox("abuse@ourcollege.ac.uk") },
  replyTo: null,
  to: mailbox("bob@victim.example"),
  subject: "Re: spam",
  messageId: "<1@ourcollege.ac.uk>",
  inReplyTo: "<r1@victim.example>",
  references: ["<r0@victim.example>", "<r1@victim.example>"],
  date: new Date("2026-11-24T08:00:00Z"),
  text: "Thank you.\n",
  attached: null,
};

const names = (message: string): readonly string[] =>
  message
    .slice(0, message.indexOf("\r\n\r\n"))
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n")
    .map((line) => line.slice(0, line.indexOf(":")));

const wanted = [
  ...["Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "X-Auto-Response-Suppress"],
  ...["MIME-Version", "Content-Type", "Content-Transfer-Encoding"],
];

test("a letter is what a mail program expects", async () => {
  const text = messageText(letter);
  expect(names(text)).toEqual(wanted);
  const read = await PostalMime.parse(text);
  expect([read.subject, read.inReplyTo, read.references, read.from?.name, read.text?.trim()]).toEqual([
    "Re: spam",
    "<r1@victim.example>",
    "<r0@victim.example> <r1@victim.example>",
    "Our College",
    "Thank you.",
  ]);
});

// Whatever a stranger writes into a subject, a name or a text: the fields stay the same ones, in ASCII and in bounded lines.
test("nothing that others wrote becomes a field of its own", () => {
  const evil = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.constantFrom(
      "a\r\nBcc: x@y.example",
      "a\nBcc: x",
      "a\r\r\n\r\nbody",
      "=?utf-8?q?=0D=0ABcc:_x?=",
      "\u2028Bcc: x",
      "\0",
      "\ud800",
    ),
  );
  fc.assert(
    fc.property(evil, evil, evil, (subject, name, body) => {
      const text = messageText({ ...letter, subject, from: { ...letter.from, name }, text: body });
      expect(names(text)).toEqual(wanted);
      expect(/^[\t\r\n -~]*$/.test(text)).toBe(true);
      expect(/[^\r]\n|\r[^\n]/.test(text)).toBe(false);
      expect(Math.max(...text.split("\r\n").map((line) => line.length))).toBeLessThan(998);
    }),
  );
});

test("what was written arrives, in whatever script", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 120 }), async (words) => {
      const plain = words
        .replace(/[\p{C}\u2028\u2029]+/gu, " ")
        .replace(/\s+/g, " ")
        .trim();
      const read = await PostalMime.parse(messageText({ ...letter, subject: plain, text: `${plain}\n` }));
      expect(read.subject ?? "").toBe(plain);
      expect((read.text ?? "").trim()).toBe(plain);
    }),
    { numRuns: 200 },
  );
});

test("identifiers of bad form end it: they come from `threadOf`, which lets none through", () => {
  expect(() => messageText({ ...letter, inReplyTo: "<a@b>\r\nBcc: x" })).toThrow("no message identifier");
});

test("an answer that is passed on lies within the request as it should arrive", async () => {
  const attached = messageText(letter);
  const text = messageText({ ...letter, to: mailbox("irt@nren.example"), subject: "Fwd: Re: spam", attached });
  const read = await PostalMime.parse(text, { forceRfc822Attachments: true });
  expect(read.text?.trim()).toBe("Thank you.");
  const [inner] = read.attachments;
  expect(inner?.mimeType).toBe("message/rfc822");
  expect(
    Buffer.from(inner?.content as ArrayBuffer)
      .toString("latin1")
      .trim(),
  ).toBe(attached.replaceAll("\r\n", "\n").trim());
});

for (const [theirs, ours] of [
  // One Re:, whatever stood there, and the ticket stays.
  ["spam", "Re: spam"],
  ["Re: AW: Fwd: [Desk #12] spam", "Re: [Desk #12] spam"],
  ["", "Re: your report"],
  ["Regarding spam", "Re: Regarding spam"],
] as const)
  test(`subject ${theirs}`, () => expect(answerSubject(theirs, "your report")).toBe(ours));
