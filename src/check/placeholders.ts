/**
 * The value of each placeholder for one instance (`knowledge/placeholders.ts` says what they mean). A value that is not
 * known is an answer too: the words that a report gives as the reason.
 */
import type { PlaceholderName } from "../knowledge/placeholders.ts";
import type { Pass } from "../knowledge/probe.ts";
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { Surroundings } from "./surroundings.ts";

/** What one instance is bound to. */
export interface Binding {
  readonly token: string;
  readonly pass: Pass | null;
  /** `{T}` and the name after it. */
  readonly identity: string | null;
  readonly nextIdentity: string | null;
  readonly localDomain: string | null;
  readonly rdns: string | null;
  readonly inside: IpAddress | null;
  readonly inside6: IpAddress | null;
}

/** A value, or why there is none. */
type Value = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly reason: string };

/** The reverse-paths of the passes. */
export const passTemplates = {
  ext: "<{sender}>",
  loc: "<fp-{token}@{local_domain}>",
  lit: "<fp-{token}@[{target_ip}]>",
  host: "<fp-{token}@{host}>",
  null: "<>",
} as const satisfies Record<Pass, string>;

/** The value of `{name}`, given the characters written before and after it. */
export function placeholderValue(
  name: PlaceholderName,
  before: string,
  after: string,
  surroundings: Surroundings,
  binding: Binding,
): Value {
  const { address, address6, catcherAddress, catcherAddress6, localRecipient } = surroundings;
  const pl = `fp-${binding.token}`;
  const ip4 = address.family === 4 ? address : null;
  const ip6 = address.family === 6 ? address : address6;
  /** A domain of ours, or the catcher's literal where a literal can stand. */
  const ours = (domain: string | null): Value => {
    if (domain !== null) return known(domain);
    const catcher = catcherAddress ?? catcherAddress6;
    if (catcher === null) return missing("neither a catch domain nor an address of the catcher is known");
    if (before === "." || after === ".") return missing("needs a catch domain: an address literal cannot stand here");
    return known(before === "[" && after === "]" ? literal(catcher).slice(1, -1) : literal(catcher));
  };
  const pd = () => ours(surroundings.catchDomain);
  const senderDomain = () => ours(surroundings.senderDomain ?? surroundings.catchDomain);
  const localDomain = () => orReason(binding.localDomain, "no local domain is known");

  switch (name) {
    case "pass":
      // Already replaced by its template.
      return missing("this probe has no pass");
    case "helo":
      return known(surroundings.helo);
    case "token":
      return known(binding.token);
    case "TOKEN":
      return known(binding.token.toUpperCase());
    case "pl":
      return known(pl);
    case "PL":
      return known(pl.toUpperCase());
    case "pd":
      return pd();
    case "PD":
      return map(pd(), (text) => text.toUpperCase());
    case "probe":
      return map(pd(), (text) => `${pl}@${text}`);
    case "sender":
      return map(senderDomain(), (text) => `${pl}@${text}`);
    case "sender_domain":
      return senderDomain();
    case "T":
      return orReason(binding.identity, "no name of the target is known");
    case "T2":
      return orReason(binding.nextIdentity, "only one name of the target is known");
    case "local_domain":
      return localDomain();
    case "LOCAL_DOMAIN":
      return map(localDomain(), (text) => text.toUpperCase());
    case "local_rcpt":
      return orReason(localRecipient, "no consenting local recipient is known");
    case "local_user":
      return map(orReason(localRecipient, "no consenting local recipient is known"), (text) =>
        text.slice(0, text.lastIndexOf("@")),
      );
    case "target_ip":
      return known(before === "[" && after === "]" ? literal(address).slice(1, -1) : formatIp(address));
    case "target_ip4":
      return ofAddress(ip4, formatIp, "the tested address is not IPv4");
    case "target_ip6":
      return ofAddress(ip6, formatIp, "no IPv6 address of the target is known");
    case "target_ip4_hex":
      return ofAddress(ip4, hex, "the tested address is not IPv4");
    case "target_ip6_hex":
      return ofAddress(ip6, hex, "no IPv6 address of the target is known");
    case "target_host":
      return orReason(surroundings.targetHost, "the target was not found under a host name");
    case "banner_host":
      return orReason(surroundings.bannerHost, "the greeting holds no host name");
    case "host":
      return orReason(surroundings.bannerHost ?? surroundings.targetHost, "no host name of the target is known");
    case "rdns":
      return orReason(binding.rdns, "the target's address has no PTR name");
    case "catcher":
      return orReason(surroundings.catcherHost, "no host name of the catcher is known");
    case "catcher_ip":
      return ofAddress(catcherAddress, formatIp, "no IPv4 address of the catcher is known");
    case "catcher_ip6":
      return ofAddress(catcherAddress6, formatIp, "no IPv6 address of the catcher is known");
    case "catcher_ip_dword":
      return ofAddress(catcherAddress, ({ bits }) => bits.toString(), "no IPv4 address of the catcher is known");
    case "backup_domain":
      return orReason(surroundings.backupDomain, "no domain names the target as its second mail exchanger");
    case "inside_ip":
      return ofAddress(binding.inside, formatIp, "no IPv4 network of the site is known");
    case "inside_ip6":
      return ofAddress(binding.inside6, formatIp, "no IPv6 network of the site is known");
    case "inside_ip_hex":
      return ofAddress(binding.inside, hex, "no IPv4 network of the site is known");
    case "inside_ip6_hex":
      return ofAddress(binding.inside6, hex, "no IPv6 network of the site is known");
    case "port":
      return known(String(surroundings.port));
    case "port_hex":
      return known(surroundings.port.toString(16).padStart(4, "0"));
    case "random":
      // Made from the token: never the same twice, and expansion stays deterministic.
      return known(`x7-${[...binding.token].reverse().slice(0, 16).join("")}`);
    case "pl_imcea":
      return known(imcea(pl));
    case "pd_imcea":
      return map(pd(), imcea);
    case "pd_wide_dots":
      return surroundings.catchDomain === null
        ? missing("needs a catch domain")
        : known(surroundings.catchDomain.replaceAll(".", "\u3002"));
    case "long_name":
      return known(`${"a".repeat(2048)}.example`);
    default:
      return missing(`unknown placeholder {${name satisfies never}}`);
  }
}

/** The address literal of RFC 5321 §4.1.3, with its brackets. */
export function literal(address: IpAddress): string {
  return address.family === 4 ? `[${formatIp(address)}]` : `[IPv6:${formatIp(address)}]`;
}

function known(text: string): Value {
  return { ok: true, text };
}

function missing(reason: string): Value {
  return { ok: false, reason };
}

function orReason(text: string | null, reason: string): Value {
  return text === null || text === "" ? missing(reason) : known(text);
}

function ofAddress(address: IpAddress | null, write: (address: IpAddress) => string, reason: string): Value {
  return address === null ? missing(reason) : known(write(address));
}

function map(value: Value, change: (text: string) => string): Value {
  return value.ok ? known(change(value.text)) : value;
}

function hex({ family, bits }: IpAddress): string {
  return bits.toString(16).padStart(family === 4 ? 8 : 32, "0");
}

/** Exchange's encapsulation: all but letters and digits as `+HH`. */
function imcea(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, (byte) => `+${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
