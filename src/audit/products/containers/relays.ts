/**
 * Images that are one Postfix each, with its settings out of variables: the scripts with which they start (boky/postfix,
 * juanluisbaptiste/postfix, catatnight/postfix, mwader/postfix-relay, loganmarchione/docker-postfixrelay, anonaddy/anonaddy,
 * simplelogin/postfix). Most trust
 * whole blocks of private addresses, some everybody, and count on their port being published to nobody.
 */
import type { Variable } from "../../deployment/variables.ts";
import type { Caveat } from "../../rules.ts";
import { fromVariable, type MadeLine, oneLine, type Rendered, usual } from "./rendered.ts";
import { nothingRendered, type StackInput, settingOf, variableOf } from "./stack.ts";

const onlySmtp: readonly MadeLine[] = [{ text: "smtp inet n - n - - smtpd", where: null }];
const withSubmission: readonly MadeLine[] = [...onlySmtp, { text: "submission inet n - n - - smtpd", where: null }];

const privateBlocks = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16";

/** Debian's and Alpine's own, which these images keep. */
const packaged: readonly MadeLine[] = [
  usual("compatibility_level", "3.6"),
  usual("smtpd_relay_restrictions", "permit_mynetworks permit_sasl_authenticated defer_unauth_destination"),
];

/** Variables `POSTFIX_name`, each a setting; they come last, and win. */
function settings(input: StackInput): readonly MadeLine[] {
  return [...input.service.environment].flatMap(([name, variable]) => {
    const setting = /^POSTFIX_([a-z][a-z0-9_]*)$/.exec(name)?.[1];
    return setting === undefined || variable.value === "" ? [] : [fromVariable(setting, variable)];
  });
}

/** A script that runs before Postfix does may set anything. */
function scripts({ service }: StackInput): readonly Caveat[] {
  return [...service.mounts.keys()].some((at) => /^\/docker-init\.(d|db)(\/|$)/.test(at))
    ? [
        {
          tag: "script",
          text: "unless a script in /docker-init.d, which runs when the container starts, lets strangers in",
          where: service.where,
        },
      ]
    : [];
}

/** The sender must be in ALLOWED_SENDER_DOMAINS, which anybody can type: the client's address is what guards it. */
export function boky(input: StackInput): Rendered {
  const old = variableOf(input, "MYNETWORKS");
  const networks = old !== null && old.value !== "" ? old : variableOf(input, "POSTFIX_mynetworks");
  const senders = variableOf(input, "ALLOWED_SENDER_DOMAINS");
  const given = senders !== null && senders.value !== "";
  const names = oneLine(senders?.value ?? "")
    .split(/[\s,]+/)
    .filter((name) => name !== "");
  const table = names.map((name) => `{${name.replace(/[{}=]/g, "")}=OK}`).join(" ");
  const login = settingOf(input, "SMTPD_SASL_USERS");
  return {
    ...nothingRendered,
    main: [
      usual("compatibility_level", "3.6"),
      usual("mydestination", "localhost"),
      usual("relay_domains", ""),
      usual("smtpd_sasl_auth_enable", login === null ? "no" : "yes"),
      usual("smtpd_client_restrictions", "permit_mynetworks,permit_sasl_authenticated,reject"),
      usual("smtpd_helo_restrictions", "permit_mynetworks,reject_invalid_helo_hostname,permit"),
      usual("smtpd_sender_restrictions", "permit_mynetworks,reject"),
      usual("smtpd_relay_restrictions", "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination"),
      usual("mynetworks", `127.0.0.0/8,${privateBlocks}`),
      ...(given
        ? [
            {
              text: `smtpd_recipient_restrictions = reject_non_fqdn_recipient, reject_unknown_recipient_domain, check_sender_access ${senders.value === null ? "variable:ALLOWED_SENDER_DOMAINS" : `inline:{${table}}`},${login === null ? "" : " permit_sasl_authenticated,"} reject`,
              where: senders.where,
            },
            usual("smtpd_relay_restrictions", "permit"),
          ]
        : []),
      ...settings(input),
      ...(networks === null ? [] : [fromVariable("mynetworks", networks)]),
    ],
    master: withSubmission,
    caveats: scripts(input),
  };
}

/** SMTP_NETWORKS comes on top of all private blocks; loopback is not among them. */
export function juanluisbaptiste(input: StackInput): Rendered {
  const more = variableOf(input, "SMTP_NETWORKS");
  const host = settingOf(input, "SERVER_HOSTNAME");
  return {
    ...nothingRendered,
    main: [
      ...packaged,
      ...(host === null ? [] : [usual("myhostname", oneLine(host))]),
      usual("mydestination", oneLine(settingOf(input, "DESTINATION") ?? "localhost")),
      usual("relay_domains", ""),
      usual("mynetworks", privateBlocks),
      ...(more === null || more.value === "" ? [] : [{ text: `  ${networksIn(more)}`, where: more.where }]),
    ],
    master: onlySmtp,
  };
}

/** Only what looks like a network is taken; IPv6 is put in brackets. */
function networksIn({ value }: Variable): string {
  if (value === null) return "variable:SMTP_NETWORKS";
  const items = oneLine(value).split(/[\s,]+/);
  return items
    .flatMap((item) =>
      /^[0-9.]+\/[0-9]+$/.test(item)
        ? [item]
        : /^[0-9a-f:]+\/[0-9]+$/i.test(item)
          ? [item.replace(/^(.*)\//, "[$1]/")]
          : [],
    )
    .join(" ");
}

/** Trusts loopback and whoever logs in. */
export function catatnight(input: StackInput): Rendered {
  const host = settingOf(input, "maildomain");
  return {
    ...nothingRendered,
    main: [
      ...packaged,
      ...(host === null ? [] : [usual("myhostname", oneLine(host))]),
      usual("relay_domains", ""),
      usual("mynetworks", "127.0.0.0/8 [::1]/128"),
      usual("smtpd_sasl_auth_enable", "yes"),
      usual("smtpd_tls_security_level", "may"),
      usual("smtpd_recipient_restrictions", "permit_sasl_authenticated,reject_unauth_destination"),
    ],
    master: withSubmission,
    version: "2.11",
  };
}

/** Everybody who reaches its port may relay (IPv4), unless POSTFIX_mynetworks says otherwise. */
export function postfixRelay(input: StackInput): Rendered {
  const services = [...input.service.environment.keys()].filter((name) => name.startsWith("POSTFIXMASTER_"));
  return {
    ...nothingRendered,
    main: [
      ...packaged,
      usual("mydestination", "localhost"),
      usual("relay_domains", ""),
      usual("mynetworks", "0.0.0.0/0"),
      ...settings(input),
    ],
    master: onlySmtp,
    caveats: services.map((name) => ({
      tag: "service",
      text: `unless ${name}, which changes master.cf, lets strangers in`,
      where: input.service.environment.get(name)?.where ?? null,
    })),
  };
}

/** Everybody who reaches its port may relay (IPv4), unless MYNETWORKS says otherwise. */
export function loganmarchione(input: StackInput): Rendered {
  const networks = variableOf(input, "MYNETWORKS");
  return {
    ...nothingRendered,
    main: [
      ...packaged,
      usual("mydestination", ""),
      usual("relay_domains", ""),
      usual("mynetworks", "0.0.0.0/0"),
      ...(networks === null || networks.value === "" ? [] : [fromVariable("mynetworks", networks)]),
    ],
    master: onlySmtp,
  };
}

/** Trusts loopback; before 2026-05-02 all private addresses. */
export function anonaddy(input: StackInput): Rendered {
  const networks = variableOf(input, "POSTFIX_MYNETWORKS");
  const set = networks !== null && networks.value !== "";
  const domains = settingOf(input, "ANONADDY_ALL_DOMAINS") ?? settingOf(input, "ANONADDY_DOMAIN") ?? "";
  return {
    ...nothingRendered,
    main: [
      ...packaged,
      usual("mydestination", "localhost"),
      usual("relay_domains", ""),
      usual("virtual_mailbox_domains", oneLine(domains)),
      usual("smtpd_recipient_restrictions", "permit_mynetworks, reject_unauth_destination"),
      set ? fromVariable("mynetworks", networks) : usual("mynetworks", "127.0.0.0/8 [::1]/128"),
    ],
    master: onlySmtp,
    caveats: set
      ? []
      : [
          {
            tag: "version",
            text: "unless the image is older than 2026-05-02 and strangers appear with private addresses, all of which it trusts",
            where: input.service.where,
          },
        ],
    assumes: ["the database of addy.io lists no domains but your users' own"],
  };
}

/** Trusts MYNETWORKS, else the networks of its interfaces. Its relay domains are in its database. */
export function simplelogin(input: StackInput): Rendered {
  const networks = variableOf(input, "MYNETWORKS");
  const host = settingOf(input, "POSTFIX_FQDN");
  const proxied = /^(1|true|t)$/i.test(settingOf(input, "ENABLE_PROXY_PROTOCOL") ?? "");
  return {
    ...nothingRendered,
    main: [
      ...packaged,
      ...(host === null ? [] : [usual("myhostname", oneLine(host))]),
      usual("mydestination", ""),
      usual("relay_domains", ""),
      usual("smtpd_recipient_restrictions", "permit_mynetworks, reject_unauth_destination, permit"),
      ...(proxied ? [usual("smtpd_upstream_proxy_protocol", "haproxy")] : []),
      networks === null ? usual("mynetworks_style", "subnet") : fromVariable("mynetworks", networks),
    ],
    master: onlySmtp,
    assumes: ["the database of SimpleLogin lists no domains but your own"],
  };
}
