/** A draft as the message that a way asks for. Pure. */

import type { Mailbox } from "../../smtp/path.ts";
import { addressable, type Draft } from "./draft.ts";
import { fill } from "./fill.ts";
import { messageText } from "./message.ts";
import type { Way } from "./routes.ts";
import type { Wordings } from "./wordings.ts";

export interface Sender {
  readonly site: string;
  /** The role address: From: of whatever is passed on. */
  readonly role: Mailbox;
  readonly wordings: Wordings;
}

export interface Composed {
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly content: string;
}

/** Throws if the draft's address is none: `draftsOf` makes no such draft. */
export function compose(
  draft: Draft,
  way: Way,
  { site, role, wordings }: Sender,
  { messageId, date }: { readonly messageId: string; readonly date: Date },
): Composed {
  const reporter = addressable(draft.to);
  if (reporter === null) throw new Error(`no mail address: ${draft.to}`);
  const { subject, inReplyTo, references, text } = draft;
  const answer = { to: reporter, subject, messageId, inReplyTo, references, date, text, attached: null };
  const from = { name: site, mailbox: way.from };
  if (way.to === null)
    return { from: way.from, to: reporter, content: messageText({ ...answer, from, replyTo: way.replyTo }) };
  const attached = messageText({ ...answer, from: { name: site, mailbox: role }, replyTo: null });
  const content = messageText({
    from,
    replyTo: null,
    to: way.to,
    subject: `Fwd: ${subject}`,
    // A message of its own: the answer keeps the identifier that a bounce would name.
    messageId: messageId.replace("<", "<fwd."),
    inReplyTo: null,
    references: [],
    date,
    text: fill(wordings.forward, draft.values),
    attached,
  });
  return { from: way.from, to: way.to, content };
}
