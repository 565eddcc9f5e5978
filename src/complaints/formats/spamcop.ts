/**
 * SpamCop's reports about one message, as people send them through it since 1998: banner, `Email from ADDRESS / DATE`, the
 * message. Told by their words, because they arrive re-wrapped by lists, ticket systems and providers.
 */
import { fieldOf } from "../../message/header.ts";
import { networkOf, networksIn } from "../addresses.ts";
import { messageIdIn, pastedEvidence } from "../evidence.ts";
import { embeddedIn, type Mail, wordsOf } from "../mail.ts";
import { type Claim, nothingRead, type Reading } from "../reading.ts";

const banner = /^[ \t>]*(?:\[ |- )SpamCop V[\d.]{1,12} ?[\]-]/m;
const subjectForm = /\[SpamCop \(([^)]{1,400})\) id:(\d{1,20})\]/;

export function readSpamcop(mail: Mail): Reading | null {
  const text = wordsOf(mail);
  const titled = subjectForm.exec(mail.subject);
  if (titled === null && !banner.test(text)) return null;
  const line = /^[ \t>]*Email from ([^\s/]{3,60}) ?\/ ?([^\n]{5,80})/m.exec(text);
  // A page that the message advertises, not a mailer that sent it: the address is of somebody else's machine.
  const advertised =
    /^[ \t>]*(?:Spamvertised web ?site|Spamvertised)/im.test(text) ||
    (titled !== null && /^https?:|^[^\d[:]*\.[a-z]/i.test(titled[1] ?? ""));
  const field = fieldOf(mail.header, "x-spamcop-sourceip");
  const claims = [
    claim(field, "X-SpamCop-sourceip field"),
    claim(titled?.[1] ?? null, "subject"),
    claim(line?.[1] ?? null, 'line "Email from"'),
  ].flatMap((one) => (one === null ? [] : [one]));
  const marked = /\[? ?Offending message:? ?\]?\s*\n/i.exec(text);
  const evidence =
    pastedEvidence(marked === null ? text : text.slice(marked.index + marked[0].length)) ??
    embeddedIn(mail).find(({ header }) => fieldOf(header, "received") !== null)?.header ??
    null;
  return {
    ...nothingRead,
    format: "spamcop",
    topic: advertised
      ? "other-abuse"
      : /open (?:relay|proxy)|relay administrator/i.test(text.slice(0, 4000))
        ? "open-relay"
        : "spam",
    feedbackType: advertised ? "spamvertised" : "spam",
    claims: advertised ? [] : claims,
    evidence: advertised ? null : evidence,
    times: line?.[2] === undefined ? [] : [{ text: line[2], from: 'line "Email from"' }],
    originalMessageId: messageIdIn(evidence),
    reportId: titled?.[2] ?? /w3m\?i=z(\d{1,20})z/.exec(text)?.[1] ?? null,
    reporter: reporterOf(mail, text),
    problems: advertised ? ["The report is about an advertised page, not about who sent the mail."] : [],
  };
}

/** SpamCop passes answers on to the reporter: the address is the report's own (`<id>@reports.spamcop.net`). */
function reporterOf(mail: Mail, text: string): Reading["reporter"] {
  if (mail.from?.address.endsWith("@reports.spamcop.net") === true) return mail.from;
  const address = /\b\d{4,20}@reports\.spamcop\.net\b/.exec(
    `${mail.header.map(({ value }) => value).join("\n")}\n${text.slice(0, 20_000)}`,
  )?.[0];
  return address === undefined ? null : { name: "", address };
}

const claim = (value: string | null, from: string): Claim | null => {
  const network = value === null ? null : networkOf(value);
  return network === null ? null : { network, from, weight: "stated" };
};

/**
 * SpamCop's summaries and alerts: a row for each address with the day and hour, counts, and no year
 * (`192.0.2.7  Nov 24 10h/0  3  5  2  1`).
 */
export function readSpamcopSummary(mail: Mail): readonly Reading[] | null {
  const fromSpamcop = /@(?:\w+\.)?spamcop\.net\b/.test(
    `${mail.from?.address ?? ""} ${fieldOf(mail.header, "x-original-sender") ?? ""}`,
  );
  if (!/\[SpamCop\] ?(?:summary|alert)/i.test(mail.subject) && !(fromSpamcop && /summary|alert/i.test(mail.subject)))
    return null;
  const rows: Reading[] = [];
  for (const line of wordsOf(mail).split("\n", 5000)) {
    const row = /^[ \t>]*(\S{3,50})\s+([A-Z][a-z]{2}\s+\d{1,2})\s+(\d{1,2})h\/(\d+)/.exec(line);
    const network = row === null ? undefined : networksIn(row[1] ?? "")[0];
    if (row === null || network === undefined) continue;
    rows.push({
      ...nothingRead,
      format: "spamcop-summary",
      topic: /blocklisted|bl\b/i.test(line.slice(row[0].length)) ? "listing" : "spam",
      feedbackType: "summary",
      claims: [{ network, from: "row of the summary", weight: "stated" }],
      times: [{ text: `${row[2]} ${row[3]?.padStart(2, "0")}:00 UTC`, from: "row of the summary" }],
      robot: true,
    });
  }
  return rows.length > 0 ? rows : null;
}
