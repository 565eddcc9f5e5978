import fc from "fast-check";
import { expect, test } from "vitest";
import { arf, multipart, plain, relayedHeader } from "../../../test/complaints/mails.ts";
import { raw, site } from "../../../test/complaints/site.ts";
import { fakeClock } from "../../../test/fakes/clock.ts";
import type { Standing } from "../../finding/assessment.ts";
import { complaints } from "../complaints.ts";
import type { ComplaintsDocument } from "../result.ts";
import type { Assessment } from "../windows.ts";
import { choose } from "./choose.ts";
import { addressable, type Draft, draftsOf, type Occasion } from "./draft.ts";
import { builtInLanguages, readOverrides, wordingsIn } from "./overrides.ts";
import { builtIn, wordingNames } from "./wordings.ts";

async function read(mails: readonly Buffer[], assessments: readonly Assessment[] = []): Promise<ComplaintsDocument> {
  async function* messages() {
    for (const bytes of mails) yield raw(bytes);
  }
  const ports = { clock: fakeClock() };
  for await (const event of complaints(
    { site, messages: messages(), assessments },
    ports,
    new AbortController().signal,
  ))
    if (event.kind === "result") return event.result;
  throw new Error("no result");
}

type Made = readonly { readonly occasion: Occasion; readonly draft: Draft }[];

async function drafts(mails: readonly Buffer[], standing?: Standing): Promise<Made> {
  return draftsOf(await read(mails), {
    site: "Our College",
    contact: "abuse@ourcollege.ac.uk",
    wordings: builtIn.en!,
    language: "en",
    standings: new Map(standing === undefined ? [] : [["mx1", standing]]),
    hosts: new Map([["mx1", "mx1.ourcollege.ac.uk"]]),
    refusedBy: () => [],
  });
}

async function draft(mail: Buffer, standing?: Standing): Promise<Draft> {
  const all = await drafts([mail], standing);
  if (all.length !== 1) throw new Error(`${all.length} drafts`);
  return all[0]!.draft;
}

const closed = (at: string): Standing => ({ is: "closed", at, because: "tested" });
const login = relayedHeader.map((line) => line.replace("with ESMTP id 9Z8Y7X", "with ESMTPSA id 9Z8Y7X"));

for (const [name, mail, standing, wording, offersOver] of [
  // The event was at 07:00: only a later test says that it is over.
  ["tested after it happened", arf(), closed("2026-11-24T07:00:06.000Z"), "corrected", true],
  ["tested before it happened", arf(), closed("2026-11-24T07:00:04.000Z"), "received", false],
  ["taken away since", arf(), { ...closed("2026-11-25T00:00:00.000Z"), is: "withdrawn" }, "withdrawn", true],
  ["still open", arf(), { ...closed("2026-11-25T00:00:00.000Z"), is: "open" }, "received", false],
  ["disputed", arf(), { ...closed("2026-11-25T00:00:00.000Z"), is: "disputed" }, "received", false],
  ["never tested", arf(), undefined, "received", false],
  // A login is not mended by closing a relay.
  ["a stolen login", arf(undefined, login), closed("2026-11-25T00:00:00.000Z"), "account", false],
  // Nothing to go by, or somebody else's.
  ["no header", plain(["Subject: spam"], ["You send me spam."]), undefined, "headers", false],
] as const)
  test(`wording: ${name}`, async () => {
    const { wording: proposed, offered, text } = await draft(mail, standing as Standing | undefined);
    expect([proposed, offered.includes("corrected") || offered.includes("withdrawn")]).toEqual([wording, offersOver]);
    expect(text).not.toMatch(/\{[a-z]+\}/);
  });

test("an address that only words tell admits nothing", async () => {
  const { reports, incidents } = await read([arf()]);
  const report = { ...reports[0]!, confidence: "low" as const };
  const { offered } = choose(report, incidents[0] ?? null, closed("2026-11-25T00:00:00.000Z"));
  expect([offered[0], offered.includes("corrected")]).toEqual(["looking", false]);
});

test("what is no complaint about mail is not answered as one", async () => {
  const { reports } = await read([arf()]);
  const { offered } = choose({ ...reports[0]!, kind: "other-abuse" }, null, closed("2026-11-25T00:00:00.000Z"));
  expect(offered).toEqual(["looking"]);
});

test("what is not ours is not admitted", async () => {
  const other = arf(
    ["Source-IP: 203.0.113.77"],
    relayedHeader.map((line) =>
      line.replaceAll("192.0.2.25", "203.0.113.9").replaceAll("mx1.ourcollege.ac.uk", "mx.other.example"),
    ),
  );
  const { wording, review, offered } = await draft(other);
  expect([wording, review === null, offered.includes("received")]).toEqual(["not-ours", false, false]);
});

test("a thread is taken up, and only by identifiers of good form", async () => {
  const header = ["References: <a@x.example> <b\r\n\t@x.example> junk <c@x.example>"];
  const { inReplyTo, references } = await draft(arf(undefined, undefined, header));
  expect([inReplyTo, references]).toEqual([
    "<r1@victim.example>",
    ["<a@x.example>", "<c@x.example>", "<r1@victim.example>"],
  ]);
  // A line end that an encoded word hides.
  const hidden = plain(
    ["Message-ID: =?utf-8?q?<a@b>=0D=0ABcc:_x?=", "Subject: =?utf-8?q?a=0D=0ABcc:_x@y.example?="],
    ["spam"],
  );
  const evil = await draft(hidden);
  expect([evil.inReplyTo, evil.references, /[\r\n]/.test(evil.subject)]).toEqual([null, [], false]);
});

test("machines, feeds and our own addresses get no draft; SpamCop's people do", async () => {
  const spamcop = multipart(
    "text/plain",
    [
      "From: 8801@reports.spamcop.net",
      "To: abuse@ourcollege.ac.uk",
      "Precedence: list",
      "Subject: [SpamCop (192.0.2.25) id:8801]You have won",
      "X-SpamCop-sourceip: 192.0.2.25",
      "Message-ID: <rid_8801@msgid.spamcop.net>",
      "Date: Tue, 24 Nov 2026 08:00:00 +0000",
    ],
    [],
  );
  const body = [
    "",
    "[ SpamCop V5.4.0 ]",
    "Email from 192.0.2.25 / Tue, 24 Nov 2026 07:00:05 +0000",
    "[ Offending message ]",
    ...relayedHeader,
    "",
    "x",
    "",
  ];
  const people = Buffer.from(
    spamcop.toString("latin1").split("\r\nMIME-Version")[0]!.concat("\r\n", body.join("\r\n")),
  );
  expect((await drafts([people])).map(({ draft: { to } }) => to)).toEqual(["8801@reports.spamcop.net"]);
  // SpamCop reports in ARF as well.
  const inArf = arf(undefined, undefined, ["Precedence: list"]).toString("latin1");
  const list = [
    Buffer.from(inArf, "latin1"),
    Buffer.from(inArf.replace("abuse@victim.example", "8802@reports.spamcop.net"), "latin1"),
  ];
  expect((await drafts(list)).map(({ draft: { to, review } }) => [to, review])).toEqual([
    ["abuse@victim.example", "It calls itself bulk or list mail."],
    ["8802@reports.spamcop.net", null],
  ]);
  for (const header of [
    ["Auto-Submitted: auto-generated"],
    ["Return-Path: <>"],
    ["Reply-To: no-reply@victim.example"],
    ["Reply-To: abuse@ourcollege.ac.uk"],
    ["X-Autoreply: yes"],
  ])
    expect(await drafts([arf(undefined, undefined, header)])).toEqual([]);
});

test("one draft for a reporter and incident, another for the next reporter", async () => {
  const other = Buffer.from(arf().toString("latin1").replace("abuse@victim", "ann@victim"), "latin1");
  const again = arf(["Source-IP: 192.0.2.25", "Arrival-Date: Tue, 24 Nov 2026 09:00:05 +0000"]);
  const all = await drafts([arf(), again, other]);
  expect(all.map(({ occasion: { reporter, incident } }) => [reporter, incident])).toEqual([
    ["abuse@victim.example", "mx1/open-relay/2026-11-24"],
    ["ann@victim.example", "mx1/open-relay/2026-11-24"],
  ]);
});

for (const [address, good] of [
  ["bob@victim.example", true],
  ["b.o+b@victim.example", true],
  ['"b ob"@victim.example', false],
  ["bob@[192.0.2.1]", false],
  ["bob@victim.example>\r\nRCPT TO:<x@y.example", false],
  ["bøb@victim.example", false],
  ["bob", false],
] as const)
  test(`addressable: ${JSON.stringify(address)}`, () => expect(addressable(address) !== null).toBe(good));

test("whatever is addressable is one word of ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
      const address = `${text}@victim.example`;
      if (addressable(address) !== null) expect(/^[!-~]+$/.test(address)).toBe(true);
    }),
  );
});

test("both languages say all there is to say", () => {
  for (const [language, wordings] of builtInLanguages)
    for (const name of [...wordingNames, "forward"] as const)
      expect([language, name, wordings[name].length > 40]).toEqual([language, name, true]);
});

for (const [name, yaml, want] of [
  ["a text of one's own", "en: { received: 'We have it, {contact}.' }", "We have it, {contact}."],
  ["another language", "fr: { received: 'Merci.' }", builtIn.en!.received],
] as const)
  test(`overrides: ${name}`, () => {
    const languages = readOverrides(yaml);
    if (!languages.ok) throw new Error(languages.expected);
    expect(wordingsIn(languages.value, "en-GB").received).toBe(want);
    expect(wordingsIn(languages.value, "de").received).toBe(builtIn.de!.received);
  });

for (const yaml of [
  "en: { recieved: x }",
  "en: { received: 'by {sever}' }",
  "- a",
  "en: [",
  "en: { received: '' }",
  "&a [*a, *a]",
])
  test(`overrides refused: ${yaml}`, () => expect(readOverrides(yaml).ok).toBe(false));
