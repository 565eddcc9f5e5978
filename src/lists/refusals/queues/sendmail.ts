/**
 * `mailq` of Sendmail:
 *
 *     k67GY7lH016365*     324 Fri Jul  7 12:34 <sender@example.net>
 *                      (Deferred: 421 4.3.0 …)
 *                                              <recipient@example>
 */
import { type LineReader, maxText, nothing } from "../attempt.ts";
import type { LogClock } from "../logs/timestamp.ts";

const head =
  /^([0-9A-Za-z]{12,24})[*X-]{0,2} {1,12}(?:\(no control file\)|\d{1,12}|-) [A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d) /;

export const isSendmailQueue = (line: string): boolean => head.test(line);

export function sendmailQueueReader(clock: LogClock): LineReader {
  let queueId: string | null = null;
  let since: number | null = null;
  let text: string | null = null;
  return (line) => {
    const match = head.exec(line);
    if (match !== null) {
      queueId = match[1] ?? "";
      since = clock.syslog(match[2] ?? "", match[3] ?? "", `${match[4] ?? ""}:00`, undefined);
      text = null;
      return nothing;
    }
    const inner = line.trim();
    if (queueId === null || !/^\s/.test(line)) {
      queueId = null;
      return nothing;
    }
    if (inner.startsWith("(")) {
      text = inner
        .replace(/^\(|\)$/g, "")
        .replace(/^Deferred: /, "")
        .slice(0, maxText);
      return nothing;
    }
    const recipient = /^<?([^\s<>]{1,320}@[^\s<>]{1,255})>?$/.exec(inner)?.[1];
    return recipient === undefined
      ? nothing
      : [{ kind: "waiting", product: "sendmail", queueId, since, text, recipients: [recipient] }];
  };
}
