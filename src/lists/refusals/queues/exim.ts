/**
 * `exim -bp` (`mailq`): it says who waits, and not why: the log does.
 *
 *      25m  2.9K 1rabcd-000abc-XX <sender@example.net> *** frozen ***
 *               recipient@example
 *             D done@example                            delivered already
 */
import { type LineReader, nothing } from "../attempt.ts";

const head =
  /^ {0,6}(\d{1,4})([mhdw]) {1,6}[\d.]{1,8}[KMG]? ([0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4}) </;

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

export const isEximQueue = (line: string): boolean => head.test(line);

/** `listedAt`: when the listing was made; its ages count from there. */
export function eximQueueReader(listedAt: number): LineReader {
  let queueId: string | null = null;
  let since = listedAt;
  return (line) => {
    const match = head.exec(line);
    if (match !== null) {
      queueId = match[3] ?? "";
      since = listedAt - Number(match[1]) * unitMs[match[2] as keyof typeof unitMs]; // the pattern allows no other
      return nothing;
    }
    const recipient = /^\s{8,20}(D )?(\S{1,320}@\S{1,255})$/.exec(line);
    if (queueId === null || recipient === null || recipient[1] !== undefined) return nothing;
    return [{ kind: "waiting", product: "exim", queueId, since, text: null, recipients: [recipient[2] ?? ""] }];
  };
}
