/**
 * Which messages wait, and for whom. From logs: what was deferred and neither sent nor returned since. A queue listing
 * knows better, and once there is one, it alone counts. Bounded: beyond, counts are at least what they say.
 */
import type { Waiting } from "./attempt.ts";

/** What a message waits for: a refusal or another cause, as an object that others compare by identity. */
export interface Reason {
  waiting: number;
}

export interface WaitingRoom {
  /** This recipient of the message was deferred for this reason; the last one counts. */
  deferred(queueId: string, recipient: string, reason: Reason): void;
  done(queueId: string, recipient: string): void;
  left(queueId: string): void;
  listed(entry: Waiting, reason: Reason | null): void;
  /** Writes the counts into the reasons. */
  settle(): { readonly from: "queue" | "logs"; readonly unexplained: number; readonly full: boolean };
}

const maxMessages = 1_000_000;

export function waitingRoom(): WaitingRoom {
  const queued = new Map<string, Map<string, Reason>>();
  const listing = new Map<string, Map<string, Reason | null>>();
  let hasListing = false;
  let full = false;
  const put = <T>(map: Map<string, Map<string, T>>, queueId: string, recipient: string, value: T): void => {
    const message = map.get(queueId);
    if (message !== undefined) {
      message.set(recipient, value);
      return;
    }
    if (map.size >= maxMessages) full = true;
    else map.set(queueId, new Map([[recipient, value]]));
  };
  return {
    deferred: (queueId, recipient, reason) => put(queued, queueId, recipient, reason),
    done(queueId, recipient) {
      const message = queued.get(queueId);
      if (message?.delete(recipient) === true && message.size === 0) queued.delete(queueId);
    },
    left: (queueId) => void queued.delete(queueId),
    listed(entry, reason) {
      hasListing = true;
      for (const recipient of entry.recipients) put(listing, entry.queueId, recipient, reason);
    },
    settle() {
      let unexplained = 0;
      const count = (reasons: Iterable<Reason | null>): void => {
        for (const reason of new Set(reasons)) {
          if (reason === null) unexplained++;
          else reason.waiting++;
        }
      };
      if (!hasListing) for (const message of queued.values()) count(message.values());
      else
        for (const [queueId, message] of listing)
          count([...message].map(([recipient, reason]) => reason ?? queued.get(queueId)?.get(recipient) ?? null));
      return { from: hasListing ? "queue" : "logs", unexplained, full };
    },
  };
}
