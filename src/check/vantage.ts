/** From where a target was tested: only a stranger's view can call a mailer open or closed to strangers. Pure. */
import { type IpAddress, isLoopback, isPrivate, sameIp } from "../net/ip.ts";
import type { Vantage } from "./result.ts";

export interface VantageView {
  /** The address our connection came from. */
  readonly source: IpAddress;
  readonly target: IpAddress;
  /** Whether an address lies in the site's networks or is one of its mailers. */
  readonly isOurs: (address: IpAddress) => boolean;
}

export function vantageOf({ source, target, isOurs }: VantageView): Vantage {
  if (isLoopback(source) || sameIp(source, target) || isOurs(source)) return "internal";
  // A private address that the site does not list may be behind the same router or anywhere else.
  if (isPrivate(source)) return "unknown";
  return sameClass(source, target) ? "neighbour" : "external";
}

/**
 * Whether a mailer that trusts its "network" in the old sense trusts this source too: the classful IPv4 network
 * (`mynetworks_style = class`, FEATURE(relay_entire_domain) by class), or the provider's IPv6 /32.
 */
function sameClass(a: IpAddress, b: IpAddress): boolean {
  if (a.family !== b.family) return false;
  if (a.family === 6) return a.bits >> 96n === b.bits >> 96n;
  const first = Number(a.bits >> 24n);
  const hostBits = first < 128 ? 24n : first < 192 ? 16n : 8n;
  return a.bits >> hostBits === b.bits >> hostBits;
}
