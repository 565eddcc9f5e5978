/** How Haraka reads a path (RFC 5321 §4.1.2): strictly; a source route is dropped, nothing in it is unfolded. */
import { parseLiteral } from "../../../smtp/literal.ts";

export interface HarakaAddress {
  readonly user: string;
  /** In lower case; empty for `<postmaster>` and for the null reverse-path. */
  readonly host: string;
}

/** `null`: it is refused as no address. */
export function readAddress(path: string): HarakaAddress | null {
  if (path === "<>") return { user: "", host: "" };
  if (path.length > 256) return null;
  if (/^<postmaster>$/i.test(path)) return { user: "postmaster", host: "" };
  const inner = /^<(?:@([^:]*):)?(.*)>$/s.exec(path);
  if (inner === null) return null;
  const [, route, mailbox = ""] = inner;
  if (
    route !== undefined &&
    !route.split(",").every((name, index) => isDomain(index === 0 ? name : name.replace(/^@/, "")))
  )
    return null;
  const quoted = /^("(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*")@(.+)$/.exec(mailbox);
  const plain = /^([0-9A-Za-z!#$%&'*+\-/=?^_`{|}~]+(?:\.[0-9A-Za-z!#$%&'*+\-/=?^_`{|}~]+)*)@(.+)$/.exec(mailbox);
  const [, user, host] = quoted ?? plain ?? [];
  if (user === undefined || host === undefined || user.length > 64) return null;
  const isHost = host.startsWith("[") ? parseLiteral(host).ok : isDomain(host);
  return isHost ? { user, host: host.toLowerCase() } : null;
}

const isDomain = (text: string): boolean =>
  text.split(".").every((label) => label.length <= 63 && /^[0-9A-Za-z](?:[0-9A-Za-z-]*[0-9A-Za-z])?$/.test(label));
