/** Whatever a stranger sends: it is read within limits, says what was left out, and never throws. */
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arf, crlf, multipart, plain, relayedHeader } from "../../test/complaints/mails.ts";
import { reportOf, reportsOf } from "../../test/complaints/site.ts";
import { membersOf } from "./formats/zip.ts";
import { limits } from "./limits.ts";
import { reportSchema } from "./result.ts";

/** A machine that is busy with other tests takes several times as long. */
const maxMs = 4000;

function nested(depth: number): Buffer {
  const open = Array.from(
    { length: depth },
    (_, at) => `Content-Type: multipart/mixed; boundary="b${at}"\r\n\r\n--b${at}\r\n`,
  );
  return Buffer.from(`From: a@victim.example\r\n${open.join("")}\r\nspam from 192.0.2.25\r\n`);
}

function messages(depth: number): Buffer {
  return Buffer.from(
    `From: a@victim.example\r\n${"Content-Type: message/rfc822\r\n\r\nFrom: b@victim.example\r\n".repeat(depth)}\r\nspam from 192.0.2.25`,
  );
}

for (const [name, bytes, problem] of [
  ["multiparts nested 1,000 deep", nested(1000), /nested more than/],
  ["messages nested 1,000 deep", messages(1000), /within one another/],
  [
    "50,000 parts",
    multipart(
      "multipart/mixed",
      ["From: a@victim.example"],
      Array.from({ length: 50_000 }, () => ["", "x"]),
    ),
    /beyond the/,
  ],
  [
    "a header section of 5 MB",
    Buffer.from(`From: a@victim.example\r\n${"X-A: b\r\n".repeat(600_000)}\r\nspam from 192.0.2.25`),
    /header section was read up to/,
  ],
  [
    "one field of 5 MB",
    Buffer.from(`From: a@victim.example\r\nX-A: ${"b".repeat(5_000_000)}\r\n\r\nspam`),
    /header section/,
  ],
  ["a text of 20 MB without a line end", plain(["Subject: spam"], ["192.0.2.25 ".repeat(1_900_000)]), /read up to/],
  // Patterns that end at an address are tried from every word before it.
  [
    "words that sound like a source, and no end to them",
    plain(
      ["Subject: spam"],
      Array.from({ length: 100 }, () => `${"source ip address server host of the ".repeat(50)}192.0.2.25`),
    ),
    null,
  ],
  ["styles that never end", plain(["Subject: spam", "Content-Type: text/html"], ["<style>".repeat(280_000)]), null],
  ["base64 that is none", plain(["Subject: spam", "Content-Transfer-Encoding: base64"], ["*** not base64 ***"]), null],
  [
    "a boundary that never comes",
    crlf(["From: a@victim.example", 'Content-Type: multipart/mixed; boundary="never"', "", "spam from 192.0.2.25"]),
    /never comes/,
  ],
  [
    "NULs and bare CRs",
    Buffer.from("From: a@victim.example\0\r\nSubject: spam\r\0\r\n\r\nyour server 192.0.2.25\r\0spams"),
    null,
  ],
  [
    "an unknown character set",
    plain(["Subject: spam", "Content-Type: text/plain; charset=x-unknown"], ["your server 192.0.2.25 spams"]),
    /is not known/,
  ],
  ["a last boundary that is missing", Buffer.from(arf().toString().replace("--=_b--", "")), /missing/],
  ["nothing", Buffer.alloc(0), null],
  ["only line ends", Buffer.from("\r\n\n\r\r\n"), null],
] as const)
  test(`hostile: ${name}`, () => {
    const began = performance.now();
    const reports = reportsOf(bytes);
    expect(performance.now() - began).toBeLessThan(maxMs);
    for (const report of reports) reportSchema.parse(report);
    if (problem !== null) expect(reports[0]?.problems.join("\n")).toMatch(problem);
  });

test("5,000 Received lines that all claim to be ours cost nothing and prove nothing", () => {
  const forged = Array.from(
    { length: 5000 },
    () => "Received: from mx1.ourcollege.ac.uk (mx1.ourcollege.ac.uk [192.0.2.25]) by x.example with SMTP id 1",
  );
  const top = "Received: from vps.example (vps.example [203.0.113.5]) by mx.victim.example with ESMTP id 1";
  const report = reportOf(plain(["Subject: spam"], [top, ...forged, ...relayedHeader.slice(7)]));
  expect(report).toMatchObject({ sourceIp: "203.0.113.5", mailer: null, ours: "unknown" });
  expect(report.because).toMatch(/192\.0\.2\.25, one of ours, stands only in lines below/);
});

test("line ends and controls hidden in encoded words do not come out", () => {
  const evil = Buffer.from("x\r\nBcc: all@victim.example\x1b[31m").toString("base64");
  const report = reportOf(
    plain(
      [`Subject: =?utf-8?B?${evil}?= [SpamCop (192.0.2.25) id:5]`, `Message-ID: =?utf-8?B?${evil}?=`],
      ["[ SpamCop V5 ]", `Message-ID: =?utf-8?B?${evil}?=`],
    ),
  );
  expect(JSON.stringify(report)).not.toMatch(/\\r|\\n|\\u001b/);
});

test("a ZIP that declares little and holds 100 MB is left out", () => {
  const data = deflateRawSync(Buffer.alloc(100 * 1024 * 1024));
  const head = Buffer.alloc(30);
  head.write("PK\x03\x04", "latin1");
  const central = Buffer.alloc(46);
  central.write("PK\x01\x02", "latin1");
  central.writeUInt16LE(8, 10);
  central.writeUInt32LE(data.length, 20);
  central.writeUInt32LE(10, 24);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(head.length + data.length, 16);
  const problems = new Set<string>();
  expect(membersOf(Buffer.concat([head, data, central, end]), problems)).toEqual([]);
  expect([...problems].join()).toMatch(/more than may be unpacked/);
});

test("of a feed with 5,000 addresses those of ours are kept", () => {
  const rows = Array.from({ length: 5000 }, (_, at) => `2026-11-24 07:00:00,198.51.${100 + (at >> 8)}.${at & 255}`);
  const reports = reportsOf(
    Buffer.from(["timestamp,ip", ...rows, "2026-11-24 07:00:00,192.0.2.25"].join("\n")),
    "text/csv",
  );
  expect(reports).toHaveLength(limits.reportsPerMessage);
  expect(reports.some(({ mailer }) => mailer === "mx1")).toBe(true);
  expect(reports[0]?.problems.join()).toMatch(/5001 addresses/);
});

test("any bytes, and any damage to a report, are read to what the schema allows", () => {
  const whole = arf();
  const damage = fc.record({ at: fc.nat(whole.length), length: fc.nat(200), bytes: fc.uint8Array({ maxLength: 200 }) });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
        damage.map(({ at, length, bytes }) =>
          Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at + length)]),
        ),
      ),
      (bytes) => {
        for (const report of reportsOf(bytes)) reportSchema.parse(report);
      },
    ),
    { numRuns: 150 },
  );
});
