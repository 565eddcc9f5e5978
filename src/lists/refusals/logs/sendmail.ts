/**
 * Sendmail (also sm-mta, Sendmail X's older kin, Proofpoint's build):
 *
 *     ID: to=<a@x>,<b@x>, delay=…, mailer=esmtp, relay=host. [address], dsn=4.7.1, reply=450 4.7.1 …, stat=Deferred: 450 …
 *
 * `reply=` is there since 8.16 where the receiver said something; before, a refusal for good is `stat=Service unavailable`
 * or `User unknown` and the receiver's words are lost.
 */
import { isOwnMachine, type LogEvent, maxRecipients, maxText, nothing } from "../attempt.ts";
import { codesIn } from "../reply-text.ts";

const line = /^([0-9A-Za-z]{8,24}): to=/;
const endOfTo = /, (?:[a-z]{2,12}=|\d+:\d\d:\d\d)/;
const relayForm = /, relay=(\S{1,255}?)\.? \[([^\]]{2,60})\]/;
const addressForm = /<([^<>]{1,320})>|([^\s,<>]{1,320})/g;

export function readSendmail(at: number | null, message: string): readonly LogEvent[] {
  const named = line.exec(message);
  const statAt = message.indexOf(", stat=");
  if (named === null || statAt < 0) return nothing;
  const head = message.slice(named[0].length, statAt);
  if (/, mailer=(?:local|prog|cyrusv?2?|procmail|\*file\*|discard)\b/.test(head)) return nothing;
  const relay = relayForm.exec(head);
  const ip = relay?.[2]?.replace(/^IPv6:/, "") ?? null;
  if (isOwnMachine(ip)) return nothing;
  const end = endOfTo.exec(head)?.index ?? head.length;
  const recipients = [...head.slice(0, end).matchAll(addressForm)]
    .slice(0, maxRecipients)
    .map((match) => match[1] ?? match[2] ?? "");
  const stat = message.slice(statAt + 7);
  const outcome = /^sent\b/i.test(stat) ? "sent" : /^deferred\b/i.test(stat) ? "deferred" : "bounced";
  // Still to be tried, or stopped by hand: nobody was asked.
  if (/^(?:queued|headers? too|quarantine)/i.test(stat)) return nothing;
  const reply = /, reply=(.*)$/s.exec(head)?.[1];
  const said = reply ?? stat.replace(/^Deferred: /, "");
  const answered = codesIn(said).code !== null;
  return [
    {
      kind: "attempt",
      at,
      product: "sendmail",
      queueId: named[1] ?? "",
      recipients,
      host: relay?.[1]?.startsWith("[") === true ? null : (relay?.[1] ?? null),
      ip,
      local: null,
      outcome,
      text: said.slice(0, maxText),
      answered,
      enhanced: /, dsn=([245]\.\d{1,3}\.\d{1,3})/.exec(head)?.[1] ?? null,
    },
  ];
}
