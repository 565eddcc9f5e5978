import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { arf, crlf, multipart, plain, relayedHeader } from "../../test/complaints/mails.ts";
import { reportOf, reportsOf } from "../../test/complaints/site.ts";

const spamcop = (extra: readonly string[] = []): Buffer =>
  crlf([
    "From: Ann <4711@reports.spamcop.net>",
    "To: abuse@ourcollege.ac.uk",
    "Subject: [SpamCop (192.0.2.25) id:4711]You have won",
    "Precedence: list",
    "X-SpamCop-sourceip: 192.0.2.25",
    ...extra,
    "",
    "[ SpamCop V5.4.0 ]",
    "This message is brief for your comfort.",
    "",
    "Email from 192.0.2.25 / Tue, 24 Nov 2026 07:00:05 +0000",
    "https://www.spamcop.net/w3m?i=z4711zabcz",
    "",
    "[ Offending message ]",
    ...relayedHeader,
    "",
    "Send us your bank details.",
  ]);

const xArf = (source: string): Buffer =>
  multipart(
    "multipart/mixed",
    [
      "From: xarf@victim.example",
      "Subject: abuse report about a mailer",
      "X-XARF: PLAIN",
      "Auto-Submitted: auto-generated",
    ],
    [
      ["Content-Type: text/plain", "", "Dear team, see the report."],
      [
        'Content-Type: text/plain; name="report.txt"',
        "",
        "---",
        "Reported-From: xarf@victim.example",
        "Category: abuse",
        "Report-Type: spam",
        "Report-ID: '77@victim.example'",
        "Date: Thu Feb 13 18:28:15 2026 +00:00 GMT",
        "Source-Type: ip-address",
        `Source: ${source}`,
        "Schema-URL: https://schema.victim.example/spam.json",
        "",
      ],
      ["Content-Type: message/rfc822", "", ...relayedHeader, "", "text"],
    ],
  );

const xarf4 = JSON.stringify({
  xarf_version: "4.2.0",
  report_id: "7f1c1cd8-0000-4000-8000-000000000001",
  timestamp: "2026-11-24T07:00:05Z",
  reporter: { org: "Victim", contact: "abuse@victim.example", domain: "victim.example" },
  sender: { org: "Victim", contact: "abuse@victim.example", domain: "victim.example" },
  source_identifier: "192.0.2.25",
  category: "messaging",
  type: "spam",
  protocol: "smtp",
  evidence: [{ content_type: "message/rfc822", payload: Buffer.from(relayedHeader.join("\r\n")).toString("base64") }],
});

const xarf3 = JSON.stringify({
  Version: "3",
  ReporterInfo: { ReporterOrg: "Victim", ReporterOrgEmail: "abuse@victim.example" },
  Report: { ReportClass: "Activity", ReportType: "Spam", Date: "2026-11-24T07:00:05Z", SourceIp: "192.0.2.25" },
});

for (const [name, bytes, want] of [
  // RFC 5965: report and trail agree, and our own line says that a stranger brought it without a login.
  [
    "ARF",
    arf(),
    {
      format: "arf",
      kind: "open-relay",
      sourceIp: "192.0.2.25",
      confidence: "high",
      mailer: "mx1",
      eventTime: "2026-11-24T07:00:05.000Z",
      originalMessageId: "<8787@lottery.example>",
      entry: { way: "stranger", client: "203.0.113.77", queueId: "9Z8Y7X", at: "2026-11-24T07:00:01.000Z" },
      reply: { should: true, to: "abuse@victim.example" },
    },
  ],
  // No Source-IP at all: the trail has it.
  ["ARF without an address", arf([]), { format: "arf", sourceIp: "192.0.2.25", mailer: "mx1" }],
  // Seen: the host name behind the address, an address literal's tag.
  [
    "ARF with a name in its field",
    arf(["Source-Ip: 192.0.2.25 (mx1.ourcollege.ac.uk)"]),
    { sourceIp: "192.0.2.25", confidence: "high" },
  ],
  // The word REDACTED in place of the message.
  [
    "ARF without the message",
    arf(["Source-IP: [IPv6:2001:db8:25::25]"], ["REDACTED"]),
    { sourceIp: "2001:db8:25::25", mailer: "mx1", confidence: "medium" },
  ],
  // RFC 6430 and RFC 6591: no complaints.
  [
    "not-spam",
    Buffer.from(arf().toString().replace("Feedback-Type: abuse", "Feedback-Type: not-spam")),
    { kind: "not-spam", ours: "no", reply: { should: false } },
  ],
  [
    "auth-failure",
    Buffer.from(arf().toString().replace("Feedback-Type: abuse", "Feedback-Type: auth-failure")),
    { kind: "authentication", ours: "no" },
  ],
  // A ticket system made one text of it.
  [
    "ARF within a text",
    plain(
      ["Subject: [abuse #12] Fwd: report"],
      [
        "Feedback-Type: abuse",
        "User-Agent: Desk/1.0",
        "Version: 1",
        "Source-IP: 192.0.2.25",
        "",
        "the original follows",
      ],
    ),
    { format: "arf", sourceIp: "192.0.2.25", mailer: "mx1" },
  ],
  // Microsoft, before it spoke ARF.
  [
    "JMRP",
    multipart(
      "multipart/mixed",
      ["From: <staff@hotmail.com>", "Subject: complaint about message from 192.0.2.25"],
      [
        [
          "Content-Type: message/rfc822",
          "",
          "X-HmXmrOriginalRecipient: <ann@victim.example>",
          ...relayedHeader,
          "",
          "text",
        ],
      ],
    ),
    { format: "jmrp", sourceIp: "192.0.2.25", recipients: ["ann@victim.example"], reply: { should: false } },
  ],
  // `Precedence: list`, and yet a person.
  [
    "SpamCop",
    spamcop(),
    {
      format: "spamcop",
      kind: "open-relay",
      confidence: "high",
      reportId: "4711",
      reply: { should: true, to: "4711@reports.spamcop.net" },
    },
  ],
  // A group put its own marks in front.
  [
    "SpamCop through a group",
    Buffer.from(
      spamcop(["List-ID: <abuse.ourcollege.ac.uk>", "X-Original-Sender: 4711@reports.spamcop.net"])
        .toString()
        .replace("From: Ann <4711@reports.spamcop.net>", "From: Ann via abuse <abuse@ourcollege.ac.uk>"),
    ),
    {
      format: "spamcop",
      reporter: "4711@reports.spamcop.net",
      reply: { should: true, to: "4711@reports.spamcop.net" },
    },
  ],
  // About a page, not about who sent the mail.
  [
    "SpamCop, spamvertised",
    plain(
      ["Subject: [SpamCop (http://shop.example/) id:12]Win"],
      ["[ SpamCop V5.4.0 ]", "Spamvertised web site: http://shop.example/", "[ Offending message ]", ...relayedHeader],
    ),
    { format: "spamcop", kind: "other-abuse", sourceIp: null },
  ],
  [
    "X-ARF",
    xArf("192.0.2.25"),
    {
      format: "x-arf",
      kind: "open-relay",
      feedbackType: "abuse/spam",
      reportId: "77@victim.example",
      confidence: "high",
      reply: { should: false },
    },
  ],
  ["X-ARF on somebody else", xArf("198.51.100.7"), { format: "x-arf", sourceIp: "192.0.2.25", confidence: "low" }],
  [
    "XARF 4 in a mail",
    multipart(
      "multipart/mixed",
      ["From: abuse@victim.example", "Subject: report"],
      [
        ["Content-Type: text/plain", "", "see the attachment"],
        [
          'Content-Type: application/json; name="xarf.json"',
          "Content-Transfer-Encoding: base64",
          "",
          Buffer.from(xarf4).toString("base64"),
        ],
      ],
    ),
    { format: "xarf-4", kind: "open-relay", mailer: "mx1", confidence: "high", reporter: "abuse@victim.example" },
  ],
  [
    "XARF 3 in the text",
    plain(["Subject: report"], [xarf3]),
    { format: "xarf-3", kind: "spam", mailer: "mx1", confidence: "medium" },
  ],
  // RFC 3464: the refusal names a list and our address.
  [
    "bounce",
    multipart(
      "multipart/report; report-type=delivery-status",
      ["From: MAILER-DAEMON@mx1.ourcollege.ac.uk", "Return-Path: <>", "Subject: Undelivered Mail"],
      [
        ["Content-Type: text/plain", "", "The mail system: 550 refused"],
        [
          "Content-Type: message/delivery-status",
          "",
          "Reporting-MTA: dns; mx1.ourcollege.ac.uk",
          "",
          "Final-Recipient: rfc822; ann@victim.example",
          "Action: failed",
          "Status: 5.7.1",
          "Diagnostic-Code: smtp; 550 5.7.1 Service unavailable; client [192.0.2.25]",
          "    blocked using zen.spamhaus.example",
          "",
        ],
      ],
    ),
    {
      format: "bounce",
      kind: "list-notice",
      sourceIp: "192.0.2.25",
      mailer: "mx1",
      feedbackType: "5.7.1",
      recipients: ["ann@victim.example"],
      reply: { should: false },
    },
  ],
  [
    "list notice on a network",
    plain(
      ["Subject: SBL Notify: IP: 192.0.2.0/24 added to Spamhaus Block List (SBL)"],
      ["IP/cidr: 192.0.2.0/24", "SBL Ref: SBL123456"],
    ),
    { format: "list-notice", kind: "list-notice", sourceIp: "192.0.2.0/24", reportId: "SBL123456", mailer: "mx1" },
  ],
  // What people write.
  [
    "headers quoted in the text",
    plain(
      ["Subject: spam from your server"],
      ["Hi, this came from you:", "", ...relayedHeader.map((line) => `> ${line}`), ">", "> money"],
    ),
    {
      format: "plain",
      kind: "open-relay",
      sourceIp: "192.0.2.25",
      confidence: "medium",
      reply: { should: true, to: "bob@victim.example" },
    },
  ],
  // Wrapped by a program that lost the indent of folded lines.
  [
    "headers that lost their folding",
    plain(["Subject: spam"], ["Headers:", ...relayedHeader.map((line) => line.trim())]),
    { sourceIp: "192.0.2.25", kind: "open-relay" },
  ],
  [
    "a German complaint",
    plain(
      ["Subject: Spam von Ihrem Server"],
      ["Ihr Server 192[.]0[.]2[.]25 hat am 24.11.2026 um 08:00 Spam versandt."],
    ),
    { kind: "spam", mailer: "mx1", confidence: "medium" },
  ],
  [
    "words on an open relay",
    plain(["Subject: open relay"], ["Your host 192.0.2.25 is an open relay. Please fix it within 24 hours."]),
    { kind: "open-relay", deadline: "within 24 hours" },
  ],
  // CERT-Bund's words, with a table.
  [
    "a CERT's table",
    plain(
      ["Subject: [CB-Report#20261124-1] Schadprogramm-Infektionen"],
      [
        "Infizierte Systeme in Ihrem Netzbereich:",
        "",
        '"asn","ip","timestamp"',
        '"64496","192.0.2.25","2026-11-24 07:00:05"',
      ],
    ),
    { kind: "other-abuse", mailer: "mx1", confidence: "low" },
  ],
  // An address in the signature, or of the receiver, is nobody's.
  [
    "no address at all",
    plain(["Subject: spam"], ["You send me spam. Stop."]),
    { kind: "spam", sourceIp: null, ours: "unknown", reply: { should: "review" } },
  ],
  [
    "words on something else",
    plain(["Subject: minutes of the meeting"], ["See you on Friday."]),
    { kind: "not-a-report", ours: "no", reply: { should: false } },
  ],
  [
    "an automatic answer",
    plain(
      ["Subject: Out of office", "Auto-Submitted: auto-replied", "In-Reply-To: <1@ourcollege.ac.uk>"],
      ["I am away."],
    ),
    { kind: "automatic-reply", ours: "no", reply: { should: false } },
  ],
  [
    "brute force is no mail",
    plain(["Subject: SSH attack from 192.0.2.7"], ["fail2ban saw 192.0.2.7 attacking ssh"]),
    { kind: "other-abuse", ours: "yes", mailer: null },
  ],
] as const)
  test(`read: ${name}`, () => expect(reportOf(bytes)).toMatchObject(want));

test("an ARF report that a person passed on as an attachment is read as ARF", () => {
  const forwarded = multipart(
    "multipart/mixed",
    ["From: noc@isp.example", "Subject: Fwd: spam from 192.0.2.25"],
    [
      ["Content-Type: text/plain", "", "For you."],
      ["Content-Type: message/rfc822", "", arf().toString().replaceAll("=_b", "=_inner")],
    ],
  );
  expect(reportOf(forwarded)).toMatchObject({ format: "arf", kind: "open-relay", mailer: "mx1" });
});

test("each address of a feed is a report of its own", () => {
  const csv = [
    "timestamp,ip,port,tag",
    "2026-11-24 07:00:05,192.0.2.25,25,smtp",
    '"2026-11-24 08:00:00","198.51.100.9",25,"a,b"',
  ].join("\n");
  const zip = zipped("2026-11-24-spam_url-ourcollege-asn.csv", csv);
  const mail = multipart(
    "multipart/mixed",
    ["From: autoreports@shadowserver.org", "Subject: [Our College] Shadowserver Report: 2026-11-24"],
    [
      ["Content-Type: text/plain", "", "attached"],
      [
        'Content-Type: application/zip; name="2026-11-24-spam_url-ourcollege-asn.csv.zip"',
        "Content-Transfer-Encoding: base64",
        "",
        zip.toString("base64"),
      ],
    ],
  );
  const want = [
    {
      format: "shadowserver",
      sourceIp: "192.0.2.25",
      mailer: "mx1",
      kind: "spam",
      eventTime: "2026-11-24T07:00:05.000Z",
    },
    { sourceIp: "198.51.100.9", ours: "no" },
  ];
  expect(reportsOf(mail)).toMatchObject(want);
  expect(reportsOf(Buffer.from(csv), "text/csv")).toMatchObject(
    want.map(({ sourceIp }) => ({ format: "csv", sourceIp })),
  );
});

test("rows of a SpamCop summary get their year from the mail", () => {
  const mail = plain(
    ["Subject: [SpamCop] summary report"],
    [
      "IP_Address Start/Length Trap User",
      "192.0.2.25   Nov 23 17h/0   3   5   2   1  blocklisted",
      "192.0.2.7    Dec 31 10h/2   0   1   0   0",
    ],
  );
  expect(reportsOf(mail)).toMatchObject([
    { sourceIp: "192.0.2.25", kind: "list-notice", eventTime: "2026-11-23T17:00:00.000Z" },
    { sourceIp: "192.0.2.7", kind: "spam", eventTime: "2025-12-31T10:00:00.000Z" },
  ]);
});

test("a list of addresses in words is one report for each of ours", () => {
  const mail = plain(
    ["Subject: compromised hosts"],
    ["These hosts send spam:", "192.0.2.8", "198.51.100.3", "192.0.2.9"],
  );
  expect(reportsOf(mail).map(({ sourceIp, ours }) => [sourceIp, ours])).toEqual([
    ["192.0.2.8", "yes"],
    ["192.0.2.9", "yes"],
  ]);
});

/** One deflated member (APPNOTE 4.3). */
function zipped(name: string, text: string): Buffer {
  const data = deflateRawSync(text);
  const fixed = Buffer.alloc(26);
  fixed.writeUInt16LE(20, 0);
  fixed.writeUInt16LE(8, 4);
  fixed.writeUInt32LE(data.length, 14);
  fixed.writeUInt32LE(text.length, 18);
  fixed.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), fixed, Buffer.from(name), data]);
  const central = Buffer.concat([Buffer.from("PK\x01\x02\x14\0"), fixed, Buffer.alloc(14), Buffer.from(name)]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
