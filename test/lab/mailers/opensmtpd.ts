// OpenSMTPD: a right configuration and ways to open it, in the grammar of 6.4 and later.
import { mailerA } from "../addresses.ts";
import type { Product } from "../product.ts";
import type { Mailer, Variant } from "../variant.ts";
import { onBoth, plain } from "./listeners.ts";

export const opensmtpd: Product = {
  name: "opensmtpd",
  settleMs: 15_000,
  start: `
newaliases
smtpd -n
exec smtpd -d
`,
};

function mailer(rules: string, listen = ""): Mailer {
  const config = `table aliases file:/etc/aliases
table ours { "10.1.1.0/24", "2001:db8:1::/48" }
smtp max-message-size 10M
listen on 0.0.0.0 port 25 hostname ${mailerA.host}
listen on :: port 25 hostname ${mailerA.host}
${listen}
action "local" mbox alias <aliases>
action "outbound" relay helo ${mailerA.host}
match from any for domain "ourcollege.ac.uk" action "local"
match for local action "local"
match from local for any action "outbound"
match from src <ours> for any action "outbound"
${rules}
`;
  return { product: "opensmtpd", files: { "/etc/smtpd.conf": config }, listeners: onBoth(25) };
}

export const opensmtpdVariants: readonly Variant[] = [
  {
    ...mailer(""),
    name: "opensmtpd-closed",
    truth: "closed",
    openTo: "nobody",
  },
  {
    ...mailer('match from any for any action "outbound"'),
    name: "opensmtpd-everyone",
    truth: "open",
    openTo: "everyone: from any for any",
    exploit: plain,
  },
  {
    ...mailer('match from any mail-from "@ourcollege.ac.uk" for any action "outbound"'),
    name: "opensmtpd-local-sender",
    truth: "open",
    openTo: "whoever claims a sender in the local domain",
    exploit: { ...plain, mailFrom: "anyone@ourcollege.ac.uk" },
  },
  {
    ...mailer(`match from any helo { "localhost", "${mailerA.host}" } for any action "outbound"`),
    name: "opensmtpd-helo",
    truth: "open",
    openTo: "whoever says HELO localhost or the mailer's own name",
    exploit: { ...plain, helo: "localhost" },
  },
  {
    ...mailer('match from src { "::/0" } for any action "outbound"'),
    name: "opensmtpd-ipv6-only",
    truth: "open",
    openTo: "everyone who comes over IPv6",
    exploit: { ...plain, address: mailerA.v6 },
  },
  {
    ...mailer(
      'match tag "other" from any for any action "outbound"',
      `listen on 0.0.0.0 port 2525 tag "other"\nlisten on :: port 2525 tag "other"`,
    ),
    name: "opensmtpd-port-2525",
    truth: "open",
    openTo: "everyone, on port 2525 alone",
    listeners: [...onBoth(25), ...onBoth(2525)],
    exploit: { ...plain, port: 2525 },
  },
  {
    ...mailer('match from any for domain regex "ourcollege\\.ac\\.uk" action "outbound"'),
    name: "opensmtpd-unanchored-domain",
    truth: "open",
    openTo: "everyone, towards domains that merely contain the local one's name",
    exploit: { ...plain, rcptTo: "{token}@ourcollege.ac.uk.elsewhere.example" },
  },
];
