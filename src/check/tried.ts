/** What became of each instance in a run against one target: kept while it runs, and turned into results at its end. */
import type { Reply } from "../smtp/reply.ts";
import type { Instance } from "./expand.ts";
import type { Judgement } from "./judge.ts";
import type { Proof } from "./proof.ts";
import type { ProbeOutcome, ProbeResult } from "./result.ts";

export interface Tried {
  readonly instance: Instance;
  outcome: ProbeOutcome;
  stage: string | null;
  reply: Reply | null;
  reason: string | null;
  shows: Judgement["shows"] | null;
  transcript: string;
  proof: Proof | null;
  /** Accepted, but proved to be passed on by another instance already. */
  explainedBy: string | null;
  /** A message to this recipient was accepted at the dot. */
  sent: boolean;
  /** Returned by a mail system, or answered by a mailbox. */
  bounce: { readonly how: "report" | "reply"; readonly exit: string } | null;
  /** The address under which the first server knew us, when it was not ours. */
  clientSeenAs: string | null;
}

export function notTried(instance: Instance, reason: string): Tried {
  return {
    instance,
    outcome: "not-run",
    stage: null,
    reply: null,
    reason,
    shows: null,
    transcript: "",
    proof: null,
    explainedBy: null,
    sent: false,
    bounce: null,
    clientSeenAs: null,
  };
}

/** The words for an instance that another one has proved already. */
export const explained = (name: string): string => `${name} has shown already that this is passed on`;

export function replyJson(reply: Reply | null): ProbeResult["reply"] {
  if (reply === null) return null;
  const text = reply.text.slice(0, 1000);
  return reply.enhanced === null ? { code: reply.code, text } : { code: reply.code, enhanced: reply.enhanced, text };
}

export function resultOf(tried: Tried): ProbeResult {
  const { instance } = tried;
  return {
    id: instance.probe.id,
    instance: instance.name,
    class: instance.probe.class,
    title: instance.probe.title,
    outcome: tried.outcome,
    stage: tried.stage,
    reply: replyJson(tried.reply),
    proof: tried.proof,
    ...(tried.reason === null ? {} : { reason: tried.reason }),
    transcript: tried.transcript,
  };
}
