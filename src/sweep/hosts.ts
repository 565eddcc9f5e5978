/**
 * Addresses that are known to be there, from any text that names some: neighbour tables, DHCP leases, zone files, exports
 * of flow data. Whatever reads as an address is one; it only counts if it lies in the site's networks. Pure.
 */
import { type IpAddress, parseIp } from "../net/ip.ts";

/** So many are read from one text. */
const maxHosts = 1_000_000;

export function hostsIn(text: string): readonly IpAddress[] {
  const hosts: IpAddress[] = [];
  for (const [word] of text.matchAll(/[0-9a-fA-F:.]{3,45}/g)) {
    if (hosts.length >= maxHosts) break;
    if (!word.includes(":") && !word.includes(".")) continue;
    const read = parseIp(word.replace(/[.:]$/, (end) => (word.endsWith("::") ? end : "")));
    if (read.ok) hosts.push(read.value);
  }
  return hosts;
}
