/**
 * Delivery reports (RFC 3464), and the plain ones of Exim, qmail and others: that our mail was refused because of a blocklist
 * tells as much as a notice of that list. Answers that machines write by themselves are told apart here, too (RFC 3834).
 */
import { automaticKind } from "../../message/automatic.ts";
import { fieldOf } from "../../message/header.ts";
import { networksIn } from "../addresses.ts";
import { type Entry, entriesIn, entryOf } from "../blocks.ts";
import { attachedEvidence, messageIdIn, pastedEvidence } from "../evidence.ts";
import { type Mail, wordsOf } from "../mail.ts";
import { textOfPart } from "../mime.ts";
import { type Claim, nothingRead, type Reading } from "../reading.ts";

/** Words of refusals that are about the client's address. */
const blocked =
  /\b(?:block(?:ed|ing)?[ -]?list|black[ -]?list|rbl|dnsbl|blocked using|listed (?:at|in|on|by)|poor reputation|bad reputation|low reputation|banned sending ip|blocked by|spamhaus|spamcop|barracuda|sorbs|uceprotect|abuseat|cloudmark|senderbase|sender ?score|unsolicited mail originating|S3140|S3150|too much spam|high (?:volume|amount) of spam|ip .{0,40}(?:blocked|rejected|listed))/i;

const openRelay = /\bopen (?:mail )?relay\b|relays? (?:mail )?(?:for|from) (?:any|every|strangers)/i;

export function readBounce(mail: Mail): Reading | null {
  const status = mail.parts.filter(({ type }) => /^message\/(?:global-)?delivery-status$/.test(type)).slice(0, 20);
  const text = wordsOf(mail).slice(0, 128 * 1024);
  if (status.length === 0 && !isPlainBounce(mail, text)) return null;
  const groups = status.map((part) => entriesIn(textOfPart(part, mail.budget.problems)));
  const diagnostics = groups.flatMap((entries) =>
    entries.filter(({ name }) => name === "diagnostic-code").map(({ value }) => value),
  );
  const said = [...diagnostics, text].join("\n");
  const listed = blocked.test(said);
  const evidence = attachedEvidence(mail) ?? pastedEvidence(text);
  const refusal = said.split("\n").filter((line) => blocked.test(line));
  const claims = listed
    ? refusal
        .flatMap((line) => networksIn(line))
        .slice(0, 20)
        .map((network): Claim => ({ network, from: "text of the refusal", weight: "told" }))
    : [];
  return {
    ...nothingRead,
    format: "bounce",
    topic: listed ? (openRelay.test(said) ? "open-relay" : "listing") : "bounce",
    feedbackType: statusOf(groups) ?? /\b([245]\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1] ?? null,
    claims,
    evidence,
    times: groups.flatMap((entries) => timesOf(entries)),
    originalMessageId: messageIdIn(evidence),
    recipients: groups
      .flatMap((entries) => [entryOf(entries, "final-recipient") ?? entryOf(entries, "original-recipient") ?? ""])
      .map((value) => value.replace(/^[^;]*;\s*/, "").replace(/^<|>$/g, ""))
      .filter((value) => value !== "")
      .slice(0, 20),
    robot: true,
  };
}

/** The answer of a machine to mail of ours: out of office, "we have received your message". */
export function readAutomaticReply(mail: Mail): Reading | null {
  const field = (name: string): string => (fieldOf(mail.header, name) ?? "").toLowerCase();
  const replied =
    field("auto-submitted").startsWith("auto-replied") ||
    field("x-autoreply") !== "" ||
    field("x-autorespond") !== "" ||
    field("precedence") === "auto_reply" ||
    field("x-apple-action") === "vacation";
  const titled =
    /^(?:auto(?:matic)?[ -]?(?:reply|response|antwort)|automatische antwort|out of (?:the )?office|abwesenheit|réponse automatique|respuesta automática|risposta automatica)\b/i.test(
      mail.subject,
    );
  // Ticket systems mark what their people write as replied, too: an answer refers to a mail, or says what it is.
  const refers = field("in-reply-to") !== "" || field("references") !== "";
  if (!(titled && (replied || refers || field("auto-submitted") !== "")) && !(replied && refers)) return null;
  return { ...nothingRead, format: "automatic-reply", topic: "automatic-reply", robot: true };
}

function isPlainBounce(mail: Mail, text: string): boolean {
  const path = fieldOf(mail.header, "return-path")?.trim() ?? "";
  if (
    automaticKind(mail.header, path === "" ? "unknown" : path) === "report" &&
    !/feedback-report|disposition-notification/i.test(fieldOf(mail.header, "content-type") ?? "")
  )
    return true;
  // As it was written: `MAILER-DAEMON <>` is no mailbox.
  const sender = (fieldOf(mail.header, "from") ?? "").slice(0, 500).toLowerCase();
  const titled =
    /undeliver|delivery (?:status|failure|has failed|problem)|returned mail|mail delivery failed|failure notice|nicht zustellbar|non remis/i.test(
      mail.subject,
    );
  const machine = /mailer-daemon|mail delivery (?:sub)?system|postmaster@/.test(sender);
  return (
    machine &&
    (titled || /could not be delivered|permanent(?:ly)? (?:error|fail)|did not reach/i.test(text.slice(0, 8000)))
  );
}

function statusOf(groups: readonly (readonly Entry[])[]): string | null {
  for (const entries of groups) {
    const status = entryOf(entries, "status");
    if (status !== null) return status.slice(0, 20);
  }
  return null;
}

function timesOf(entries: readonly Entry[]): Reading["times"] {
  const value = entryOf(entries, "last-attempt-date", "arrival-date");
  return value === null ? [] : [{ text: value, from: "delivery status" }];
}
