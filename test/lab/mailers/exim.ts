// Exim: a right configuration, closed ones that mislead testers, and ways to open it.
import { mailerA, mailerB } from "../addresses.ts";
import type { Product } from "../product.ts";
import type { Mailer, Variant } from "../variant.ts";
import { onBoth, plain } from "./listeners.ts";
import { innerPostfix } from "./postfix.ts";

export const exim: Product = {
  name: "exim",
  settleMs: 4000,
  start: `
install -d -o Debian-exim -g Debian-exim -m 750 /run/exim4
exec exim4 -bdf -q10s
`,
};

type Parts = {
  readonly ports?: string;
  /** Further lines of the main section. */
  readonly main?: string;
  readonly trusted?: string;
  /** Put between the check for odd characters and the trusted hosts. */
  readonly early?: string;
  /** Replaces the check for odd characters. */
  readonly characters?: string;
  /** Replaces the line that refuses foreign domains. */
  readonly relayRule?: string;
  readonly routers?: string;
  readonly lastRouters?: string;
  readonly authenticators?: string;
};

const characters = `  deny local_parts = ^[.] : ^.*[@%!/|] : ^.*/\\\\.\\\\./
       message = Restricted characters in address`;

const relayRule = `  require domains = +local_domains
          message = relay not permitted`;

function config(parts: Parts): string {
  return `primary_hostname = ${mailerA.host}
qualify_domain = ourcollege.ac.uk
domainlist local_domains = ourcollege.ac.uk : mx1.ourcollege.ac.uk
hostlist relay_from_hosts = ${parts.trusted ?? "<; 127.0.0.1 ; ::1 ; 10.1.1.0/24 ; 2001:db8:1::/48"}
daemon_smtp_ports = ${parts.ports ?? "25"}
local_interfaces = <; 0.0.0.0 ; ::0
log_file_path = syslog
syslog_timestamp = false
never_users = root
trusted_users = mail
tls_advertise_hosts = *
tls_certificate = /etc/ssl/lab.crt
tls_privatekey = /etc/exim4/lab.key
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
${parts.main ?? ""}
begin acl
check_rcpt:
  accept hosts = :
${parts.characters ?? characters}
  accept local_parts = postmaster
         domains = +local_domains
${parts.early ?? ""}
  accept hosts = +relay_from_hosts
  accept authenticated = *
${parts.relayRule ?? relayRule}
  require verify = recipient
  accept

begin routers
${parts.routers ?? ""}
remote:
  driver = dnslookup
  domains = ! +local_domains
  transport = smtp
  ignore_target_hosts = <; 0.0.0.0 ; 127.0.0.0/8 ; ::1
  no_more
aliases:
  driver = redirect
  data = \${lookup{$local_part}lsearch{/etc/aliases}}
  allow_fail
people:
  driver = accept
  check_local_user
  transport = mailbox
${parts.lastRouters ?? ""}

begin transports
smtp:
  driver = smtp
mailbox:
  driver = appendfile
  file = /var/mail/$local_part_data
  delivery_date_add
  envelope_to_add
  return_path_add
  group = mail
  mode = 0660

begin retry
* * F,2h,1m

begin authenticators
${parts.authenticators ?? ""}
`;
}

function mailer(parts: Parts): Mailer {
  return { product: "exim", files: { "/etc/exim4/exim4.conf": config(parts) }, listeners: onBoth(25) };
}

const plainAuth = (condition: string): string => `plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${condition}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = <| Username: | Password:
  server_condition = ${condition}
  server_set_id = $auth1
`;

/** The site's domain is handed to the second mailer. */
const toSecond = `inner:
  driver = manualroute
  domains = ourcollege.ac.uk
  transport = smtp
  route_list = * ${mailerB.v4}
  no_more
`;

export const eximVariants: readonly Variant[] = [
  {
    ...mailer({
      ports: "25 : 587",
      authenticators: plainAuth("false"),
      early: `  deny condition = \${if ={587}{$received_port}}
       !authenticated = *
       message = authentication required`,
    }),
    name: "exim-closed",
    truth: "closed",
    openTo: "nobody; 587 asks for authentication and believes none",
    listeners: [...onBoth(25), ...onBoth(587)],
  },
  {
    ...mailer({
      relayRule: `  defer !domains = +local_domains
        message = greylisted, please try again in five minutes`,
    }),
    name: "exim-defers-outside",
    truth: "closed",
    openTo: "nobody; every outside recipient is put off for ever, as if greylisted",
    // A temporary answer that speaks of greylisting promises a later yes. Whether it comes cannot be known in one run.
    expect: "inconclusive",
  },
  {
    ...mailer({ characters: "", lastRouters: "catch_all:\n  driver = redirect\n  data = alice@ourcollege.ac.uk\n" }),
    name: "exim-catch-all",
    truth: "closed",
    openTo: 'nobody; whatever is before the domain\'s "@", alice gets it',
    // From outside, a message that ended in a mailbox looks like one that is still on its way.
    expect: "suspect",
  },
  {
    ...mailer({ trusted: "*" }),
    name: "exim-everyone",
    truth: "open",
    openTo: "everyone: relay_from_hosts is *",
    exploit: plain,
  },
  {
    ...mailer({ relayRule: "" }),
    name: "exim-verify-only",
    truth: "open",
    openTo: "everyone: the recipient is only verified, and every domain with an MX verifies",
    exploit: plain,
  },
  {
    ...mailer({ early: "  accept sender_domains = +local_domains" }),
    name: "exim-local-sender",
    truth: "open",
    openTo: "whoever claims a sender in the local domain",
    exploit: { ...plain, mailFrom: "anyone@ourcollege.ac.uk" },
  },
  {
    ...mailer({ early: "  accept senders = :" }),
    name: "exim-null-sender",
    truth: "open",
    openTo: "everyone, with the null reverse-path",
    exploit: { ...plain, mailFrom: "" },
  },
  {
    ...mailer({
      early: `  accept condition = \${if match{$sender_helo_name}{\\N^(localhost|.*\\.ourcollege\\.ac\\.uk)$\\N}}`,
    }),
    name: "exim-helo",
    truth: "open",
    openTo: "whoever says HELO localhost or a name of the local domain",
    exploit: { ...plain, helo: "localhost" },
  },
  {
    ...mailer({
      characters: "",
      routers: `percent:
  driver = redirect
  domains = +local_domains
  local_parts = ^.*%
  data = \${sg{$local_part}{\\N^(.*)%([^%]*)$\\N}{\\$1@\\$2}}
`,
    }),
    name: "exim-percent",
    truth: "open",
    openTo: "everyone: user%host@here is unfolded after the relay check",
    exploit: { ...plain, rcptTo: "{token}%elsewhere.example@ourcollege.ac.uk" },
  },
  {
    ...mailer({
      characters: "",
      routers: `bang:
  driver = redirect
  domains = +local_domains
  local_parts = ^.*!
  data = \${sg{$local_part}{\\N^([^!]*)!(.*)$\\N}{\\$2@\\$1}}
`,
    }),
    name: "exim-bang",
    truth: "open",
    openTo: "everyone: host!user@here is unfolded after the relay check",
    exploit: { ...plain, rcptTo: "elsewhere.example!{token}@ourcollege.ac.uk" },
  },
  {
    ...mailer({ trusted: "<; 127.0.0.1 ; ::1 ; 10.1.1.0/24 ; ::/0" }),
    name: "exim-ipv6-only",
    truth: "open",
    openTo: "everyone who comes over IPv6",
    exploit: { ...plain, address: mailerA.v6 },
  },
  {
    ...mailer({ early: "  accept encrypted = *" }),
    name: "exim-starttls",
    truth: "open",
    openTo: "everyone, after STARTTLS",
    exploit: { ...plain, tls: "starttls" },
  },
  {
    ...mailer({ authenticators: plainAuth("true") }),
    name: "exim-any-password",
    truth: "open",
    openTo: "whoever logs in, with any name and password",
    exploit: { ...plain, auth: { user: "nobody-here", password: "anything" } },
  },
  {
    ...mailer({ ports: "25 : 587", early: `  accept condition = \${if ={587}{$received_port}}` }),
    name: "exim-port-587",
    truth: "open",
    openTo: "everyone, on port 587, where authentication was forgotten",
    listeners: [...onBoth(25), ...onBoth(587)],
    exploit: { ...plain, port: 587 },
  },
  {
    ...mailer({ characters: "", routers: toSecond }),
    name: "exim-bang-chain",
    truth: "open",
    openTo: "everyone: the outer mailer hands host!user on, the inner one trusts it and unfolds the address",
    exploit: { ...plain, rcptTo: "elsewhere.example!{token}@ourcollege.ac.uk" },
    second: innerPostfix(),
  },
];
