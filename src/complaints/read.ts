/** One message of an abuse mailbox, from bytes to reports. Pure; never throws: what cannot be read is a report that says so. */
import { createHash } from "node:crypto";
import { readingsOf } from "./formats.ts";
import { isOwnNetwork, judge, type SiteView } from "./judge.ts";
import { limits } from "./limits.ts";
import { decoded, type Mail, mailOfFile, readMail } from "./mail.ts";
import { nothingRead, type Reading } from "./reading.ts";
import { replyOf } from "./reply.ts";
import { reporterOf } from "./reporter.ts";
import type { Report } from "./result.ts";
import { threadOf } from "./thread.ts";

/** A message as a mailbox holds it, or a file that mails have attached. */
export interface RawMessage {
  readonly file: string;
  /** Its number in the file, from 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** The bytes are only its beginning. */
  readonly cut: boolean;
  /** `null`: a mail; else the media type of a bare file. */
  readonly type: string | null;
}

export interface ReadMessage {
  readonly reports: readonly Report[];
  /** Equal for equal messages. */
  readonly digest: string;
}

export function readMessage(message: RawMessage, view: SiteView | null): ReadMessage {
  const digest = createHash("sha256").update(message.bytes).digest("base64");
  const mail = message.type === null ? readMail(message.bytes) : mailOfFile(message.bytes, message.type, message.file);
  if (message.cut) mail.budget.problems.add(`Only the first ${message.bytes.length} bytes of the message were read.`);
  const readings = relevant(
    safely(mail).flatMap((one) => parted(one, view)),
    view,
    mail,
  );
  return { digest, reports: readings.map((reading) => reportOf(message, mail, reading, view)) };
}

/** A reader that fails on one message must not end the run: the message is kept, to be looked at by a person. */
function safely(mail: Mail): readonly Reading[] {
  try {
    return readingsOf(mail);
  } catch (error) {
    const problems = [`It cannot be read (${error instanceof Error ? error.message.slice(0, 200) : "unknown"}).`];
    return [{ ...nothingRead, format: "unreadable", topic: "nothing", problems }];
  }
}

/** A list of addresses in words, several of them ours: each is a report of its own. */
function parted(reading: Reading, view: SiteView | null): readonly Reading[] {
  if (view === null || reading.evidence !== null) return [reading];
  const own = reading.claims.filter(({ network }) => isOwnNetwork(network, view));
  const stated = own.filter(({ weight }) => weight === "stated");
  const best = stated.length > 0 ? stated : own;
  return best.length < 2 ? [reading] : best.map((claim) => ({ ...reading, claims: [claim] }));
}

/** Of feeds with many rows those about us come first; the rest only up to a bound. */
function relevant(readings: readonly Reading[], view: SiteView | null, mail: Mail): readonly Reading[] {
  if (readings.length <= limits.reportsPerMessage) return readings;
  const own = ({ claims }: Reading): boolean =>
    view !== null &&
    claims.some(
      ({ network }) => view.lookup.isOurAddress(network.address) || view.lookup.mailerAt(network.address) !== null,
    );
  mail.budget.problems.add(
    `The message reports ${readings.length} addresses: ${limits.reportsPerMessage} of them are shown, ours first.`,
  );
  return [...readings.filter(own), ...readings.filter((one) => !own(one))].slice(0, limits.reportsPerMessage);
}

function reportOf({ file, number }: RawMessage, mail: Mail, reading: Reading, view: SiteView | null): Report {
  const reporter = reporterOf(mail, reading);
  const { problems, ...judged } = judge(reading, mail, view, reporter?.address ?? null);
  const { kind, ours, confidence } = judged;
  return {
    source: { file, message: number },
    format: reading.format,
    ...judged,
    feedbackType: shortened(reading.feedbackType),
    originalMessageId: shortened(reading.originalMessageId),
    recipients: reading.recipients.map((one) => decoded(one)),
    reporter: reporter?.address ?? null,
    reportId: shortened(reading.reportId),
    deadline: shortened(reading.deadline),
    incident: null,
    repeats: null,
    problems: [...new Set([...problems, ...mail.budget.problems])].slice(0, 50),
    thread: threadOf(mail),
    reply: replyOf({ mail, reading, reporter, kind, ours, confidence, view }),
  };
}

const shortened = (value: string | null): string | null => (value === null ? null : decoded(value));
