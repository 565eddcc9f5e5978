/** For whom the proxy speaks: the peer of the connection, or whom a listed peer names (PROXY header, XCLIENT). Pure. */
import { formatIp, type IpAddress, isUnspecified, parseIp } from "../../net/ip.ts";
import type { Connection } from "../../ports.ts";
import type { Extensions } from "../../smtp/ehlo.ts";

export interface ProxyClient {
  /** Null: it cannot be told. Such a client is a stranger. */
  readonly address: IpAddress | null;
  readonly port: number;
  /** A listed peer says that it has logged in there. */
  readonly loggedIn: boolean;
}

export function clientOf({ peer }: Connection): ProxyClient {
  // A socket file has no peer: whoever may write to it is not known.
  return { address: isUnspecified(peer.address) ? null : peer.address, port: peer.port, loggedIn: false };
}

/**
 * Reads the attributes of an XCLIENT command (Postfix's XCLIENT_README): `ADDR=203.0.113.9 PORT=4711 LOGIN=user`. What
 * is not said stays as it was; `[UNAVAILABLE]` and `[TEMPUNAVAIL]` say that it is not known. Null: it cannot be read.
 */
export function readXclient(argument: string, before: ProxyClient): ProxyClient | null {
  let { address, port, loggedIn } = before;
  for (const attribute of argument.split(/\s+/)) {
    const equals = attribute.indexOf("=");
    if (equals < 1) return null;
    const value = fromXtext(attribute.slice(equals + 1));
    const unknown = /^\[(UNAVAILABLE|TEMPUNAVAIL)\]$/i.test(value);
    switch (attribute.slice(0, equals).toUpperCase()) {
      case "ADDR": {
        const read = parseIp(value.replace(/^IPV6:/i, ""));
        if (!read.ok && !unknown) return null;
        address = read.ok ? read.value : null;
        break;
      }
      case "PORT":
        port = /^\d{1,5}$/.test(value) ? Math.min(Number(value), 65_535) : 0;
        break;
      case "LOGIN":
        loggedIn = value !== "" && !unknown;
        break;
      // Names, HELO and protocol decide nothing here.
      case "NAME":
      case "HELO":
      case "PROTO":
      case "DESTADDR":
      case "DESTPORT":
        break;
      default:
        return null;
    }
  }
  return { address, port, loggedIn };
}

/** What the EHLO reply tells a listed peer that it may say. */
export const xclientKeyword = "XCLIENT ADDR PORT LOGIN NAME HELO PROTO";

/** The XCLIENT command with the attributes that the upstream takes; null: it does not take addresses. */
export function writeXclient(
  { address, port }: ProxyClient,
  helo: string,
  protocol: "SMTP" | "ESMTP",
  offered: Extensions,
): string | null {
  const takes = offered.get("XCLIENT");
  if (takes === undefined || !takes.includes("ADDR")) return null;
  const attributes: readonly (readonly [string, string])[] = [
    // A name would have to be looked up and confirmed: the upstream is told that there is none.
    ["NAME", "[UNAVAILABLE]"],
    [
      "ADDR",
      address === null ? "[UNAVAILABLE]" : address.family === 6 ? `IPV6:${formatIp(address)}` : formatIp(address),
    ],
    ["PORT", port === 0 ? "[UNAVAILABLE]" : String(port)],
    ["PROTO", protocol],
    ["HELO", xtext(helo)],
  ];
  const taken = attributes.filter(([name]) => takes.includes(name));
  return `XCLIENT ${taken.map(([name, value]) => `${name}=${value}`).join(" ")}`;
}

/** RFC 3461 §4: all but printable ASCII, and `+` and `=`, in hexadecimal. */
const xtext = (text: string): string =>
  text.replace(/[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/g, (char) => `+${hex(char.charCodeAt(0) & 0xff)}`);

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, "0");

const fromXtext = (text: string): string =>
  text.replace(/\+([0-9A-F]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
