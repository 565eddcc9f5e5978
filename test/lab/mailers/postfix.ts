// Postfix: a right configuration, its packaged default, and ways to open it.
import { mailerA, mailerB, neighbour, outsideSink, site } from "../addresses.ts";
import type { Product } from "../product.ts";
import type { Mailer, Variant } from "../variant.ts";
import { onBoth, onSecond, plain } from "./listeners.ts";

export const postfix: Product = {
  name: "postfix",
  settleMs: 4000,
  // Without the chroot column no copies of resolv.conf and libraries are needed. master(8) itself skips the checks of
  // "postfix start", and a table in main.cf needs no newaliases(1): either takes longer than the start itself. Files
  // that were changed this very second make it wait for the next one. It panics over a child that it did not start
  // itself (master_reap_child: "unknown pid"), so authd must not be one of its shell's.
  start: `
[ ! -f /etc/postfix/master.lab ] || cat /etc/postfix/master.lab >>/etc/postfix/master.cf
postconf -F '*/*/chroot=n'
touch -d '1 minute ago' /etc/postfix/*.cf
[ ! -f /etc/postfix/authd ] || (perl /etc/postfix/authd &)
exec /usr/lib/postfix/sbin/master -d
`,
};

const right = {
  compatibility_level: "3.6",
  myhostname: mailerA.host,
  myorigin: site.domain,
  mydestination: "$myhostname, ourcollege.ac.uk, localhost",
  mynetworks: "127.0.0.0/8 [::1]/128 10.1.1.0/24 [2001:db8:1::]/64",
  inet_interfaces: "all",
  inet_protocols: "all",
  alias_maps: "inline:{postmaster=alice, abuse=alice, mailer-daemon=alice, {bob=bob@forwarded.example}}",
  alias_database: "",
  biff: "no",
  smtpd_relay_restrictions: "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
  smtpd_tls_cert_file: "/etc/ssl/lab.crt",
  smtpd_tls_key_file: "/etc/ssl/lab.key",
  smtpd_tls_security_level: "may",
} as const;

type Settings = Readonly<Record<string, string>>;

function main(changes: Settings): string {
  const lines = Object.entries({ ...right, ...changes }).map(([name, value]) => `${name} = ${value}\n`);
  return lines.join("");
}

function mailer(changes: Settings, files: Settings = {}): Pick<Mailer, "product" | "files" | "listeners"> {
  return { product: "postfix", files: { "/etc/postfix/main.cf": main(changes), ...files }, listeners: onBoth(25) };
}

/** A second Postfix that trusts the site's networks, as an inner mailer does. */
export function innerPostfix(changes: Settings = {}): Mailer {
  return {
    product: "postfix",
    files: { "/etc/postfix/main.cf": main({ myhostname: mailerB.host, ...changes }) },
    listeners: onSecond,
  };
}

/** Speaks enough of Dovecot's authentication protocol to say OK or FAIL to whatever is asked. */
function authd(says: "OK" | "FAIL"): string {
  return `
use IO::Socket::INET;
my $door = IO::Socket::INET->new(LocalAddr => "127.0.0.1:12345", Listen => 20, ReuseAddr => 1) or die $!;
$SIG{CHLD} = "IGNORE";
while (my $c = $door->accept) {
  next if fork;
  $c->autoflush(1);
  print $c "VERSION\\t1\\t1\\nMECH\\tPLAIN\\tplaintext\\nSPID\\t1\\nCUID\\t1\\nCOOKIE\\t0\\nDONE\\n";
  while (<$c>) {
    my @field = split /\\t/;
    next unless $field[0] eq "AUTH" || $field[0] eq "CONT";
    chomp @field;
    my ($first) = map { /^resp=(.*)/ ? $1 : () } @field;
    if ($field[0] eq "AUTH" && !defined $first) { print $c "CONT\\t$field[1]\\t\\n"; next }
    print $c ${says === "OK" ? `"OK\\t$field[1]\\tuser=anyone\\n"` : `"FAIL\\t$field[1]\\treason=no such user\\n"`};
  }
  exit;
}
`;
}

const sasl = {
  smtpd_sasl_type: "dovecot",
  smtpd_sasl_path: "inet:127.0.0.1:12345",
  smtpd_sasl_security_options: "noanonymous",
} as const;

const submission = `
submission inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
`;

/** Accepts every recipient below: the right rules, with one check in front that says OK too soon. */
const okBefore = (check: string): Settings => ({
  smtpd_relay_restrictions: `permit_mynetworks, ${check}, reject_unauth_destination`,
});

/** A gateway that takes whatever is before the domain's "@" and hands it to the second mailer. */
const outer: Settings = {
  mydestination: "$myhostname, localhost",
  relay_domains: "ourcollege.ac.uk",
  allow_percent_hack: "no",
  swap_bangpath: "no",
  allow_untrusted_routing: "yes",
  transport_maps: `inline:{ourcollege.ac.uk=smtp:[${mailerB.v4}]}`,
};

export const postfixVariants: readonly Variant[] = [
  {
    ...mailer(sasl, { "/etc/postfix/master.lab": submission, "/etc/postfix/authd": authd("FAIL") }),
    name: "postfix-closed",
    truth: "closed",
    openTo: "nobody; 587 asks for authentication and believes none",
    listeners: [...onBoth(25), ...onBoth(587)],
  },
  {
    ...mailer({
      smtpd_relay_restrictions: "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination",
    }),
    name: "postfix-default-454",
    truth: "closed",
    openTo: "nobody; the packaged default refuses with a temporary code",
  },
  {
    ...mailer({ local_recipient_maps: "" }),
    name: "postfix-accepts-then-bounces",
    truth: "closed",
    openTo: "nobody; any local-part of the domain is accepted and bounced later, odd ones too",
  },
  {
    ...mailer(outer),
    name: "postfix-chain-closed",
    truth: "closed",
    openTo: "nobody; the outer mailer accepts user%host, the inner one refuses it, and it comes back as a bounce",
    second: innerPostfix({ allow_percent_hack: "no", swap_bangpath: "no", resolve_dequoted_address: "no" }),
  },
  {
    ...mailer({ mynetworks: "0.0.0.0/0 [::]/0" }),
    name: "postfix-everyone",
    truth: "open",
    openTo: "everyone: mynetworks is the whole Internet",
    exploit: plain,
  },
  {
    ...mailer(okBefore("check_sender_access inline:{{ourcollege.ac.uk = OK}}")),
    name: "postfix-local-sender",
    truth: "open",
    openTo: "whoever claims a sender in the local domain",
    exploit: { ...plain, mailFrom: "anyone@ourcollege.ac.uk" },
  },
  {
    ...mailer(okBefore("check_helo_access inline:{{ourcollege.ac.uk = OK}}")),
    name: "postfix-helo",
    truth: "open",
    openTo: "whoever says HELO with a name of the local domain",
    exploit: { ...plain, helo: mailerA.host },
  },
  {
    ...mailer(okBefore("check_sender_access inline:{{<> = OK}}")),
    name: "postfix-null-sender",
    truth: "open",
    openTo: "everyone, with the null reverse-path",
    exploit: { ...plain, mailFrom: "" },
  },
  {
    ...mailer(
      { relay_domains: "regexp:/etc/postfix/relay_domains" },
      {
        "/etc/postfix/relay_domains": "/ourcollege\\.ac\\.uk/ yes\n",
      },
    ),
    name: "postfix-unanchored-domain",
    truth: "open",
    openTo: "everyone, towards domains that merely contain the local one's name",
    exploit: { ...plain, rcptTo: "{token}@ourcollege.ac.uk.elsewhere.example" },
  },
  {
    ...mailer(okBefore("check_recipient_access regexp:/etc/postfix/recipients"), {
      "/etc/postfix/recipients": "/postmaster@|abuse@|@ourcollege\\.ac\\.uk/ OK\n",
    }),
    name: "postfix-unanchored-recipient",
    truth: "open",
    openTo: "everyone, towards postmaster at any domain and names that begin as the local one does",
    exploit: { ...plain, rcptTo: "{token}@ourcollege.ac.uk.elsewhere.example" },
  },
  {
    ...mailer({ mynetworks: `${right.mynetworks} [::]/0` }),
    name: "postfix-ipv6-only",
    truth: "open",
    openTo: "everyone who comes over IPv6",
    exploit: { ...plain, address: mailerA.v6 },
  },
  {
    ...mailer({}, { "/etc/postfix/master.lab": "2525 inet n - n - - smtpd\n  -o mynetworks=0.0.0.0/0,[::]/0\n" }),
    name: "postfix-port-2525",
    truth: "open",
    openTo: "everyone, on port 2525 alone",
    listeners: [...onBoth(25), ...onBoth(2525)],
    exploit: { ...plain, port: 2525 },
  },
  {
    ...mailer(
      {},
      {
        "/etc/postfix/master.lab":
          "smtps inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n  -o mynetworks=0.0.0.0/0,[::]/0\n",
      },
    ),
    name: "postfix-port-465",
    truth: "open",
    openTo: "everyone, on the implicit TLS port alone",
    listeners: [...onBoth(25), ...onBoth(465, { implicitTls: true })],
    exploit: { ...plain, port: 465, tls: "implicit" },
  },
  {
    ...mailer({ mynetworks: "127.0.0.0/8 [::1]/128 10.0.0.0/8 [2001:db8:1::]/64" }),
    name: "postfix-class-a",
    truth: "open",
    openTo: "other organisations whose private addresses share the mailer's class A network, not to the Internet",
    checkOptions: ["--source", neighbour.v4, "--vantage", "neighbour"],
    exploit: { ...plain, source: neighbour.v4 },
  },
  {
    ...mailer({ smtpd_relay_restrictions: "permit_mynetworks, permit_mx_backup, reject_unauth_destination" }),
    name: "postfix-mx-backup",
    truth: "open",
    openTo: "every domain that names this mailer as its second MX, unasked",
    backupDomain: true,
    exploit: { ...plain, rcptTo: `{token}@${outsideSink.backupDomain}` },
  },
  {
    ...mailer({ smtpd_authorized_xclient_hosts: "0.0.0.0/0 [::]/0" }),
    name: "postfix-xclient",
    truth: "open",
    openTo: "whoever says by XCLIENT that he is an inside address",
    exploit: { ...plain, xclient: "ADDR=10.1.1.77 NAME=pc77.ourcollege.ac.uk" },
  },
  {
    ...mailer(
      {},
      {
        "/etc/postfix/master.lab": "2525 inet n - n - - smtpd\n  -o smtpd_upstream_proxy_protocol=haproxy\n",
      },
    ),
    name: "postfix-proxy",
    truth: "open",
    openTo: "whoever says by the PROXY protocol, on port 2525, that he is an inside address",
    listeners: [...onBoth(25), ...onBoth(2525, { behindProxy: true })],
    exploit: { ...plain, port: 2525, preface: `PROXY TCP4 10.1.1.77 ${mailerA.v4} 40000 2525` },
  },
  {
    ...mailer(sasl, { "/etc/postfix/master.lab": submission, "/etc/postfix/authd": authd("OK") }),
    name: "postfix-any-password",
    truth: "open",
    openTo: "whoever logs in on 587, with any name and password",
    listeners: [...onBoth(25), ...onBoth(587)],
    exploit: { ...plain, port: 587, auth: { user: "nobody-here", password: "anything" } },
  },
  {
    ...mailer(
      { virtual_alias_maps: "regexp:/etc/postfix/virtual" },
      {
        "/etc/postfix/virtual": "/^(.+)%(.+)@ourcollege\\.ac\\.uk$/ $1@$2\n/^(.+)=(.+)@ourcollege\\.ac\\.uk$/ $1@$2\n",
      },
    ),
    name: "postfix-map-copies",
    truth: "open",
    openTo: "everyone: an alias table copies the destination out of the local-part",
    exploit: { ...plain, rcptTo: "{token}=elsewhere.example@ourcollege.ac.uk" },
  },
  {
    ...mailer(outer),
    name: "postfix-percent-chain",
    truth: "open",
    openTo: "everyone: the outer mailer hands user%host on, the inner one trusts it and unfolds the address",
    exploit: { ...plain, rcptTo: "{token}%elsewhere.example@ourcollege.ac.uk" },
    second: innerPostfix(),
  },
  {
    ...mailer(outer),
    name: "postfix-quoted-chain",
    truth: "open",
    openTo: "everyone: as above, without percent and bang; the inner mailer still unfolds a quoted local-part",
    exploit: { ...plain, rcptTo: '"{token}@elsewhere.example"@ourcollege.ac.uk' },
    second: innerPostfix({ allow_percent_hack: "no", swap_bangpath: "no" }),
  },
];
