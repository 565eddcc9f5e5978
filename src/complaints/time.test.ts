import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTime } from "./time.ts";

const near = new Date("2026-11-24T12:00:00Z");

for (const [text, at, assumed] of [
  // RFC 5322 §3.3, with a comment, with an obsolete zone
  ["Tue, 24 Nov 2026 07:00:05 +0100 (CET)", "2026-11-24T06:00:05.000Z", []],
  ["24 Nov 2026 07:00 EST", "2026-11-24T12:00:00.000Z", []],
  // ISO 8601, with and without a zone
  ["2026-11-24T07:00:05Z", "2026-11-24T07:00:05.000Z", []],
  ["2026-11-24 07:00:05-0500", "2026-11-24T12:00:05.000Z", []],
  ["2026-11-24 07:00:05", "2026-11-24T07:00:05.000Z", ["zone"]],
  // date(1), asctime(3), and X-ARF's own
  ["Tue Nov 24 07:00:05 EET 2026", "2026-11-24T05:00:05.000Z", []],
  ["Thu Feb 13 18:28:15 2014 +00:00 GMT", "2014-02-13T18:28:15.000Z", []],
  ["Feb  3 2014 02:13:35 +0100", "2014-02-03T01:13:35.000Z", []],
  // syslog: no year; the latest such day
  ["Nov 24 07:00:05", "2026-11-24T07:00:05.000Z", ["zone", "year"]],
  ["Dec 31 23:00:00", "2025-12-31T23:00:00.000Z", ["zone", "year"]],
  // in other languages; only a dot is read the same everywhere
  ["24.11.2026, 08:00 MEZ", "2026-11-24T07:00:00.000Z", []],
  ["24. Dezember 2025 um 08:00", "2025-12-24T08:00:00.000Z", ["zone"]],
  ["09/10/2026 08:00 UTC", "2026-10-09T08:00:00.000Z", ["order of day and month"]],
  ["11/24/2026 08:00 PM UTC", "2026-11-24T20:00:00.000Z", []],
  // UNIX seconds; a day alone
  ["1795503605", "2026-11-24T07:00:05.000Z", []],
  ["2026-11-24", "2026-11-24T00:00:00.000Z", ["time"]],
  // A zone that may be several
  ["Tue, 24 Nov 2026 07:00:05 IST", "2026-11-24T07:00:05.000Z", ["zone"]],
] as const)
  test(`time: ${text}`, () => expect(parseTime(text, near)).toEqual({ at, assumed }));

for (const text of ["(invalid)", "", "31 Feb 2026 07:00 +0000", "2026-13-40 07:00", "Nov 24 27:00:00", "192.0.2.25"])
  test(`no time: ${text}`, () => expect(parseTime(text, near)).toBeNull());

test("any text is read without throwing, and to a time that can be written", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400 }), (text) => {
      const time = parseTime(text, near);
      if (time !== null) expect(new Date(time.at).toISOString()).toBe(time.at);
    }),
  );
});
