/**
 * Abuse Reporting Format (RFC 5965, RFC 6430, RFC 6591, RFC 6692): the frame, or its fields alone where a ticket system or a
 * list has re-wrapped it.
 */

import { networkOf, networksIn } from "../addresses.ts";
import { type Entry, entriesIn, entriesOf, entryOf } from "../blocks.ts";
import { attachedEvidence, messageIdIn, pastedEvidence } from "../evidence.ts";
import { decoded, type Mail, wordsOf, writersIn } from "../mail.ts";
import { textOfPart } from "../mime.ts";
import { type Claim, nothingRead, type Reading, type Topic } from "../reading.ts";

/** RFC 5965 §7.3 and what else is written there. */
const topics: Readonly<Record<string, Topic>> = {
  abuse: "spam",
  spam: "spam",
  fraud: "spam",
  virus: "spam",
  other: "spam",
  "not-spam": "not-spam",
  "auth-failure": "authentication",
  dmarc: "authentication",
  "opt-out": "opt-out",
  "opt-out-list": "opt-out",
  unsubscribe: "opt-out",
};

/** The type of a report by XARF, which is read by its own reader. */
const xarf = "xarf";

export function readArf(mail: Mail): Reading | null {
  const found = fieldsOf(mail);
  if (found === null) return null;
  const { entries, problems } = found;
  const type = entryOf(entries, "feedback-type")?.toLowerCase().trim() ?? "abuse";
  if (type === xarf) return null;
  const evidence = attachedEvidence(mail) ?? pastedEvidence(wordsOf(mail));
  const claims = claimsOf(entries, mail);
  const topic = topics[type];
  return {
    ...nothingRead,
    format: "arf",
    topic: topic ?? "spam",
    feedbackType: type,
    claims,
    evidence,
    times: [...times(entries, "arrival-date", "received-date"), ...times(entries, "date")],
    originalMessageId: entryOf(entries, "original-message-id") ?? messageIdIn(evidence),
    recipients: recipientsOf(entries),
    reportId: entryOf(entries, "report-id", "original-envelope-id"),
    // A feedback loop is a machine; a person or a desk that writes ARF does not say that it is one.
    robot:
      entryOf(entries, "user-agent") !== null &&
      /feedback|fbl|jmrp|complaint|arf-?gen|trap/i.test(entryOf(entries, "user-agent") ?? ""),
    problems: [
      ...problems,
      ...(topic === undefined
        ? [`The feedback type "${decoded(type).slice(0, 40)}" is not registered: it is read as abuse.`]
        : []),
    ],
  };
}

/** The part of RFC 5965 §3; else the fields where they stand in a text. */
function fieldsOf(mail: Mail): { readonly entries: readonly Entry[]; readonly problems: readonly string[] } | null {
  for (const part of mail.parts) {
    if (part.type !== "message/feedback-report" && !/feedback-report/.test(part.name ?? "")) continue;
    const entries = entriesIn(textOfPart(part, mail.budget.problems));
    const twice = ["source-ip", "arrival-date", "feedback-type"].filter((name) => entriesOf(entries, name).length > 1);
    return { entries, problems: twice.map((name) => `The report has ${name} more than once: the first is taken.`) };
  }
  for (const part of mail.parts) {
    if (!part.type.startsWith("text/")) continue;
    const text = textOfPart(part, mail.budget.problems).slice(0, 256 * 1024);
    const at = /^[ \t>]*feedback-type:[ \t]*[a-z-]{3,30}[ \t]*$/im.exec(text);
    if (at === null) continue;
    // Fields stand in any order: the block around the one that was found.
    const before = text.lastIndexOf("\n\n", at.index);
    const after = text.indexOf("\n\n", at.index);
    const block = text.slice(before < 0 ? 0 : before, after < 0 ? undefined : after).replace(/^[ \t]*>[ \t]?/gm, "");
    return { entries: entriesIn(block), problems: ["The report stands in the text, not in a part of its own."] };
  }
  return null;
}

function claimsOf(entries: readonly Entry[], mail: Mail): readonly Claim[] {
  const field = entryOf(entries, "source-ip", "source", "sending-ip");
  const network = field === null ? null : networkOf(field.replace(/\(.*\)/, ""));
  if (network !== null) return [{ network, from: "Source-IP field", weight: "stated" }];
  const subject = networksIn(mail.subject).map((one): Claim => ({ network: one, from: "subject", weight: "stated" }));
  if (subject.length > 0) return subject.slice(0, 1);
  const line = /received\s+from\s+(?:ip\s+)?(?:address\s+)?([^\n]{3,80})/i.exec(wordsOf(mail))?.[1];
  const told = line === undefined ? [] : networksIn(line);
  return told.slice(0, 1).map((one) => ({ network: one, from: "text", weight: "stated" }));
}

function recipientsOf(entries: readonly Entry[]): readonly string[] {
  const all = [...entriesOf(entries, "original-rcpt-to"), ...entriesOf(entries, "removal-recipient")];
  return [...new Set(all.flatMap((value) => writersIn(value).map(({ address }) => address)))].slice(0, 20);
}

function times(entries: readonly Entry[], ...names: readonly string[]): readonly { text: string; from: string }[] {
  const value = entryOf(entries, ...names);
  return value === null ? [] : [{ text: value, from: `${names[0]} field` }];
}
