/** What a hole is called in Postfix: a row for each, with its severity, why it matters and what to do. */

import { formatIp } from "../../../net/ip.ts";
import { listed } from "../../client-space.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, explained, holePlace } from "../../holes.ts";
import type { Explained, HoleRow, SeenHole } from "../../product.ts";

const at = ({ hole }: SeenHole): string => `${hole.listener.name} (port ${hole.listener.port})`;

const guard = "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination";

/** What each tag means. */
export const rows = {
  PFX_NET_ANY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: every client${onlyFamily(seen)} counts as one of mynetworks and may send anywhere.`,
    why: "mynetworks names those who may relay. It holds the whole Internet.",
    remedy: "List only your own networks in mynetworks, and loopback.",
  },
  PFX_NET_WIDE: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients in ${listed(seen.hole.clients)} may send anywhere.`,
    why: "Public addresses that are not yours belong to strangers, who may relay.",
    remedy: "Narrow mynetworks to your own networks. The private block is 172.16.0.0/12, not 172.0.0.0/8.",
  },
  PFX_NET_PRIV: {
    severity: "high",
    says: (seen) => `${at(seen)}: private addresses that are not known to be yours may send anywhere.`,
    why: "Behind a NAT, a proxy or a container bridge strangers appear with a private address; so do neighbours of the same provider. Over IPv6 this often differs from IPv4.",
    remedy:
      "List only the fixed addresses of your own clients, or let them log in; keep the client's address visible to the mailer.",
  },
  PFX_NET_NAME: {
    severity: "medium",
    says: (seen) => `${at(seen)}: clients are trusted by their name in DNS (${seen.hole.session.client.name ?? ""}).`,
    why: "Whoever controls the DNS of a name decides which address has it.",
    remedy: "Trust addresses, not names.",
  },
  PFX_RELAY_PERMIT: {
    severity: "critical",
    says: (seen) => `${at(seen)}: "${seen.rule}" permits before anything refuses recipients outside.`,
    why: "A bare permit ends the list that should have refused relaying.",
    remedy: "Put reject_unauth_destination before it, or take it out.",
  },
  PFX_RELAY_EMPTY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: no restriction refuses recipients outside.`,
    why: "Without reject_unauth_destination or defer_unauth_destination in smtpd_relay_restrictions (or, where that is empty, in smtpd_recipient_restrictions) Postfix takes mail from anyone to anywhere.",
    remedy: `Set smtpd_relay_restrictions = ${guard}.`,
  },
  PFX_SENDER_OK: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever claims the sender ${seen.hole.session.reversePath} may send anywhere.`,
    why: "Anyone can type any sender address. A check of it must never permit before recipients outside are refused.",
    remedy: "Change OK to DUNNO, or move the check below reject_unauth_destination.",
  },
  PFX_HELO_OK: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever says HELO ${seen.hole.session.helo} may send anywhere.`,
    why: "Anyone can say any HELO name.",
    remedy: "Change OK to DUNNO, or move the check below reject_unauth_destination.",
  },
  PFX_RCPT_OK: {
    severity: "high",
    says: (seen) => `${at(seen)}: strangers may send to recipients such as ${seen.hole.session.forwardPath}.`,
    why: "A recipient table says OK to addresses that are not yours.",
    remedy: "List only addresses and domains of your own, anchor patterns (^…$) and escape their dots.",
  },
  PFX_COMBINATION: {
    severity: "high",
    says: (seen) =>
      `${at(seen)}: a stranger with sender ${seen.hole.session.reversePath} and HELO ${seen.hole.session.helo} may send to ${seen.hole.session.forwardPath}.`,
    why: "Together these words, which anyone can say, pass all restrictions.",
    remedy: `Put reject_unauth_destination before every check of sender, HELO or recipient that can say OK.`,
  },
  PFX_WARNIF: {
    severity: "critical",
    says: (seen) => `${at(seen)}: what should refuse recipients outside only warns.`,
    why: "warn_if_reject logs what would have been refused, and lets it through.",
    remedy: "Take warn_if_reject out.",
  },
  PFX_RELAYDOM_WILD: {
    severity: "critical",
    says: (seen) =>
      `${at(seen)}: domains of others, such as that of ${seen.hole.session.forwardPath}, count as relay_domains.`,
    why: "Mail for relay_domains is passed on for anybody. A pattern or a parent domain covers domains that are not yours.",
    remedy: "List your domains one by one, or anchor the pattern and escape its dots.",
  },
  PFX_DEST_WILD: {
    severity: "high",
    says: (seen) => `${at(seen)}: mail for domains of others, such as ${seen.hole.session.forwardPath}, is taken in.`,
    why: "What is taken in for others must be bounced to senders that are forged, or is lost.",
    remedy: "List your domains one by one in mydestination and virtual_…_domains.",
  },
  PFX_MXBACKUP: {
    severity: "medium",
    says: (seen) => `${at(seen)}: any domain that names this mailer as a later MX gets its mail relayed.`,
    why: "The DNS of a domain is written by its owner, who may be anybody.",
    remedy: "List the domains you are backup for in relay_domains, and take permit_mx_backup out.",
  },
  PFX_ROUTE: {
    severity: "medium",
    says: (seen) =>
      `${at(seen)}: local-parts that carry a further destination, as in ${seen.hole.session.forwardPath}, are passed on as they are.`,
    why: "The mailer behind trusts this one. If it acts on the routing, both together relay for strangers.",
    remedy:
      "Remove allow_untrusted_routing = yes and resolve_dequoted_address = no, and refuse such local-parts at the mailer behind.",
  },
  PFX_MAP_COPY: {
    severity: "high",
    says: (seen) =>
      `${at(seen)}: an address map copies the destination out of the recipient: ${seen.hole.session.forwardPath} goes elsewhere.`,
    why: "Whoever writes the address chooses where the message goes.",
    remedy: "Remove the line, or let its result name fixed addresses only.",
  },
  PFX_CERT_ANY: {
    severity: "high",
    says: (seen) => `${at(seen)}: any valid client certificate is enough to send anywhere.`,
    why: "Where the system's authorities are trusted, anybody can get such a certificate.",
    remedy: "Use permit_tls_clientcerts with the fingerprints of your clients.",
  },
  PFX_XCLIENT: {
    severity: "critical",
    says: (seen) => `${at(seen)}: strangers may claim by XCLIENT to be a trusted client.`,
    why: "smtpd_authorized_xclient_hosts names those whose word about the client is believed.",
    remedy: "List only the addresses of your own proxies.",
  },
  PFX_PROXYPROTO: {
    severity: "critical",
    says: (seen) => `${at(seen)}: whoever connects may claim by the PROXY protocol to be a trusted client.`,
    why: "Postfix has no list of proxies it believes: whoever reaches the port is believed.",
    remedy: "Bind the port to an inner address, and let the packet filter admit only the proxy.",
  },
  PFX_OTHER: {
    severity: "high",
    says: (seen) => `${at(seen)}: "${seen.rule}" lets strangers send to strangers.`,
    why: "A stranger's mail to a stranger passes all restrictions.",
    remedy: `Put reject_unauth_destination before it.`,
  },
  PFX_UNKNOWN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: whether strangers can relay cannot be told: ${seen.hole.condition}.`,
    why: "What is not in the files decides.",
    remedy: `Put reject_unauth_destination before what cannot be read, or run \`fencepost check\` against the mailer.`,
  },
} as const satisfies Record<string, HoleRow>;

type PostfixTag = keyof typeof rows;

export function explainHole(hole: Hole): Explained {
  const tag = tagOf(hole);
  return explained(hole, tag, rows[tag], holePlace(hole));
}

function tagOf(hole: Hole): PostfixTag {
  if (hole.certainty === "unknown") return "PFX_UNKNOWN";
  const rule = decidingRule(hole)?.rule ?? "";
  switch (hole.kind) {
    case "network":
      return hole.certainty === "conditional" && hole.condition.startsWith("unless strangers")
        ? "PFX_NET_PRIV"
        : "PFX_NET_WIDE";
    case "everyone":
      if (rule === "permit_mynetworks") return "PFX_NET_ANY";
      if (/^permit$/.test(rule)) return "PFX_RELAY_PERMIT";
      if (rule === "")
        return hole.decision.recipient.kind === "address" && hole.decision.recipient.end === "listed"
          ? "PFX_RELAYDOM_WILD"
          : warned(hole)
            ? "PFX_WARNIF"
            : "PFX_RELAY_EMPTY";
      return /recipient_access/.test(rule) ? "PFX_RCPT_OK" : "PFX_OTHER";
    case "recipient":
    case "routing":
      return rule === "" ? "PFX_RELAYDOM_WILD" : "PFX_RCPT_OK";
    case "sender":
      return "PFX_SENDER_OK";
    case "helo":
      return "PFX_HELO_OK";
    case "copied-destination":
      return "PFX_MAP_COPY";
    case "passed-on":
      return "PFX_ROUTE";
    case "swallowed":
      return "PFX_DEST_WILD";
    case "certificate":
      return "PFX_CERT_ANY";
    case "client-name":
      return "PFX_NET_NAME";
    case "backup-mx":
      return rule.startsWith("permit_mx_backup") ? "PFX_MXBACKUP" : "PFX_RCPT_OK";
    case "impersonation":
      return hole.listener.impersonators?.by === "proxy" ? "PFX_PROXYPROTO" : "PFX_XCLIENT";
    case "combination":
      return "PFX_COMBINATION";
  }
}

/** A refusal was there, but only as a warning. */
function warned({ decision }: Hole): boolean {
  return decision.trace.some(
    ({ result, program }) => (result === "refuse" || result === "defer") && /recipient|relay/.test(program),
  );
}

function onlyFamily({ hole }: SeenHole): string {
  const families = new Set(hole.clients.ranges.map(({ family }) => family));
  if (families.size !== 1) return "";
  return families.has(6)
    ? " over IPv6"
    : hole.clients.ranges.length === 0
      ? ` such as ${formatIp(hole.session.client.address)}`
      : " over IPv4";
}
