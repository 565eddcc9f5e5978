import { expect, test } from "vitest";
import { arf } from "../../test/complaints/mails.ts";
import { fakeClock } from "../../test/fakes/clock.ts";
import type { ImapMessage } from "../io/imap.ts";
import { openStore } from "../store/store.ts";
import { type Inbox, InboxIntake } from "./reply-intake.ts";

const signal = new AbortController().signal;

/** A mailbox whose numbering a test may change. */
function inboxOf(box: { uidValidity: string; uids: readonly number[] }): Inbox & { readonly marked: number[] } {
  const marked: number[] = [];
  return {
    name: "imaps://abuse@mail.example/INBOX",
    marked,
    async *read(skip) {
      const { uidValidity } = box;
      const known = await skip(uidValidity);
      for (const uid of box.uids.filter((one) => !known.has(one)))
        yield {
          file: "INBOX",
          number: uid,
          bytes: arf(),
          cut: false,
          type: null,
          uidValidity,
          uid,
          sha256: `content ${uid % 10}`,
        };
    },
    mark: async (_, uids) => {
      marked.push(...uids);
      return true;
    },
  };
}

async function uidsOf(intake: InboxIntake): Promise<readonly number[]> {
  const found: ImapMessage[] = [];
  for await (const message of intake.fresh(1000, signal)) found.push(message);
  return found.map(({ uid }) => uid);
}

test("a message is taken in once: by its number, and by its content where the server numbers anew", async () => {
  await using store = await openStore(":memory:", fakeClock());
  const box = { uidValidity: "1", uids: [1, 2] };
  const inbox = inboxOf(box);
  const first = new InboxIntake(inbox, store);
  expect(await uidsOf(first)).toEqual([1, 2]);
  // A program that dies here has marked nothing: the next one reads them again.
  const second = new InboxIntake(inbox, store);
  expect(await uidsOf(second)).toEqual([1, 2]);
  await second.done();
  expect(inbox.marked).toEqual([1, 2]);
  box.uids = [1, 2, 3];
  const third = new InboxIntake(inbox, store);
  expect(await uidsOf(third)).toEqual([3]);
  await third.done();
  // Renumbered: 11 to 13 are the old ones, 14 is new, and all get their mark.
  Object.assign(box, { uidValidity: "2", uids: [11, 12, 13, 14] });
  const fourth = new InboxIntake(inbox, store);
  expect(await uidsOf(fourth)).toEqual([14]);
  await fourth.done();
  expect(inbox.marked.slice(3)).toEqual([11, 12, 13, 14]);
  expect(await uidsOf(new InboxIntake(inbox, store))).toEqual([]);
});
