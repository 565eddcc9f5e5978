/** What a hole is called in Courier: a row for each, with its severity, why it matters and what to do. */

import { listed } from "../../client-space.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, explained, holePlace } from "../../holes.ts";
import type { Explained, HoleRow, SeenHole } from "../../product.ts";

const at = ({ hole }: SeenHole): string => hole.listener.name;

/** What each tag means. */
export const rows = {
  COU_RELAYCLIENT_ALL: {
    severity: "critical",
    says: (seen) => `${at(seen)}: everybody may send anywhere ("${seen.rule}").`,
    why: "Whoever has RELAYCLIENT in the environment of the session relays, even if it is empty. Set in esmtpd or for * it is there for all.",
    remedy: "Take it out, and set RELAYCLIENT in smtpaccess for your own networks only.",
  },
  COU_RELAYCLIENT_WIDE: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients in ${listed(seen.hole.clients)} may send anywhere ("${seen.rule}").`,
    why: "An entry covers every address that begins with it. These are not yours.",
    remedy: "Write longer prefixes, and run makesmtpaccess.",
  },
  COU_RELAYCLIENT_PRIVATE: {
    severity: "high",
    says: (seen) => `${at(seen)}: private addresses that are not known to be yours may send anywhere.`,
    why: "The packaged file trusts 10 and 192.168. Behind a NAT, a proxy or a container bridge strangers appear with such an address; so do neighbours of the same provider.",
    remedy: "List only the fixed addresses of your own clients, or let them log in.",
  },
  COU_ACCEPT_WIDE: {
    severity: "critical",
    says: (seen) => `${at(seen)}: mail for domains of others, as in ${seen.hole.session.forwardPath}, is passed on.`,
    why: "esmtpacceptmailfor names a domain that is not yours alone. A name that begins with a dot covers everything below.",
    remedy: "List your domains one by one, and run makeacceptmailfor.",
  },
  COU_PERCENT: {
    severity: "high",
    says: (seen) => `${at(seen)}: ${seen.hole.session.forwardPath} is unfolded and sent outside.`,
    why: "For hosts in esmtppercentrelay, user%host at one of your domains becomes user@host after the relay check.",
    remedy: "Empty esmtppercentrelay, and run makepercentrelay.",
  },
  COU_PASS_ON: {
    severity: "medium",
    says: (seen) =>
      `${at(seen)}: local-parts that carry a further destination, as in ${seen.hole.session.forwardPath}, are passed on.`,
    why: "The mailer behind trusts this one. If it acts on the routing, both together relay for strangers.",
    remedy: "Let the mailer behind refuse % and ! in local-parts.",
  },
  COU_SWALLOWED: {
    severity: "high",
    says: (seen) => `${at(seen)}: mail for domains of others, such as ${seen.hole.session.forwardPath}, is taken in.`,
    why: "What is taken in for others is lost, or bounced to senders that are forged.",
    remedy: "List your domains one by one in locals and hosteddomains.",
  },
  COU_OTHER: {
    severity: "high",
    says: (seen) => `${at(seen)}: a stranger may send to ${seen.hole.session.forwardPath} ("${seen.rule}").`,
    why: "What this session says, anyone can say.",
    remedy: "Let only smtpaccess and logins decide who relays.",
  },
  COU_UNKNOWN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: whether strangers can relay cannot be told: ${seen.hole.condition}.`,
    why: "What is not in the files decides.",
    remedy: "Write plain settings, or run `fencepost check` against the mailer.",
  },
} as const satisfies Record<string, HoleRow>;

type CourierTag = keyof typeof rows;

export function explainHole(hole: Hole): Explained {
  const tag = tagOf(hole);
  return explained(hole, tag, rows[tag], courierPlace(hole, tag));
}

/** The line of the list, where a domain is at fault. */
export function courierPlace(hole: Hole, tag: CourierTag = tagOf(hole)): Explained["where"] {
  const { recipient } = hole.decision;
  const ofList = tag === "COU_ACCEPT_WIDE" || tag === "COU_PASS_ON" || tag === "COU_SWALLOWED";
  return (ofList && recipient.kind === "address" ? recipient.where : null) ?? holePlace(hole);
}

function tagOf(hole: Hole): CourierTag {
  if (hole.certainty === "unknown") return "COU_UNKNOWN";
  const rule = decidingRule(hole)?.rule ?? "";
  if (hole.kind === "copied-destination") return "COU_PERCENT";
  if (hole.kind === "passed-on") return "COU_PASS_ON";
  if (hole.kind === "swallowed") return "COU_SWALLOWED";
  if (rule.startsWith("RELAYCLIENT") || rule.startsWith("smtpaccess *")) return "COU_RELAYCLIENT_ALL";
  if (rule.startsWith("smtpaccess"))
    return hole.condition.startsWith("unless strangers") ? "COU_RELAYCLIENT_PRIVATE" : "COU_RELAYCLIENT_WIDE";
  return rule === "esmtpacceptmailfor" ? "COU_ACCEPT_WIDE" : "COU_OTHER";
}
