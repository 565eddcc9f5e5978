// Sendmail: a right configuration and ways to open it, written as an administrator does, in m4.
import { mailerA, mailerB, outsideSink } from "../addresses.ts";
import type { Product } from "../product.ts";
import type { Mailer, Variant } from "../variant.ts";
import { onBoth, plain } from "./listeners.ts";
import { innerPostfix } from "./postfix.ts";

export const sendmail: Product = {
  name: "sendmail",
  settleMs: 4000,
  // By default it refuses connections when the machine is busy, which then looks like a dead mailer.
  start: `
mkdir -p /run/sendmail/mta /run/sendmail/msp /var/spool/mqueue
chown root:smmta /run/sendmail/mta
cd /etc/mail
m4 sendmail.mc >sendmail.cf
makemap hash access.db <access
[ ! -f mailertable ] || makemap hash mailertable.db <mailertable
newaliases
exec /usr/libexec/sendmail/sendmail -Am -bD -q10s -OQueueLA=1000 -ORefuseLA=1000
`,
};

type Parts = {
  /** Lines of sendmail.mc: features and definitions. */
  readonly mc?: string;
  /** Lines at the end of sendmail.mc: rule sets. */
  readonly rules?: string;
  readonly access?: string;
  readonly relayDomains?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly local?: string;
};

const rightAccess = `Connect:127.0.0.1	RELAY
Connect:IPv6:::1	RELAY
Connect:10.1.1	RELAY
Connect:IPv6:2001:db8:1	RELAY
`;

function mailer(parts: Parts): Mailer {
  const mc = `divert(-1)dnl
divert(0)dnl
include(\`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(\`debian')dnl
DOMAIN(\`debian-mta')dnl
undefine(\`confHOST_STATUS_DIRECTORY')dnl
define(\`confTO_IDENT', \`0')dnl
define(\`confDOMAIN_NAME', \`${mailerA.host}')dnl
FEATURE(\`no_default_msa')dnl
DAEMON_OPTIONS(\`Family=inet, Name=MTA-v4, Port=smtp')dnl
DAEMON_OPTIONS(\`Family=inet6, Name=MTA-v6, Port=smtp, Addr=${mailerA.v6}')dnl
FEATURE(\`use_cw_file')dnl
FEATURE(\`access_db', \`hash -T<TMPF> /etc/mail/access.db')dnl
${parts.mc ?? ""}
MAILER(\`local')dnl
MAILER(\`smtp')dnl
${parts.rules ?? ""}
`;
  return {
    product: "sendmail",
    files: {
      "/etc/mail/sendmail.mc": mc,
      "/etc/mail/access": parts.access ?? rightAccess,
      "/etc/mail/local-host-names": parts.local ?? "ourcollege.ac.uk\nmx1.ourcollege.ac.uk\n",
      "/etc/mail/relay-domains": parts.relayDomains ?? "",
      ...parts.files,
    },
    listeners: onBoth(25),
  };
}

export const sendmailVariants: readonly Variant[] = [
  {
    ...mailer({
      mc: `DAEMON_OPTIONS(\`Family=inet, Name=MSA-v4, Port=submission, M=Ea')dnl
DAEMON_OPTIONS(\`Family=inet6, Name=MSA-v6, Port=submission, Addr=${mailerA.v6}, M=Ea')dnl`,
    }),
    name: "sendmail-closed",
    truth: "closed",
    openTo: "nobody; 587 asks for an authentication that it does not offer",
    listeners: [...onBoth(25), ...onBoth(587)],
  },
  {
    ...mailer({ mc: "FEATURE(`promiscuous_relay')dnl" }),
    name: "sendmail-promiscuous",
    truth: "open",
    openTo: "everyone: FEATURE(promiscuous_relay)",
    exploit: plain,
  },
  {
    ...mailer({ mc: "FEATURE(`relay_local_from')dnl" }),
    name: "sendmail-local-sender",
    truth: "open",
    openTo: "whoever claims a sender in the local domain",
    exploit: { ...plain, mailFrom: "anyone@ourcollege.ac.uk" },
  },
  {
    ...mailer({ access: `${rightAccess}example	RELAY\n` }),
    name: "sendmail-top-level-domain",
    truth: "open",
    openTo: "everyone, towards a whole top-level domain",
    exploit: plain,
  },
  {
    ...mailer({ relayDomains: "isp.example\n" }),
    name: "sendmail-provider-name",
    truth: "open",
    openTo: "every customer of one provider, by the name that the provider gives to addresses",
    exploit: plain,
  },
  {
    ...mailer({ access: `${rightAccess}Connect:IPv6:2001:db8	RELAY\n` }),
    name: "sendmail-ipv6-only",
    truth: "open",
    openTo: "everyone in a wide IPv6 prefix",
    exploit: { ...plain, address: mailerA.v6 },
  },
  {
    ...mailer({
      rules: `LOCAL_RULESETS
SLocal_check_rcpt
R$*			$: $1 $| $&s
R$* $| localhost	$# OK
R$* $| $* ourcollege.ac.uk	$# OK
R$* $| $*		$@ $1
`,
    }),
    name: "sendmail-helo",
    truth: "open",
    openTo: "whoever says HELO localhost or a name of the local domain",
    exploit: { ...plain, helo: "localhost" },
  },
  {
    ...mailer({ mc: "FEATURE(`relay_based_on_MX')dnl" }),
    name: "sendmail-mx-backup",
    truth: "open",
    openTo: "every domain that names this mailer as its second MX, unasked",
    backupDomain: true,
    exploit: { ...plain, rcptTo: `{token}@${outsideSink.backupDomain}` },
  },
  {
    ...mailer({
      mc: "FEATURE(`loose_relay_check')dnl\nFEATURE(`mailertable', `hash /etc/mail/mailertable.db')dnl",
      relayDomains: "ourcollege.ac.uk\n",
      local: "mx1.ourcollege.ac.uk\n",
      files: { "/etc/mail/mailertable": `ourcollege.ac.uk	esmtp:[${mailerB.v4}]\n` },
    }),
    name: "sendmail-percent-chain",
    truth: "open",
    openTo: "everyone: the outer mailer hands user%host on, the inner one trusts it and unfolds the address",
    exploit: { ...plain, rcptTo: "{token}%elsewhere.example@ourcollege.ac.uk" },
    second: innerPostfix(),
  },
];
