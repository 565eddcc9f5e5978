/** The Received field that the proxy adds (RFC 5321 §4.4): it names the real client, whatever the upstream sees. Pure. */
import { formatLiteral } from "../../smtp/literal.ts";
import type { ProxyClient } from "./client.ts";

interface Taken {
  readonly client: ProxyClient;
  /** As the client named itself. */
  readonly helo: string;
  readonly hostName: string;
  readonly esmtp: boolean;
  readonly tls: boolean;
  readonly loggedIn: boolean;
  /** RFC 6531 §4.3: MAIL said SMTPUTF8. */
  readonly utf8: boolean;
  readonly at: Date;
}

export function receivedField({ client, helo, hostName, esmtp, tls, loggedIn, utf8, at }: Taken): string {
  // What the client says of itself must not end the comment, or the line.
  const said = helo.slice(0, 255).replace(/[^A-Za-z0-9.:_[\]-]/g, "?");
  const from = client.address === null ? "unknown" : formatLiteral(client.address);
  // RFC 3848, RFC 6531 §4.3
  const by = esmtp ? `${utf8 ? "UTF8SMTP" : "ESMTP"}${tls ? "S" : ""}${loggedIn ? "A" : ""}` : "SMTP";
  const date = at.toUTCString().replace("GMT", "+0000");
  return `Received: from ${said} (${from})\r\n\tby ${hostName} (Fencepost guard) with ${by};\r\n\t${date}\r\n`;
}
