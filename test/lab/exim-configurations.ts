// Made-up Exim configurations, the same for the same seed: what people write into lists and ACLs, right and wrong,
// in any order.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are Exim's own expansions.

export type GeneratedExim = {
  readonly files: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  readonly senders: readonly string[];
  readonly recipients: readonly string[];
};

export type Pick = <T>(from: readonly T[]) => T;

/** Picks by a small generator of its own (mulberry32), so that a seed means the same everywhere. */
export function seeded(seed: number): Pick {
  let state = seed >>> 0;
  return (from) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const index = ((mixed ^ (mixed >>> 14)) >>> 0) % from.length;
    return from[index] as (typeof from)[number]; // lists here are never empty
  };
}

const localDomains = [
  "ourcollege.ac.uk : mx1.ourcollege.ac.uk",
  "@ : ourcollege.ac.uk",
  "@ : ourcollege.ac.uk : @[]",
  "<; ourcollege.ac.uk ; @",
  "ourcollege.ac.uk : *.ourcollege.ac.uk",
  "*ourcollege.ac.uk",
  "\\N^(?i).*ourcollege\\.ac\\.uk$\\N",
  "/etc/audit/local",
  "lsearch;/etc/audit/local.table",
  "partial-lsearch;/etc/audit/local.table",
  "wildlsearch;/etc/audit/wild.table",
  "dsearch;/etc/audit/domains",
  "+mine",
  "! bad.elsewhere.example : ourcollege.ac.uk",
  "${lookup{$domain}lsearch{/etc/audit/local.table}{$domain}{nowhere.invalid}}",
];
const relayDomains = [
  "",
  "forwarded.example",
  "forwarded.example : *.forwarded.example",
  "!bad.elsewhere.example",
  "forwarded.example : !bad.elsewhere.example",
  "*",
  "/etc/audit/relay",
  "/etc/audit/star",
  "/etc/audit/comment",
  "nwildlsearch;/etc/audit/wild.table",
  "forwarded.example : +none",
  "${if exists{/etc/audit/relay}{/etc/audit/relay}{}}",
  "${lookup{$domain}lsearch{/etc/audit/local.table}{$domain}fail}",
  "elsewhere.*",
  "*.example",
];
const relayHosts = [
  "<; 127.0.0.1 ; ::1 ; 10.1.1.0/24",
  "127.0.0.1 : ::::1 : 10.1.1.0/24",
  "127.0.0.1 : ::1 : 10.1.1.0/24",
  "10.0.0.0/8 : 172.16.0.0/12",
  "*",
  "0.0.0.0/0",
  "<; ::/0",
  "!192.0.2.1",
  "! 203.0.113.0/24 : 10.1.1.0/24",
  "<; 10.1.1.0/24 ; 198.51.100.0/24",
  "*.ourcollege.ac.uk",
  "+include_unknown : *.ourcollege.ac.uk",
  "+ignore_unknown : *.ourcollege.ac.uk : 198.51.100.0/24",
  "*.ourcollege.ac.uk : 198.51.100.0/24",
  "198.51.100.0/24 : *.ourcollege.ac.uk",
  "pc77.ourcollege.ac.uk : 172.17.0.1",
  "/etc/audit/hosts",
  "net-iplsearch;/etc/audit/nets.table",
  "net24-lsearch;/etc/audit/nets24.table",
  "iplsearch;/etc/audit/nets.table",
  "@ : 10.1.1.77",
  "@[]",
  "^host.*example\\$",
  "${if eq{$sender_helo_name}{localhost}{*}{10.1.1.0/24}}",
  "<| 10.1.1.0/24 | 198.51.100.7",
  "+nets : 172.17.0.1",
  "! +nets",
];
const early = [
  "  accept senders = *@ourcollege.ac.uk",
  "  accept senders = :",
  "  accept senders = +friends",
  "  accept senders = ^.*@(our|your)college",
  "  accept senders = ourcollege.ac.uk : alice@forwarded.example",
  "  accept senders = lsearch*@;/etc/audit/senders.table",
  "  accept senders = *",
  "  accept sender_domains = +local_domains",
  "  accept condition = ${if eq{$sender_helo_name}{localhost}}",
  "  accept condition = ${if match{$sender_helo_name}{\\N^(.*\\.)?ourcollege\\.ac\\.uk$\\N}{yes}{no}}",
  "  accept condition = ${if match_domain{$sender_address_domain}{+local_domains}}",
  "  accept condition = ${if match_ip{$sender_host_address}{172.16.0.0/12}}",
  "  accept condition = ${if and{{def:sender_host_name}{match{$sender_host_name}{ourcollege}}}}",
  "  accept condition = ${lookup{$sender_address}lsearch{/etc/audit/senders.table}{yes}fail}",
  "  accept condition = ${lookup{$sender_address}lsearch{/etc/audit/senders.table}{yes}{no}}",
  "  accept condition =",
  "  accept condition = ${if ={587}{$received_port}}",
  "  accept condition = ${extract{1}{.}{$sender_helo_name}{${if eq{$value}{pc}{1}{0}}}{0}}",
  "  accept condition = ${if inlist{$sender_address_domain}{ourcollege.ac.uk : forwarded.example}}",
  "  accept condition = ${if eqi{${domain:$sender_address}}{OURCOLLEGE.ac.uk}}",
  "  accept condition = ${if eq{${lc:$sender_address_local_part}}{alice}}",
  "  accept hosts = *.isp.example\n         sender_domains = ourcollege.ac.uk",
  "  accept acl = friends_acl",
  "  deny !acl = friends_acl",
  "  accept !acl = friends_acl\n         hosts = 198.51.100.0/24",
  "  deny senders = +friends",
  "  deny hosts = *.isp.example",
  "  deny hosts = !*.isp.example",
  "  deny sender_domains = !ourcollege.ac.uk\n       domains = !+local_domains",
  "  drop hosts = 198.51.100.7",
  "  defer senders = bob@elsewhere.example",
  "  require senders = *@*",
  "  require hosts = !172.16.0.0/12",
  "  warn hosts = *\n       set acl_m_seen = yes",
  "  accept local_parts = postmaster : abuse",
  "  accept local_parts = ^p.*e$\n         domains = forwarded.example",
  "  accept recipients = *@forwarded.example",
  "  accept recipients = alice@*",
  "  accept domains = +local_domains\n         endpass\n         verify = recipient",
  "  accept domains = forwarded.example\n         endpass\n         hosts = *.isp.example",
  "  deny local_parts = ^.*[@%!/|] : ^\\\\.",
  "  deny domains = +local_domains\n       !verify = recipient",
  "  accept hosts = :",
  "  accept authenticated = *",
  "  accept verify = recipient\n         domains = !elsewhere.example",
  "  accept encrypted = *",
  "  accept\n    domains = ${if eq{$local_part}{probe}{elsewhere.example}{ourcollege.ac.uk}}\n    hosts = 203.0.113.0/24",
];
const relayRules = [
  "  require domains = +local_domains : +relay_to_domains",
  "  require domains = +local_domains : +relay_to_domains",
  "  require message = relay not permitted\n          domains = +local_domains : +relay_to_domains",
  "  deny !domains = +local_domains : +relay_to_domains",
  "  deny domains = !+local_domains : !+relay_to_domains",
  "  deny domains = ! +local_domains",
  "  warn domains = !+local_domains",
  "  accept domains = +local_domains : +relay_to_domains\n  deny message = no",
  "  require verify = recipient",
  "  accept domains = +relay_to_domains\n         endpass\n         verify = recipient\n  require domains = +local_domains",
  "",
];
const mainLines = [
  "",
  "",
  "percent_hack_domains = ourcollege.ac.uk",
  "percent_hack_domains = *",
  "allow_domain_literals",
  "acl_smtp_mail = check_mail",
  "acl_smtp_helo = check_helo",
  "acl_smtp_connect = ${if match_ip{$sender_host_address}{198.51.100.0/24}{check_connect}{accept}}",
  "recipient_unqualified_hosts = *",
  "EXTRA = yes\n.ifdef EXTRA\nstrip_trailing_dot\n.else\nacl_smtp_mail = deny\n.endif",
];
const rcptAcls = [
  "acl_smtp_rcpt = check_rcpt",
  "acl_smtp_rcpt = check_rcpt",
  "acl_smtp_rcpt = check_rcpt",
  "acl_smtp_rcpt = ${if ={587}{$received_port}{check_submission}{check_rcpt}}",
  "acl_smtp_rcpt = ${if eq{$sender_helo_name}{localhost}{check_submission}{check_rcpt}}",
  "ACL = check_rcpt\nacl_smtp_rcpt = ACL",
];
const rewriting = [
  "",
  "",
  "",
  "^<?(.*)#(.*)@ourcollege\\\\.ac\\\\.uk <$1@$2> S",
  "^<(.*)@old\\\\.ourcollege\\\\.ac\\\\.uk> <$1@ourcollege.ac.uk> S",
  '^<(.*)@forwarded "${lookup{$1}lsearch{/etc/audit/senders.table}{<$1@elsewhere.example>}fail}" S',
];

export function generateExim(any: Pick): GeneratedExim {
  // Every other one is written by somebody careful: mostly the first choice, which is right, and few additions.
  const careful = any([true, false]);
  const pick: Pick = (from) => (careful && any([true, true, true, true, true, true, false]) ? from[0]! : any(from));
  const some = (from: readonly string[], most: number): string =>
    Array.from({ length: pick(Array.from({ length: most + 1 }, (_, index) => index)) }, () => pick(from)).join("\n");
  const text = `primary_hostname = mx1.ourcollege.ac.uk
qualify_domain = ourcollege.ac.uk
domainlist mine = ourcollege.ac.uk : lists.ourcollege.ac.uk
domainlist none =
hostlist nets = 10.1.1.0/24 : 127.0.0.1
addresslist friends = *@forwarded.example : alice@ourcollege.ac.uk : ! bob@* : *@*.elsewhere.example
domainlist local_domains = ${pick(localDomains)}
domainlist relay_to_domains = ${pick(relayDomains)}
hostlist relay_from_hosts = ${pick(relayHosts)}
daemon_smtp_ports = 25 : 587
smtp_enforce_sync = false
log_file_path = :syslog
never_users = root
${pick(mainLines)}
${pick(rcptAcls)}
acl_smtp_data = accept
begin acl
check_mail:
${some(["  deny senders = bob@elsewhere.example", "  deny hosts = 172.16.0.0/12", "  accept senders = +friends"], 2)}
  accept
check_connect:
  deny hosts = 198.51.100.128/25
  accept
check_helo:
  deny condition = \${if eq{$sender_helo_name}{mx1.ourcollege.ac.uk}}
  accept
friends_acl:
  deny hosts = 203.0.113.0/24
  accept senders = +friends
  accept domains = forwarded.example
check_submission:
  accept hosts = +relay_from_hosts
  ${pick(["accept authenticated = *", "accept", "deny"])}
check_rcpt:
${some(early, careful ? 1 : 3)}
${pick(["  accept hosts = +relay_from_hosts", "  accept hosts = +relay_from_hosts", "  accept !hosts = ! +relay_from_hosts", ""])}
${some(early, 1)}
${pick(relayRules)}
${pick(["", "  require verify = recipient"])}
${pick(["  accept", "  accept", "  accept", ""])}

begin routers
${pick([
  "",
  "",
  `percent:
  driver = redirect
  domains = +local_domains
  local_parts = ^.*%
  data = \${sg{$local_part}{\\N^(.*)%([^%]*)$\\N}{\\$1@\\$2}}`,
])}
remote:
  driver = dnslookup
  domains = ! +local_domains
  transport = smtp
  no_more
aliases:
  driver = redirect
  data = \${lookup{$local_part}lsearch{/etc/audit/aliases}}
  allow_fail
people:
  driver = accept
  local_part_suffix = +*
  local_part_suffix_optional
  check_local_user
  transport = mailbox
${pick(["", "", "all:\n  driver = accept\n  local_parts = ^list- : +lists\n  transport = mailbox".replace(" : +lists", "")])}

begin transports
smtp:
  driver = smtp
mailbox:
  driver = appendfile
  file = /var/mail/$local_part_data

begin rewrite
${pick(rewriting)}
`;
  return {
    files: {
      "/etc/exim4/exim4.conf": text,
      "/etc/audit/local": "# ours\nourcollege.ac.uk # the college\n*.ourcollege.ac.uk\n",
      "/etc/audit/local.table": "ourcollege.ac.uk: yes\n*.ourcollege.ac.uk: below\n# forwarded.example\n",
      "/etc/audit/wild.table": "*.ourcollege.ac.uk: a\nourcollege.ac.uk b\n^forw.*example c\n",
      "/etc/audit/domains/ourcollege.ac.uk": "",
      "/etc/audit/relay": "forwarded.example\n!bad.elsewhere.example\n",
      "/etc/audit/star": "forwarded.example\n*\n",
      "/etc/audit/comment": "forwarded.example # *\n",
      "/etc/audit/hosts": "10.1.1.0/24\n# 0.0.0.0/0\n172.17.0.1\n",
      "/etc/audit/nets.table": '10.1.1.0/24: inside\n"2001:db8:77::/48": six\n172.17.0.1 bridge\n',
      "/etc/audit/nets24.table": "10.1.1.0/24: inside\n198.51.100.0/24: x\n",
      "/etc/audit/senders.table": "alice@ourcollege.ac.uk: 1\n*@forwarded.example: 2\nprobe: 3\n",
      "/etc/audit/aliases": "postmaster: alice\nabuse: alice\nfar: someone@elsewhere.example\nnobody: :fail: no\n",
    },
    ports: [25, 25, 587],
    senders: [
      "<>",
      "<alice@ourcollege.ac.uk>",
      "<Alice@OurCollege.ac.uk>",
      "<bob@elsewhere.example>",
      "<x@forwarded.example>",
      "<x@sub.elsewhere.example>",
      "<stranger@elsewhere.example>",
    ],
    recipients: [
      "<probe@elsewhere.example>",
      "<probe@elsewhere.example>",
      "<probe@elsewhere.example>",
      "<probe@bad.elsewhere.example>",
      "<probe@forwarded.example>",
      "<probe@sub.elsewhere.example>",
      "<alice@ourcollege.ac.uk>",
      "<ALICE+tag@ourcollege.ac.uk>",
      "<far@ourcollege.ac.uk>",
      "<nobody@ourcollege.ac.uk>",
      "<missing@ourcollege.ac.uk>",
      "<postmaster>",
      "<Postmaster@elsewhere.example>",
      "<probe%elsewhere.example@ourcollege.ac.uk>",
      '<"probe@elsewhere.example"@ourcollege.ac.uk>',
      "<elsewhere.example!probe@ourcollege.ac.uk>",
      "<@ourcollege.ac.uk:probe@elsewhere.example>",
      "<probe#elsewhere.example@ourcollege.ac.uk>",
      "<probe@elsewhere.example.>",
      "<alice@ourcollege.ac.uk.>",
      "<probe@[10.1.1.2]>",
      "<probe@[203.0.113.9]>",
      ...(text.includes("@old") ? ["<alice@old.ourcollege.ac.uk>"] : []),
      "<probe>",
      "<probe@elsewhere.example@ourcollege.ac.uk>",
    ],
  };
}
