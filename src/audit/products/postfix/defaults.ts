/** What a parameter is where nobody sets it, by version (postconf(5), RELEASE_NOTES 2.10, 3.0, 3.6). Only what relaying depends on. */
import { compareLevels } from "./expand.ts";

const always: Readonly<Record<string, string>> = {
  alias_maps: "hash:/etc/aliases",
  allow_percent_hack: "yes",
  allow_untrusted_routing: "no",
  compatibility_level: "0",
  config_directory: "/etc/postfix",
  inet_interfaces: "all",
  local_recipient_maps: "proxy:unix:passwd.byname $alias_maps",
  mail_name: "Postfix",
  mydestination: "$myhostname, localhost.$mydomain, localhost",
  myorigin: "$myhostname",
  parent_domain_matches_subdomains:
    "debug_peer_list,fast_flush_domains,mynetworks,permit_mx_backup_networks,qmqpd_authorized_clients,relay_domains,smtpd_access_maps",
  proxy_interfaces: "",
  recipient_delimiter: "",
  relay_recipient_maps: "",
  resolve_dequoted_address: "yes",
  smtpd_delay_reject: "yes",
  smtpd_reject_unlisted_recipient: "yes",
  smtpd_sasl_auth_enable: "no",
  smtpd_null_access_lookup_key: "<>",
  smtpd_tls_ask_ccert: "no",
  smtpd_tls_req_ccert: "no",
  smtpd_tls_wrappermode: "no",
  smtpd_use_tls: "no",
  smtpd_enforce_tls: "no",
  swap_bangpath: "yes",
  virtual_alias_domains: "$virtual_alias_maps",
  virtual_alias_maps: "$virtual_maps",
  virtual_mailbox_domains: "$virtual_mailbox_maps",
};

/** A value that depends on the compatibility level, as Postfix 3.6 writes it itself. */
const byLevel = (level: string, below: string, from: string): string =>
  `$\{{$compatibility_level} <level {${level}} ? {${below}} : {${from}}}`;

/** The default of a parameter, unexpanded; `null`: it has none, or an empty one. */
export function defaultOf(name: string, version: string): string | null {
  const since = (least: string): boolean => compareLevels(version, least) >= 0;
  switch (name) {
    case "mail_version":
      return version;
    case "smtpd_relay_restrictions": {
      if (!since("2.10")) return "";
      const list = "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination";
      return since("3.0") ? byLevel("1", "", list) : list;
    }
    case "smtpd_recipient_restrictions":
      return since("2.10") ? "" : "permit_mynetworks, reject_unauth_destination";
    case "mynetworks_style":
      return since("3.0") ? byLevel("2", "subnet", "host") : "subnet";
    case "relay_domains":
      return since("3.0") ? byLevel("2", "$mydestination", "") : "$mydestination";
    case "append_dot_mydomain":
      return since("3.0") ? byLevel("1", "yes", "no") : "yes";
    case "smtpd_relay_before_recipient_restrictions":
      return since("3.6") ? byLevel("3.6", "no", "yes") : "no";
    default:
      return always[name] ?? null;
  }
}
