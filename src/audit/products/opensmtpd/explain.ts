/** What a hole is called in OpenSMTPD: a row for each, with its severity, why it matters and what to do. */

import { listed } from "../../client-space.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, explained, holePlace } from "../../holes.ts";
import type { Explained, HoleRow, SeenHole } from "../../product.ts";

const at = ({ hole }: SeenHole): string => hole.listener.name;
const right = 'match from local for any action "outbound", and match auth from any for any action "outbound"';

/** What each tag means. */
export const rows = {
  OSD_ANYANY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: everybody may send anywhere ("${seen.rule}").`,
    why: "The first rule that matches decides, and this one takes every client and every recipient.",
    remedy: `Say whom it is for: ${right}.`,
  },
  OSD_NEGATED: {
    severity: "critical",
    says: (seen) => `${at(seen)}: all but a few may send anywhere ("${seen.rule}").`,
    why: "A criterion behind ! matches all that is not named, which is the rest of the Internet.",
    remedy: `Name those who may, not those who may not: ${right}.`,
  },
  OSD_NOAUTH: {
    severity: "critical",
    says: (seen) => `${at(seen)}: whoever does not log in may send anywhere as well ("${seen.rule}").`,
    why: "auth-optional lets clients go on without a login; only auth in the rule asks for one.",
    remedy: "Add auth to the rule, or write auth in place of auth-optional at the listener.",
  },
  OSD_SRC_WIDE: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients in ${listed(seen.hole.clients)} may send anywhere.`,
    why: "Public addresses that are not yours belong to strangers, who may relay.",
    remedy: "Narrow the addresses behind from src to your own networks.",
  },
  OSD_SRC_PRIVATE: {
    severity: "high",
    says: (seen) => `${at(seen)}: private addresses that are not known to be yours may send anywhere.`,
    why: "Behind a NAT, a proxy or a container bridge strangers appear with a private address; so do neighbours of the same provider.",
    remedy: "List only the fixed addresses of your own clients, or let them log in.",
  },
  OSD_MAILFROM: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever claims the sender ${seen.hole.session.reversePath} may send anywhere.`,
    why: "Anyone can type any sender address. from mail-from is no source: it takes every client.",
    remedy: `Let the rule go by auth or by from src: ${right}.`,
  },
  OSD_HELO: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever says HELO ${seen.hole.session.helo} may send anywhere.`,
    why: "Anyone can say any HELO name.",
    remedy: "Take the rule out, or let it go by auth or by from src.",
  },
  OSD_RDNS: {
    severity: "high",
    says: (seen) =>
      `${at(seen)}: clients that reverse DNS calls ${seen.hole.session.client.reverseName ?? ""} may send anywhere.`,
    why: "smtpd takes the reverse name as it is, unconfirmed: whoever owns an address can give it any name.",
    remedy: "Go by addresses (from src) or by a login (auth), not by names.",
  },
  OSD_DOMAIN: {
    severity: "critical",
    says: (seen) => `${at(seen)}: mail to domains of others, as in ${seen.hole.session.forwardPath}, is passed on.`,
    why: "The domains of the rule cover more than yours: a pattern is not anchored, its dots are wild, or a star stands for too much.",
    remedy: "List your domains one by one; anchor patterns with ^ and $ and write dots as \\.",
  },
  OSD_RCPT: {
    severity: "high",
    says: (seen) => `${at(seen)}: strangers may send to recipients such as ${seen.hole.session.forwardPath}.`,
    why: "A rule goes by the name of the recipient, or by a pattern that covers domains of others.",
    remedy: "Write addresses with their domain, and anchor patterns.",
  },
  OSD_PASS_ON: {
    severity: "medium",
    says: (seen) =>
      `${at(seen)}: local-parts that carry a further destination, as in ${seen.hole.session.forwardPath}, are passed on.`,
    why: "The mailer behind trusts this one. If it acts on the routing, both together relay for strangers.",
    remedy: 'Refuse them first: match from any for rcpt-to regex "[%!].*@" reject',
  },
  OSD_CATCH_ALL: {
    severity: "high",
    says: (seen) => `${at(seen)}: mail for domains of others, such as ${seen.hole.session.forwardPath}, is taken in.`,
    why: "What is taken in for others is lost, or bounced to senders that are forged.",
    remedy: "Name your domains in the rule: for domain <domains>, not for any.",
  },
  OSD_CERTIFICATE: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever shows a certificate of a public authority may send anywhere.`,
    why: "Anyone can get a certificate. It does not tell who it is.",
    remedy: "Ask for a login (auth), or name an authority of your own (ca).",
  },
  OSD_PROXY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: strangers may claim by the PROXY protocol to be a trusted client.`,
    why: "proxy-v2 believes whoever connects. smtpd has no list of proxies.",
    remedy: "Let the listener be reached by your proxy alone: bind it to an inner address, and filter its port.",
  },
  OSD_COMBINATION: {
    severity: "high",
    says: ({ hole, rule }) =>
      `${hole.listener.name}: a stranger with sender ${hole.session.reversePath} and HELO ${hole.session.helo} may send to ${hole.session.forwardPath} ("${rule}").`,
    why: "Together these words, which anyone can say, match the rule.",
    remedy: `Let the rule go by auth or by from src: ${right}.`,
  },
  OSD_UNKNOWN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: whether strangers can relay cannot be told: ${seen.hole.condition}.`,
    why: "What is not in the files decides.",
    remedy:
      "Put what refuses strangers before it, or run `fencepost check` against the mailer; smtpd -d -T rules shows which rule matched.",
  },
} as const satisfies Record<string, HoleRow>;

type OpensmtpdTag = keyof typeof rows;

export function explainHole(hole: Hole): Explained {
  const tag = tagOf(hole);
  return explained(hole, tag, rows[tag], opensmtpdPlace(hole));
}

/** The rule that let it through, wherever the domain stands. */
export function opensmtpdPlace(hole: Hole): Explained["where"] {
  if (hole.kind === "impersonation" || hole.certainty === "unknown") return holePlace(hole);
  return decidingRule(hole)?.where ?? holePlace(hole);
}

function tagOf(hole: Hole): OpensmtpdTag {
  if (hole.certainty === "unknown") return "OSD_UNKNOWN";
  const rule = decidingRule(hole)?.rule ?? "";
  const { recipient } = hole.decision;
  const byDomain = recipient.kind === "address" && recipient.end === "listed";
  switch (hole.kind) {
    case "everyone":
      return byDomain ? "OSD_DOMAIN" : ofEveryone(hole, rule);
    case "network":
      return hole.condition.startsWith("unless strangers") ? "OSD_SRC_PRIVATE" : "OSD_SRC_WIDE";
    case "sender":
      return "OSD_MAILFROM";
    case "helo":
      return "OSD_HELO";
    case "recipient":
    case "routing":
    case "backup-mx":
      return byDomain && !/\brcpt-to\b|\brecipient\b/.test(rule) ? "OSD_DOMAIN" : "OSD_RCPT";
    case "passed-on":
    case "copied-destination":
      return "OSD_PASS_ON";
    case "swallowed":
      return "OSD_CATCH_ALL";
    case "certificate":
      return "OSD_CERTIFICATE";
    case "client-name":
      return "OSD_RDNS";
    case "impersonation":
      return "OSD_PROXY";
    case "combination":
      return "OSD_COMBINATION";
  }
}

function ofEveryone(hole: Hole, rule: string): OpensmtpdTag {
  if (/!/.test(rule)) return "OSD_NEGATED";
  if (/\bsrc\b|\bsource\b/.test(rule)) return "OSD_SRC_WIDE";
  return hole.listener.offersAuth === "yes" && hole.listener.role === "submission" ? "OSD_NOAUTH" : "OSD_ANYANY";
}
