import fc from "fast-check";
import { expect, test } from "vitest";
import { automaticKind } from "./automatic.ts";
import { fieldOf, parseHeader } from "./header.ts";
import { parseReceived, receivedTrail } from "./received.ts";

for (const [value, want] of [
  // Postfix
  [
    "from probe.example (probe.example [203.0.113.9]) by mx.ourcollege.ac.uk (Postfix) with ESMTP id 4F; Tue, 24 Nov 2026 07:00:00 +0000",
    { from: "probe.example", address: "203.0.113.9", by: "mx.ourcollege.ac.uk", with: "ESMTP" },
  ],
  // Exim
  [
    "from [203.0.113.9] (helo=probe.example) by mx.ourcollege.ac.uk with esmtps (TLS1.3) tls TLS_AES (Exim 4.96) (envelope-from <a@b>) id 1",
    { from: "[203.0.113.9]", address: "203.0.113.9", by: "mx.ourcollege.ac.uk", with: "esmtps" },
  ],
  // Sendmail, with a forged HELO that is an address
  [
    "from [10.0.0.1] (probe.example [203.0.113.9] (may be forged)) by mx.ourcollege.ac.uk (8.17.1) with ESMTP id 4",
    { from: "[10.0.0.1]", address: "203.0.113.9", by: "mx.ourcollege.ac.uk", with: "ESMTP" },
  ],
  // IPv6
  [
    "from probe (probe.example [IPv6:2001:db8:99::9]) by mx (Postfix) with ESMTPS",
    { from: "probe", address: "2001:db8:99::9", by: "mx", with: "ESMTPS" },
  ],
  // Between servers of one provider, without a client
  [
    "by 2001:db8:99::9 with SMTP id x9; Tue, 24 Nov 2026 07:00:00 +0000",
    { from: null, address: null, by: "2001:db8:99::9", with: "SMTP" },
  ],
  ["garbage", { from: null, address: null, by: null, with: null }],
] as const)
  test(`Received: ${value.slice(0, 50)}`, () => expect(parseReceived(value)).toEqual(want));

test("fields are unfolded, in order, and stop at the empty line", () => {
  const fields = parseHeader("Received: from a\r\n\tby b\r\nSubject: hello\r\n\r\nReceived: from x\r\n");
  expect(fieldOf(fields, "Subject")).toBe("hello");
  expect(receivedTrail(fields)).toEqual([{ from: "a", address: null, by: "b", with: null }]);
});

for (const [header, reversePath, want] of [
  ["Content-Type: multipart/report; report-type=delivery-status", "<>", "report"],
  // Exim's bounce without MIME
  ["X-Failed-Recipients: a@b\r\nFrom: Mail Delivery System <Mailer-Daemon@mx>", "<>", "report"],
  // A vacation reply
  ["Auto-Submitted: auto-replied\r\nFrom: bob@ourcollege.ac.uk", "<bob@ourcollege.ac.uk>", "reply"],
  // Our own probe with the null reverse-path, passed on
  ["From: Fencepost relay test <x@y>\r\nAuto-Submitted: no", "<>", null],
  ["From: a@b", "<a@b>", null],
] as const)
  test(`automatic: ${header.slice(0, 40)}`, () => expect(automaticKind(parseHeader(header), reversePath)).toBe(want));

test("any text is read without throwing", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2000 }), (text) => {
      receivedTrail(parseHeader(`Received: ${text}\r\n${text}`));
      automaticKind(parseHeader(text), "<>");
    }),
  );
});
