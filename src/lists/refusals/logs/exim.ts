/**
 * Exim's main log (specification, "Log files"), with its own time or behind syslog's:
 *
 *     ID => address R=… T=… H=host [address] … C="250 …"        delivered; `->` the same host again, `>>` cut through
 *     ID == address R=… T=… defer (-44) H=host [address]: SMTP error from remote mail server after …: 450 …
 *     ID ** address R=… T=… H=host [address]: SMTP error from remote mail server after …: 550 …
 *     ID H=host [address]: SMTP error from remote mail server after …: 421 …     (another host will be tried)
 *     ID Completed
 *
 * Before 4.83 the host stood behind the command: `…: host mx [address]: 550 …`.
 */
import { isOwnMachine, type LogEvent, maxText, nothing, type Outcome } from "../attempt.ts";

const idForm = "[0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4}";
const line = new RegExp(`^(?:\\[\\d{1,10}\\] )?(${idForm}) (=>|->|>>|==|\\*\\*|Completed|H=|SMTP error)(.*)$`, "s");
/** Behind syslog Exim may write its own time too. */
const ownTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})?(?: [+-]\d{4})? /;
const hostForm = /(?:^| )H=(\S{1,255}) \[([0-9A-Fa-f.:]{2,45})\](?::\d{1,5})?/;
const olderHost = /^host (\S{1,255}) \[([0-9A-Fa-f.:]{2,45})\](?::\d{1,5})?: /;
const localForm = / I=\[([0-9A-Fa-f.:]{2,45})\]/;
const smtpError = /(?:SMTP|LMTP) error from remote mail server after /;
const addressForm = /^ ?(?:\(\S{1,320}\) )?("[^"]{1,64}"@\S{1,255}|\S{1,320})/;

const outcomes: Readonly<Record<string, Outcome>> = {
  "=>": "sent",
  "->": "sent",
  ">>": "sent",
  "==": "deferred",
  "**": "bounced",
};

export function readExim(at: number | null, message: string): readonly LogEvent[] {
  const match = line.exec(message.replace(ownTime, ""));
  if (match === null) return nothing;
  const [, queueId = "", sign = "", rest = ""] = match;
  if (sign === "Completed") return [{ kind: "left", product: "exim", queueId }];
  const host = hostForm.exec(sign === "H=" ? `H=${rest}` : rest);
  const reply = replyIn(sign === "SMTP error" ? `SMTP error${rest}` : rest);
  const where = { host: host?.[1] ?? reply?.host ?? null, ip: host?.[2] ?? reply?.ip ?? null };
  if (isOwnMachine(where.ip)) return nothing;
  const outcome = outcomes[sign];
  const common = {
    kind: "attempt",
    at,
    product: "exim",
    queueId,
    ...where,
    local: localForm.exec(rest)?.[1] ?? null,
    enhanced: null,
  } as const;
  if (outcome === undefined)
    return reply === null
      ? nothing
      : [{ ...common, recipients: [], outcome: "deferred", text: reply.text, answered: true }];
  const recipient = addressForm.exec(rest)?.[1];
  if (recipient === undefined) return nothing;
  if (outcome === "sent") {
    // Without a host it went to a file, a pipe or a mailbox here.
    if (where.host === null) return nothing;
    const text = / C="([^"]{0,500})/.exec(rest)?.[1] ?? "";
    return [{ ...common, recipients: [recipient], outcome, text, answered: true }];
  }
  const text = reply?.text ?? ownWords(rest);
  return [{ ...common, recipients: [recipient], outcome, text, answered: reply !== null }];
}

/** What the host said; Exim writes a line end as `\n`. */
function replyIn(
  rest: string,
): { readonly host: string | null; readonly ip: string | null; readonly text: string } | null {
  const error = smtpError.exec(rest);
  if (error === null) return null;
  const after = rest.slice(error.index + error[0].length);
  const end = after.indexOf(": ");
  if (end < 0) return null;
  const said = after.slice(end + 2);
  const older = olderHost.exec(said);
  const text = said
    .slice(older?.[0].length ?? 0)
    .replaceAll("\\n", " ")
    .slice(0, maxText);
  return { host: older?.[1] ?? null, ip: older?.[2] ?? null, text };
}

/** `defer (111): Connection refused`, `: retry timeout exceeded`. */
function ownWords(rest: string): string {
  const defer = / defer \(-?\d{1,5}\)/.exec(rest);
  const from = defer === null ? rest.indexOf(": ") : rest.indexOf(": ", defer.index);
  return (from < 0 ? rest.trim() : rest.slice(from + 2)).slice(0, maxText);
}
