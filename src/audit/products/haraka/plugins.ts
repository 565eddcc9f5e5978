/**
 * What each plugin of the list can do to the relaying of strangers: it may mark a session as relaying, or say OK to a
 * recipient. Those of Haraka and its project are known; a plugin of the site's own is read only so far as to see that
 * it does neither.
 */
import type { Span } from "../../../text/source.ts";
import type { ConfigFolder, Line } from "./files.ts";

export interface Plugin {
  readonly name: string;
  readonly kind:
    | "relay"
    | "in-host-list"
    | "smtp-forward"
    | "xclient"
    | "tls"
    /** Logins: whoever gives a right one relays. */
    | "auth"
    /** A login plugin that believes everybody. */
    | "believes"
    /** It may say OK to recipients, by what is not in the files. */
    | "vouches"
    /** It may do anything. */
    | "unknown"
    /** It refuses at most. */
    | "quiet";
  readonly where: Span;
}

/** Names that other releases gave to what is now one of these. */
const renamed: Readonly<Record<string, string>> = {
  relay_acl: "relay",
  relay_force_routing: "relay",
};

/** They refuse, look, write or queue; none sets relaying, none says OK to a recipient. */
const quiet = new Set(
  `access aliases asn attachment avg backscatterer block_me bounce clamd connect.asn connect.fcrdns connect.geoip
connect.p0f connect.rdns_access data.headers data.nomsgid data.noreceived data.rfc5322_header_checks data.signatures
data.uribl dcc delay_deny dkim dkim_sign dkim_verify dns-list dnsbl dnswl dovecot early_talker elasticsearch esets fcrdns
geoip graph greylist headers helo.checks karma known-senders limit log.elasticsearch log.syslog mail_from.access
mail_from.blocklist mail_from.is_resolvable mail_from.nobounces max_unrecognized_commands messagesniffer mongodb p0f
prevent_credential_leaks process_title profile rate_limit rcpt_to.access rcpt_to.blocklist rcpt_to.max_count rdns.regexp
record_envelope_addresses redis reseed_rng rspamd spamassassin spf srs status syslog tarpit toobusy uribl watch`.split(
    /\s+/,
  ),
);

export function pluginsOf(folder: ConfigFolder): readonly Plugin[] {
  const seen = new Set<string>();
  return folder.list("plugins").flatMap(({ text, where }): Plugin[] => {
    const name = text.replace(/^haraka-plugin-/, "");
    if (seen.has(name)) return [];
    seen.add(name);
    return [{ name, where, kind: kindOf(renamed[name] ?? name, folder) }];
  });
}

function kindOf(name: string, folder: ConfigFolder): Plugin["kind"] {
  // A plugin of the site's own wins over one of Haraka's with the same name.
  const own = folder.plugin(name);
  if (own !== null && !own.where.file.includes("/node_modules/")) return kindOfOwn(own);
  switch (name) {
    case "relay":
    case "xclient":
    case "tls":
      return name;
    case "rcpt_to.in_host_list":
      return "in-host-list";
    case "queue/smtp_forward":
      return "smtp-forward";
    default:
  }
  if (/^auth[/-]/.test(name)) return "auth";
  if (/^queue\//.test(name) || quiet.has(name)) return "quiet";
  if (/^(?:rcpt_to\.|rcpt-|recipient-routes$|qmail-deliverable$)/.test(name)) return "vouches";
  return own === null ? "unknown" : kindOfOwn(own);
}

/**
 * Reads as much of a plugin as shows that it is harmless. Whatever it hands its sessions to could set relaying too, so
 * one that loads files of its own, or builds names at run time, is unknown.
 */
function kindOfOwn({ text }: Line): Plugin["kind"] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:])\/\/.*$/gm, "$1");
  if (text === "" || text.length > 200_000) return "unknown";
  const loads = /\b(?:require|import)\s*\(?\s*['"](?!node:|haraka-|address-rfc2821|net['"]|dns['"]|fs['"]|path['"])/;
  if (loads.test(code) || /\beval\b|\bFunction\s*\(|\]\s*=[^=]|\bassign\b|\bdefineProperty\b/.test(code))
    return "unknown";
  const setsRelaying = /relaying["'\]\s]*=[^=]|set\s*\(\s*["'`][^"'`]*relaying/;
  if (setsRelaying.test(code)) return "unknown";
  const inherits = /\.inherits\s*\(\s*["'`]([^"'`]+)/.exec(code)?.[1];
  if (inherits !== undefined) {
    if (inherits !== "auth/auth_base") return "unknown";
    return believesAll(code) ? "believes" : "auth";
  }
  return acceptsRecipients(code) ? "unknown" : "quiet";
}

/** A check of passwords that has one answer, and that is yes. */
function believesAll(code: string): boolean {
  const check = parts(code).find((part) => /^exports\.check_plain_passwd\b/.test(part));
  const plain = check !== undefined && !/\bif\b|\?|&&|\|\||===?|await|return\s+cb/.test(check.replace(/=>/g, ""));
  return plain && /\(\s*true\s*\)/.test(check);
}

/** Whether a hook for recipients can say OK. */
function acceptsRecipients(code: string): boolean {
  if (/register_hook\s*\(\s*["'`](?:rcpt|unrecognized)/.test(code)) return true;
  const hooks = parts(code).filter((part) => /^exports\.hook_(?:rcpt|unrecognized_command)\b/.test(part));
  return hooks.some((hook) => /\bOK\b|\bconstants\b|\b906\b/i.test(hook));
}

/** What each of a plugin's exports is, with what stands behind it. */
const parts = (code: string): readonly string[] => code.split(/^(?=(?:module\.)?exports\.)/m);
