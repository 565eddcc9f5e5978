/** Controls: do we get the answers that anyone would get? They decide what the refusals of the probes are worth. Pure. */
import { isPositive } from "../smtp/reply.ts";
import type { Instance } from "./expand.ts";
import { meaningOf } from "./refusal.ts";
import type { CheckTarget } from "./request.ts";
import type { ControlResult } from "./result.ts";
import type { Played } from "./talk.ts";
import { replyJson } from "./tried.ts";

export interface Expectation {
  readonly words: string;
  readonly met: (played: Played) => boolean;
}

/** What a control has to show, by the role of the listener. */
export function expectationOf(instance: Instance, target: CheckTarget): Expectation {
  switch (instance.probe.id) {
    case "ctl-local-accept":
      return target.acceptsFromOthersOnly
        ? {
            words: "that we are refused, since acceptFrom leaves us out",
            met: ({ judged, reply }) => (judged ?? reply)?.code !== undefined && (judged ?? reply)!.code >= 500,
          }
        : {
            words: `that ${target.localRecipient ?? "a valid recipient"} is accepted`,
            met: ({ judged }) => judged !== null && isPositive(judged),
          };
    case "ctl-repeat-plain":
      // Without a login the listener must say that a login, or another client, is what it wants.
      return {
        words: target.role === "submission" ? "a refusal about authentication" : "a refusal about relaying",
        met: ({ judged, reply }) => {
          const answer = judged ?? reply;
          if (answer === null) return false;
          return isPositive(answer)
            ? judged !== null
            : ["authentication-required", "relay-denied", "client", "sender", "address"].includes(meaningOf(answer));
        },
      };
    default:
      // Questions about the server rather than conditions: any definite answer will do.
      return { words: "an answer", met: ({ judged, reply }) => (judged ?? reply) !== null };
  }
}

export function controlOf(
  instance: Instance,
  played: Played,
  at: "start" | "end",
  expectation: Expectation,
): ControlResult {
  return {
    id: instance.probe.id,
    at,
    expected: expectation.words,
    passed: expectation.met(played),
    reply: replyJson(played.judged ?? played.reply),
    transcript: played.transcript,
  };
}
