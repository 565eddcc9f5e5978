/** Reports as tests write them: the frame of each format with values from documentation ranges, in our own words. */

export const crlf = (lines: readonly string[]): Buffer => Buffer.from(lines.join("\r\n"), "latin1");

/** A multipart with these parts, each header and body in one text. */
export function multipart(type: string, header: readonly string[], parts: readonly (readonly string[])[]): Buffer {
  return crlf([
    ...header,
    "MIME-Version: 1.0",
    `Content-Type: ${type}; boundary="=_b"`,
    "",
    ...parts.flatMap((part) => ["--=_b", ...part]),
    "--=_b--",
    "",
  ]);
}

/** What a stranger sent through our mailer, as the complainant's server received it. */
export const relayedHeader: readonly string[] = [
  "Return-Path: <win@lottery.example>",
  "Received: from mx1.ourcollege.ac.uk (mx1.ourcollege.ac.uk [192.0.2.25])",
  "\tby mx.victim.example (Postfix) with ESMTPS id 4F1A2B",
  "\tfor <ann@victim.example>; Tue, 24 Nov 2026 07:00:05 +0000 (UTC)",
  "Received: from dialup.example (unknown [203.0.113.77])",
  "\tby mx1.ourcollege.ac.uk (Postfix) with ESMTP id 9Z8Y7X",
  "\tfor <ann@victim.example>; Tue, 24 Nov 2026 07:00:01 +0000 (GMT)",
  "Message-ID: <8787@lottery.example>",
  "Date: Tue, 24 Nov 2026 06:59:00 +0000",
  "From: Lottery <win@lottery.example>",
  "To: ann@victim.example",
  "Subject: You have won",
];

export const arf = (
  report: readonly string[] = ["Source-IP: 192.0.2.25", "Arrival-Date: Tue, 24 Nov 2026 07:00:05 +0000"],
  original: readonly string[] = relayedHeader,
  header: readonly string[] = [],
): Buffer =>
  multipart(
    "multipart/report; report-type=feedback-report",
    [
      "From: abuse desk <abuse@victim.example>",
      "To: abuse@ourcollege.ac.uk",
      "Subject: spam from 192.0.2.25",
      "Date: Tue, 24 Nov 2026 08:00:00 +0000",
      "Message-ID: <r1@victim.example>",
      ...header,
    ],
    [
      ["Content-Type: text/plain", "", "One of our users reported this message."],
      [
        "Content-Type: message/feedback-report",
        "",
        "Feedback-Type: abuse",
        "User-Agent: Desk/1.0",
        "Version: 1",
        ...report,
        "",
      ],
      ["Content-Type: message/rfc822", "", ...original, "", "Send us your bank details."],
    ],
  );

export const plain = (header: readonly string[], body: readonly string[]): Buffer =>
  crlf([
    "From: Bob <bob@victim.example>",
    "To: abuse@ourcollege.ac.uk",
    "Date: Tue, 24 Nov 2026 09:00:00 +0000",
    ...header,
    "",
    ...body,
    "",
  ]);
