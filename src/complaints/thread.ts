/** Where an answer to a report would hang: the fields of it that an answer takes up (RFC 5322 §3.6.4). Pure. */
import { fieldOf } from "../message/header.ts";
import type { Mail } from "./mail.ts";
import type { Report } from "./result.ts";

/** `<left@right>` of visible ASCII, so that an identifier can carry nothing else into a header of ours. */
const identifier = /<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>/g;

/** The first one, and so many of the newest: a thread that is longer than that is cut in between. */
const newest = 10;

export function threadOf(mail: Mail): Report["thread"] {
  // An identifier that is not the whole field is a malformed one: a thread cannot hang on it.
  const [whole] = identifiersIn(mail.messageId);
  const messageId = whole !== undefined && whole === mail.messageId?.trim() ? whole : null;
  // RFC 5322 §3.6.4: without References the only identifier of In-Reply-To stands for them.
  const references = identifiersIn(fieldOf(mail.header, "references"));
  const parents = identifiersIn(fieldOf(mail.header, "in-reply-to"));
  return {
    subject: mail.subject.slice(0, 200),
    messageId,
    references: shortened(references.length > 0 || parents.length !== 1 ? references : parents),
    date: mail.date === null ? null : mail.date.slice(0, 100),
  };
}

function identifiersIn(value: string | null): readonly string[] {
  return value === null ? [] : [...value.matchAll(identifier)].map(([id]) => id);
}

function shortened(ids: readonly string[]): string[] {
  return ids.length <= newest + 1 ? [...ids] : [ids[0]!, ...ids.slice(-newest)];
}
