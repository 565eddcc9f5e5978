/**
 * The rule as a function: who the client is and where the forward-path ends decide, and nothing else grants. HELO,
 * reverse DNS and header fields are not even asked; the reverse-path is asked only to refuse (`internalSenderOnly`).
 */
import { type DomainName, parentOf } from "../net/domain.ts";
import { type IpAddress, isLoopback } from "../net/ip.ts";
import { siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/site.ts";
import type { ForwardPath, ReversePath } from "../smtp/path.ts";
import { type Destination, destination } from "../smtp/routing.ts";
import type { PermitReason, RefuseReason } from "./reasons.ts";
import { type Cell, cellOf, relaying, type Side } from "./table.ts";

/** One recipient of one transaction, as the rule sees it. */
export interface Session {
  readonly client: {
    /** `null` if there is none, or none that can be known: such a client is external. */
    readonly address: IpAddress | null;
    readonly authenticated: "yes" | "no" | "unknown";
    /** Whether it is one of the site's managed mailers. Told from its address, never from its HELO. */
    readonly managed: boolean;
  };
  readonly reversePath: ReversePath;
  readonly forwardPath: ForwardPath;
  /** Whether the recipient exists here; only asked where the forward-path ends with us. */
  readonly recipient: "valid" | "invalid" | "unknown";
}

/** `reason` belongs to `reasons.ts`; `replyFor(reason)` says it to the client. */
export type Decision =
  | { readonly cell: Cell; readonly action: "permit"; readonly reason: PermitReason }
  | { readonly cell: Cell; readonly action: "refuse"; readonly reason: RefuseReason };

export type RelayRule = (session: Session) => Decision;

export interface RuleOptions {
  /**
   * A client on loopback is the mailer's own machine and so internal, unless loopback stands for strangers, as it does
   * in practice and demonstrations.
   */
  readonly loopback: "internal" | "external";
}

/** Compiles the rule for a site; each decision then costs the same for ten domains and networks as for 100,000. */
export function relayRule(site: Site, { loopback }: RuleOptions = { loopback: "internal" }): RelayRule {
  const lookup = siteLookup(site);
  const { policy } = site;

  /** Why the client is internal, or `null`: it is a stranger. A login of which nothing is known is none. */
  const standing = ({ address, authenticated, managed }: Session["client"]): PermitReason | null => {
    if (managed) return "managed-mailer";
    if (authenticated === "yes" && policy.auth !== "refuse") return "logged-in";
    if (address === null) return null;
    if (isLoopback(address)) return loopback === "internal" ? "inside-client" : null;
    return lookup.isOurAddress(address) ? "inside-client" : null;
  };

  /** Local policy for a client and a recipient of ours: what speaks against it? */
  const localPolicy = (client: PermitReason): RefuseReason | null => {
    switch (policy.internalToInternal) {
      case "permit":
        return null;
      case "managed-only":
        // It is meant for hosts that pass mail on; a login is a person who sends.
        return client === "inside-client" ? "unmanaged-client" : null;
      case "refuse":
        return "internal-mail";
    }
  };

  return ({ client, reversePath, forwardPath, recipient }) => {
    const from = standing(client);
    const way = destination(forwardPath, lookup.endsWithUs);
    const side: Side = way.end === "ours" ? "internal" : "external";
    const cell = cellOf(from === null ? "external" : "internal", side);
    const refuse = (reason: RefuseReason): Decision => ({ cell, action: "refuse", reason });

    if (relaying[cell] === "forbid") return refuse(denial(way));
    if (side === "internal") {
      if (recipient === "invalid" && !isPostmaster(forwardPath)) return refuse("unknown-recipient");
      const against = from === null ? null : localPolicy(from);
      if (against !== null) return refuse(against);
    } else if (
      policy.internalSenderOnly &&
      from !== "managed-mailer" &&
      !isInternalSender(reversePath, lookup.isOurDomain)
    ) {
      return refuse("outside-sender");
    }
    return { cell, action: "permit", reason: from ?? "our-recipient" };
  };
}

function denial(way: Destination): RefuseReason {
  if (way.end === "unknown") return "unclear-recipient";
  return way.reason === "outside-domain" ? "relaying-denied" : "routing-denied";
}

/** RFC 5321 §4.5.1: mail for Postmaster is taken, whatever a list of recipients says. */
function isPostmaster(path: ForwardPath): boolean {
  return (
    path.kind === "postmaster" || (path.kind === "mailbox" && path.mailbox.localPart.toLowerCase() === "postmaster")
  );
}

/** Whether `internalSenderOnly` has nothing against this sender. */
function isInternalSender(path: ReversePath, isOurDomain: (name: DomainName) => boolean): boolean {
  switch (path.kind) {
    case "null": // a bounce: refusing it would hide failures (RFC 5321 §4.5.5)
    case "local": // the mailer completes it with a domain of its own
      return true;
    case "malformed":
      return false;
    case "mailbox": {
      const { localPart, domain } = path.mailbox;
      if (domain.kind === "literal") return false;
      if (isOurDomain(domain.name)) return true;
      // Forwarded mail has a sender in our SRS domain, often a sub-domain that serves nothing else.
      return /^srs[01][=+-]/i.test(localPart) && isBelowOurs(domain.name, isOurDomain);
    }
  }
}

function isBelowOurs(name: DomainName, isOurDomain: (name: DomainName) => boolean): boolean {
  for (let above = parentOf(name); above !== null; above = parentOf(above)) if (isOurDomain(above)) return true;
  return false;
}
