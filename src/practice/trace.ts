/** The trace line a mailer puts on top of what it takes (RFC 5321 §4.4). Pure. */
import { formatIp, type IpAddress } from "../net/ip.ts";

export interface TraceFacts {
  readonly helo: string;
  readonly client: IpAddress;
  readonly host: string;
  readonly esmtp: boolean;
  readonly tls: boolean;
  readonly authenticated: boolean;
  readonly id: string;
  readonly at: Date;
}

export function receivedLine({ helo, client, host, esmtp, tls, authenticated, id, at }: TraceFacts): string {
  // RFC 3848: S for TLS, A for a login; both only with ESMTP.
  const protocol = esmtp ? `ESMTP${tls ? "S" : ""}${authenticated ? "A" : ""}` : "SMTP";
  const name = helo.replace(/[^\x21-\x7e]|[()<>;]/g, "?").slice(0, 100) || "unknown";
  const address = client.family === 4 ? formatIp(client) : `IPv6:${formatIp(client)}`;
  return `Received: from ${name} (unknown [${address}])\r\n\tby ${host} (Fencepost practice) with ${protocol} id ${id};\r\n\t${mailDate(at)}\r\n`;
}

/** RFC 5322 §3.3 */
export function mailDate(at: Date): string {
  return at.toUTCString().replace("GMT", "+0000");
}
