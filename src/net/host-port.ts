/**
 * `host`, `host:port`, `192.0.2.1:25`, `[2001:db8::1]:25`, `2001:db8::1`: where to connect or to listen, as people write
 * it. An IPv6 address with a port needs its brackets (RFC 3986 §3.2.2): without them, 2001:db8::25 is an address.
 */
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";
import { type DomainName, parseDomain } from "./domain.ts";
import { formatIp, type IpAddress, parseIp } from "./ip.ts";

export type Host =
  | { readonly kind: "name"; readonly name: DomainName }
  | { readonly kind: "address"; readonly address: IpAddress };

export interface HostPort {
  readonly host: Host;
  /** `null` where none was written. */
  readonly port: number | null;
}

/** Reads a host with an optional port. */
export function parseHostPort(text: string): Parsed<HostPort> {
  const bracket = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracket !== null) {
    const address = parseIp(bracket[1] ?? "");
    if (!address.ok) return notParsed(1 + address.at, address.expected);
    return withPort({ kind: "address", address: address.value }, text, bracket[2]);
  }
  const colon = text.indexOf(":");
  if (colon >= 0 && text.includes(":", colon + 1)) {
    const address = parseIp(text);
    return address.ok ? withPort({ kind: "address", address: address.value }, text, undefined) : address;
  }
  const hostText = colon < 0 ? text : text.slice(0, colon);
  const host = parseHost(hostText);
  return host.ok ? withPort(host.value, text, colon < 0 ? undefined : text.slice(colon + 1)) : host;
}

/** Reads a host name or an address without brackets. */
export function parseHost(text: string): Parsed<Host> {
  const address = parseIp(text);
  if (address.ok) return parsed({ kind: "address", address: address.value });
  // What looks like an address and is none (a leading zero, too few numbers) must not pass for a name.
  if (/^[0-9.]+$/.test(text) || text.includes(":")) return address;
  const name = parseDomain(text);
  return name.ok ? parsed({ kind: "name", name: name.value }) : name;
}

/** Writes a host and port, IPv6 addresses in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  const text = formatHost(host);
  if (port === null) return text;
  return `${text.includes(":") ? `[${text}]` : text}:${port}`;
}

export function formatHost(host: Host): string {
  return host.kind === "name" ? host.name : formatIp(host.address);
}

function withPort(host: Host, text: string, portText: string | undefined): Parsed<HostPort> {
  if (portText === undefined) return parsed({ host, port: null });
  const port = /^[1-9][0-9]{0,4}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65535)
    return notParsed(text.length - portText.length, "expected a port from 1 to 65535 after the colon");
  return parsed({ host, port });
}
