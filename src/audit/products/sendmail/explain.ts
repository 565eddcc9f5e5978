/** What a hole is called in Sendmail: a row for each, with its severity, why it matters and what to do. */

import { listed } from "../../client-space.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, explained, holePlace } from "../../holes.ts";
import type { Explained, HoleRow, SeenHole } from "../../product.ts";

const at = ({ hole }: SeenHole): string => hole.listener.name;
const rebuild = "Then rebuild sendmail.cf (make -C /etc/mail) and restart sendmail.";
const remap = "Then run makemap hash access < access.";

/** What each tag means. */
export const rows = {
  SM_PROMISCUOUS: {
    severity: "critical",
    says: (seen) => `${at(seen)}: every client may send anywhere; nothing refuses recipients outside.`,
    why: "FEATURE(promiscuous_relay), or a rewritten check_rcpt, leaves out the check that a client or recipient is yours.",
    remedy: `Take FEATURE(\`promiscuous_relay') out of sendmail.mc. ${rebuild}`,
  },
  SM_DEFERRED: {
    severity: "critical",
    says: (seen) => `${at(seen)}: every client may send anywhere: mail is taken for deferred delivery.`,
    why: "In the delivery mode `deferred` the rulesets check_relay, check_mail and check_rcpt return at once.",
    remedy: `Set confDELIVERY_MODE to background or queueonly. ${rebuild}`,
  },
  SM_NET_ANY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: every client may send anywhere ("${seen.rule}").`,
    why: "What may relay covers the whole Internet, of one address family at least.",
    remedy: "List only your own networks, as Connect: entries of the access map.",
  },
  SM_NET_WIDE: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients in ${listed(seen.hole.clients)} may send anywhere ("${seen.rule}").`,
    why: "An entry covers every address that begins with its parts: 198 is 198.0.0.0/8. Addresses that are not yours belong to strangers.",
    remedy: `Write your own networks out, down to the part that is yours. ${remap}`,
  },
  SM_NET_PRIV: {
    severity: "high",
    says: (seen) => `${at(seen)}: private addresses that are not known to be yours may send anywhere ("${seen.rule}").`,
    why: "Behind a NAT, a proxy or a container bridge strangers appear with a private address; so do neighbours of the same provider.",
    remedy: `Name only the fixed addresses of your own clients, or let them log in. ${remap}`,
  },
  SM_RELAY_DOMAIN: {
    severity: "critical",
    says: (seen) =>
      `${at(seen)}: mail for domains of others, as ${seen.hole.session.forwardPath}, is relayed ("${seen.rule}").`,
    why: "A domain in class R (relay-domains) stands for all names below it, and for clients with such names as well as for recipients.",
    remedy: "List your own domains one by one; FEATURE(`relay_hosts_only') makes the names exact.",
  },
  SM_ACCESS_DOMAIN: {
    severity: "critical",
    says: (seen) =>
      `${at(seen)}: mail for domains of others, as ${seen.hole.session.forwardPath}, is relayed ("${seen.rule}").`,
    why: "A domain with RELAY in the access map stands for all names below it; without a tag for clients of such names too.",
    remedy: `Take the entry out, or write To: and your own domain. ${remap}`,
  },
  SM_CLIENT_NAME: {
    severity: "high",
    says: (seen) =>
      `${at(seen)}: clients named ${seen.hole.session.client.name ?? ""} in DNS may send anywhere ("${seen.rule}").`,
    why: "Class R and untagged entries of the access map are for both directions: who has a host name below the domain may relay. A provider gives such names to all its customers.",
    remedy: `Write To:DOMAIN RELAY in the access map in place of the name in relay-domains, and trust clients by address. ${remap}`,
  },
  SM_LOCAL_FROM: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever claims the sender ${seen.hole.session.reversePath} may send anywhere.`,
    why: "FEATURE(relay_local_from) believes the sender's address, which anyone can type.",
    remedy: `Take FEATURE(\`relay_local_from') out, and let your users log in. ${rebuild}`,
  },
  SM_MAIL_FROM: {
    severity: "high",
    says: (seen) =>
      `${at(seen)}: whoever claims the sender ${seen.hole.session.reversePath} may send anywhere ("${seen.rule}").`,
    why: "FEATURE(relay_mail_from) with a From: entry believes the sender's address, which anyone can type.",
    remedy: `Take the entry or FEATURE(\`relay_mail_from') out, and let your users log in. ${remap}`,
  },
  SM_LOCAL_RULE: {
    severity: "high",
    says: (seen) => `${at(seen)}: a rule of its own lets strangers send anywhere ("${seen.rule}"): ${said(seen)}.`,
    why: "What Local_check_rcpt and its like answer with $# ends all checks; HELO names, senders and recipients are whatever a client says.",
    remedy: `Take the rule out. ${rebuild}`,
  },
  SM_ENTIRE_DOMAIN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: every host of your domain, by its name, may send anywhere, and everyone to it.`,
    why: "FEATURE(relay_entire_domain) goes by class m and the DNS.",
    remedy: `Name your networks in the access map instead. ${rebuild}`,
  },
  SM_MX: {
    severity: "medium",
    says: (seen) => `${at(seen)}: any domain that names this mailer in an MX record gets its mail relayed.`,
    why: "FEATURE(relay_based_on_MX) believes the DNS of the recipient's domain, which its owner writes.",
    remedy: `List the domains you are backup for (To:DOMAIN RELAY), and take the feature out. ${rebuild}`,
  },
  SM_PASS_ON: {
    severity: "medium",
    says: (seen) =>
      `${at(seen)}: local parts that carry a further destination, as in ${seen.hole.session.forwardPath}, are passed on.`,
    why: "FEATURE(loose_relay_check), or a rule, lets user%host through. The mailer behind trusts this one; if it acts on the routing, both together relay for strangers.",
    remedy: `Take FEATURE(\`loose_relay_check') out. ${rebuild}`,
  },
  SM_ROUTE: {
    severity: "high",
    says: (seen) => `${at(seen)}: strangers may send to ${seen.hole.session.forwardPath} ("${seen.rule}").`,
    why: "The route in the address is followed after the check.",
    remedy: `Take FEATURE(\`loose_relay_check') and rules of your own for such addresses out. ${rebuild}`,
  },
  SM_MAP_COPY: {
    severity: "high",
    says: (seen) =>
      `${at(seen)}: the virtual user table sends ${seen.hole.session.forwardPath} to the destination written in it.`,
    why: "An entry with %1 behind the @, or without one, lets whoever writes the address choose where it goes, after the relay check.",
    remedy: "Let the entry name a fixed domain: %1@DOMAIN. Then run makemap hash virtusertable < virtusertable.",
  },
  SM_AUTH_ANY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: a login without a password (ANONYMOUS) may send anywhere.`,
    why: "TRUST_AUTH_MECH names a mechanism that anyone can use.",
    remedy: `Take it out of TRUST_AUTH_MECH and confAUTH_MECHANISMS. ${rebuild}`,
  },
  SM_CERT_ANY: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients with a certificate of a public authority may send anywhere ("${seen.rule}").`,
    why: "Anyone can get such a certificate. EXTERNAL in TRUST_AUTH_MECH, or a CERTISSUER: entry, believes its issuer alone.",
    remedy: "Let confCACERT hold your own authority only, or name subjects (CERTSUBJECT:).",
  },
  SM_DEST_WILD: {
    severity: "high",
    says: (seen) => `${at(seen)}: mail for domains of others, such as ${seen.hole.session.forwardPath}, is taken in.`,
    why: "What is taken in for others must be bounced to senders that are forged, or is lost.",
    remedy: "List your domains one by one in local-host-names and VIRTUSER_DOMAIN.",
  },
  SM_COMBINATION: {
    severity: "high",
    says: (seen) => `${at(seen)}: ${said(seen)} is relayed ("${seen.rule}").`,
    why: "Together these words, which anyone can say, pass the checks.",
    remedy: `Take the rule or entry out. ${rebuild}`,
  },
  SM_UNKNOWN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: whether strangers can relay cannot be told: ${seen.hole.condition}.`,
    why: "What is not in the files decides.",
    remedy: "Give the audit sendmail.cf with the files that it names, or run `fencepost check` against the mailer.",
  },
} as const satisfies Record<string, HoleRow>;

export type SendmailTag = keyof typeof rows;

function said({ hole: { session } }: SeenHole): string {
  return `HELO ${session.helo}, sender ${session.reversePath}, recipient ${session.forwardPath}`;
}

export function explainHole(hole: Hole): Explained {
  const tag = tagOf(hole);
  return explained(hole, tag, rows[tag], holePlace(hole));
}

/** Rulesets that the packaged macros make: what they say is not a rule of the owner's. */
const packagedRule = /^(?:relay_ok|rcpt_ok|basic_check_rcpt|check_rcpt|checkrcpt|relaytls|parserecipient)\b/i;

export function tagOf(hole: Hole): SendmailTag {
  if (hole.certainty === "unknown") return "SM_UNKNOWN";
  const rule = decidingRule(hole)?.rule ?? "";
  switch (hole.kind) {
    case "copied-destination":
      return "SM_MAP_COPY";
    case "passed-on":
      return "SM_PASS_ON";
    case "swallowed":
      return "SM_DEST_WILD";
    case "certificate":
      return "SM_CERT_ANY";
    case "backup-mx":
      return "SM_MX";
    default:
  }
  if (/ refuses nothing$/.test(rule)) return "SM_PROMISCUOUS";
  if (/DeliveryMode=/.test(rule)) return "SM_DEFERRED";
  if (/^class TrustAuthMech: /.test(rule)) return /anonymous/i.test(rule) ? "SM_AUTH_ANY" : "SM_CERT_ANY";
  const byTable = /^access: |^class R: /.test(rule);
  if (!byTable && /relay_entire_domain|\$=m/.test(rule)) return "SM_ENTIRE_DOMAIN";
  if (!byTable && !packagedRule.test(rule)) return "SM_LOCAL_RULE";
  switch (hole.kind) {
    case "everyone":
      return ofEveryone(hole, rule);
    case "network":
      return hole.condition.startsWith("unless strangers") ? "SM_NET_PRIV" : "SM_NET_WIDE";
    case "sender":
      return rule.startsWith("access: ") ? "SM_MAIL_FROM" : "SM_LOCAL_FROM";
    case "client-name":
      return "SM_CLIENT_NAME";
    case "recipient":
      return rule.startsWith("access: ") ? "SM_ACCESS_DOMAIN" : "SM_RELAY_DOMAIN";
    case "routing":
      return "SM_ROUTE";
    default:
      return "SM_COMBINATION";
  }
}

/** An entry for clients, or one for the domain that was written to. */
function ofEveryone(hole: Hole, rule: string): SendmailTag {
  const { recipient } = hole.decision;
  if (recipient.kind === "address" && recipient.end === "listed")
    return rule.startsWith("access: ") ? "SM_ACCESS_DOMAIN" : "SM_RELAY_DOMAIN";
  return "SM_NET_ANY";
}
