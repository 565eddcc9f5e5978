/** What all doors of a guard share: the rule as it is now, who exists here, and what was decided so far. */
import { formatIp } from "../net/ip.ts";
import { readForwardPath } from "../smtp/path.ts";
import type { Asked, GuardRule, Ruling } from "./decide.ts";
import type { DecisionEvent, Door, GuardEvent } from "./event.ts";
import type { Recipients } from "./recipients.ts";
import type { Tally } from "./tally.ts";

export interface House {
  /** Asked anew for every decision: the site file may have been read again. */
  readonly rule: () => GuardRule;
  readonly recipients: () => Recipients;
  /** Everything passes; what would have been refused is counted. */
  readonly observe: boolean;
  readonly tally: Tally;
  /** Structured log. */
  readonly log: (event: GuardEvent) => void;
}

/** Decides, counts and logs. What it returns is what the door says: with `observe` always to pass. */
export function judge(door: Door, asked: Omit<Asked, "recipient">, house: House): Ruling {
  const path = readForwardPath(asked.forwardPath);
  const recipient = path.kind === "mailbox" ? house.recipients()(path.mailbox) : "unknown";
  const ruling = house.rule()({ ...asked, recipient });
  const { cell, reason } = ruling.decision;
  const event: DecisionEvent = {
    event: "decision",
    door,
    action: ruling.action === "pass" ? "pass" : house.observe ? "would-refuse" : "refuse",
    cell,
    reason,
    client: asked.client === null ? null : formatIp(asked.client),
    reversePath: asked.reversePath,
    forwardPath: asked.forwardPath,
  };
  house.tally.add(event);
  house.log(event);
  return ruling.action === "refuse" && house.observe ? { action: "pass", decision: ruling.decision } : ruling;
}
