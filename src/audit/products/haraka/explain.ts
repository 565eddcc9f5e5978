/** What a hole is called in Haraka: a row for each, with its severity, why it matters and what to do. */

import { listed } from "../../client-space.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, explained, holePlace } from "../../holes.ts";
import type { Explained, HoleRow, SeenHole } from "../../product.ts";

const at = ({ hole }: SeenHole): string => hole.listener.name;

/** What each tag means. */
export const rows = {
  HAR_ALL: {
    severity: "critical",
    says: (seen) => `${at(seen)}: every recipient is accepted (all=true in relay.ini).`,
    why: "With all=true the relay plugin says OK to every recipient of everybody.",
    remedy: "Take all=true out; list your own networks in relay_acl_allow, and let others log in.",
  },
  HAR_ACL_WIDE: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients in ${listed(seen.hole.clients)} may send anywhere.`,
    why: "Whoever comes from an address in relay_acl_allow relays; these are not yours.",
    remedy: "Narrow relay_acl_allow to your own networks.",
  },
  HAR_ACL_LENGTH: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients in ${listed(seen.hole.clients)} may send anywhere ("${seen.rule}").`,
    why: "An IPv6 address without a prefix length is read as a /32, which holds 65536 networks of sites.",
    remedy: "Write the prefix length: /128 for one address.",
  },
  HAR_ACL_PRIVATE: {
    severity: "high",
    says: (seen) => `${at(seen)}: private addresses that are not known to be yours may send anywhere.`,
    why: "Behind a NAT, a proxy or a container bridge strangers appear with a private address; so do neighbours of the same provider.",
    remedy: "List only the fixed addresses of your own clients, or let them log in.",
  },
  HAR_STATE: {
    severity: "high",
    says: (seen) =>
      `${at(seen)}: behind ${seen.hole.session.previousRecipients[0] ?? "a listed recipient"} any recipient is accepted in the same transaction.`,
    why: "The relay plugin marks the whole transaction as relaying when it meets a domain of relay_dest_domains.ini with the action accept or continue.",
    remedy:
      "Take these domains out of relay_dest_domains.ini and put them into host_list, before the relay plugin; or switch dest_domains off.",
  },
  HAR_DOMAIN: {
    severity: "critical",
    says: (seen) => `${at(seen)}: domains of others, as in ${seen.hole.session.forwardPath}, count as yours.`,
    why: "Mail for them is accepted from anybody and handed on. A pattern covers domains that are not yours.",
    remedy:
      "List your domains in host_list; write dots in host_list_regex as \\. and begin with nothing that matches anything.",
  },
  HAR_SWALLOWED: {
    severity: "high",
    says: (seen) => `${at(seen)}: mail for domains of others, such as ${seen.hole.session.forwardPath}, is taken in.`,
    why: "What is taken in for others is lost, or bounced to senders that are forged.",
    remedy: "List your domains in host_list one by one.",
  },
  HAR_AUTH_ANY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: a login with any name and password is believed ("${seen.rule}").`,
    why: "Whoever logs in may send anywhere.",
    remedy: "Let the plugin check the password.",
  },
  HAR_PASS_ON: {
    severity: "medium",
    says: (seen) =>
      `${at(seen)}: local-parts that carry a further destination, as in ${seen.hole.session.forwardPath}, are passed on.`,
    why: "The mailer behind trusts this one. If it acts on the routing, both together relay for strangers.",
    remedy: "Let the mailer behind refuse %, ! and quoted local-parts, or do so here in a hook for recipients.",
  },
  HAR_PROXY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: strangers may claim to be a trusted client.`,
    why: "Hosts of connection.ini [haproxy] and of xclient.hosts are believed whatever they say about the client.",
    remedy: "List only the addresses of your own proxies.",
  },
  HAR_OTHER: {
    severity: "high",
    says: (seen) => `${at(seen)}: a stranger may send to ${seen.hole.session.forwardPath} ("${seen.rule}").`,
    why: "Together these words, which anyone can say, pass the hooks.",
    remedy: "Let only relay_acl_allow and logins decide who relays.",
  },
  HAR_UNKNOWN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: whether strangers can relay cannot be told: ${seen.hole.condition}.`,
    why: "A plugin may mark any session as relaying, or accept any recipient.",
    remedy:
      "Look into the plugin for connection.relaying and for OK in hooks for recipients, or run `fencepost check` against the mailer.",
  },
} as const satisfies Record<string, HoleRow>;

type HarakaTag = keyof typeof rows;

export function explainHole(hole: Hole): Explained {
  const tag = tagOf(hole);
  return explained(hole, tag, rows[tag], harakaPlace(hole, tag));
}

/** The line of the list, where a domain is at fault. */
export function harakaPlace(hole: Hole, tag: HarakaTag = tagOf(hole)): Explained["where"] {
  const { recipient } = hole.decision;
  const ofList = tag === "HAR_DOMAIN" || tag === "HAR_SWALLOWED" || tag === "HAR_PASS_ON";
  return (ofList && recipient.kind === "address" ? recipient.where : null) ?? holePlace(hole);
}

function tagOf(hole: Hole): HarakaTag {
  if (hole.certainty === "unknown") return "HAR_UNKNOWN";
  const rule = decidingRule(hole)?.rule ?? "";
  if (hole.kind === "impersonation") return "HAR_PROXY";
  if (hole.kind === "passed-on" || hole.kind === "copied-destination") return "HAR_PASS_ON";
  if (hole.kind === "swallowed") return "HAR_SWALLOWED";
  if (rule.startsWith("relay.ini all")) return "HAR_ALL";
  if (rule.startsWith("relay_acl_allow")) return ofAcl(hole, rule);
  if (rule.startsWith("relaying since")) return "HAR_STATE";
  if (rule.endsWith("believes every login")) return "HAR_AUTH_ANY";
  return rule === "host_list" || rule.startsWith("smtp_forward.ini") ? "HAR_DOMAIN" : "HAR_OTHER";
}

function ofAcl(hole: Hole, rule: string): HarakaTag {
  if (/:/.test(rule) && !rule.includes("/")) return "HAR_ACL_LENGTH";
  return hole.condition.startsWith("unless strangers") ? "HAR_ACL_PRIVATE" : "HAR_ACL_WIDE";
}
