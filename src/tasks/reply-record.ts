/** Answers as the store keeps them, in the form that documents and people see. */
import { organisationOf } from "../complaints/organisation.ts";
import { draftSchema } from "../complaints/reply/draft.ts";
import {
  type RepliesDocument,
  type Reply,
  type ReplyState,
  replyRoutes,
  replySchema,
  replyStates,
} from "../complaints/reply/result.ts";
import type { StoredReply } from "../store/replies.ts";
import type { Store } from "../store/store.ts";

export type Counts = RepliesDocument["counts"];

export const noCounts: Counts = { drafted: 0, covered: 0, sent: 0, refused: 0, held: 0 };

export function replyRecord(stored: StoredReply): Reply {
  const { id, state, reporter, incident, mailer, route, messageId, draft, sha256, sentAt, outcome } = stored;
  return replySchema.parse({
    id,
    state: replyStates.find((known) => known === state),
    reporter,
    incident,
    mailer,
    route: replyRoutes.find((known) => known === route),
    messageId,
    draft: draftSchema.parse(JSON.parse(draft)),
    sha256,
    sentAt: sentAt?.toISOString() ?? null,
    outcome,
  });
}

/** All answers in these states, with what is known by now of networks that refuse our mail. */
export async function repliesIn(store: Store, states?: readonly ReplyState[]): Promise<readonly Reply[]> {
  const refused = (await store.replies.list(["refused"])).map(({ reporter, outcome }) => ({
    house: houseOf(reporter),
    says: `an answer to ${reporter} was refused: ${outcome ?? ""}`,
  }));
  return (await store.replies.list(states)).map((stored) => {
    const reply = replyRecord(stored);
    const signs = refused.filter(({ house }) => house === houseOf(reply.reporter)).map(({ says }) => says);
    const refusedBy = [...new Set([...reply.draft.refusedBy, ...signs])].slice(0, 5);
    return { ...reply, draft: { ...reply.draft, refusedBy } };
  });
}

/** The organisation that a mail address belongs to. */
export function houseOf(address: string): string {
  const domain = address.split("@").at(-1) ?? "";
  return organisationOf(domain) ?? domain;
}

export function repliesDocument(replies: readonly Reply[], counts: Counts, at: Date): RepliesDocument {
  const count = (...states: readonly ReplyState[]): number =>
    replies.filter(({ state }) => states.includes(state)).length;
  const unknown = count("unknown", "sending");
  const waiting = count("drafted", "approved", "refused");
  return {
    schema: "fencepost/complaints-replies/1",
    verdict: unknown > 0 ? "unknown" : waiting > 0 ? "waiting" : "done",
    because:
      unknown > 0
        ? `Of ${unknown} it is not known whether it was sent: a person has to look (fencepost complaints reply).`
        : waiting > 0
          ? `${count("drafted")} to be read, ${count("approved")} to be sent, ${count("refused")} refused.`
          : "Nothing waits.",
    replies: [...replies],
    counts,
    at: at.toISOString(),
  };
}
