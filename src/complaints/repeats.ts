/**
 * Reports that tell again what another one told: the same bytes, or the same reporter about the same message. A Message-ID of
 * the report alone proves nothing: it may be absent, repeated or forged.
 */
import type { ReadMessage } from "./read.ts";
import type { Report } from "./result.ts";

export class Repeats {
  readonly #messages = new Map<string, number>();
  readonly #events = new Map<string, number>();

  /** The reports of one message, whose first takes this place in the list. */
  marked({ digest, reports }: ReadMessage, place: number): readonly Report[] {
    const same = this.#messages.get(digest);
    if (same === undefined) this.#messages.set(digest, place);
    return reports.map((report, at) => {
      if (same !== undefined) return { ...report, repeats: same + at };
      const key = eventOf(report);
      const first = key === null ? undefined : this.#events.get(key);
      if (key !== null && first === undefined) this.#events.set(key, place + at);
      return first === undefined ? report : { ...report, repeats: first };
    });
  }
}

/** Null: too little is known to say that another report is about the same. */
function eventOf({ reporter, sourceIp, originalMessageId, reportId, eventTime, feedbackType }: Report): string | null {
  if (reporter === null || sourceIp === null) return null;
  const what = originalMessageId ?? (reportId === null || eventTime === null ? null : `${reportId}|${eventTime}`);
  return what === null ? null : JSON.stringify([reporter, sourceIp, what, feedbackType]);
}
