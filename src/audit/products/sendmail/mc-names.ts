/** Names that the packaged macros give meaning to: features, definitions, classes, rulesets (cf/README). */

export const settingsDir = "/etc/mail/";

export const tables: Readonly<Record<string, readonly [string, string]>> = {
  access_db: ["access", "access"],
  mailertable: ["mailertable", "mailertable"],
  virtusertable: ["virtuser", "virtusertable"],
  domaintable: ["domaintable", "domaintable"],
};

export const classes: Readonly<Record<string, string>> = {
  RELAY_DOMAIN: "R",
  RELAY_DOMAIN_FILE: "R",
  LOCAL_DOMAIN: "w",
  VIRTUSER_DOMAIN: "VirtHost",
  VIRTUSER_DOMAIN_FILE: "VirtHost",
  TRUST_AUTH_MECH: "TrustAuthMech",
  GENERICS_DOMAIN: "G",
  GENERICS_DOMAIN_FILE: "G",
  MASQUERADE_DOMAIN: "M",
  MASQUERADE_DOMAIN_FILE: "M",
};

export const options: readonly (readonly [string, string])[] = [
  ["confDELIVERY_MODE", "DeliveryMode"],
  ["confBLANK_SUB", "BlankSub"],
  ["confUSE_COMPRESSED_IPV6_ADDRESSES", "UseCompressedIPv6Addresses"],
  ["confAUTH_MECHANISMS", "AuthMechanisms"],
  ["confCACERT_PATH", "CACertPath"],
  ["confCACERT", "CACertFile"],
  ["confSERVER_CERT", "ServerCertFile"],
];

/** Set by the packaged files before anything else. */
export const presets: ReadonlyMap<string, string> = new Map([
  ["MAIL_SETTINGS_DIR", settingsDir],
  ["sm_version_math", "528641"],
  ["sm_enable_tls", "yes"],
  ["sm_enable_auth", "yes"],
]);

/** Features that are followed, or that change nothing of who may send where. */
export const features: ReadonlySet<string> = new Set(
  (
    "accept_unqualified_senders accept_unresolvable_domains access_db allmasquerade always_add_domain authinfo bcc blacklist_recipients " +
    "block_bad_helo blocklist_recipients check_cert_altnames conncontrol delay_checks dnsbl domaintable enhdnsbl generics_entire_domain genericstable " +
    "greet_pause limited_masquerade local_lmtp local_no_masquerade local_procmail lookupdotdomain loose_relay_check mailertable masquerade_entire_domain " +
    "masquerade_envelope msp mtamark no_default_msa nocanonify nopercenthack notsticky nouucp nullclient preserve_local_plus_detail preserve_luser_host " +
    "promiscuous_relay queuegroup ratecontrol redirect relay_based_on_MX relay_entire_domain relay_hosts_only relay_local_from relay_mail_from " +
    "require_rdns rhsbl smrsh stickyhost sts tls_failures tls_session_features use_client_ptr use_ct_file use_cw_file virtuser_entire_domain virtusertable"
  ).split(" "),
);
/** Known features whose answers are not in the files, by what they decide. */
export const undecided: Readonly<Record<string, "relay" | "recipient">> = {
  drac: "relay",
  bestmx_is_local: "recipient",
  bitdomain: "recipient",
  uucpdomain: "recipient",
  domainmap: "recipient",
  ldap_routing: "recipient",
  prefixmod: "recipient",
  vnet: "recipient",
  badmx: "recipient",
  check_other: "recipient",
  compat_check: "recipient",
};

/** Rulesets that local rules may call and that are not built in. */
export const notBuilt: readonly string[] = [
  ...["parse1", "mailertable", "90", "mailertotriple", "95", "canonlocal", "masqhdr", "93", "masqenv", "94"],
  ...[
    "localaddr",
    "5",
    "d",
    "a",
    "f",
    "u",
    "e",
    "searchlist",
    "relaytls",
    "tls_client",
    "basic_check_mail",
    "basic_check_relay",
  ],
];

export const packagedMacros: ReadonlySet<string> = new Set(
  (
    "OSTYPE DOMAIN FEATURE MAILER HACK DAEMON_OPTIONS CLIENT_OPTIONS VERSIONID LOCAL_CONFIG LOCAL_RULE_0 LOCAL_RULE_1 LOCAL_RULE_2 LOCAL_RULE_3 " +
    "LOCAL_RULESETS LOCAL_NET_CONFIG LOCAL_DNSBL LOCAL_UUCP MAILER_DEFINITIONS TRUST_AUTH_MECH RELAY_DOMAIN RELAY_DOMAIN_FILE LOCAL_DOMAIN " +
    "VIRTUSER_DOMAIN VIRTUSER_DOMAIN_FILE GENERICS_DOMAIN GENERICS_DOMAIN_FILE MASQUERADE_AS MASQUERADE_DOMAIN MASQUERADE_DOMAIN_FILE " +
    "MASQUERADE_EXCEPTION MASQUERADE_EXCEPTION_FILE EXPOSED_USER EXPOSED_USER_FILE LOCAL_USER LOCAL_USER_FILE CANONIFY_DOMAIN CANONIFY_DOMAIN_FILE " +
    "LDAPROUTE_DOMAIN LDAPROUTE_DOMAIN_FILE LDAPROUTE_EQUIVALENT LDAPROUTE_EQUIVALENT_FILE MAIL_FILTER INPUT_MAIL_FILTER QUEUE_GROUP " +
    "MODIFY_MAILER_FLAGS SITECONFIG UUCPSMTP LOCAL_SRV_FEATURES LOCAL_CLT_FEATURES LOCAL_TRY_TLS LOCAL_TLS_RCPT LOCAL_TLS_CLIENT LOCAL_TLS_SERVER"
  ).split(" "),
);
