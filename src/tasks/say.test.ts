import { expect, test } from "vitest";
import { fakeClock } from "../../test/fakes/clock.ts";
import { parseSite } from "../site/site.ts";
import { openStore } from "../store/store.ts";
import { UsageError } from "./errors.ts";
import { type Saying, say, statementsAbout } from "./say.ts";

const read = parseSite(
  `name: S
domains: [ourcollege.example]
networks: [192.0.2.0/24]
mailers:
  - { name: mx1, addresses: [192.0.2.25], sendsFrom: [192.0.2.26] }
  - { name: far, host: far.ourcollege.example }`,
  "site.yaml",
);
if (!read.ok) throw new Error(JSON.stringify(read.errors));
const [mx1, far] = read.site.mailers;
if (mx1 === undefined || far === undefined) throw new Error("no mailer");

const clock = fakeClock("2026-11-24T12:00:00.000Z");
const nothing: Saying = { queueClean: null, cause: null, answered: null, waiver: null };
const waiver = { step: "block", because: "the provider filters", by: "J. Doe", until: "2026-12-24" };

test("what concerns the lists stands at each address, where removal looks for it", async () => {
  await using store = await openStore(":memory:", clock);
  await say({ ...nothing, queueClean: "emptied", cause: "a stolen login" }, mx1, clock.now(), store);
  for (const address of ["192.0.2.25", "192.0.2.26"])
    expect((await store.statements.about(address)).map(({ kind, object, says }) => [kind, object, says])).toEqual([
      ["queue-clean", "", "emptied"],
      ["cause", "", "a stolen login"],
    ]);
});

test("a mailer that only its host leads to has what was said by its name", async () => {
  await using store = await openStore(":memory:", clock);
  await say({ ...nothing, queueClean: "emptied" }, far, clock.now(), store);
  expect(await statementsAbout("far", [], store)).toMatchObject([{ kind: "queue-clean", says: "emptied" }]);
});

test("a waiver comes back with who, why and until", async () => {
  await using store = await openStore(":memory:", clock);
  await say({ ...nothing, answered: "by J. Doe", waiver }, mx1, clock.now(), store);
  expect(await statementsAbout("mx1", mx1.addresses, store)).toEqual([
    { kind: "answered", says: "by J. Doe", at: "2026-11-24T12:00:00.000Z" },
    {
      kind: "waiver",
      step: "block",
      says: waiver.because,
      by: "J. Doe",
      until: "2026-12-24",
      at: "2026-11-24T12:00:00.000Z",
    },
  ]);
});

test("what was said of one list, or is of another kind, is nothing said of the mailer", async () => {
  await using store = await openStore(":memory:", clock);
  const add = (kind: string, object: string) =>
    store.statements.add({ kind, subject: "192.0.2.25", object, says: "x", evidence: null });
  await add("because", "");
  await add("cause", "psbl");
  await add("waiver", "block");
  expect(await statementsAbout("mx1", mx1.addresses, store)).toEqual([]);
});

for (const [what, saying, says] of [
  // The words of the commands that status prints are not a person's.
  ["WHO", { queueClean: "looked at by WHO" }, /in the place of WHO/],
  ["WHAT", { cause: "WHAT it was" }, /in the place of WHAT/],
  ["nothing", { cause: " " }, /Expected a sentence/],
  ["a novel", { answered: "x".repeat(501) }, /up to 500/],
  // A waiver is for a known step and a while.
  ["a step that is none", { waiver: { ...waiver, step: "blok" } }, /Did you mean block/],
  ["yesterday", { waiver: { ...waiver, until: "2026-11-23" } }, /from today on/],
  ["for ever", { waiver: { ...waiver, until: "2030-01-01" } }, /within a year/],
  ["no day", { waiver: { ...waiver, until: "tomorrow" } }, /such as 2026-12-24/],
  ["no day of the calendar", { waiver: { ...waiver, until: "2027-02-30" } }, /expected a day/],
] as const)
  test(`${what} is not recorded`, async () => {
    await using store = await openStore(":memory:", clock);
    const said = say({ ...nothing, queueClean: "emptied", ...saying }, mx1, clock.now(), store);
    await expect(said).rejects.toThrow(UsageError);
    await expect(said).rejects.toThrow(says);
    expect(await statementsAbout("mx1", mx1.addresses, store)).toEqual([]);
  });
