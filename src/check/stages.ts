/** Which instances belong to which stage of a run. Pure. */
import type { Instance } from "./expand.ts";
import type { Tried } from "./tried.ts";

/** Its point is a message of its own: it is played whole, after the envelope stage, and counts against the budget. */
export function hasOwnMessage({ steps, probe, judged }: Instance): boolean {
  const message = steps.findIndex(
    (step) => "message" in step || ("pipeline" in step && step.pipeline.some((one) => "message" in one)),
  );
  const step = steps[message];
  if (step === undefined) return false;
  if (probe.safety === "local-message" || "pipeline" in step) return true;
  // Header rows write their message after the recipient that is judged; they are proved like all others.
  return message <= (judged ?? -1) || ("message" in step && step.message.empty === true);
}

/** Only acceptance of an outside recipient is proved by a message. */
export function isProvable({ instance: { probe } }: Tried): boolean {
  return ["relay", "routing", "sender-form", "login", "injection"].includes(probe.judge);
}

/**
 * What a plain relay explains: whoever passes on everything passes on this too. Logins and injected identities show
 * more than that.
 */
export function isExplainedByPlain({ probe }: Instance): boolean {
  const showsMore = probe.class === "auth" || probe.class === "trust";
  return !showsMore && ["relay", "routing", "sender-form", "subdomain"].includes(probe.judge);
}
