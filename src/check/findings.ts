/** What `check` can find: one row a tag, with its severity, its words and what to do. */
import type { Finding, FindingRow } from "../finding/finding.ts";

/** What a row may speak of. */
export interface Seen {
  readonly subject: string;
  readonly probe: string;
  readonly title: string;
  readonly reply: string;
  readonly exit: string;
  readonly count: number;
  /** The remedy of the probe, in words for the product if it is known. */
  readonly remedy: string;
  readonly extra: string;
}

const others = (seen: Seen): string => (seen.count > 1 ? ` and ${seen.count - 1} more` : "");

export const rows = {
  RELAY_DELIVERED: {
    severity: "critical",
    says: (seen) =>
      `It passed on a message from a stranger to a stranger (${seen.probe}${others(seen)}); the message arrived from ${seen.exit}.`,
    why: "Anyone on the Internet can send mail through this server in your name. Open relays are found within hours, and then listed.",
    remedy: (seen) => seen.remedy,
  },
  RELAY_CHAIN: {
    severity: "high",
    says: (seen) => `What went in at ${seen.subject} came out at ${seen.exit}: two servers have to be mended.`,
    why: "The server that takes the message trusts too many; the one that sends it out trusts the first. Lists will name the second.",
    remedy: () =>
      "Close the first server, and let the second take mail from it only for its own users or your domains.",
  },
  RELAY_ACCEPTED: {
    severity: "medium",
    says: (seen) =>
      `It accepted an outside recipient from a stranger (${seen.probe}${others(seen)}); delivery was not proved.`,
    why: "A server that accepts must deliver or bounce. Either is a fault when the recipient is not yours.",
    remedy: (seen) => seen.remedy,
  },
  RELAY_SILENT: {
    severity: "medium",
    says: (seen) =>
      `It accepted a message for an outside recipient (${seen.probe}${others(seen)}), and nothing arrived in the time we waited.`,
    why: "It may be a trap, a local mailbox, or a slow queue. A later arrival turns this into proof.",
    remedy: (seen) => `Look for the message in the queue and the log of the server. ${seen.remedy}`,
  },
  OUTSIDE_DEFERRED: {
    severity: "medium",
    says: (seen) => `It put off an outside recipient (${seen.reply}) instead of refusing it.`,
    why: "A greylisting server may accept the same recipient later; only a second try can tell.",
    remedy: () => "Run check again with --patient, or refuse recipients outside your domains before greylisting.",
  },
  RELAY_DENIED_TEMPORARILY: {
    severity: "low",
    says: (seen) => `It refuses relaying with a temporary code (${seen.reply}).`,
    why: "Senders retry for days what will never be accepted.",
    remedy: () =>
      "Refuse with a permanent code. Postfix: reject_unauth_destination in place of defer_unauth_destination.",
  },
  BACKSCATTER: {
    severity: "medium",
    says: (seen) =>
      `It accepted mail it could not deliver and returned it to the (forged) sender afterwards (${seen.probe}${others(seen)}).`,
    why: "Bounces to forged senders hit innocent people, and lists count them as abuse.",
    remedy: () => "Check recipients at RCPT and refuse unknown ones there (550 5.1.1).",
  },
  AUTOMATIC_REPLY: {
    severity: "low",
    says: (seen) => `A mailbox answered automatically to the (forged) sender (${seen.probe}).`,
    why: "Automatic replies to forged senders hit innocent people (RFC 3834).",
    remedy: () => "Let automatic replies keep silent towards unknown and automatic senders.",
  },
  UNKNOWN_RECIPIENT_ACCEPTED: {
    severity: "low",
    says: (seen) => `It accepts recipients that do not exist in ${seen.extra}.`,
    why: "Unknown recipients that are accepted are bounced later, or swallowed; both hide what the server does.",
    remedy: () => "Give the server the list of valid recipients and refuse all others at RCPT (550 5.1.1).",
  },
  ACCEPTS_EVERYTHING: {
    severity: "medium",
    says: () => "It accepts recipients in a domain that cannot exist (.invalid).",
    why: "This is a server that accepts anything: a trap, a development sink, or an open relay.",
    remedy: (seen) => seen.remedy,
  },
  LOGIN_BELIEVED: {
    severity: "critical",
    says: (seen) => `A login with a made-up user was believed (${seen.probe}): ${seen.reply}.`,
    why: "Whoever logs in counts as one of yours and may send anywhere. With any password accepted that is everyone.",
    remedy: (seen) => seen.remedy,
  },
  IDENTITY_BELIEVED: {
    severity: "high",
    says: (seen) => `It let a stranger claim another client's identity (${seen.probe}): ${seen.reply}.`,
    why: "Whoever may claim to be an inside address is treated as one.",
    remedy: (seen) => seen.remedy,
  },
  AUTH_IN_CLEAR: {
    severity: "low",
    says: () => "It offers logins before the connection is encrypted.",
    why: "Passwords can be read on the way, and stolen passwords are the commonest way of relaying today.",
    remedy: () => "Offer AUTH only inside TLS. Postfix: smtpd_tls_auth_only = yes.",
  },
  STARTTLS_INJECTION: {
    severity: "high",
    says: () => "A command written before the TLS handshake was carried out after it.",
    why: "Someone on the way can put commands into an encrypted session (CVE-2011-0411 and its kin).",
    remedy: (seen) => seen.remedy,
  },
  SMUGGLING_ACCEPTED: {
    severity: "medium",
    says: (seen) => `It took a malformed end of data for the end of a message (${seen.probe}${others(seen)}).`,
    why: "Between two servers that disagree about where a message ends, a second message can be smuggled past every check.",
    remedy: (seen) => seen.remedy,
  },
  SUBDOMAIN_ACCEPTED: {
    severity: "info",
    says: () => "It accepts recipients in unknown sub-domains of your domain.",
    why: "Sub-domains that nobody uses attract mail that nobody reads.",
    remedy: () =>
      "List the sub-domains that are used. Postfix: parent_domain_matches_subdomains without relay_domains.",
  },
  CLIENT_HIDDEN: {
    severity: "high",
    says: (seen) => `It took us for ${seen.extra}: a NAT, proxy or container bridge hides the real client.`,
    why: "If strangers look like inside addresses, every rule that trusts inside addresses trusts strangers.",
    remedy: () =>
      "Make the real client address visible (PROXY protocol, externalTrafficPolicy: Local, no userland proxy), and take that address out of the trusted networks.",
  },
  LOCAL_RECIPIENT_REFUSED: {
    severity: "medium",
    says: (seen) => `It refused mail for ${seen.extra}, which should be valid: ${seen.reply}.`,
    why: "While valid mail is refused, a refusal of other mail says nothing about relaying.",
    remedy: () =>
      "Set check.localRecipient in site.yaml to a mailbox that exists and takes mail from outside; every mailer must take mail for postmaster (RFC 5321 §4.5.1).",
  },
  TESTER_REFUSED: {
    severity: "info",
    says: (seen) => `It refused us as a client, not the recipient: ${seen.reply}.`,
    why: "Refusals that are about the tester say nothing about strangers in general.",
    remedy: () =>
      "Test from an address that is on no list and has forward and reverse DNS, or let the tester's address through.",
  },
} as const satisfies Record<string, FindingRow<Seen>>;

export type CheckTag = keyof typeof rows;

/** A finding of this tag. `key` tells several findings of one tag about one subject apart. */
export function finding(
  tag: CheckTag,
  seen: Partial<Seen> & { readonly subject: string },
  key: string,
  evidence: readonly string[],
): Finding {
  const full: Seen = { probe: "", title: "", reply: "", exit: "", count: 1, remedy: "", extra: "", ...seen };
  const row: FindingRow<Seen> = rows[tag];
  return {
    tag,
    severity: row.severity,
    subject: full.subject,
    key: [tag, full.subject, key].filter((part) => part !== "").join("|"),
    says: row.says(full),
    why: row.why,
    remedy: row.remedy(full),
    evidence: evidence.slice(0, 50).map((ref) => ({ kind: "probe", ref })),
    data: {},
  };
}
