/**
 * Conditions of use for the site's own users: what port 25 is for, who may run a mailer, and that hosts are tested. One
 * page, ready to publish, from the site file alone. Pure.
 */
import { formatPrefix } from "../net/prefix.ts";
import type { Mailer, Site } from "../site/model.ts";
import { formatMailbox } from "../smtp/path.ts";

export interface Conditions {
  readonly title: string;
  readonly sections: readonly {
    readonly title: string;
    readonly paragraphs: readonly string[];
    readonly items: readonly string[];
  }[];
}

export function conditionsOf(site: Site): Conditions {
  const closed = site.policy.outboundPort25 === "managed-only";
  const postmaster = site.contacts.postmaster === null ? "the postmaster" : formatMailbox(site.contacts.postmaster);
  const csirt = site.contacts.csirt === null ? null : formatMailbox(site.contacts.csirt);
  const doors = site.mailers.flatMap((mailer) =>
    mailer.ports
      .filter(({ role }) => role === "submission")
      .map(
        ({ port }) =>
          `${nameOf(mailer)}, port ${port} (${port === 465 ? "TLS from the start" : "STARTTLS"}), with your account`,
      ),
  );
  return {
    title: `Conditions of use for electronic mail at ${site.name}`,
    sections: [
      {
        title: "To whom this applies",
        paragraphs: ["To everybody who connects a machine to these networks:"],
        items: site.networks.map(formatPrefix),
      },
      {
        title: "Sending mail",
        paragraphs: [
          doors.length > 0
            ? "Hand your mail to the site's own mail servers:"
            : `Hand your mail to the site's own mail servers; ${postmaster} tells you how.`,
          closed
            ? "Connections from here to port 25 of hosts elsewhere are blocked, but for the managed mail servers. Ports 465 and 587, by which you reach a mailbox elsewhere, stay open."
            : "Connections to port 25 of hosts elsewhere are not blocked today. Use them only if the postmaster has agreed.",
          ...(site.policy.internalSenderOnly
            ? ["From these networks you may send only with a sender address in the site's own domains."]
            : []),
        ],
        items: doors,
      },
      {
        title: "Receiving mail, and running a mail server",
        paragraphs: [
          "From outside, port 25 is reachable only at the managed mail servers. A machine that you set up yourself cannot take mail from the Internet there.",
          `If you need a mail server of your own, ask ${postmaster} first. It becomes a managed one if all of this holds:`,
        ],
        items: [
          "a named person looks after it, and can be reached on working days;",
          "it passes on mail only from or to addresses and machines that it is responsible for, never from strangers to strangers;",
          "recipients that do not exist are refused at once, not answered with a message later;",
          "its operating system and mail software get security updates;",
          "it was tested for relaying and found closed, and is tested again after every change of its configuration.",
        ],
      },
      {
        title: "Tests",
        paragraphs: [
          "Whoever connects a machine here agrees that it is looked at for open mail services, and that a mail service that is found is tested for relaying. These tests send a few messages to addresses of our own and to nobody else.",
        ],
        items: [],
      },
      {
        title: "If something goes wrong",
        paragraphs: [
          "A machine that sends or passes on unwanted mail is cut off from port 25, or from the network, until it is repaired. Whoever looks after it is told why, and what to do.",
          `Questions and reports: ${postmaster}${csirt === null ? "" : `; security incidents: ${csirt}`}.`,
        ],
        items: [],
      },
    ],
  };
}

const nameOf = (mailer: Mailer): string => mailer.host ?? mailer.name;
