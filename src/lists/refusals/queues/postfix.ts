/**
 * `postqueue -p` and `mailq` of Postfix:
 *
 *     DD9F1628C4*     550 Sun Nov 20 05:02:07  sender@example.net
 *     (host mx.example[192.0.2.7] said: 450 …)
 *                                              recipient@example
 *
 * The reason holds for the recipients below it. And `postqueue -j`, one JSON object a line.
 */
import { z } from "zod";
import { type LineReader, type LogEvent, maxRecipients, maxText, nothing } from "../attempt.ts";
import type { LogClock } from "../logs/timestamp.ts";

const head =
  /^([0-9A-Za-z]{5,24})[*!# ]? {1,12}(\d{1,12}) [A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d) {1,3}(\S{1,320})$/;

export const isPostfixQueue = (line: string): boolean => head.test(line);

export function postfixQueueReader(clock: LogClock): LineReader {
  let queueId: string | null = null;
  let since: number | null = null;
  let text: string | null = null;
  return (line) => {
    const match = head.exec(line);
    if (match !== null) {
      queueId = match[1] ?? "";
      since = clock.syslog(match[3] ?? "", match[4] ?? "", match[5] ?? "", undefined);
      text = null;
      return nothing;
    }
    const inner = line.trim();
    if (queueId === null || inner === "" || inner.startsWith("-")) {
      queueId = null;
      return nothing;
    }
    if (inner.startsWith("(")) {
      text = inner.replace(/^\(|\)$/g, "").slice(0, maxText);
      return nothing;
    }
    return /^\S{1,320}$/.test(inner)
      ? [{ kind: "waiting", product: "postfix", queueId, since, text, recipients: [inner] }]
      : nothing;
  };
}

const jsonSchema = z.object({
  queue_id: z.string().max(64),
  arrival_time: z.number(),
  recipients: z.array(z.object({ address: z.string(), delay_reason: z.string().optional() })),
});

export function readPostfixJson(line: string): readonly LogEvent[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return nothing;
  }
  const read = jsonSchema.safeParse(value);
  if (!read.success) return nothing;
  const { queue_id: queueId, arrival_time: arrived, recipients } = read.data;
  return recipients.slice(0, maxRecipients).map(({ address, delay_reason: reason }) => ({
    kind: "waiting",
    product: "postfix",
    queueId,
    since: arrived * 1000,
    text: reason === undefined ? null : reason.slice(0, maxText),
    recipients: [address],
  }));
}
