import { expect, test } from "vitest";
import { checked, incident, listing, records, said, well } from "../../test/repair/records.ts";
import { journey } from "./journey.ts";
import type { Recorded } from "./recorded.ts";

const branch = (given: Partial<Recorded>) => journey(records({ ...well, ...given }));

for (const [what, given] of [
  ["nobody complains", {}],
  [
    "it was open once: that is the cause",
    { assessments: [checked("open", "01"), checked("closed", "23")], listings: [listing("psbl", "02")] },
  ],
  ["it is open", { assessments: [checked("open", "23")], listings: [listing("psbl", "20")] }],
  [
    "it was not tested in full",
    { assessments: [checked("closed", "23", { profile: "quick" })], listings: [listing("psbl", "20")] },
  ],
  ["a list of no matter", { listings: [listing("odd", "20", { heeded: false })] }],
  ["a report about something else", { incidents: [incident("opt-out", "20")] }],
] as const satisfies readonly (readonly [string, Partial<Recorded>])[])
  test(`no such case: ${what}`, () => expect(branch(given).notARelay).toBeNull());

test("listed and closed: the causes are named, and the log lines of the product", () => {
  const { notARelay, steps, verdict, next } = branch({ listings: [listing("psbl", "20")] });
  expect(notARelay?.because).toBe("1 list holds it, and no test got a stranger's mail through it.");
  expect(notARelay?.causes.map(({ cause }) => cause)).toEqual([
    "stolen-login",
    "infected-host",
    "web-form",
    "mended-before",
  ]);
  expect(notARelay?.causes[0]?.actions[0]).toMatchObject({
    on: "mailer",
    run: expect.stringContaining("sasl_username"),
  });
  expect(steps.find(({ step }) => step === "configure")).toMatchObject({ state: "open" });
  expect(verdict).toBe("under-way");
  expect(next.length).toBe(3);
});

test("what reports tell comes first", () => {
  const { notARelay } = branch({ incidents: [incident("infected-host", "20"), incident("spam", "21")] });
  expect(notARelay?.causes[0]).toMatchObject({ cause: "infected-host", hint: "4 reports tell of it" });
});

// The cause that was named explains what was known then, and nothing newer.
for (const [what, on, named, state] of [
  ["after the listing", "21", true, "done"],
  ["before the listing", "19", false, "open"],
] as const)
  test(`a cause named ${what} ${named ? "settles" : "does not settle"} it`, () => {
    const { notARelay, steps } = branch({ listings: [listing("psbl", "20")], statements: [said("cause", on)] });
    expect(notARelay?.named !== null).toBe(named);
    expect(steps.find(({ step }) => step === "configure")?.state).toBe(state);
  });

test("with a named cause and a clean queue, removal may be asked for", () => {
  const { steps } = branch({
    assessments: [checked("closed", "10")],
    listings: [listing("psbl", "20")],
    statements: [said("cause", "21"), said("queue-clean", "21")],
  });
  expect(steps.find(({ step }) => step === "lists")).toMatchObject({
    state: "open",
    actions: [{ run: "fencepost lists removal 192.0.2.25" }],
  });
});
