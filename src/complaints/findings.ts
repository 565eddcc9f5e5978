/** What reading reports finds, one row per tag: incidents, not single mails. */
import type { Finding, FindingRow } from "../finding/finding.ts";
import type { ComplaintIncident, Kind } from "./result.ts";

interface Seen {
  readonly mailer: string;
  readonly reports: number;
  readonly since: string;
}

const told = ({ mailer, reports, since }: Seen): string =>
  `${reports} ${reports === 1 ? "report" : "reports"} about ${mailer} since ${since}`;

export const complaintFindings = {
  COMPLAINT_RELAY: {
    severity: "critical",
    says: (seen) => `${told(seen)} show it passing on mail of strangers.`,
    why: "Strangers send their mail through it; whoever receives that mail holds it against us.",
    remedy: ({ mailer }) => `Test it: fencepost check. Then look at its configuration: fencepost audit ${mailer}=PATH.`,
  },
  COMPLAINT_ACCOUNT: {
    severity: "high",
    says: (seen) => `${told(seen)} show mail that came in with a login.`,
    why: "Somebody has the password of one of our users. Closing the relay would not stop it.",
    remedy: () => "Look up the queue identifier in the mailer's log, lock the account, and change its password.",
  },
  COMPLAINT_INSIDE: {
    severity: "high",
    says: (seen) => `${told(seen)} show mail that came from a machine of ours.`,
    why: "A machine, or a page on a web server, sends mail that nobody here wrote.",
    remedy: () => "Look up the client of the trail; take it off the network until it is clean.",
  },
  COMPLAINT_SPAM: {
    severity: "medium",
    says: (seen) => `${told(seen)}: unwanted mail, and it is not told how it came to us.`,
    why: "It may be an open relay, a stolen account or an infected machine.",
    remedy: () => "Test the mailer: fencepost check. Look for the message in its log.",
  },
  COMPLAINT_LISTED: {
    severity: "medium",
    says: (seen) => `${told(seen)}: it is on a blocklist, or mail is refused because of one.`,
    why: "Mail of our users does not arrive.",
    remedy: () => "First close what the listing is about, then ask for removal.",
  },
  COMPLAINT_OTHER: {
    severity: "low",
    says: (seen) => `${told(seen)}, not about mail.`,
    why: "Somebody expects that it is looked after.",
    remedy: () => "Pass it on to whoever runs the machine.",
  },
} as const satisfies Record<string, FindingRow<Seen>>;

const tags: Readonly<Partial<Record<Kind, keyof typeof complaintFindings>>> = {
  "open-relay": "COMPLAINT_RELAY",
  "stolen-account": "COMPLAINT_ACCOUNT",
  "infected-host": "COMPLAINT_INSIDE",
  spam: "COMPLAINT_SPAM",
  "list-notice": "COMPLAINT_LISTED",
};

export function findingOf({ id, mailer, cause, from, reports }: ComplaintIncident): Finding {
  const tag = tags[cause] ?? "COMPLAINT_OTHER";
  const row: FindingRow<Seen> = complaintFindings[tag];
  const seen = { mailer, reports, since: from.slice(0, 10) };
  return {
    tag,
    severity: row.severity,
    subject: mailer,
    key: `${tag}|${id}`,
    says: row.says(seen),
    why: row.why,
    remedy: row.remedy(seen),
    evidence: [{ kind: "incident", ref: id }],
    data: { reports },
  };
}
