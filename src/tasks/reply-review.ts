/** What a person decides about one answer. Every decision names the state that it was made in: who comes second is told so. */
import { compose } from "../complaints/reply/compose.ts";
import { type Draft, draftSchema } from "../complaints/reply/draft.ts";
import { fill } from "../complaints/reply/fill.ts";
import { type Languages, wordingsIn } from "../complaints/reply/overrides.ts";
import type { Reply, ReplyRoute } from "../complaints/reply/result.ts";
import { waysOf } from "../complaints/reply/routes.ts";
import type { WordingName } from "../complaints/reply/wordings.ts";
import type { Clock, Random } from "../ports.ts";
import type { Site } from "../site/model.ts";
import { formatMailbox } from "../smtp/path.ts";
import type { Store } from "../store/store.ts";
import { UsageError } from "./errors.ts";
import { messageIdFor, roleOf } from "./reply-drafts.ts";

export interface ReviewContext {
  readonly site: Site;
  readonly languages: Languages;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/** The draft in another wording or language; a text that a person wrote is given up for it. */
export function reworded(
  draft: Draft,
  wording: WordingName,
  language: string,
  { languages }: Pick<ReviewContext, "languages">,
): Draft {
  const text = fill(wordingsIn(languages, language)[wording], draft.values);
  return { ...draft, wording, language, text, edited: false };
}

/** The message as it would be sent by this way. Throws `UsageError` if the site has no such way. */
export function previewOf(reply: Reply, route: ReplyRoute, context: ReviewContext): string {
  return composed(reply, route, reply.messageId, context).content;
}

/**
 * Freezes the message: these bytes are sent, or none. False: it is no longer in the state in which the person saw it. Throws
 * `UsageError` if the site has no such way.
 */
export async function approve(reply: Reply, route: ReplyRoute, context: ReviewContext): Promise<boolean> {
  const { store, random, site } = context;
  const draft = JSON.stringify(draftSchema.parse(reply.draft));
  // What came back went nowhere: another message. What may have arrived keeps its identifier, by which a second copy is known.
  const messageId = reply.state === "refused" ? messageIdFor(roleOf(site), random) : reply.messageId;
  const { to, content } = composed(reply, route, messageId, context);
  const change = { route, draft, messageId, content, sentTo: formatMailbox(to), outcome: null };
  return store.replies.move(reply.id, reply.state, "approved", change);
}

function composed(reply: Reply, route: ReplyRoute, messageId: string, context: ReviewContext) {
  const { site, languages, clock } = context;
  const ways = waysOf(site);
  const way = ways?.ways.find((one) => one.route === route);
  if (ways === null || way === undefined)
    throw new UsageError(`there is no way ${route}: ${ways?.missing.join("; ") ?? "no address to answer from"}`);
  const wordings = wordingsIn(languages, reply.draft.language);
  return compose(reply.draft, way, { site: site.name, role: ways.role, wordings }, { messageId, date: clock.now() });
}

/** No answer: `because` is kept. */
export function skip(reply: Reply, because: string, { store }: Pick<ReviewContext, "store">): Promise<boolean> {
  return store.replies.move(reply.id, reply.state, "skipped", { outcome: because });
}

/** A person found out that an answer of which nothing was known had been sent. */
export function confirmSent(reply: Reply, { store, clock }: Pick<ReviewContext, "store" | "clock">): Promise<boolean> {
  const change = { outcome: "a person says that it was sent", sentAt: clock.now() };
  return store.replies.move(reply.id, "unknown", "sent", change);
}
