/**
 * Chains of relays: what one mailer passes on, another may act on, because it trusts the first. Followed along `handsTo`
 * of the site file, through the configurations that are audited together. Pure.
 */
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { Mailer, Site } from "../site/model.ts";
import { plainStranger } from "./client-space.ts";
import { type Decision, decide } from "./evaluate.ts";
import { type Grounds, groundsOf, isPrivateDoor } from "./grounds.ts";
import type { Configuration, Listener, Recipient, Session } from "./rules.ts";
import { violation, words } from "./violation.ts";

/** One mailer behind, and what it decided. */
export interface Hop {
  readonly mailer: string;
  readonly listener: Listener;
  readonly session: Session;
  readonly decision: Decision;
}

export interface Followed {
  /** `closed`: none of the mailers behind acts on it; `conditional`: one behind them may. */
  readonly certainty: "open" | "unknown" | "conditional" | "closed";
  readonly condition: string;
  readonly hops: readonly Hop[];
}

/** Follows what a session left behind at a mailer to the mailers that it hands mail to. */
export type Follow = (session: Session, recipient: Recipient) => Followed;

/** How long a chain is followed; mail that went through more mailers was lost on the way anyway. */
const maxHops = 5;

/**
 * @param read the configuration of a mailer of the site; `null`: it is not among those that are audited
 * @returns `null` if the site file does not say where this mailer hands its mail
 */
export function chainsFrom(
  name: string,
  site: Site | null,
  read: (mailer: string) => Configuration | null,
): Follow | null {
  const first = site?.mailers.find((mailer) => mailer.name === name);
  if (site === null || first === undefined || first.handsTo.length === 0) return null;
  const behind = (mailer: Mailer, session: Session, recipient: Recipient, hops: readonly Hop[]): Followed => {
    let worst: Followed = { certainty: "closed", condition: "", hops };
    const note = (one: Followed): void => {
      if (order.indexOf(one.certainty) < order.indexOf(worst.certainty)) worst = one;
    };
    if (mailer.handsTo.length === 0)
      return { certainty: "conditional", condition: `unless a mailer behind ${mailer.name} acts on it`, hops };
    if (hops.length >= maxHops)
      return { certainty: "unknown", condition: `the chain is longer than ${maxHops} mailers`, hops };
    for (const to of mailer.handsTo) {
      const next = site.mailers.find((one) => one.name === to);
      const configuration = next === undefined ? null : read(to);
      if (next === undefined || configuration === null) {
        note({ certainty: "unknown", condition: `it depends on ${to}, which is not among those audited`, hops });
        continue;
      }
      const addresses = [...mailer.sendsFrom, ...mailer.addresses, ...mailer.inside];
      if (addresses.length === 0)
        note({ certainty: "unknown", condition: `the site file names no address of ${mailer.name}`, hops });
      const grounds = groundsOf(configuration, site);
      for (const listener of configuration.listeners)
        for (const address of addresses) {
          if (!takesFrom(listener, address)) continue;
          const arriving = handedOn(session, recipient, mailer, address);
          if (arriving === null) continue;
          note(judged(next, listener, arriving, grounds, hops));
        }
    }
    return worst;
  };

  const judged = (
    mailer: Mailer,
    listener: Listener,
    session: Session,
    grounds: Grounds,
    before: readonly Hop[],
  ): Followed => {
    const decision = decide(listener, session);
    const hops = [...before, { mailer: mailer.name, listener, session, decision }];
    const relays = violation(session, decision, grounds, plainStranger(session.client.address.family));
    if (relays === null || relays.kind === "swallowed") return { certainty: "closed", condition: "", hops };
    if (relays.kind === "passed-on") return behind(mailer, session, decision.recipient, hops);
    if (relays.certainty === "unknown") return { certainty: "unknown", condition: words(decision.unknowns), hops };
    return { certainty: relays.certainty, condition: relays.condition, hops };
  };

  return (session, recipient) => behind(first, session, recipient, []);
}

/** Worst first. */
const order: readonly Followed["certainty"][] = ["open", "unknown", "conditional", "closed"];

function takesFrom({ address, role }: Listener, client: IpAddress): boolean {
  if (role === "submission" || isPrivateDoor(address)) return false;
  return address === null || address.family === client.family;
}

/** The same mail as the next mailer is offered it: from the mailer before, with the recipient as that one writes it. */
function handedOn(session: Session, recipient: Recipient, from: Mailer, address: IpAddress): Session | null {
  if (recipient.kind !== "address") return null;
  return {
    ...session,
    client: { address, name: from.host, reverseName: from.host, authenticated: false, certificate: "none" },
    tls: "none",
    helo: from.host === null ? `[${formatIp(address)}]` : from.host,
    forwardPath: `<${written(recipient.localPart)}@${recipient.domain}>`,
    previousRecipients: [],
    backupMx: false,
  };
}

/** RFC 5321 §4.1.2: a local-part that is no dot-string goes as a quoted string. */
const written = (localPart: string): string =>
  /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/.test(localPart) || localPart.startsWith('"')
    ? localPart
    : `"${localPart.replace(/["\\]/g, "\\$&")}"`;
