/** Which instances belong to which stage of a run. Pure. */
import type { ProbeClass } from "../knowledge/probe.ts";
import type { Instance, RenderedStep } from "./expand.ts";
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
 * What a relay by its sender alone explains: whoever passes that on passes on every other form with the same sender.
 * Logins and injected identities show more than that.
 */
export function isExplainedBySender({ probe }: Instance): boolean {
  const showsMore = probe.class === "auth" || probe.class === "trust";
  return !showsMore && ["relay", "routing", "sender-form", "subdomain"].includes(probe.judge);
}

/** Our own name, some sender, the plain outside recipient, and nothing else. */
export function variesSenderOnly({ probe }: Instance): boolean {
  const [hello, , recipient, ...more] = probe.steps;
  const plain = hello !== undefined && "ehlo" in hello && recipient !== undefined && "rcpt" in recipient;
  return plain && hello.ehlo === "{helo}" && recipient.rcpt === "<{probe}>" && more.length === 0;
}

/** The last reverse-path that is written, with the token masked; null if there is none. */
export function senderOf({ steps, token }: Instance): string | null {
  const step = steps
    .flatMap((one): readonly RenderedStep[] => ("pipeline" in one ? one.pipeline : [one]))
    .findLast((one) => "mail" in one);
  return step === undefined || !("mail" in step) ? null : JSON.stringify(step.mail).replaceAll(token, "*");
}

/** The plainest first: what it shows need not be shown again by all that comes after. */
const classOrder: readonly ProbeClass[] = [
  "plain",
  "sender",
  "helo",
  "routing",
  "transport",
  "auth",
  "trust",
  "state",
  "smuggling",
  "backscatter",
  "control",
];

export function plainestFirst(instances: readonly Instance[]): readonly Instance[] {
  return [...instances].sort((a, b) => classOrder.indexOf(a.probe.class) - classOrder.indexOf(b.probe.class));
}
