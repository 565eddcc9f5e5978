import { expect, test } from "vitest";
import { arf } from "../../test/complaints/mails.ts";
import { raw } from "../../test/complaints/site.ts";
import { fakeClock, fakeRandom } from "../../test/fakes/clock.ts";
import { replySite } from "../../test/fakes/reply-site.ts";
import { closed as closedTarget } from "../../test/results/check.ts";
import { builtInLanguages } from "../complaints/reply/overrides.ts";
import type { Reply } from "../complaints/reply/result.ts";
import type { Clock, Submission, SubmissionEnd, Submitter } from "../ports.ts";
import { openStore, type Store } from "../store/store.ts";
import { draftReplies } from "./reply-drafts.ts";
import { repliesIn } from "./reply-record.ts";
import { approve, confirmSent, skip } from "./reply-review.ts";
import { sendReplies } from "./reply-send.ts";

const site = replySite(2525);
const signal = new AbortController().signal;
const longestMs = 1_800_000;

const reportBy = (name: string): Buffer =>
  Buffer.from(arf().toString("latin1").replace("abuse@victim", `${name}@victim`), "latin1");

interface World {
  readonly clock: Clock;
  readonly store: Store;
  readonly sent: Submission[];
  readonly draft: (...mails: readonly Buffer[]) => Promise<readonly Reply[]>;
  readonly approve: (...replies: readonly Reply[]) => Promise<void>;
  readonly send: (ids?: readonly string[]) => ReturnType<typeof sendReplies>;
  readonly review: Parameters<typeof approve>[2];
}

/** What the server makes of a message; it is asked to begin unless it says so. */
type Server = (message: Submission, begin: () => Promise<boolean>) => Promise<SubmissionEnd>;

const takes =
  (sent: Submission[]): Server =>
  async (message, begin) => {
    if (!(await begin())) return { kind: "not-sent", why: "not to be sent" };
    sent.push(message);
    return { kind: "taken", reply: "250 ok" };
  };

/** Ends so once the text is under way. */
const after =
  (end: SubmissionEnd): Server =>
  async (_, begin) => {
    await begin();
    return end;
  };

async function world(server?: Server): Promise<World & AsyncDisposable> {
  const clock = fakeClock("2026-11-24T10:00:00.000Z");
  const store = await openStore(":memory:", clock);
  const random = fakeRandom();
  const sent: Submission[] = [];
  const review = { site, languages: builtInLanguages, store, clock, random };
  const submit: Submitter = { submit: (message, begin) => (server ?? takes(sent))(message, begin) };
  return {
    clock,
    store,
    sent,
    review,
    draft: async (...mails) => {
      async function* messages() {
        for (const bytes of mails) yield raw(bytes);
      }
      const request = { site, paths: ["box"], languages: builtInLanguages };
      return (await draftReplies(request, { clock, random, store, messages, tell: () => {} }, signal)).replies;
    },
    approve: async (...replies) => {
      for (const reply of replies) expect(await approve(reply, "submit", review)).toBe(true);
    },
    send: (ids = []) =>
      sendReplies({ ids }, { ...review, submitter: async () => submit, longestMs, tell: () => {} }, signal),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

test("nothing is sent that nobody approved; what was approved is sent once, and kept", async () => {
  await using at = await world();
  const [reply] = await at.draft(arf());
  await at.send();
  expect(at.sent).toEqual([]);
  await at.approve(reply!);
  await at.send();
  await at.send();
  await at.draft(arf(), reportBy("ann"));
  await at.send();
  expect(at.sent.map(({ from, to }) => [from, to])).toEqual([["abuse@ourcollege.ac.uk", "abuse@victim.example"]]);
  const kept = await at.store.replies.get(reply!.id);
  expect([kept?.state, kept?.content, kept?.outcome]).toEqual(["sent", at.sent[0]!.content, "250 ok"]);
  expect(at.sent[0]!.content).toContain(`Message-ID: ${reply!.messageId}\r\nIn-Reply-To: <r1@victim.example>`);
});

test("naming a draft approves it; one that waits for a person to look does not go that way", async () => {
  await using at = await world(async (_, begin) =>
    (await begin()) ? { kind: "unknown", why: "hung up" } : { kind: "not-sent", why: "" },
  );
  const [reply] = await at.draft(arf());
  expect((await at.send([reply!.id])).verdict).toBe("unknown");
  await expect(at.send([reply!.id])).rejects.toThrow("is unknown: look at it first");
  await expect(at.send(["nonsense"])).rejects.toThrow("there is no answer nonsense");
});

for (const [name, server, state] of [
  ["refused for good", async () => ({ kind: "refused", reply: "550 5.7.1 listed", permanent: true }), "refused"],
  ["put off", async () => ({ kind: "refused", reply: "451 later", permanent: false }), "approved"],
  ["not begun", async () => ({ kind: "not-sent", why: "no route" }), "approved"],
  ["refused after the text", after({ kind: "refused", reply: "554 no", permanent: true }), "refused"],
  ["put off after the text", after({ kind: "refused", reply: "452 full", permanent: false }), "approved"],
  ["lost under way", after({ kind: "unknown", why: "reset" }), "unknown"],
] as const satisfies readonly (readonly [string, Server, string])[])
  test(`an answer that was ${name} is ${state}`, async () => {
    await using at = await world(server);
    await at.approve(...(await at.draft(arf())));
    const { replies } = await at.send();
    expect(replies.map((reply) => reply.state)).toEqual([state]);
  });

test("what another process has in hand is left to it, whatever this one was told", async () => {
  const stores: Store[] = [];
  await using at = await world(async () => {
    const [only] = await stores[0]!.replies.list();
    await stores[0]!.replies.move(only!.id, "approved", "sending");
    return { kind: "refused", reply: "451 later", permanent: false };
  });
  stores.push(at.store);
  await at.approve(...(await at.draft(arf())));
  expect((await at.send()).replies.map(({ state }) => state)).toEqual(["sending"]);
});

test("a process that died under way leaves it unknown, and a person says what became of it", async () => {
  await using at = await world();
  const [reply] = await at.draft(arf());
  await at.approve(reply!);
  await at.store.replies.move(reply!.id, "approved", "sending");
  expect((await at.send()).replies.map(({ state }) => state)).toEqual(["sending"]);
  await at.clock.sleep(longestMs + 1, signal);
  const { replies, verdict } = await at.send();
  expect([replies.map(({ state }) => state), verdict, at.sent]).toEqual([["unknown"], "unknown", []]);
  expect(await confirmSent(replies[0]!, at.review)).toBe(true);
  // Sent again on a person's word it is the same message, so that a second copy is known for one.
  await at.store.replies.move(reply!.id, "sent", "unknown");
  const [again] = await repliesIn(at.store, ["unknown"]);
  await at.approve(again!);
  await at.send();
  expect(at.sent.map(({ content }) => content.includes(reply!.messageId))).toEqual([true]);
});

test("corrected is held back if it is no longer known to be so", async () => {
  await using at = await world();
  const tested = {
    ...closedTarget,
    practice: false,
    vantage: "external" as const,
    finishedAt: "2026-11-24T09:30:00.000Z",
    coverage: { ...closedTarget.coverage, profile: "full" },
  };
  const record = async (run: string, verdict: "closed" | "open"): Promise<void> => {
    await at.store.runs.begin({ id: run, tool: "check", profile: "full", catalogue: 1 });
    const finishedAt = verdict === "open" ? "2026-11-24T09:45:00.000Z" : tested.finishedAt;
    await at.store.runs.addTarget(run, {
      subject: "192.0.2.25:25",
      verdict,
      result: JSON.stringify({ ...tested, verdict, finishedAt }),
      sent: [],
    });
    await at.store.runs.end(run, verdict, "{}");
  };
  await record("a", "closed");
  const [reply] = await at.draft(arf());
  expect(reply!.draft.wording).toBe("corrected");
  await at.approve(reply!);
  await record("b", "open");
  const { replies, counts } = await at.send();
  expect([at.sent, counts.held, replies.map(({ state }) => state)]).toEqual([[], 1, ["drafted"]]);
  expect(replies[0]!.outcome).toContain("192.0.2.25:25 was open");
});

test("not too many at once to one domain", async () => {
  await using at = await world();
  const mails = Array.from({ length: 25 }, (_, index) => reportBy(`desk${index}`));
  await at.approve(...(await at.draft(...mails)));
  const { counts } = await at.send();
  expect([at.sent.length, counts.held]).toEqual([20, 5]);
  await at.clock.sleep(3_600_001, signal);
  expect((await at.send()).verdict).toBe("done");
  expect(at.sent.length).toBe(25);
});

test("an answer that came back can go by another way: in the account's own name, or by the CSIRT", async () => {
  await using at = await world();
  const [reply] = await at.draft(arf());
  await at.approve(reply!);
  await at.send();
  const bounce = Buffer.from(
    [
      "From: MAILER-DAEMON@mx1.ourcollege.ac.uk",
      "Return-Path: <>",
      "To: abuse@ourcollege.ac.uk",
      "Subject: Undelivered Mail Returned to Sender",
      "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
      "",
      "--b",
      "",
      "It could not be delivered.",
      "--b",
      "Content-Type: message/delivery-status",
      "",
      "Reporting-MTA: dns; mx1.ourcollege.ac.uk",
      "",
      "Final-Recipient: rfc822; abuse@victim.example",
      "Action: failed",
      "Status: 5.7.1",
      "Diagnostic-Code: smtp; 554 5.7.1 Client host [192.0.2.25] blocked using list.example",
      "--b",
      "Content-Type: message/rfc822",
      "",
      ...at.sent[0]!.content.split("\r\n"),
      "--b--",
      "",
    ].join("\r\n"),
  );
  const [back] = await at.draft(bounce);
  expect([back?.state, back?.draft.refusedBy.length]).toEqual(["refused", 1]);
  expect(await approve(back!, "alternative", at.review)).toBe(true);
  await at.send();
  const other = at.sent[1]!;
  expect([other.from, other.to]).toEqual(["college@isp.example", "abuse@victim.example"]);
  expect(other.content).toMatch(/From: "Our College" <college@isp.example>\r\nReply-To: <abuse@ourcollege.ac.uk>/);
  expect(other.content).not.toContain(back!.messageId);
  // The old bounce, read again, says nothing of the new message.
  await at.draft(bounce);
  expect((await at.store.replies.get(back!.id))?.state).toBe("sent");
  await at.store.replies.move(back!.id, "sent", "refused");
  const [once] = await repliesIn(at.store, ["refused"]);
  await approve(once!, "csirt", at.review);
  await at.send();
  expect([at.sent[2]!.to, at.sent[2]!.content.includes("message/rfc822")]).toEqual(["irt@nren.example", true]);
});

test("what is skipped is never drafted again", async () => {
  await using at = await world();
  const [reply] = await at.draft(arf());
  expect(await skip(reply!, "not a complaint", at.review)).toBe(true);
  expect(await at.draft(arf())).toEqual([]);
  // Who comes second is told so.
  expect(await approve(reply!, "submit", at.review)).toBe(false);
});
