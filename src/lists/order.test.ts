import fc from "fast-check";
import { expect, test } from "vitest";
import type { Standing } from "../finding/assessment.ts";
import { type RepairEvidence, release, type Said, testerWarning } from "./order.ts";

const day = (number: number): string => `2026-11-${String(number).padStart(2, "0")}T00:00:00.000Z`;
const seen = day(10);
const stands = (is: Standing["is"], at: number | null): Standing => ({
  is,
  at: at === null ? null : day(at),
  because: "reasons",
});
const said = (at: number): Said => ({ says: "words", at: day(at) });
const nothing: RepairEvidence = { standing: stands("unknown", null), cause: null, queueClean: null, override: null };

for (const [what, given, want] of [
  ["nothing", {}, "held"],
  // Each kind of evidence unlocks, with a clean queue.
  ["closed since, queue clean", { standing: stands("closed", 11), queueClean: said(11) }, "free"],
  ["withdrawn since, queue clean", { standing: stands("withdrawn", 11), queueClean: said(11) }, "free"],
  ["another cause, queue clean", { cause: said(11), queueClean: said(11) }, "free"],
  // And nothing less does.
  ["closed since, queue not looked at", { standing: stands("closed", 11) }, "held"],
  ["a clean queue alone", { queueClean: said(11) }, "held"],
  ["closed before", { standing: stands("closed", 9), queueClean: said(11) }, "held"],
  ["closed in the same moment", { standing: stands("closed", 10), queueClean: said(11) }, "held"],
  ["a queue that was clean before", { standing: stands("closed", 11), queueClean: said(9) }, "held"],
  ["disputed", { standing: stands("disputed", 11), queueClean: said(11) }, "held"],
  ["open, with another cause besides", { standing: stands("open", 11), cause: said(12), queueClean: said(12) }, "held"],
  // A person decides otherwise.
  ["open, and a reason", { standing: stands("open", 11), override: said(12) }, "overridden"],
  ["a reason from before the listing", { override: said(9) }, "held"],
] as const satisfies readonly (readonly [string, Partial<RepairEvidence>, string])[])
  test(`${what}: ${want}`, () => {
    expect(release({ ...nothing, ...given }, seen).kind).toBe(want);
  });

test("what is missing is named", () => {
  expect(release(nothing, seen)).toMatchObject({ missing: ["closed-or-withdrawn", "queue-clean"] });
  expect(release({ ...nothing, standing: stands("closed", 11) }, seen)).toMatchObject({ missing: ["queue-clean"] });
  expect(release({ ...nothing, standing: stands("closed", 9), queueClean: said(11) }, seen)).toMatchObject({
    because: expect.stringContaining("test again"),
  });
});

test("no evidence from before the listing ever frees anything", () => {
  const old = fc.integer({ min: 1, max: 10 });
  fc.assert(
    fc.property(fc.constantFrom("open", "closed", "withdrawn", "disputed", "unknown"), old, old, old, (is, a, b, c) => {
      const evidence = { standing: stands(is, a), cause: said(b), queueClean: said(c), override: said(a) };
      expect(release(evidence, seen).kind).toBe("held");
    }),
  );
});

test("the three cases of a tester that lists", () => {
  expect(testerWarning(true, stands("open", 1))).toContain("nothing more");
  expect(testerWarning(false, stands("closed", 1))).toContain("welcome");
  expect(testerWarning(false, stands("unknown", null))).toContain("mend first");
});
