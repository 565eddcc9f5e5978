import { expect, test } from "vitest";
import {
  asked,
  audited,
  checked,
  day,
  incident,
  listing,
  proved,
  records,
  said,
  swept,
  unreached,
  v6,
  waived,
  well,
} from "../../test/repair/records.ts";
import { journey } from "./journey.ts";
import type { Recorded } from "./recorded.ts";
import { type StepState, statusDocumentSchema, stepNames } from "./result.ts";

const letters = {
  done: "d",
  "not-applicable": "-",
  waived: "w",
  open: "O",
  blocked: ".",
  unknown: "?",
} as const satisfies Record<StepState, string>;

/** One letter a step: contain, test, configure, block, lists, mend, watch. */
const course = (given: Partial<Recorded>, mailer: Partial<Recorded["mailer"]> = {}): string =>
  journey(records(given, mailer))
    .steps.map(({ state }) => letters[state])
    .join("");

const troubled = { ...well, assessments: [checked("open", "10"), checked("closed", "23")] };

for (const [what, given, want] of [
  // Nothing on record: what can be looked at is open, what rests on it waits.
  ["nothing", {}, ".O.OO.."],
  // Open: contain it first, whatever else is known. To know it is a test that was done.
  ["open", { assessments: [checked("open", "23")] }, "OdOOOO."],
  ["open, by a quick test", { assessments: [checked("open", "23", { profile: "quick" })] }, "OdOOOO."],
  ["open, all else well", { ...well, assessments: [checked("open", "23")] }, "OdOddO."],
  // Closed, and never anything else.
  ["closed", { assessments: [checked("closed", "23")] }, "-ddOO-O"],
  ["all well", well, "-dddd-d"],
  ["closed with few probes", { assessments: [checked("closed", "23", { profile: "quick" })] }, ".O.OO.."],
  // Looked, and could not tell.
  ["suspect", { assessments: [checked("suspect", "23")] }, ".?.OO.."],
  ["not reached", { assessments: [checked("unreachable", "23")] }, ".?.OO.."],
  ["inconclusive", { assessments: [checked("inconclusive", "23")] }, ".?.OO.."],
  // It was open: the queue is looked at after the last time, and whoever wrote is looked for.
  ["was open", troubled, "OddddOd"],
  ["was open, queue looked at before", { ...troubled, statements: [said("queue-clean", "09")] }, "OddddOd"],
  ["was open, queue looked at since", { ...troubled, statements: [said("queue-clean", "11")] }, "dddddOd"],
  [
    "was open, and all is done",
    { ...troubled, statements: [said("queue-clean", "11")], reportsRead: day("22") },
    "ddddddd",
  ],
  // Nobody reaches it: seen by two tools.
  ["gone", { ...well, assessments: [checked("unreachable", "22"), unreached("23")] }, "-d-dd-d"],
  // A dispute counts until a newer test.
  [
    "disputed",
    { ...well, assessments: [checked("closed", "20"), checked("disputed", "21", { tool: "dispute" })] },
    ".O.dd..",
  ],
  // An audit alone settles nothing; against a test the newer counts.
  ["audited closed", { audits: [audited("closed", "23")] }, ".O.OO.."],
  ["audited open", { audits: [audited("open", "23")] }, ".OOOO.."],
  ["audited open, closed since", { ...well, audits: [audited("open", "20")] }, "-dddd-d"],
  ["closed, audited open since", { ...well, audits: [audited("open", "24")] }, "-dOdd-d"],
  // Port 25: the newest of each filter and the newest sweep, and none may speak against it.
  ["proved exact", { ...well, sweeps: [], proofs: [proved("exact", "22")] }, "-dddd-d"],
  ["a hole, swept well", { ...well, proofs: [proved("holes", "22")] }, "-ddOd-d"],
  ["a hole, mended", { ...well, proofs: [proved("holes", "20"), proved("exact", "22")] }, "-dddd-d"],
  ["a hole in one of two", { ...well, proofs: [proved("holes", "20", "a"), proved("exact", "22", "b")] }, "-ddOd-d"],
  [
    "exact, a sweep found one",
    { ...well, sweeps: [swept("unexpected", "20")], proofs: [proved("exact", "22")] },
    "-ddOd-d",
  ],
  ["a sweep that cannot tell", { ...well, sweeps: [swept("unknown", "23")] }, "-dd?d-d"],
  // Lists: asked about every address; removal waits for its reasons.
  ["lists unsure", { ...well, asked: [asked("unknown", "23")] }, "-ddd?-d"],
  ["a list of no matter", { ...well, listings: [listing("odd", "20", { heeded: false })] }, "-dddd-d"],
  ["a listing that is gone", { ...well, listings: [listing("psbl", "20", { goneAt: day("22") })] }, "-dddd-d"],
  ["was open, listed", { ...troubled, listings: [listing("psbl", "12")] }, "Oddd.Od"],
  [
    "was open, listed, queue clean",
    { ...troubled, listings: [listing("psbl", "12")], statements: [said("queue-clean", "13")] },
    "ddddOOd",
  ],
  [
    "listed after the test",
    { ...troubled, listings: [listing("psbl", "24")], statements: [said("queue-clean", "24")] },
    "Oddd.Od",
  ],
  // Reports: "corrected" is for a mailer that is.
  [
    "open, reported",
    { ...well, assessments: [checked("open", "23")], incidents: [incident("open-relay", "22")] },
    "OdOdd..",
  ],
  [
    "was open, reported",
    { ...troubled, incidents: [incident("open-relay", "10")], statements: [said("queue-clean", "11")] },
    "dddddOd",
  ],
  [
    "was open, reported, answered",
    {
      ...troubled,
      incidents: [incident("open-relay", "10")],
      statements: [said("queue-clean", "11"), said("answered", "12")],
    },
    "ddddddd",
  ],
  [
    "answered before the last report",
    {
      ...troubled,
      incidents: [incident("spam", "10", { seenAt: day("22") })],
      statements: [said("queue-clean", "23"), said("answered", "12")],
    },
    "dddddOd",
  ],
  // Bounces and requests are no sign of misuse.
  ["a report of a bounce", { ...well, incidents: [incident("bounce", "22")], reportsRead: day("22") }, "-dddddd"],
  // Evidence ages.
  ["an old test", { ...well, assessments: [checked("closed", "23")], now: "2026-12-24T12:00:00.000Z" }, "-dddd-O"],
  ["tests have been added", { ...well, assessments: [checked("closed", "23", { catalogue: 2 })] }, "-dddd-O"],
  // Waivers: until the end of their day, and never for what is open now.
  [
    "waived",
    {
      assessments: [checked("closed", "23")],
      statements: [waived("block", "2026-11-24"), waived("lists", "2026-12-24")],
    },
    "-ddww-d",
  ],
  ["waived until yesterday", { ...well, sweeps: [], statements: [waived("block", "2026-11-23")] }, "-ddOd-O"],
  ["a done step needs no waiver", { ...well, statements: [waived("block", "2026-12-24")] }, "-dddd-d"],
] as const satisfies readonly (readonly [string, Partial<Recorded>, string])[])
  test(`${what}: ${want}`, () => expect(course(given)).toBe(want));

test("closed on one family leaves the other to be tested", () => {
  const status = journey(records(well, { listeners: ["192.0.2.25:25", v6] }));
  expect(status.stands).toMatchObject({ is: "unknown", because: `${v6} was never tested` });
  expect(status.verdict).toBe("unknown");
  expect(status.at).toBe("test");
});

test("a mailer that no list can know is not asked about", () => {
  expect(course({ ...well, asked: [] }, { sendsFrom: [] })).toBe("-ddd--d");
});

test("no waiver makes an open relay anything else", () => {
  const statements = stepNames.map((step) => waived(step, "2026-12-24"));
  expect(journey(records({ assessments: [checked("open", "23")], statements })).verdict).toBe("open");
});

for (const [what, given, want] of [
  ["nothing", {}, "unknown"],
  ["open", { assessments: [checked("open", "23")] }, "open"],
  ["closed, steps left", { assessments: [checked("closed", "23")] }, "under-way"],
  ["all well", well, "done"],
  ["a step that cannot be told", { ...well, asked: [asked("unknown", "23")] }, "unknown"],
  [
    "disputed",
    { ...well, assessments: [checked("closed", "20"), checked("disputed", "21", { tool: "dispute" })] },
    "unknown",
  ],
] as const satisfies readonly (readonly [string, Partial<Recorded>, string])[])
  test(`verdict, ${what}: ${want}`, () => expect(journey(records(given)).verdict).toBe(want));

test("the next three of an open relay: stop it, hold the queue, save what lets them through", () => {
  const { next } = journey(records({ assessments: [checked("open", "23")] }));
  expect(next.map(({ on, run }) => `${on}: ${run}`)).toEqual([
    "mailer: postconf -e 'master_service_disable = inet' && postfix reload",
    "mailer: postsuper -h ALL",
    "mailer: cp -rL /etc/postfix fencepost-audit",
  ]);
});

test("commands repeat what leads to the same site and store, quoted", () => {
  const { next } = journey(records({ whereabouts: { site: "my sites/it's.yaml", store: null } }));
  expect(next[0]?.run).toBe("fencepost check mx1 --profile full --site 'my sites/it'\\''s.yaml'");
});

test("without a product a person is told in words, and still has commands", () => {
  const { steps, next } = journey(records({ assessments: [checked("open", "23")] }, { product: null }));
  const contain = steps.find(({ step }) => step === "contain");
  expect(contain?.actions[0]).toMatchObject({ on: "mailer", run: null });
  expect(next.map(({ run }) => run)).toEqual([
    "fencepost status --mailer mx1 --queue-clean 'emptied and looked at by WHO'",
    "fencepost brief mx1",
    "fencepost filters render --all filters",
  ]);
});

test("stale evidence is shown as such, with the reason", () => {
  const old = journey(records({ ...well, assessments: [checked("closed", "23", { catalogue: 1 })] }));
  expect(old.steps.find(({ step }) => step === "test")?.evidence[0]).toMatchObject({
    stale: "the catalogue has gained 2 tests since",
    age: 86_400,
    show: "fencepost history --target 192.0.2.25:25",
  });
});

test("what comes after now is not looked at", () => {
  expect(course({ ...well, now: day("22"), statements: [waived("test", "2026-12-01", "23")] })).toBe(".O.OO..");
});

test("a status is what its schema says", () => {
  for (const given of [{}, well, troubled, { ...troubled, incidents: [incident("spam", "10")] }])
    expect(statusDocumentSchema.shape.mailers.parse([journey(records(given))])).toHaveLength(1);
});
