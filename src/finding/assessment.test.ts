import fc from "fast-check";
import { expect, test } from "vitest";
import { type Assessment, standing } from "./assessment.ts";

const check = (subject: string, verdict: string, at: string, given: Partial<Assessment> = {}): Assessment => ({
  subject,
  tool: "check",
  verdict,
  at: `2026-11-${at}T00:00:00.000Z`,
  vantage: "external",
  profile: "full",
  catalogue: 1,
  answered: true,
  ...given,
});
const sweep = (subject: string, verdict: string, at: string): Assessment =>
  check(subject, verdict, at, { tool: "sweep", profile: "", catalogue: 0 });
const dispute = (subject: string, at: string): Assessment => check(subject, "disputed", at, { tool: "dispute" });

const v4 = "192.0.2.25:25";
const v6 = "[2001:db8:25::25]:25";
const end = "2026-11-30T00:00:00.000Z";

for (const [what, assessments, want] of [
  ["nothing", [], "unknown"],
  // The newest that tells something counts, port by port.
  ["open", [check(v4, "open", "01")], "open"],
  ["open, then closed", [check(v4, "open", "01"), check(v4, "closed", "02")], "closed"],
  ["closed, then open", [check(v4, "closed", "01"), check(v4, "open", "02")], "open"],
  ["closed here, open there", [check(v4, "closed", "02"), check(v6, "open", "01")], "open"],
  ["closed, then nothing to be seen", [check(v4, "closed", "01"), check(v4, "inconclusive", "02")], "closed"],
  ["closed, then suspect", [check(v4, "closed", "01"), check(v4, "suspect", "02")], "unknown"],
  // A quick look is no proof that it is closed.
  ["closed with few probes", [check(v4, "closed", "01", { profile: "quick" })], "unknown"],
  ["a shut port beside it", [check(v4, "closed", "01"), check("192.0.2.25:587", "not-listening", "01")], "closed"],
  ["only shut ports", [check("192.0.2.25:587", "not-listening", "01")], "unknown"],
  ["one of two not reached", [check(v4, "closed", "01"), check(v6, "unreachable", "01")], "unknown"],
  // Gone: seen by two.
  ["not reached", [check(v4, "unreachable", "01")], "unknown"],
  ["a sweep agrees", [check(v4, "unreachable", "01"), sweep("192.0.2.25", "unreachable", "02")], "withdrawn"],
  ["a sweep found it", [check(v4, "unreachable", "01"), sweep("192.0.2.25", "reachable", "02")], "unknown"],
  ["a sweep of another", [check(v4, "unreachable", "01"), sweep("192.0.2.26", "unreachable", "02")], "unknown"],
  [
    "both families, one agreed on",
    [check(v4, "unreachable", "01"), check(v6, "unreachable", "01"), sweep("192.0.2.25", "unreachable", "02")],
    "unknown",
  ],
  [
    "both families",
    [
      check(v4, "unreachable", "01"),
      check(v6, "unreachable", "01"),
      sweep("192.0.2.25", "unreachable", "02"),
      sweep("2001:db8:25::25", "unreachable", "02"),
    ],
    "withdrawn",
  ],
  [
    "seen from inside",
    [check(v4, "unreachable", "01", { vantage: "internal" }), sweep("192.0.2.25", "unreachable", "02")],
    "unknown",
  ],
  [
    "without a control",
    [check(v4, "unreachable", "01", { answered: false }), sweep("192.0.2.25", "unreachable", "02")],
    "unknown",
  ],
  // Somebody says that it is still open.
  ["disputed", [check(v4, "closed", "01"), dispute(v4, "02")], "disputed"],
  ["disputed before it was closed", [dispute(v4, "01"), check(v4, "closed", "02")], "closed"],
  ["disputed and open", [check(v4, "open", "01"), dispute(v4, "02")], "open"],
] as const satisfies readonly (readonly [string, readonly Assessment[], string])[])
  test(`${what}: ${want}`, () => {
    expect(standing(assessments, end).is).toBe(want);
  });

test("it holds since the oldest piece that is needed", () => {
  const both = [check(v4, "closed", "03"), check(v6, "closed", "01"), check(v6, "closed", "02")];
  expect(standing(both, end)).toMatchObject({ is: "closed", at: "2026-11-02T00:00:00.000Z" });
});

test("what came later is not looked at", () => {
  const later = [check(v4, "closed", "01"), check(v4, "open", "05")];
  expect(standing(later, "2026-11-03T00:00:00.000Z").is).toBe("closed");
});

test("the order in which assessments are read changes nothing", () => {
  const some = fc.array(
    fc.record({
      subject: fc.constantFrom(v4, v6),
      verdict: fc.constantFrom("open", "closed", "suspect", "unreachable", "inconclusive"),
      day: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(some, (made) => {
      // One verdict a subject and day.
      const once = [...new Map(made.map((one) => [`${one.subject} ${one.day}`, one])).values()];
      const all = once.map(({ subject, verdict, day }) => check(subject, verdict, `0${day}`));
      expect(standing(all, end)).toEqual(standing([...all].reverse(), end));
    }),
  );
});
