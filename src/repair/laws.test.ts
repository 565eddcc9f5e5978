// What holds of every journey, whatever is on record.
import fc from "fast-check";
import { expect, test } from "vitest";
import { anyRecords } from "../../test/repair/random-records.ts";
import { asked, checked, proved, records, said, swept } from "../../test/repair/records.ts";
import { isSettled, journey } from "./journey.ts";
import type { Recorded } from "./recorded.ts";
import { statusDocumentSchema } from "./result.ts";

const runs = { numRuns: Number(process.env.FC_RUNS ?? 300) };

test("the order of records changes nothing", () => {
  const shuffled = (given: Recorded): Recorded => ({
    ...given,
    ...Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, Array.isArray(value) ? [...value].reverse() : value]),
    ),
  });
  fc.assert(
    fc.property(anyRecords, (given) => {
      // Verdicts of one subject and tool at one time do not occur: a test ends once.
      const times = given.assessments.map(({ subject, tool, at }) => `${subject} ${tool} ${at}`);
      fc.pre(new Set(times).size === times.length);
      expect(journey(shuffled({ ...given, mailer: { ...given.mailer } }))).toEqual(journey(given));
    }),
    runs,
  );
});

/** Newer than all else. */
const at = "2026-11-24T12:30:00.000Z";

/** Each the best there can be. */
const favourable: readonly ((given: Recorded) => Partial<Recorded>)[] = [
  // Of every port that was ever seen: one closed port says little while another is not known.
  ({ assessments, mailer }) => {
    const seen = assessments.filter(({ tool }) => tool === "check").map(({ subject }) => subject);
    const subjects = [...new Set([...mailer.listeners, ...seen])];
    return { assessments: [...assessments, ...subjects.map((subject) => checked("closed", "24", { subject, at }))] };
  },
  ({ proofs }) => ({ proofs: [...proofs, { ...proved("exact", "24", "a.txt"), at }] }),
  ({ sweeps }) => ({ sweeps: [...sweeps, { ...swept("as-declared", "24"), at }] }),
  (given) => ({
    asked: [...given.asked, ...given.mailer.sendsFrom.map((one) => ({ ...asked("clean", "24", one), at }))],
  }),
  () => ({ reportsRead: at }),
  ...(["queue-clean", "cause", "answered"] as const).map((kind) => ({ statements }: Recorded) => ({
    statements: [...statements, { ...said(kind, "24"), at }],
  })),
];

test("good news never undoes a step", () => {
  fc.assert(
    fc.property(anyRecords, fc.constantFrom(...favourable), (given, better) => {
      const then = { ...given, now: "2026-11-24T13:00:00.000Z" };
      const before = journey(then).steps;
      const after = journey({ ...then, ...better(then) }).steps;
      for (const [at, step] of before.entries())
        if (isSettled(step.state)) expect(isSettled(after[at]?.state ?? "open"), step.step).toBe(true);
    }),
    runs,
  );
});

test("no evidence settles no step that takes evidence", () => {
  const { steps } = journey(records());
  expect(steps.filter(({ state }) => isSettled(state))).toEqual([]);
});

test("a step that is done rests on evidence, and one that is open has a line to type", () => {
  fc.assert(
    fc.property(anyRecords, (given) => {
      const status = journey(given);
      expect(statusDocumentSchema.shape.mailers.safeParse([status]).success).toBe(true);
      for (const { step, state, evidence, actions } of status.steps) {
        if (state === "done") expect(evidence.length, step).toBeGreaterThan(0);
        if (state === "open" || state === "unknown")
          expect(
            actions.some(({ run }) => run !== null),
            `${step} ${state}`,
          ).toBe(true);
      }
      const settled = status.steps.every(({ state }) => isSettled(state));
      expect(status.next.length > 0 || settled).toBe(true);
      expect(status.next.length).toBeLessThanOrEqual(3);
    }),
    runs,
  );
});
