import { expect, test } from "vitest";
import { arf, plain, relayedHeader } from "../../test/complaints/mails.ts";
import { raw, reportOf, site } from "../../test/complaints/site.ts";
import { fakeClock } from "../../test/fakes/clock.ts";
import { complaints } from "./complaints.ts";
import type { ComplaintsDocument } from "./result.ts";
import { complaintsDocumentSchema } from "./result.ts";
import { type Assessment, openWindows, windowAt } from "./windows.ts";

async function read(
  mails: readonly Buffer[],
  of: typeof site | null = site,
  assessments: readonly Assessment[] = [],
  signal = new AbortController().signal,
): Promise<ComplaintsDocument> {
  async function* messages() {
    for (const bytes of mails) yield raw(bytes);
  }
  for await (const event of complaints({ site: of, messages: messages(), assessments }, { clock: fakeClock() }, signal))
    if (event.kind === "result") return complaintsDocumentSchema.parse(event.result);
  throw new Error("no result");
}

const at = (day: string, id: string, from = "abuse@victim.example"): Buffer =>
  Buffer.from(
    arf(
      ["Source-IP: 192.0.2.25", `Arrival-Date: ${day} 07:00:05 +0000`],
      relayedHeader.map((line) => line.replace("8787@", `${id}@`)),
    )
      .toString()
      .replace("abuse@victim.example", from),
  );

test("reports about one mailer within a day are one incident, and a later one another", async () => {
  const document = await read([
    at("24 Nov 2026", "a"),
    at("26 Nov 2026", "b"),
    at("25 Nov 2026", "c"),
    at("12 Dec 2026", "d"),
  ]);
  expect(document.incidents).toMatchObject([
    {
      id: "mx1/open-relay/2026-11-24",
      reports: 3,
      reporters: 1,
      from: "2026-11-24T07:00:05.000Z",
      until: "2026-11-26T07:00:05.000Z",
    },
    { id: "mx1/open-relay/2026-12-12", reports: 1 },
  ]);
  expect(document.findings.map(({ tag, severity }) => [tag, severity])).toEqual([
    ["COMPLAINT_RELAY", "critical"],
    ["COMPLAINT_RELAY", "critical"],
  ]);
  expect(document.verdict).toBe("ours");
});

test("what falls into a time when the mailer was proved open is one incident, and what comes after its repair an alarm", async () => {
  const document = await read([at("20 Nov 2026", "a"), at("24 Nov 2026", "b"), at("1 Dec 2026", "c")], site, [
    { mailer: "mx1", listener: "192.0.2.25:25", verdict: "closed", at: "2026-11-01T00:00:00.000Z" },
    { mailer: "mx1", listener: "192.0.2.25:25", verdict: "open", at: "2026-11-23T00:00:00.000Z" },
    { mailer: "mx1", listener: "192.0.2.25:25", verdict: "closed", at: "2026-11-25T00:00:00.000Z" },
  ]);
  expect(document.incidents).toMatchObject([
    { id: "mx1/open-relay/2026-11-23", reports: 2, provedAt: "2026-11-23T00:00:00.000Z" },
    { id: "mx1/open-relay/2026-12-01", reports: 1, provedAt: null },
  ]);
  expect(document.reports.map(({ problems }) => problems.some((one) => /proved closed/.test(one)))).toEqual([
    false,
    false,
    true,
  ]);
});

for (const [at, want] of [
  // Since when it was open nobody knows: since the last time it was closed, or for ever.
  ["2020-01-01T00:00:00.000Z", { provedAt: "2026-01-10T00:00:00.000Z" }],
  ["2026-01-20T00:00:00.000Z", { until: "2026-01-20T00:00:00.000Z" }],
  ["2026-02-01T00:00:00.000Z", "after"],
  ["2026-03-15T00:00:00.000Z", { until: null }],
] as const)
  test(`window at ${at}`, () => {
    const windows = openWindows([
      { mailer: "mx1", listener: "192.0.2.25:25", verdict: "open", at: "2026-03-10T00:00:00.000Z" },
      // Submission was closed all the time.
      { mailer: "mx1", listener: "192.0.2.25:587", verdict: "closed", at: "2026-01-12T00:00:00.000Z" },
      { mailer: "mx1", listener: "192.0.2.25:25", verdict: "open", at: "2026-01-10T00:00:00.000Z" },
      { mailer: "mx1", listener: "192.0.2.25:25", verdict: "closed", at: "2026-01-20T00:00:00.000Z" },
      { mailer: "mx1", listener: "192.0.2.25:25", verdict: "closed", at: "2026-03-01T00:00:00.000Z" },
    ]);
    const found = windowAt(windows, "mx1", at);
    if (typeof want === "string") expect(found).toBe(want);
    else expect(found).toMatchObject(want);
    expect(windowAt(windows, "mx2", at)).toBeNull();
  });

test("each reporter is answered once an incident; what repeats another report is not counted", async () => {
  const again = at("24 Nov 2026", "a");
  const document = await read([
    at("24 Nov 2026", "a"),
    again,
    at("24 Nov 2026", "b"),
    at("24 Nov 2026", "a", "noc@isp.example"),
  ]);
  expect(document.reports.map(({ repeats, reply }) => [repeats, reply.should, reply.to])).toEqual([
    [null, true, "abuse@victim.example"],
    [0, false, null],
    [null, false, null],
    [null, true, "noc@isp.example"],
  ]);
  expect(document.incidents).toMatchObject([{ reports: 3, reporters: 2 }]);
  expect(document.statistics.days).toEqual([{ day: "2026-11-24", ours: 4, unknown: 0, others: 0 }]);
});

for (const [name, mails, want] of [
  ["about us", [arf()], "ours"],
  ["about somebody else", [arf(["Source-IP: 198.51.100.7"], ["REDACTED"])], "none"],
  ["no address", [plain(["Subject: spam"], ["You send me spam."])], "unknown"],
  // An address that merely stands there is no proof.
  ["only mentioned", [plain(["Subject: spam"], ["You send me spam. Some table: 7 | 192.0.2.25 | x"])], "unknown"],
  ["no complaint", [plain(["Subject: lunch"], ["At noon?"])], "none"],
] as const)
  test(`verdict: ${name}`, async () => expect((await read(mails)).verdict).toBe(want));

test("without a site file nothing is said to be ours, or not", async () => {
  expect(await read([arf()], null)).toMatchObject({
    verdict: "unknown",
    reports: [{ sourceIp: "192.0.2.25", mailer: null, ours: "unknown" }],
  });
});

test("a run that is stopped keeps what it read", async () => {
  const stop = new AbortController();
  stop.abort();
  expect(await read([arf()], site, [], stop.signal)).toMatchObject({ ended: "interrupted", reports: [] });
});

for (const [name, header, want] of [
  // RFC 3834 §2
  ["a person", [], [true, "abuse@victim.example"]],
  ["Auto-Submitted", ["Auto-Submitted: auto-generated"], [false, null]],
  ["the null reverse-path", ["Return-Path: <>"], [false, null]],
  ["bulk mail", ["Precedence: bulk"], ["review", "abuse@victim.example"]],
  ["Reply-To of the same house", ["Reply-To: cases@desk.victim.example"], [true, "cases@desk.victim.example"]],
  ["Reply-To of another house", ["Reply-To: someone@elsewhere.example"], ["review", "someone@elsewhere.example"]],
  ["Reply-To that nobody reads", ["Reply-To: no-reply@victim.example"], [false, null]],
  ["ourselves", ["Reply-To: abuse@ourcollege.ac.uk"], [false, null]],
] as const)
  test(`reply: ${name}`, () => {
    const { reply } = reportOf(arf(undefined, undefined, header));
    expect([reply.should, reply.to]).toEqual(want);
  });
