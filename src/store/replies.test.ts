import { expect, test } from "vitest";
import { fakeClock } from "../../test/fakes/clock.ts";
import type { NewReply } from "./replies.ts";
import { openStore } from "./store.ts";

const reply: NewReply = {
  reporter: "bob@victim.example",
  incident: "mx1/open-relay/2026-11-24",
  mailer: "mx1",
  cause: "open-relay",
  from: new Date("2026-11-24T07:00:00Z"),
  until: new Date("2026-11-24T09:00:00Z"),
  route: "submit",
  messageId: "<1@ourcollege.ac.uk>",
  draft: "{}",
};

for (const [name, other, want] of [
  ["the same again, still unread, is drafted afresh", {}, "refreshed"],
  // A report that comes late moves the beginning of the incident, and with it its name.
  [
    "an earlier event of the same incident",
    { incident: "mx1/open-relay/2026-11-23", from: new Date("2026-11-23T10:00:00Z") },
    "refreshed",
  ],
  [
    "a day and more later",
    {
      incident: "mx1/open-relay/2026-11-26",
      from: new Date("2026-11-25T09:00:01Z"),
      until: new Date("2026-11-26T00:00:00Z"),
    },
    "added",
  ],
  ["another cause", { incident: "mx1/stolen-account/2026-11-24", cause: "stolen-account" }, "added"],
  ["another mailer", { incident: "mx2/open-relay/2026-11-24", mailer: "mx2" }, "added"],
  ["another reporter", { reporter: "ann@victim.example" }, "added"],
] as const)
  test(`one answer for each reporter and incident: ${name}`, async () => {
    await using store = await openStore(":memory:", fakeClock());
    expect(await store.replies.add(reply)).toBe("added");
    expect(await store.replies.add({ ...reply, ...other })).toBe(want);
  });

test("what a person has touched stays as it is", async () => {
  await using store = await openStore(":memory:", fakeClock());
  await store.replies.add(reply);
  const [{ id } = { id: "" }] = await store.replies.list();
  expect(await store.replies.move(id, "drafted", "approved", { content: "text" })).toBe(true);
  expect(await store.replies.add({ ...reply, draft: '{"later":true}' })).toBe("covered");
  expect((await store.replies.get(id))?.draft).toBe("{}");
});

test("of two that take it in hand one does", async () => {
  await using store = await openStore(":memory:", fakeClock());
  await store.replies.add(reply);
  const [{ id } = { id: "" }] = await store.replies.list();
  await store.replies.move(id, "drafted", "approved");
  const taken = await Promise.all([1, 2, 3].map(() => store.replies.move(id, "approved", "sending")));
  expect(taken.filter(Boolean)).toHaveLength(1);
});

test("what never ended is unknown after its time, and not before", async () => {
  const clock = fakeClock("2026-11-24T10:00:00.000Z");
  await using store = await openStore(":memory:", clock);
  await store.replies.add(reply);
  const [{ id } = { id: "" }] = await store.replies.list();
  await store.replies.move(id, "drafted", "sending", { sentTo: "bob@victim.example" });
  expect(await store.replies.settle(new Date("2026-11-24T10:00:00.000Z"))).toBe(0);
  expect(await store.replies.settle(new Date("2026-11-24T10:00:00.001Z"))).toBe(1);
  expect(await store.replies.get(id)).toMatchObject({ state: "unknown" });
  // It may have been sent: it counts.
  expect(await store.replies.sentSince(new Date("2026-11-24T09:00:00.000Z"))).toHaveLength(1);
});

test("a message is taken in once, also when the server numbers anew", async () => {
  await using store = await openStore(":memory:", fakeClock());
  await store.intake.add("imaps://a@b/INBOX", [{ uidValidity: "1", uid: 7, sha256: "x" }]);
  await store.intake.add("imaps://a@b/INBOX", [{ uidValidity: "1", uid: 7, sha256: "x" }]);
  expect([...(await store.intake.known("imaps://a@b/INBOX", "1"))]).toEqual([7]);
  expect([...(await store.intake.known("imaps://a@b/INBOX", "2"))]).toEqual([]);
  expect(await store.intake.has("imaps://a@b/INBOX", "x")).toBe(true);
  expect(await store.intake.has("imaps://a@b/Junk", "x")).toBe(false);
});
