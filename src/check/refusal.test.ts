import { expect, test } from "vitest";
import { parseReplyLine, replyOf } from "../smtp/reply.ts";
import { type Meaning, meaningOf } from "./refusal.ts";

const cases: readonly (readonly [Meaning, readonly string[]])[] = [
  [
    "relay-denied",
    [
      // Postfix's packaged default is a temporary code
      "454 4.7.1 <x@catch.example>: Relay access denied",
      "554 5.7.1 <x@catch.example>: Relay access denied",
      "550 relay not permitted", // Exim
      "550 Administrative prohibition",
      "550 5.7.1 <x@catch.example>... Relaying denied. Proper authentication required.", // Sendmail
      "513 Relaying denied.", // Courier
      "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", // Exchange
      "550 I cannot deliver mail for <x@catch.example>", // Haraka
      "503 5.7.1 Relay not allowed", // chasquid
      "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", // qmail
      "550 Delivery is not allowed to this address.", // hMailServer
      "550 5.7.1 no",
    ],
  ],
  ["starttls-first", ["530 5.7.0 Must issue a STARTTLS command first", "530 STARTTLS is required"]],
  [
    "authentication-required",
    [
      "530 5.7.0 Authentication required",
      "530 5.7.1 Authentication required.",
      "550 5.7.1 You must authenticate first",
    ],
  ],
  [
    "tester",
    [
      "554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using zen.example",
      "553 5.3.0 <x>... Spam blocked see: http://spamcop.example",
      "450 4.7.1 Client host rejected: cannot find your reverse hostname, [203.0.113.9]",
      "421 4.7.0 mx Error: too many connections from 203.0.113.9",
    ],
  ],
  // The packaged submission service of Postfix says no more than this
  ["client", ["554 5.7.1 <unknown[203.0.113.9]>: Client host rejected: Access denied"]],
  [
    "sender",
    [
      "553 5.7.1 <a@ourcollege.ac.uk>: Sender address rejected: not logged in",
      "550 5.1.8 <a@b>: Sender address rejected: Domain not found",
      "553 5.1.8 <a@b>... Domain of sender address a@b does not exist",
      "550 5.7.23 SPF validation failed",
    ],
  ],
  ["helo", ["550 5.7.1 <localhost>: Helo command rejected: Access denied", "501 5.5.4 invalid HELO name"]],
  [
    "greylisted",
    [
      "450 4.2.0 <x>: Recipient address rejected: Greylisted, see http://postgrey.example",
      "451 4.7.1 Please try again later",
    ],
  ],
  [
    "address",
    [
      "550 5.1.1 <x>: Recipient address rejected: User unknown in local recipient table",
      "501 5.1.3 Bad recipient address syntax",
      "550 Invalid recipient: <x@catch.example>",
    ],
  ],
  ["limit", ["452 4.5.3 Too many recipients"]],
  ["sequence", ["503 5.5.1 Need MAIL before RCPT"]],
];
for (const [meaning, lines] of cases)
  for (const line of lines)
    test(`${meaning}: ${line}`, () => expect(meaningOf(replyOf([parseReplyLine(line)!]))).toBe(meaning));
