/** The offending message within a report: attached, as header alone, or pasted into the text. */
import { type HeaderField, parseHeader } from "../message/header.ts";
import { headerInText } from "./inline.ts";
import { embeddedIn, type Mail, wordsOf } from "./mail.ts";

/** Its header section; null: the report brings none. */
export function evidenceOf(mail: Mail): readonly HeaderField[] | null {
  return attachedEvidence(mail) ?? pastedEvidence(wordsOf(mail));
}

/** Of several messages the first one with a trail; a bounce of our own mail may be attached as well. */
export function attachedEvidence(mail: Mail): readonly HeaderField[] | null {
  const within = embeddedIn(mail).filter(({ header }) => header.length > 1);
  const withTrail = within.find(({ header }) => header.some(({ name }) => name === "received"));
  const chosen = withTrail ?? within[0];
  if (chosen === undefined) return null;
  const trail = chosen.header.some(({ name }) => name === "received");
  // Fields may be followed by an empty line that does not belong there: the rest of the section then looks like a body.
  if (!trail || !chosen.header.some(({ name }) => name === "message-id")) {
    const more = headerInText(chosen.root.body.toString("latin1", 0, 64 * 1024));
    if (more !== null && (more.received > 0 || !trail) && /^received/i.test(more.header))
      return [...chosen.header, ...parseHeader(more.header)];
  }
  return chosen.header;
}

export function pastedEvidence(text: string): readonly HeaderField[] | null {
  const found = headerInText(text);
  return found === null ? null : parseHeader(found.header);
}

/**
 * The Message-ID of the offending message. Receivers put one of their own above where they find none that they like: the
 * sender's is the lower one that has a domain.
 */
export function messageIdIn(fields: readonly HeaderField[] | null): string | null {
  const all = (fields ?? []).filter(({ name }) => name === "message-id").map(({ value }) => value.trim());
  return all.findLast((id) => /@[^@\s>]+\.[^@\s>]+/.test(id)) ?? all.at(-1) ?? null;
}
