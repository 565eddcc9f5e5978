// Made-up Sendmail configurations, the same for the same seed: what people write into sendmail.mc and its tables, right
// and wrong, in any mixture; and the sessions to play against each.
import { catcher, gateway, mailerA, neighbour, outsideSink, stranger } from "./addresses.ts";
import type { Pick } from "./exim-configurations.ts";
import { onBoth } from "./mailers/listeners.ts";
import type { Exploit, Variant } from "./variant.ts";

export type GeneratedSendmail = {
  /** As it runs: its sendmail.mc begins with a line that compiles further tables. */
  readonly variant: Variant;
  /** The sendmail.mc as it is audited. */
  readonly mc: string;
  readonly sessions: readonly Exploit[];
};

/** The lab compiles only the usual tables itself. makemap(8) asks a configuration whose folder it may write into, and
 * sendmail.cf is not yet there. */
const compiled =
  "syscmd(`cd /etc/mail; echo O TrustedUser=smmta >/run/makemap.cf; for T in virtusertable friends; do makemap -C /run/makemap.cf hash $T.db <$T; done')dnl\n";

const sessionsEach = 24;

/** Each with the chance that it is taken. */
const features: readonly (readonly [number, readonly string[]])[] = [
  [0.06, ["FEATURE(`promiscuous_relay')dnl"]],
  [0.08, ["FEATURE(`relay_entire_domain')dnl"]],
  [0.1, ["FEATURE(`relay_local_from')dnl"]],
  [0.12, ["FEATURE(`relay_based_on_MX')dnl"]],
  [0.2, ["FEATURE(`relay_hosts_only')dnl"]],
  [0.2, ["FEATURE(`loose_relay_check')dnl"]],
  [0.3, ["FEATURE(`accept_unqualified_senders')dnl"]],
  [0.3, ["FEATURE(`accept_unresolvable_domains')dnl"]],
  [0.2, ["FEATURE(`nouucp', `reject')dnl", "FEATURE(`nouucp', `nospecial')dnl"]],
  [0.15, ["FEATURE(`nopercenthack', `reject')dnl", "FEATURE(`nopercenthack', `nospecial')dnl"]],
  [0.1, ["FEATURE(`block_bad_helo')dnl"]],
  [0.15, ["FEATURE(`nocanonify')dnl"]],
  [0.15, ["FEATURE(`always_add_domain')dnl", "FEATURE(`redirect')dnl", "FEATURE(`local_lmtp')dnl"]],
  [0.1, ["FEATURE(`require_rdns')dnl", "FEATURE(`use_client_ptr')dnl"]],
  [0.1, ["FEATURE(`stickyhost')dnl", "FEATURE(`smrsh', `/usr/lib/sm.bin/smrsh')dnl"]],
  [0.1, ["define(`SMART_HOST', `smtp:[10.1.1.3]')dnl", "define(`SMART_HOST', `mx2.ourcollege.ac.uk')dnl"]],
  [0.1, ["define(`LUSER_RELAY', `error:5.1.1:\"550 no such user\"')dnl"]],
  [0.15, ["RELAY_DOMAIN(`partner.example forwarded.example')dnl", "RELAY_DOMAIN(`10.9.9 neighbour.example')dnl"]],
  [0.15, ["LOCAL_DOMAIN(`old.ourcollege.ac.uk')dnl", "LOCAL_DOMAIN(`partner.example')dnl"]],
  [0.04, ["define(`confDELIVERY_MODE', `deferred')dnl"]],
  [0.15, ["define(`confDELIVERY_MODE', `queueonly')dnl"]],
  [
    0.1,
    [
      "MASQUERADE_AS(`ourcollege.ac.uk')dnl\nFEATURE(`masquerade_envelope')dnl\nMASQUERADE_DOMAIN(`forwarded.example')dnl",
    ],
  ],
  [0.1, ["dnl FEATURE(`promiscuous_relay')dnl\nifdef(`confNOT_THERE', `FEATURE(`relay_local_from')')dnl"]],
  [0.1, ["define(`PARTNER', `partner.example')dnl\nRELAY_DOMAIN(`PARTNER')dnl"]],
];

/** With the map of accesses. */
const withAccess: readonly (readonly [number, readonly string[]])[] = [
  [0.25, ["FEATURE(`relay_mail_from')dnl", "FEATURE(`relay_mail_from', `domain')dnl"]],
  [0.3, ["FEATURE(`blocklist_recipients')dnl"]],
  [
    0.3,
    ["FEATURE(`delay_checks')dnl", "FEATURE(`delay_checks', `friend', `n')dnl", "FEATURE(`delay_checks', `hater')dnl"],
  ],
];

const entries: readonly string[] = [
  "Connect:10.1.1	RELAY",
  "Connect:10.9	RELAY",
  "Connect:10	REJECT",
  "Connect:198.51.100	OK",
  "Connect:198.51.100.26	RELAY",
  "Connect:203	RELAY",
  "203.0.113.9	RELAY",
  "Connect:IPv6:2001:db8:99	RELAY",
  "Connect:IPv6:2001:db8	RELAY",
  "IPv6:2001:db8:c:0:0:0:0:25	RELAY",
  "Connect:isp.example	RELAY",
  "neighbour.example	RELAY",
  "Connect:neighbour.example	REJECT",
  'Connect:host9.isp.example	ERROR:4.7.1:"451 later"',
  "partner.example	RELAY",
  "partner.example	OK",
  "To:partner.example	RELAY",
  "To:sub.elsewhere.example	RELAY",
  "To:elsewhere.example	OK",
  "To:refused.elsewhere.example	REJECT",
  'To:spam.elsewhere.example	ERROR:5.1.1:"550 none"',
  "example	RELAY",
  "To:example	RELAY",
  "To:probe@elsewhere.example	RELAY",
  "To:alice@	REJECT",
  "To:abuse@ourcollege.ac.uk	550 gone",
  "From:friend@elsewhere.example	RELAY",
  "From:elsewhere.example	RELAY",
  "From:forwarded.example	OK",
  "From:bad.elsewhere.example	REJECT",
  "From:bad@	REJECT",
  "boss@elsewhere.example	RELAY",
  "elsewhere.example	SKIP",
  "Spam:elsewhere.example	FRIEND",
  "Spam:ourcollege.ac.uk	HATER",
  "Spam:postmaster@	FRIEND",
  "sub.elsewhere.example	DISCARD",
  "Connect:[203.0.113]	RELAY",
];

const localRules: readonly string[] = [
  "SLocal_check_rcpt\nR$*\t\t\t$: $1 $| $&s\nR$* $| localhost\t$# OK\nR$* $| $* ourcollege.ac.uk\t$# OK\nR$* $| $*\t\t$@ $1",
  "SLocal_check_rcpt\nR$*\t$: $1 $| <$&f>\nR$* $| <$+@ourcollege.ac.uk>\t$# OK\nR$* $| $*\t$: $1",
  "SLocal_check_rcpt\nR$*\t\t$: $>CanonAddr $1\nRprobe < @ $* >\t$# OK\nRpostmaster < @ $* >\t$# RELAY",
  "SLocal_check_rcpt\nR$*\t$: $&{client_name}\nR$* . isp.example\t$# RELAY",
  'SLocal_check_rcpt\nR$*\t$: $>3 $1\nR$* % $* < @ $+ >\t$#error $@ 5.7.1 $: "550 no routes"\nR$* < @ sub. $+ >\t$# OK',
  'SLocal_check_mail\nR$*\t$: $>CanonAddr $1\nR$* < @ bad. $+ >\t$#error $@ 5.7.1 $: "550 no"\nR$* < @ $+ >\t$@ $1',
  'SLocal_check_relay\nR$* $| 198.51.100.25\t$#error $@ 5.7.1 $: "550 not you"\nR$* $| 198.51.100.26\t$# OK',
  "SLocal_Relay_Auth\nR$*\t$: NO",
  "SLocal_check_rcpt\nR$*\t$: $1 $| $(friends $&{client_addr} $: no $)\nR$* $| yes\t$# RELAY\nR$* $| $*\t$: $1",
];

const systems: readonly string[] = [
  "OSTYPE(`debian')dnl\nDOMAIN(`debian-mta')dnl",
  "OSTYPE(`debian')dnl\nDOMAIN(`debian-mta')dnl",
  "OSTYPE(`linux')dnl\ndefine(`STATUS_FILE', `/var/lib/sendmail/sendmail.st')dnl\ndefine(`confTRUSTED_USER', `smmta')dnl",
];
const localDomains = [
  "ourcollege.ac.uk\nmx1.ourcollege.ac.uk\n",
  "# ours\nourcollege.ac.uk\n  mx1.ourcollege.ac.uk  # the mailer\n",
  "ourcollege.ac.uk mx1.ourcollege.ac.uk\nlists.ourcollege.ac.uk\n",
];
const relayDomains = [
  "",
  "",
  "partner.example\n",
  "isp.example\n# comment\nforwarded.example # too\n",
  "10.9\n",
  "203.0.113.9\n198.51.100.26 mx.elsewhere.example\n",
  "IPv6:2001:db8:99\n",
  "example\n",
  "sub.elsewhere.example\n",
];

export function generateSendmail(pick: Pick, number: number): GeneratedSendmail {
  const chance = (probability: number): boolean => pick(hundred) < probability * 100;
  const some = (from: readonly string[], most: number): string[] =>
    Array.from({ length: pick(hundred) % (most + 1) }, () => pick(from));
  const taken = (from: readonly (readonly [number, readonly string[]])[]): string[] =>
    from.flatMap(([probability, texts]) => (chance(probability) ? [pick(texts)] : []));
  const hasAccess = chance(0.85);
  const virtual = chance(0.3);
  const rules = chance(0.3) ? pick(localRules) : "";
  const lines = [
    ...(hasAccess
      ? [
          pick([
            "FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access.db')dnl",
            "FEATURE(`access_db', `hash -o -T<TMPF> /etc/mail/access', `skip')dnl",
            "FEATURE(`access_db', , `skip', `relaytofulladdress')dnl",
            "FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access', `lookupdotdomain')dnl",
          ]),
          ...taken(withAccess),
        ]
      : []),
    ...taken(features),
    ...(virtual
      ? [
          "FEATURE(`virtusertable', `hash /etc/mail/virtusertable')dnl",
          "VIRTUSER_DOMAIN(`virtual.example')dnl",
          ...(chance(0.3) ? ["FEATURE(`virtuser_entire_domain')dnl"] : []),
        ]
      : []),
    ...(chance(0.3) ? ["FEATURE(`mailertable', `hash /etc/mail/mailertable')dnl"] : []),
  ];
  const config = rules.includes("$(friends") ? "LOCAL_CONFIG\nKfriends hash /etc/mail/friends\n" : "";
  const rewriting = chance(0.1)
    ? pick([
        "LOCAL_RULE_0\nR$* < @ old.partner.example . > $*\t$#esmtp $@ [10.1.1.3] $: $1 < @ partner.example > $2\n",
        "LOCAL_RULE_3\nR$* < @ short > $*\t$: $1 < @ elsewhere.example > $2\n",
        "LOCAL_NET_CONFIG\nR$* < @ $* partner.example . > $*\t$#esmtp $@ [10.1.1.3] $: $1 < @ $2 partner.example . > $3\n",
      ])
    : "";
  const modifiers = pick(["", "", "", "", ", M=f", ", M=u", ", M=C", ", M=Ea"]);
  const mc = `divert(-1)dnl
a comment that may contain FEATURE(\`promiscuous_relay')
divert(0)dnl
include(\`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(\`$Id: sendmail.mc, v 8.17.1.9 $')
${pick(systems)}
undefine(\`confHOST_STATUS_DIRECTORY')dnl
define(\`confTO_IDENT', \`0')dnl
define(\`confDOMAIN_NAME', \`${mailerA.host}')dnl
FEATURE(\`no_default_msa')dnl
DAEMON_OPTIONS(\`Family=inet, Name=MTA-v4, Port=smtp${modifiers}')dnl
DAEMON_OPTIONS(\`Family=inet6, Name=MTA-v6, Port=smtp, Addr=${mailerA.v6}')dnl
FEATURE(\`use_cw_file')dnl
${lines.join("\n")}
${config}MAILER_DEFINITIONS
MAILER(\`local')dnl
MAILER(\`smtp')dnl
${rewriting}${rules === "" ? "" : `LOCAL_RULESETS\n${rules}\n`}`;
  const access = [
    ...new Map(some(entries, 9).map((line) => [(line.split("\t")[0] ?? "").toLowerCase(), line])).values(),
  ];
  return {
    mc,
    variant: {
      product: "sendmail",
      name: `sendmail-audit-${number}`,
      truth: "closed",
      openTo: "whoever the seed says",
      files: {
        "/etc/mail/sendmail.mc": compiled + mc,
        "/etc/mail/access": `# made up\n${access.join("\n")}\nConnect:127\tRELAY\n`,
        "/etc/mail/local-host-names": pick(localDomains),
        "/etc/mail/relay-domains": pick(relayDomains),
        "/etc/mail/mailertable": pick([
          "partner.example\tesmtp:[10.1.1.3]\n.elsewhere.example\trelay:mx2.ourcollege.ac.uk\n",
          "forwarded.example\tlocal:alice\n.\tsmtp:[10.1.1.3]\n",
          "refused.elsewhere.example\terror:5.7.0:550 not there\n",
        ]),
        "/etc/mail/virtusertable": pick([
          "info@virtual.example\talice\n@virtual.example\tbob\n",
          "info@virtual.example\tsomeone@elsewhere.example\n@virtual.example\t%1@ourcollege.ac.uk\n",
          "x@virtual.example\terror:nouser 550 gone\n@ourcollege.ac.uk\talice\n",
        ]),
        "/etc/mail/friends": "203.0.113.9\tyes\n10.9.9.9\tno\n",
      },
      listeners: onBoth(25),
    },
    sessions: Array.from({ length: sessionsEach }, () => sessionOf(pick)),
  };
}

const hundred = Array.from({ length: 100 }, (_, index) => index);

function sessionOf(pick: Pick): Exploit {
  const v4 = { address: mailerA.v4 };
  const v6 = { address: mailerA.v6 };
  return {
    ...pick([
      { source: stranger.v4, ...v4 },
      { source: stranger.v4, ...v4 },
      { source: stranger.v6, ...v6 },
      { source: neighbour.v4, ...v4 },
      { source: gateway.v4, ...v4 },
      { source: catcher.v4, ...v4 },
      { source: catcher.v6, ...v6 },
      { source: outsideSink.v4, ...v4 },
    ]),
    port: 25,
    helo: pick(["host9.isp.example", "localhost", "mx1.ourcollege.ac.uk", "a.b.example"]),
    mailFrom: pick(senders),
    rcptTo: pick(recipients),
    message: "none",
  };
}

/** Domains that the lab's DNS knows: a sender of another is refused for that. */
const senders: readonly string[] = [
  "lab@sender.fencepost-tests.example",
  "lab@sender.fencepost-tests.example",
  "",
  "anyone@ourcollege.ac.uk",
  "Anyone@MX1.OurCollege.ac.uk",
  "friend@elsewhere.example",
  "boss@elsewhere.example",
  "bad@sub.elsewhere.example",
  "x@bad.elsewhere.example",
  "x@refused.elsewhere.example",
  "x@forwarded.example",
  "alice",
  "x@localhost",
  "x%elsewhere.example@ourcollege.ac.uk",
];

export const recipients: readonly string[] = [
  "probe@elsewhere.example",
  "probe@elsewhere.example",
  "Probe@Elsewhere.Example",
  "probe@sub.elsewhere.example",
  "probe@spam.elsewhere.example",
  "probe@backup.elsewhere.example",
  "probe@refused.elsewhere.example",
  "probe@partner.example",
  "probe@sub.partner.example",
  "probe@notpartner.example",
  "probe@old.partner.example",
  "x@forwarded.example",
  "postmaster",
  "alice",
  "alice@ourcollege.ac.uk",
  "abuse@ourcollege.ac.uk",
  "postmaster@elsewhere.example",
  "alice+tag@ourcollege.ac.uk",
  "info@virtual.example",
  "alice@virtual.example",
  "x@virtual.example",
  "alice@sub.virtual.example",
  "probe%elsewhere.example@ourcollege.ac.uk",
  "probe%elsewhere.example@partner.example",
  "probe%elsewhere.example@forwarded.example",
  "alice%ourcollege.ac.uk@partner.example",
  "probe%elsewhere.example",
  "elsewhere.example!probe",
  "elsewhere.example!probe@ourcollege.ac.uk",
  "elsewhere.example!probe@partner.example",
  "nohost!probe",
  '"probe@elsewhere.example"@ourcollege.ac.uk',
  '"probe@elsewhere.example"',
  '"probe@elsewhere.example"@partner.example',
  '"probe%elsewhere.example"@ourcollege.ac.uk',
  "@ourcollege.ac.uk:probe@elsewhere.example",
  "@elsewhere.example,@isp.example:alice@ourcollege.ac.uk",
  "probe@elsewhere.example@ourcollege.ac.uk",
  "probe@elsewhere.example@partner.example",
  "probe@elsewhere.example.",
  "probe@elsewhere..example",
  "@elsewhere.example",
  "probe@",
  "probe@[203.0.113.9]",
  "alice@[10.1.1.2]",
  "probe@short",
  "a,b@ourcollege.ac.uk",
  "alice(comment)@ourcollege.ac.uk",
  "probe@ourcollege.ac.uk.elsewhere.example",
  "probe\\@elsewhere.example@ourcollege.ac.uk",
];
