/**
 * The placeholders a probe row may use, in words. Their values come from `check/placeholders.ts`, which holds one for
 * each name here; a row with any other is kept apart as unsupported.
 */

/** Written `{name}` in a template. */
export const placeholders = {
  pass: "the reverse-path of the pass, in angle brackets",
  helo: "the tester's own host name",
  token: "the signed token of this instance, `a-z2-7`",
  TOKEN: "the token in capitals",
  pl: "the local-part of the probe address: `fp-{token}`",
  PL: "the same in capitals",
  pd: "the catcher's domain, or its address literal if it has no domain",
  PD: "the same in capitals",
  probe: "the probe address: `{pl}@{pd}`",
  sender: "the tester's reverse-path: `fp-{token}@{sender_domain}`",
  sender_domain: "the domain of the tester's reverse-paths",
  T: "each name and address literal of the target in turn",
  T2: "the name after `{T}`",
  local_domain: "each domain that the target serves in turn",
  LOCAL_DOMAIN: "the same in capitals",
  local_rcpt: "a consenting mailbox at the target",
  local_user: "its local-part",
  target_ip: "the tested address; inside square brackets with the tag `IPv6:` where it is one",
  target_ip4: "the tested address, if it is IPv4",
  target_ip6: "the target's IPv6 address",
  target_host: "the host name under which the target was found",
  banner_host: "the host name in its greeting",
  host: "the host name in its greeting, else the one under which it was found",
  rdns: "each PTR name of the target in turn",
  catcher: "the catcher's host name",
  catcher_ip: "the catcher's IPv4 address",
  catcher_ip6: "the catcher's IPv6 address",
  catcher_ip_dword: "the catcher's IPv4 address as one decimal number",
  backup_domain: "a catcher domain that names the target as its second mail exchanger",
  inside_ip: "each known IPv4 address inside the site's networks that is no mailer, in turn",
  inside_ip6: "the same for IPv6",
  inside_ip_hex: "the IPv4 one as 4 bytes in hexadecimal",
  inside_ip6_hex: "the IPv6 one as 16 bytes in hexadecimal",
  target_ip4_hex: "the tested IPv4 address as 4 bytes in hexadecimal",
  target_ip6_hex: "the target's IPv6 address as 16 bytes in hexadecimal",
  port: "the tested port",
  port_hex: "the tested port as 2 bytes in hexadecimal",
  random: "a made-up password, new for each instance",
  pl_imcea: "`{pl}` with all but letters and digits written `+HH`",
  pd_imcea: "`{pd}` in the same way",
  pd_wide_dots: "`{pd}` with ideographic full stops (U+3002)",
  long_name: "a host name of 2048 letters",
} as const;
export type PlaceholderName = keyof typeof placeholders;

/** Placeholders that hold the token. */
export const tokenPlaceholders: ReadonlySet<string> = new Set<PlaceholderName>([
  "token",
  "TOKEN",
  "pl",
  "PL",
  "probe",
  "sender",
  "pl_imcea",
]);

const pattern = /\{([A-Za-z][A-Za-z0-9_]*)\}/g;

/** The names in a template, known or not, in order of appearance. */
export function placeholdersIn(template: string): readonly string[] {
  return [...template.matchAll(pattern)].map((match) => match[1] ?? "");
}

/** Replaces each placeholder by what `value` answers; `before` and `after` are the characters around it in the template. */
export function fill(template: string, value: (name: string, before: string, after: string) => string): string {
  return template.replace(pattern, (whole, name: string, at: number) =>
    value(name, template.charAt(at - 1), template.charAt(at + whole.length)),
  );
}
