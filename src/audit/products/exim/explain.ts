/** What a hole is called in Exim: a row for each, with its severity, why it matters and what to do. */

import { listed } from "../../client-space.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, explained, holePlace } from "../../holes.ts";
import type { Explained, HoleRow, SeenHole } from "../../product.ts";

const at = ({ hole }: SeenHole): string => hole.listener.name;
const guard = "require domains = +local_domains : +relay_to_domains";

/** What each tag means. */
export const rows = {
  EXIM_NET_ANY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: every client may send anywhere ("${seen.rule}").`,
    why: "The list of hosts that may relay holds the whole Internet, of one address family at least.",
    remedy: "List only your own networks. In a list parted by colons the colons of IPv6 are doubled; <; spares that.",
  },
  EXIM_NEGTAIL: {
    severity: "critical",
    says: (seen) => `${at(seen)}: a list ends with a negated item, so it holds everything else ("${seen.rule}").`,
    why: "A list whose last item is negated matches all that no item matched.",
    remedy: "Write the items that are meant, without !, and put exceptions before them.",
  },
  EXIM_INCLUDE_UNKNOWN: {
    severity: "critical",
    says: (seen) => `${at(seen)}: clients without a name in DNS may send anywhere ("${seen.rule}").`,
    why: "+include_unknown makes a host without a name match the names that follow.",
    remedy: "Take +include_unknown out, and trust addresses rather than names.",
  },
  EXIM_NET_WIDE: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients in ${listed(seen.hole.clients)} may send anywhere.`,
    why: "Public addresses that are not yours belong to strangers, who may relay.",
    remedy: "Narrow the list of hosts to your own networks. The private block is 172.16.0.0/12, not 172.0.0.0/8.",
  },
  EXIM_NET_PRIV: {
    severity: "high",
    says: (seen) => `${at(seen)}: private addresses that are not known to be yours may send anywhere.`,
    why: "Behind a NAT, a proxy or a container bridge strangers appear with a private address; so do neighbours of the same provider.",
    remedy: "List only the fixed addresses of your own clients, or let them log in.",
  },
  EXIM_RDNS: {
    severity: "high",
    says: (seen) => `${at(seen)}: clients named ${seen.hole.session.client.name ?? ""} in DNS may send anywhere.`,
    why: "Whoever controls the DNS of a name decides which address has it; a pattern without a dot covers names of others.",
    remedy: "Trust addresses, not names.",
  },
  EXIM_DOM_STAR: {
    severity: "critical",
    says: (seen) =>
      `${at(seen)}: domains of others, as in ${seen.hole.session.forwardPath}, count as domains to relay to.`,
    why: "Mail for these domains is passed on for anybody. An item covers domains that are not yours.",
    remedy: "List your domains one by one; *.example.org covers what is below, *example.org covers strangers too.",
  },
  EXIM_FALLTHRU: {
    severity: "critical",
    says: (seen) => `${at(seen)}: "${seen.rule}" accepts recipients outside; nothing before it refuses them.`,
    why: "An ACL that ends in accept needs a statement that refuses foreign domains. warn refuses nothing, and verify = recipient is true of every domain that exists.",
    remedy: `Put "${guard}" before it.`,
  },
  EXIM_CONDITION: {
    severity: "critical",
    says: (seen) => `${at(seen)}: "${seen.rule}" accepts whatever strangers send.`,
    why: "A condition that is always true, or whose expansion is forced to fail (which counts as true), guards nothing.",
    remedy: "Write {no} in place of fail, and accept only what shows that the client is yours.",
  },
  EXIM_AUTH_ANY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: a login with any name and password is believed.`,
    why: "Whoever logs in counts as one of yours and may send anywhere.",
    remedy: "Let server_condition check the password.",
  },
  EXIM_SENDER: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever claims the sender ${seen.hole.session.reversePath} may send anywhere.`,
    why: "Anyone can type any sender address.",
    remedy: "Take the statement out, and let your users log in.",
  },
  EXIM_HELO: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever says HELO ${seen.hole.session.helo} may send anywhere.`,
    why: "Anyone can say any HELO name.",
    remedy: "Take the statement out.",
  },
  EXIM_RCPT: {
    severity: "high",
    says: (seen) => `${at(seen)}: strangers may send to recipients such as ${seen.hole.session.forwardPath}.`,
    why: "A statement accepts recipients by their local part, or by a pattern that covers domains of others.",
    remedy: "Add domains = +local_domains to the statement, and anchor patterns.",
  },
  EXIM_ENCRYPTED: {
    severity: "high",
    says: (seen) => `${at(seen)}: strangers may send anywhere once the session is encrypted ("${seen.rule}").`,
    why: "Anyone can say STARTTLS, and anyone can get a certificate. Neither tells who it is.",
    remedy: "Ask for a login (authenticated = *), not for encryption alone.",
  },
  EXIM_SPF: {
    severity: "high",
    says: (seen) => `${at(seen)}: whoever sends from a domain of his own that passes SPF may send anywhere.`,
    why: "A stranger writes the SPF record of his own domain.",
    remedy: `Put "${guard}" before it.`,
  },
  EXIM_MXANY: {
    severity: "medium",
    says: (seen) => `${at(seen)}: any domain that names this mailer in an MX record gets its mail relayed.`,
    why: "The DNS of a domain is written by its owner, who may be anybody.",
    remedy: "List the domains you are backup for, and take @mx_any and @mx_secondary out.",
  },
  EXIM_MAP_COPY: {
    severity: "high",
    says: (seen) => `${at(seen)}: a router sends ${seen.hole.session.forwardPath} to the destination written in it.`,
    why: "Whoever writes the address chooses where the message goes, after the relay check.",
    remedy: "Take the router out, or let its result name fixed addresses; refuse @, % and ! in local parts.",
  },
  EXIM_PASS_ON: {
    severity: "medium",
    says: (seen) =>
      `${at(seen)}: local parts that carry a further destination, as in ${seen.hole.session.forwardPath}, are passed on.`,
    why: "The mailer behind trusts this one. If it acts on the routing, both together relay for strangers.",
    remedy: "Refuse such local parts: deny local_parts = ^.*[@%!/|]",
  },
  EXIM_DEST_WILD: {
    severity: "high",
    says: (seen) => `${at(seen)}: mail for domains of others, such as ${seen.hole.session.forwardPath}, is taken in.`,
    why: "What is taken in for others must be bounced to senders that are forged, or is lost.",
    remedy: "List your domains one by one in local_domains.",
  },
  EXIM_PROXY: {
    severity: "critical",
    says: (seen) => `${at(seen)}: strangers may claim by the PROXY protocol to be a trusted client.`,
    why: "hosts_proxy names those whose word about the client is believed.",
    remedy: "List only the addresses of your own proxies.",
  },
  EXIM_COMBINATION: {
    severity: "high",
    says: ({ hole, rule }) =>
      `${hole.listener.name}: a stranger with sender ${hole.session.reversePath} and HELO ${hole.session.helo} may send to ${hole.session.forwardPath} ("${rule}").`,
    why: "Together these words, which anyone can say, pass the ACLs.",
    remedy: `Put "${guard}" before every statement that accepts by sender, HELO or recipient.`,
  },
  EXIM_UNKNOWN: {
    severity: "medium",
    says: (seen) => `${at(seen)}: whether strangers can relay cannot be told: ${seen.hole.condition}.`,
    why: "What is not in the files decides.",
    remedy: `Put "${guard}" before what cannot be read, or run \`fencepost check\` against the mailer; exim -bh ADDRESS shows what it would do.`,
  },
} as const satisfies Record<string, HoleRow>;

type EximTag = keyof typeof rows;

export function explainHole(hole: Hole): Explained {
  const tag = tagOf(hole);
  return explained(hole, tag, rows[tag], eximPlace(hole, tag));
}

/** The line of the list, where a list of domains is at fault and not the statement that goes by it. */
export function eximPlace(hole: Hole, tag: EximTag = tagOf(hole)): Hole["listener"]["where"] {
  const { recipient } = hole.decision;
  const ofList = tag === "EXIM_DOM_STAR" || (tag === "EXIM_NEGTAIL" && endsListed(hole)) || tag === "EXIM_DEST_WILD";
  return (ofList && recipient.kind === "address" ? recipient.where : null) ?? holePlace(hole);
}

function endsListed({ decision }: Hole): boolean {
  return decision.recipient.kind === "address" && decision.recipient.end === "listed";
}

function tagOf(hole: Hole): EximTag {
  if (hole.certainty === "unknown") return "EXIM_UNKNOWN";
  const rule = decidingRule(hole)?.rule ?? "";
  const { recipient } = hole.decision;
  const list = recipient.kind === "address" && endsListed(hole) ? (recipient.where?.text ?? "") : "";
  switch (hole.kind) {
    case "everyone":
      return ofEveryone(hole, rule, list);
    case "network":
      return hole.condition.startsWith("unless strangers") ? "EXIM_NET_PRIV" : "EXIM_NET_WIDE";
    case "sender":
      return /spf = /.test(rule) ? "EXIM_SPF" : "EXIM_SENDER";
    case "helo":
      return "EXIM_HELO";
    case "recipient":
    case "routing":
      return list !== "" ? "EXIM_DOM_STAR" : "EXIM_RCPT";
    case "copied-destination":
      return "EXIM_MAP_COPY";
    case "passed-on":
      return "EXIM_PASS_ON";
    case "swallowed":
      return "EXIM_DEST_WILD";
    case "certificate":
      return "EXIM_ENCRYPTED";
    case "client-name":
      return "EXIM_RDNS";
    case "backup-mx":
      return "EXIM_MXANY";
    case "impersonation":
      return "EXIM_PROXY";
    case "combination":
      return "EXIM_COMBINATION";
  }
}

/** A negated item at the end of the line. */
const negatedTail = /[:;=<\s]!\s*[^\s:;!]+'?\s*$/;

function ofEveryone(hole: Hole, rule: string, list: string): EximTag {
  if (/\bspf = /.test(rule)) return "EXIM_SPF";
  const hosts = /^accept (!?)hosts = /.exec(rule);
  if (hosts !== null) {
    const text = holePlace(hole)?.text ?? rule;
    if (/\+include_unknown/.test(`${text} ${rule}`)) return "EXIM_INCLUDE_UNKNOWN";
    return negatedTail.test(text) || negatedTail.test(rule) ? "EXIM_NEGTAIL" : "EXIM_NET_ANY";
  }
  if (/\bauthenticated = /.test(rule)) return "EXIM_AUTH_ANY";
  if (/\bcondition = /.test(rule)) return "EXIM_CONDITION";
  if (list !== "") return negatedTail.test(list) ? "EXIM_NEGTAIL" : "EXIM_DOM_STAR";
  return "EXIM_FALLTHRU";
}
