/**
 * Sends what a person approved. The order makes the promise: that the text is under way is on record before its first byte
 * leaves, and what ended without the server's word is never sent again by itself.
 */
import { createHash } from "node:crypto";
import { notOverBecause } from "../complaints/reply/choose.ts";
import type { RepliesDocument, ReplyRoute } from "../complaints/reply/result.ts";
import { waysOf } from "../complaints/reply/routes.ts";
import type { Standing } from "../finding/assessment.ts";
import type { SubmissionEnd, Submitter } from "../ports.ts";
import { formatMailbox } from "../smtp/path.ts";
import type { StoredReply } from "../store/replies.ts";
import { UsageError } from "./errors.ts";
import { openStates, standingsOf } from "./reply-drafts.ts";
import { noCounts, repliesDocument, repliesIn, replyRecord } from "./reply-record.ts";
import { approve, type ReviewContext } from "./reply-review.ts";

/** Whoever answers every answer runs into these (RFC 3834 §2): fields that mark automatic mail may be missing. */
const limits = { addressPerDay: 3, housePerHour: 20, perRun: 100 } as const;

const hourMs = 3_600_000;

/** After so many in a row that could not even be begun the server is left alone. */
const patience = 3;

export interface SendRequest {
  /** Answers that a person names are approved by that; none: what is approved already. */
  readonly ids: readonly string[];
}

export interface SendContext extends ReviewContext {
  /** Null: this way has no server. */
  readonly submitter: (route: ReplyRoute) => Promise<Submitter>;
  /** No submission takes longer. */
  readonly longestMs: number;
  readonly tell: (text: string) => void;
}

/** Throws `UsageError` for a name that is no answer's, or one that cannot be sent. */
export async function sendReplies(
  { ids }: SendRequest,
  context: SendContext,
  signal: AbortSignal,
): Promise<RepliesDocument> {
  const { store, site, clock } = context;
  await store.replies.settle(new Date(clock.now().getTime() - context.longestMs));
  for (const id of ids) await approveNamed(id, context);
  const counts = { ...noCounts };
  const standings = await standingsOf(site, store, clock);
  const asked = (await store.replies.list(["approved"])).filter(({ id }) => ids.length === 0 || ids.includes(id));
  let failed = 0;
  for (const reply of asked) {
    if (signal.aborted || failed >= patience) break;
    const held =
      counts.sent + counts.refused >= limits.perRun
        ? `no more than ${limits.perRun} are sent at a time`
        : ((await tooMany(reply, context)) ?? noLongerTrue(reply, standings));
    if (held !== null) {
      counts.held += 1;
      await hold(reply, held, noLongerTrue(reply, standings) !== null, context);
      continue;
    }
    context.tell(`to ${reply.reporter}`);
    const end = await sendOne(reply, context, signal);
    failed = end.kind === "not-sent" ? failed + 1 : 0;
    if (end.kind === "taken") counts.sent += 1;
    else if (end.kind === "refused" && end.permanent) counts.refused += 1;
    else if (end.kind !== "unknown") counts.held += 1;
  }
  const open = await repliesIn(store, openStates);
  const done = (await repliesIn(store, ["sent"])).filter(({ id }) => asked.some((one) => one.id === id));
  return repliesDocument([...open, ...done], counts, clock.now());
}

async function approveNamed(id: string, context: SendContext): Promise<void> {
  const stored = await context.store.replies.get(id);
  if (stored === null) throw new UsageError(`there is no answer ${id} (fencepost complaints draft lists them)`);
  if (stored.state === "approved") return;
  if (stored.state !== "drafted")
    throw new UsageError(`${id} is ${stored.state}: look at it first (fencepost complaints reply)`);
  await approve(replyRecord(stored), "submit", context);
}

/** What was approved may have become wrong since: a mailer that is open again is not "corrected". */
function noLongerTrue(stored: StoredReply, standings: ReadonlyMap<string, Standing>): string | null {
  const { draft, mailer } = replyRecord(stored);
  if (draft.wording !== "corrected" && draft.wording !== "withdrawn") return null;
  const now = mailer === null ? undefined : standings.get(mailer);
  if (now === undefined) return "its mailer is no longer in the site file";
  if (now.is !== (draft.wording === "corrected" ? "closed" : "withdrawn"))
    return `it says that the mailer is ${draft.wording}, but ${now.because}`;
  return notOverBecause({ eventTime: draft.lastEvent }, null, now);
}

async function tooMany({ reporter, sentTo }: StoredReply, { store, clock }: SendContext): Promise<string | null> {
  const now = clock.now().getTime();
  const to = (sentTo ?? reporter).toLowerCase();
  const house = to.split("@").at(-1);
  const sent = await store.replies.sentSince(new Date(now - 24 * hourMs));
  if (sent.filter((one) => one.to.toLowerCase() === to).length >= limits.addressPerDay)
    return `${to} has had ${limits.addressPerDay} answers within a day`;
  const lately = sent.filter(({ at, to: other }) => at.getTime() >= now - hourMs && other.split("@").at(-1) === house);
  return lately.length >= limits.housePerHour ? `${house} has had ${limits.housePerHour} answers within an hour` : null;
}

/** What is not true any more goes back to a person; what only came too fast waits. */
async function hold({ id }: StoredReply, why: string, untrue: boolean, { store }: SendContext): Promise<void> {
  await store.replies.move(id, "approved", untrue ? "drafted" : "approved", { outcome: why });
}

async function sendOne(reply: StoredReply, context: SendContext, signal: AbortSignal): Promise<SubmissionEnd> {
  const { store, clock } = context;
  const { id, content, sha256, sentTo } = reply;
  const route = replyRecord(reply).route;
  const way = waysOf(context.site)?.ways.find((one) => one.route === route);
  if (content === null || sentTo === null || createHash("sha256").update(content).digest("hex") !== sha256)
    throw new Error(`the text of ${id} is not what was approved`);
  let begun = false;
  const begin = async (): Promise<boolean> => {
    begun = await store.replies.move(id, "approved", "sending");
    return begun;
  };
  const end: SubmissionEnd =
    way === undefined
      ? { kind: "not-sent", why: `the site file has no way ${route} any more` }
      : await (await context.submitter(route)).submit(
          { from: formatMailbox(way.from), to: sentTo, content },
          begin,
          signal,
        );
  const settle = async (to: string, outcome: string, sentAt?: Date): Promise<void> => {
    const change = { outcome: outcome.slice(0, 500), ...(sentAt === undefined ? {} : { sentAt }) };
    // What another process has in hand is its own. It may have given ours up as unknown meanwhile: we know better.
    const from = !begun ? ["approved"] : to === "sent" ? ["sending", "unknown"] : ["sending"];
    for (const state of from) if (await store.replies.move(id, state, to, change)) return;
  };
  switch (end.kind) {
    case "taken":
      await settle(
        "sent",
        route === "csirt" ? `handed to ${sentTo} to be passed on: ${end.reply}` : end.reply,
        clock.now(),
      );
      break;
    case "refused":
      await settle(end.permanent ? "refused" : "approved", end.reply);
      break;
    case "not-sent":
      await settle("approved", end.why);
      break;
    case "unknown":
      await settle("unknown", end.why);
      break;
  }
  return end;
}
