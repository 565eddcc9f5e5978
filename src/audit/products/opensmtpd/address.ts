/**
 * How smtpd reads the path of MAIL and RCPT (smtp_session.c, smtp_mailaddr): a source route is dropped, a name alone is
 * at the listener's own name, and local-parts are atoms with dots. Nothing is unfolded: `%` and `!` are signs of a name.
 */
import { parseIp } from "../../../net/ip.ts";
import { type MailAddress, mailAddressOf } from "./matching.ts";

/** `null`: it is refused as no address. */
export function readPath(path: string, ownName: string, of: "sender" | "recipient"): MailAddress | null {
  const inner = /^<([^>]*)>/.exec(path)?.[1];
  if (inner === undefined) return null;
  const split = mailAddressOf(inner);
  const colon = split.user.indexOf(":");
  const user = colon < 0 ? split.user : split.user.slice(colon + 1);
  if (of === "sender" && user === "" && split.domain === "") return { user: "", domain: "" };
  if (!/^[A-Za-z0-9!#$%&'*/=?^`{|}~+_-]+(?:\.[A-Za-z0-9!#$%&'*/=?^`{|}~+_-]+)*$/.test(user)) return null;
  const domain = split.domain === "" ? ownName : split.domain;
  return isDomain(domain) ? { user, domain } : null;
}

/** A name, or an address in brackets; also what stands behind HELO. */
export function isDomain(text: string): boolean {
  if (text.startsWith("[")) {
    const inner = /^\[(?:ipv6:)?([^\]]+)\]$/i.exec(text)?.[1];
    return inner !== undefined && parseIp(inner).ok;
  }
  // Labels begin and end with a letter or digit (res_hnok); a dot at the end makes it no name.
  if (text === "" || text.length > 255 || text.endsWith(".")) return false;
  return text.split(".").every((label) => /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(label) && !/[_-]$/.test(label));
}
