/**
 * Tells what a file is from its own lines and reads it. Logs of several mailers in one file are told apart line by line;
 * a listing or a table is told by its first line that is one.
 */
import { type LineReader, type LogEvent, nothing } from "./attempt.ts";
import { exchangeSendReader, isSendLog } from "./logs/exchange-send.ts";
import { exchangeTrackingReader, trackingColumns } from "./logs/exchange-tracking.ts";
import { readExim } from "./logs/exim.ts";
import { readOpensmtpd } from "./logs/opensmtpd.ts";
import { readPostfix } from "./logs/postfix.ts";
import { readSendmail } from "./logs/sendmail.ts";
import { splitSyslog } from "./logs/syslog.ts";
import { type LogClock, logClock } from "./logs/timestamp.ts";
import { eximQueueReader, isEximQueue } from "./queues/exim.ts";
import { isOpensmtpdQueue, readOpensmtpdQueue } from "./queues/opensmtpd.ts";
import { isPostfixQueue, postfixQueueReader, readPostfixJson } from "./queues/postfix.ts";
import { isSendmailQueue, sendmailQueueReader } from "./queues/sendmail.ts";

export const fileKinds = ["log", "exchange-tracking", "exchange-send", "queue", "empty-queue"] as const;
export type FileKind = (typeof fileKinds)[number];

export interface FileReader {
  readonly read: LineReader;
  /** Null: nothing in it was understood so far. */
  readonly kind: () => FileKind | null;
  readonly clock: LogClock;
}

/** So many lines are looked at for what the file is; logs are read from the first line on all the same. */
const lookMost = 2000;

/** Lines of logs that say nothing about deliveries are most of them: only the others are taken apart. */
const telling =
  /status=|stat=| said: |refused to talk|: removed$| (?:=>|->|>>|==|\*\*) |Completed|(?:SMTP|LMTP) error from remote/;

const emptyQueues = /^(?:Mail queue is empty|\S{1,200} is empty|\s*Total requests: 0)\.?$/;

const sorted: readonly {
  readonly is: (line: string) => boolean;
  readonly kind: FileKind;
  readonly reader: (clock: LogClock, latest: number) => LineReader;
}[] = [
  { is: (line) => trackingColumns(line) !== null, kind: "exchange-tracking", reader: exchangeTrackingReader },
  { is: isSendLog, kind: "exchange-send", reader: exchangeSendReader },
  { is: isPostfixQueue, kind: "queue", reader: postfixQueueReader },
  {
    is: (line) => line.startsWith('{"') && readPostfixJson(line).length > 0,
    kind: "queue",
    reader: () => readPostfixJson,
  },
  { is: isEximQueue, kind: "queue", reader: (_clock, latest) => eximQueueReader(latest) },
  { is: isSendmailQueue, kind: "queue", reader: sendmailQueueReader },
  { is: isOpensmtpdQueue, kind: "queue", reader: () => readOpensmtpdQueue },
];

/** `latest`: when the file was last written, in milliseconds. */
export function fileReader(latest: number): FileReader {
  const clock = logClock(latest);
  let kind: FileKind | null = null;
  let special: LineReader | null = null;
  let looked = 0;
  const read: LineReader = (line) => {
    if (special !== null) return special(line);
    if (kind === null && looked < lookMost) {
      looked++;
      const found = sorted.find(({ is }) => is(line));
      if (found !== undefined) {
        kind = found.kind;
        special = found.reader(clock, latest);
        return special(line);
      }
      if (emptyQueues.test(line)) kind = "empty-queue";
    }
    if (!telling.test(line)) {
      // A log without a delivery is a log all the same.
      if (kind === null && splitSyslog(line, clock)?.program) kind = "log";
      return nothing;
    }
    const events = readLogLine(line, clock);
    if (events.length > 0) kind = "log";
    return events;
  };
  return { read, kind: () => kind, clock };
}

function readLogLine(line: string, clock: LogClock): readonly LogEvent[] {
  // `journalctl -o cat` and what people paste have no time.
  const { at, message } = splitSyslog(line, clock) ?? { at: null, message: line };
  if (message.includes("stat="))
    return message.includes("to=<") && message.includes("result=")
      ? readOpensmtpd(at, message)
      : anyOf(readOpensmtpd(at, message), () => readSendmail(at, message));
  return anyOf(readPostfix(at, message), () => readExim(at, message));
}

const anyOf = (first: readonly LogEvent[], second: () => readonly LogEvent[]): readonly LogEvent[] =>
  first.length > 0 ? first : second();
