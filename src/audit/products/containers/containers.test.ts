import fc from "fast-check";
import { expect, test } from "vitest";
import { auditTree } from "../../examine.ts";
import { treeOf } from "../../tree.ts";

type Files = Readonly<Record<string, string>>;

const audited = (files: Files) => {
  const texts = Object.entries(files).map(([name, text]): [string, string] => [`/srv/${name}`, text]);
  const request = { site: null, product: null, version: null, deployment: null, follow: null, deadLists: [] };
  return auditTree("stack", treeOf("/srv", Object.fromEntries(texts)), request);
};

const dollar = "$";

/** The stack as its documents describe it: a bridge with both families, three published ports, its own Postfix files. */
const mailcow: Files = {
  "docker-compose.yml": `services:
  postfix-mailcow:
    image: ghcr.io/mailcow/postfix:3.10.12-1
    volumes:
      - ./data/conf/postfix:/opt/postfix/conf:z
      - postfix-vol-1:/var/spool/postfix
    environment:
      - MAILCOW_HOSTNAME=${dollar}{MAILCOW_HOSTNAME}
    ports:
      - "${dollar}{SMTP_PORT:-25}:25"
      - "${dollar}{SMTPS_PORT:-465}:465"
      - "${dollar}{SUBMISSION_PORT:-587}:587"
    networks:
      mailcow-network:
        ipv4_address: ${dollar}{IPV4_NETWORK:-172.22.1}.253
  netfilter-mailcow:
    image: ghcr.io/mailcow/netfilter:1.64
    network_mode: host
networks:
  mailcow-network:
    driver: bridge
    enable_ipv6: ${dollar}{ENABLE_IPV6:-true}
    ipam:
      driver: default
      config:
        - subnet: ${dollar}{IPV4_NETWORK:-172.22.1}.0/24
        - subnet: ${dollar}{IPV6_NETWORK:-fd4d:6169:6c63:6f77::/64}
`,
  "mailcow.conf": "MAILCOW_HOSTNAME=mail.ourcollege.example\nIPV4_NETWORK=172.22.1\nSKIP_CLAMD=n # enough memory\n",
  "data/conf/postfix/main.cf": `append_dot_mydomain = no
smtpd_relay_restrictions = permit_mynetworks,
  permit_sasl_authenticated,
  defer_unauth_destination
mynetworks_style = subnet
relay_domains = proxy:mysql:/opt/postfix/conf/sql/mysql_virtual_relay_domain_maps.cf
smtpd_recipient_restrictions = permit_sasl_authenticated,
  permit_mynetworks,
  check_recipient_access proxy:mysql:/opt/postfix/conf/sql/mysql_tls_enforce_in_policy.cf,
  reject_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = may
virtual_mailbox_domains = proxy:mysql:/opt/postfix/conf/sql/mysql_virtual_domains_maps.cf
virtual_alias_maps = proxy:mysql:/opt/postfix/conf/sql/mysql_virtual_alias_maps.cf
mydestination = localhost.localdomain, localhost
compatibility_level = 3.7

# User Overrides
mynetworks = 0.0.0.0/0
`,
  "data/conf/postfix/master.cf": `smtp       inet  n       -       n       -       1       postscreen
10025      inet  n       -       n       -       1       postscreen
  -o postscreen_upstream_proxy_protocol=haproxy
smtpd      pass  -       -       n       -       -       smtpd
  -o smtpd_sasl_auth_enable=no
submission inet  n       -       n       -       -       smtpd
  -o smtpd_client_restrictions=permit_mynetworks,permit_sasl_authenticated,reject
  -o smtpd_tls_security_level=encrypt
590        inet  n       -       n       -       -       smtpd
  -o smtpd_client_restrictions=permit_mynetworks,reject
`,
  "data/conf/postfix/extra.cf": "# own settings\n",
};

const mailu: Files = {
  "docker-compose.yml": `services:
  front:
    image: ${dollar}{DOCKER_ORG:-ghcr.io/mailu}/${dollar}{DOCKER_PREFIX:-}nginx:${dollar}{MAILU_VERSION:-2024.06}
    env_file: mailu.env
    ports:
      - "192.0.2.25:25:25"
      - "192.0.2.25:587:587"
  smtp:
    image: ${dollar}{DOCKER_ORG:-ghcr.io/mailu}/${dollar}{DOCKER_PREFIX:-}postfix:${dollar}{MAILU_VERSION:-2024.06}
    env_file: mailu.env
    volumes:
      - ./overrides/postfix:/overrides:ro
networks:
  default:
    driver: bridge
    ipam:
      config:
        - subnet: 192.168.203.0/24
`,
  "mailu.env": "DOMAIN=ourcollege.example\nHOSTNAMES=mail.ourcollege.example\nSUBNET=192.168.203.0/24\nRELAYNETS=\n",
};
const mailuSix = (more: string): string =>
  (mailu["docker-compose.yml"] ?? "")
    .replace('      - "192.0.2.25:587:587"', '      - "[2001:db8:25::25]:25:25"')
    .replace("driver: bridge", `driver: bridge${more}`);

const dms: Files = {
  "compose.yaml": `services:
  mailserver:
    image: ghcr.io/docker-mailserver/docker-mailserver:latest
    hostname: mail.ourcollege.example
    env_file: mailserver.env
    ports:
      - "25:25"
      - "465:465"
      - "587:587"
    volumes:
      - ./docker-data/dms/config/:/tmp/docker-mailserver/
    restart: always
`,
  "mailserver.env": "OVERRIDE_HOSTNAME=\nENABLE_RSPAMD=1\nPERMIT_DOCKER=none\nSPOOF_PROTECTION=\n",
  "docker-data/dms/config/postfix-accounts.cf": "person@ourcollege.example|{SHA512-CRYPT}$6$x\n",
  "docker-data/dms/config/postfix-virtual.cf": "info@lists.ourcollege.example person@ourcollege.example\n",
};

for (const [what, files, verdict, tags] of [
  ["mailcow as it is installed", mailcow, "closed", []],
  [
    "mailcow without IPv6 in its network",
    { ...mailcow, ".env": `${mailcow["mailcow.conf"]}ENABLE_IPV6=false\n` },
    "open",
    ["DEPLOY_HIDES_CLIENT"],
  ],
  [
    "mailcow without IPv6, whose extra.cf names the trusted",
    {
      ...mailcow,
      ".env": "ENABLE_IPV6=false\n",
      "data/conf/postfix/extra.cf": "mynetworks = 127.0.0.0/8 [::1]/128 172.22.1.248\n",
    },
    "closed",
    [],
  ],
  [
    "mailcow whose extra.cf trusts everybody",
    { ...mailcow, "data/conf/postfix/extra.cf": "mynetworks = 127.0.0.0/8, 0.0.0.0/0\n" },
    "open",
    ["PFX_NET_ANY"],
  ],
  [
    "mailcow whose extra.cf takes the guard away",
    {
      ...mailcow,
      "data/conf/postfix/extra.cf":
        "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = check_sender_access inline:{ourcollege.example=OK}, reject_unauth_destination\n",
    },
    "open",
    ["PFX_SENDER_OK"],
  ],
  ["mailcow's compose file alone", { "docker-compose.yml": mailcow["docker-compose.yml"] ?? "" }, "closed", []],
  [
    "mailcow behind a proxy port that is published",
    {
      ...mailcow,
      "docker-compose.yml": (mailcow["docker-compose.yml"] ?? "").replace(
        "    ports:\n",
        '    ports:\n      - "0.0.0.0:10025:10025"\n',
      ),
    },
    "open",
    ["PFX_PROXYPROTO"],
  ],
  ["Mailu as it is installed", mailu, "closed", []],
  [
    "Mailu with IPv6 at its front alone",
    { ...mailu, "docker-compose.yml": mailuSix("") },
    "open",
    ["DEPLOY_HIDES_CLIENT"],
  ],
  [
    "Mailu with IPv6 in its network",
    {
      ...mailu,
      "docker-compose.yml": mailuSix("\n    enable_ipv6: true").replace(
        /(- subnet: 192.168.203.0\/24)/,
        "$1\n        - subnet: fd00:2c::/64",
      ),
      "mailu.env": `${mailu["mailu.env"]}SUBNET6=fd00:2c::/64\n`,
    },
    "closed",
    [],
  ],
  [
    "Mailu whose RELAYNETS is everything",
    { ...mailu, "mailu.env": "SUBNET=192.168.203.0/24\nRELAYNETS=10.2.0.0/16,0.0.0.0/0,2001:db8:7::/48\n" },
    "open",
    ["PFX_NET_ANY"],
  ],
  [
    "Mailu with an override",
    { ...mailu, "overrides/postfix/postfix.cf": "# ours\nrelay_domains = static:all\n" },
    "open",
    ["PFX_RELAYDOM_WILD"],
  ],
  [
    "Mailu without its variables",
    { "docker-compose.yml": mailu["docker-compose.yml"] ?? "" },
    "unknown",
    ["PFX_UNKNOWN"],
  ],
  ["docker-mailserver as it is installed", dms, "closed", []],
  [
    "docker-mailserver that trusts Docker's networks",
    { ...dms, "mailserver.env": "PERMIT_DOCKER=network\n" },
    "open",
    ["DEPLOY_HIDES_CLIENT"],
  ],
  [
    "… those it is connected to",
    { ...dms, "mailserver.env": "PERMIT_DOCKER=connected-networks\n" },
    "open",
    ["DEPLOY_HIDES_CLIENT"],
  ],
  ["… itself", { ...dms, "mailserver.env": "PERMIT_DOCKER=container\n" }, "closed", []],
  [
    "… for IPv4 alone",
    {
      ...dms,
      "mailserver.env": "PERMIT_DOCKER=network\n",
      "compose.yaml": (dms["compose.yaml"] ?? "").replace(/- "(\d+:\d+)"/g, '- "0.0.0.0:$1"'),
    },
    "closed",
    [],
  ],
  [
    "docker-mailserver with settings of its own",
    { ...dms, "docker-data/dms/config/postfix-main.cf": "mynetworks = 127.0.0.0/8 [::1]/128 198.51.0.0/11\n" },
    "unknown",
    ["DEPLOY_HIDES_CLIENT", "PFX_UNKNOWN"],
  ],
  [
    "docker-mailserver with a setting of one service",
    {
      ...dms,
      "docker-data/dms/config/postfix-master.cf":
        "submission/inet/smtpd_client_restrictions=permit\nsubmission/inet/smtpd_relay_restrictions=permit\n",
    },
    "closed",
    [],
  ],
  [
    "docker-mailserver with two settings of one service",
    {
      ...dms,
      "docker-data/dms/config/postfix-master.cf":
        "submission/inet/smtpd_client_restrictions=permit\nsubmission/inet/smtpd_relay_restrictions=permit\nsubmission/inet/smtpd_recipient_restrictions=permit_mynetworks,permit,reject\n",
    },
    "closed",
    [],
  ],
  [
    "docker-mailserver with a script",
    { ...dms, "docker-data/dms/config/user-patches.sh": "#!/bin/bash\npostconf -e 'mynetworks = 10.0.0.0/8'\n" },
    "conditional",
    [],
  ],
  [
    "docker-mailserver without its variables",
    { "compose.yaml": dms["compose.yaml"] ?? "" },
    "unknown",
    ["DEPLOY_HIDES_CLIENT", "PFX_UNKNOWN"],
  ],
  [
    "docker-mailserver with its own main.cf mounted",
    {
      ...dms,
      "compose.yaml": (dms["compose.yaml"] ?? "").replace(
        "    volumes:\n",
        "    volumes:\n      - ./main.cf:/etc/postfix/main.cf\n",
      ),
    },
    "conditional",
    [],
  ],
] as const)
  test(`${what}: ${verdict}`, () => {
    const result = audited(files);
    expect(result.verdict, JSON.stringify(result.listeners, null, 1)).toBe(verdict);
    expect(
      [...new Set(result.findings.map(({ tag }) => tag).filter((tag) => !tag.startsWith("AUDIT_")))].sort(),
    ).toEqual([...tags]);
    if (verdict === "closed") expect(result.assumes.map(({ text }) => text).join()).toContain("not compared");
  });

// The line that a person edits, and the edit that mends it.
for (const [what, files, file, line, patch] of [
  [
    "mailcow",
    { ...mailcow, ".env": "ENABLE_IPV6=false\n" },
    "docker-compose.yml",
    10,
    `0.0.0.0:${dollar}{SMTP_PORT:-25}:25`,
  ],
  [
    "Mailu",
    { ...mailu, "mailu.env": `${mailu["mailu.env"]}`.replace("RELAYNETS=", "RELAYNETS=10.2.0.0/16,0.0.0.0/0") },
    "mailu.env",
    4,
    "+RELAYNETS=10.2.0.0/16\n",
  ],
  [
    "docker-mailserver",
    {
      ...dms,
      "mailserver.env": "PERMIT_DOCKER=host\n",
      "compose.yaml": (dms["compose.yaml"] ?? "").replace(
        "env_file: mailserver.env",
        "environment: [PERMIT_DOCKER=network]",
      ),
    },
    "compose.yaml",
    7,
    '+      - "0.0.0.0:25:25"\n',
  ],
] as const)
  test(`${what}: the finding shows the line, and the patch mends it`, () => {
    const result = audited(files);
    const [finding] = result.findings;
    expect(finding?.where).toMatchObject({ file: `/srv/${file}`, line });
    expect(finding?.patch).toContain(patch);
    for (const { where } of finding?.trace ?? []) expect(where === null || where.file.startsWith("/srv/")).toBe(true);
  });

test("two mailers in one file are two listeners, each with its own doors", () => {
  const result = audited({
    "compose.yaml": `services:
  out:
    image: mwader/postfix-relay
  in:
    image: docker-mailserver/docker-mailserver
    ports: ["0.0.0.0:25:25"]
`,
  });
  expect(result.product).toBe("postfix-relay, docker-mailserver");
  expect(result.listeners.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["smtp in out", "closed"],
    ["smtp in in", "closed"],
    ["submission in in", "closed"],
    ["submissions in in", "closed"],
  ]);
});

test("whatever the variables hold, they stay in their setting", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.string({ maxLength: 40 }), (value, other) => {
      audited({ ...mailu, "mailu.env": `SUBNET=${value}\nRELAYNETS=${other}\n` });
      audited({ ...dms, "mailserver.env": `PERMIT_DOCKER=${value}\n`, "compose.override.yaml": other });
      audited({ ...mailcow, "data/conf/postfix/extra.cf": value, "mailcow.conf": other });
    }),
    { numRuns: 60 },
  );
});
