/** Addresses in a stranger's text: also defanged (`192[.]0[.]2[.]25`), as prefixes, and IPv6 in any spelling. Pure. */
import { type IpAddress, isLoopback, isPrivate, isUnspecified, parseIp, widthOf } from "../net/ip.ts";
import { type Prefix, prefixOf } from "../net/prefix.ts";
import { limits } from "./limits.ts";

/** An address, or a network where the text names one. */
export function networksIn(line: string): readonly Prefix[] {
  const text = line.slice(0, limits.lineLength).replace(/\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\)/gi, ".");
  const found: Prefix[] = [];
  for (const match of text.matchAll(
    /(?<![\w.:-])((?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{0,4}))(?:\/(\d{1,3})(?![\d/]))?(?!\w|\.\d)/gi,
  )) {
    const read = parseIp(match[1] ?? "");
    if (!read.ok || isUnspecified(read.value)) continue;
    const width = widthOf(read.value.family);
    const length = match[2] === undefined ? width : Number(match[2]);
    // What stands behind a slash may also be a port or a count.
    found.push(prefixOf(read.value, length <= width && length >= 8 ? length : width));
  }
  return found;
}

/** The one address or network that this value names, or `null`. */
export function networkOf(value: string): Prefix | null {
  const clean = value
    .trim()
    .replace(/^\[?(?:ipv6:)?/i, "")
    .replace(/\]$/, "");
  return networksIn(clean)[0] ?? null;
}

/** Whether an address can be someone's mailer as seen from elsewhere; those of the site always can. */
export function isReportable(address: IpAddress, isOurs: (address: IpAddress) => boolean): boolean {
  return (
    isOurs(address) || !(isLoopback(address) || isPrivate(address) || isUnspecified(address) || isMulticast(address))
  );
}

/** 224.0.0.0/3 (with the reserved ones), ff00::/8, and 0.0.0.0/8. */
function isMulticast({ family, bits }: IpAddress): boolean {
  return family === 4 ? bits >> 29n === 7n || bits >> 24n === 0n : bits >> 120n === 0xffn;
}
