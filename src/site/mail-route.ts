/** How the site's own mail is sent or read: a URL without a password, which belongs into a file of its own. */
import { type Host, parseHost } from "../net/host-port.ts";
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";

export type MailProtocol = "smtp" | "smtps" | "imap" | "imaps";

export interface MailRoute {
  readonly protocol: MailProtocol;
  readonly host: Host;
  readonly port: number;
  readonly user: string | null;
  /** The mailbox of an IMAP URL (RFC 5092 §4), INBOX if none is written. */
  readonly mailbox: string;
}

/** Submission takes STARTTLS on 587 or TLS on 465 (RFC 8314 §3.3); IMAP has 143 and 993. */
const ports = { smtp: 587, smtps: 465, imap: 143, imaps: 993 } as const satisfies Record<MailProtocol, number>;

/** Reads `smtps://user@host:465` or `imaps://user@host/INBOX`. */
export function parseMailRoute(text: string, protocols: readonly MailProtocol[]): Parsed<MailRoute> {
  const form = `expected ${protocols.map((protocol) => `${protocol}://user@host:${ports[protocol]}`).join(" or ")}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  const protocol = protocols.find((known) => url?.protocol === `${known}:`);
  if (url === null || protocol === undefined) return notParsed(0, form);
  if (url.password !== "")
    return notParsed(0, "holds a password. Put it into a file and name that as mail.passwordFile");
  const host = parseHost(url.hostname.replace(/^\[(.*)\]$/, "$1"));
  if (!host.ok) return notParsed(text.indexOf("//") + 2, host.expected);
  const user = decode(url.username);
  const mailbox = decode(url.pathname.replace(/^\//, ""));
  if (user === null || mailbox === null || url.search !== "" || url.hash !== "") return notParsed(0, form);
  if (mailbox !== "" && protocol.startsWith("smtp")) return notParsed(0, `${form}, with nothing after it`);
  return parsed({
    protocol,
    host: host.value,
    port: url.port === "" ? ports[protocol] : Number(url.port),
    user: user === "" ? null : user,
    mailbox: mailbox === "" ? "INBOX" : mailbox,
  });
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // a percent sign that encodes nothing
  }
}
