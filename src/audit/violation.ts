/** Whether what a listener decided for a session breaks the rule, and with which certainty. */
import type { IpAddress } from "../net/ip.ts";
import { readForwardPath, readReversePath } from "../smtp/path.ts";
import type { Decision } from "./evaluate.ts";
import type { Grounds } from "./grounds.ts";
import type { Session, Unknown } from "./rules.ts";

export interface Violation {
  readonly certainty: "open" | "conditional" | "unknown";
  readonly condition: string;
  /** What the session is about, where it is not what was varied. */
  readonly kind: "copied-destination" | "passed-on" | "swallowed" | null;
}

/** Whether the configuration lets a stranger's session through that the rule forbids; `null`: no. */
export function violation(session: Session, decision: Decision, grounds: Grounds, real: IpAddress): Violation | null {
  const { outcome, recipient } = decision;
  if (outcome === "refuse" || outcome === "defer" || recipient.kind !== "address") return null;
  const unknown = outcome === "unknown";
  const because = words(decision.unknowns);
  if (recipient.onward !== null)
    return { kind: "copied-destination", certainty: unknown ? "unknown" : "open", condition: because };
  const ruled = grounds.rule({
    client: {
      address: real,
      authenticated: session.client.authenticated ? "yes" : "no",
      managed: false,
    },
    reversePath: readReversePath(session.reversePath),
    forwardPath: readForwardPath(session.forwardPath),
    recipient: "unknown",
  });
  if (ruled.action === "permit") return null;
  if (typeof recipient.end !== "string")
    return { kind: null, certainty: "unknown", condition: words([recipient.end, ...decision.unknowns]) };
  if (unknown && recipient.end !== "local") return { kind: null, certainty: "unknown", condition: because };
  switch (recipient.end) {
    case "outside":
      return { kind: null, certainty: "open", condition: "" };
    case "listed": {
      // Judged again as it will be passed on: the domain may be ours, and only the local-part lead outside.
      if (grounds.rule(strangerTo(real, "probe", recipient.domain)).action === "refuse")
        return { kind: null, certainty: "open", condition: "" };
      // As the mailer read it: a source route that it drops (RFC 5321 §3.6.1) leads nobody anywhere.
      if (grounds.rule(strangerTo(real, recipient.localPart, recipient.domain)).action === "permit") return null;
      return {
        kind: "passed-on",
        certainty: "conditional",
        condition: `unless the mailer for ${recipient.domain} acts on routing in the local-part`,
      };
    }
    case "local":
      // It stays here: no relaying, unless for a domain that is nobody's here.
      if (grounds.rule(strangerTo(real, "probe", recipient.domain)).action === "permit") return null;
      return {
        kind: "swallowed",
        certainty: unknown ? "unknown" : "conditional",
        condition: because || "it is taken in, and delivered here or bounced",
      };
  }
}

/** The plainest mail from this client to somebody at a domain. */
function strangerTo(address: IpAddress, localPart: string, domain: string): Parameters<Grounds["rule"]>[0] {
  return {
    client: { address, authenticated: "no", managed: false },
    reversePath: { kind: "null" },
    forwardPath: readForwardPath(`<${localPart}@${domain}>`),
    recipient: "unknown",
  };
}

/** What it depends on, as a clause. */
export const words = (unknowns: readonly Unknown[]): string =>
  unknowns.length === 0
    ? ""
    : `it depends on ${[...new Set(unknowns.map(({ unknown }) => unknown))].slice(0, 3).join(", and on ")}`;
