/**
 * What the filter has to do, from the site alone (the note's rule at the border): stop TCP to port 25 of all but the
 * managed mailers, coming in; with `outboundPort25: managed-only` also going out; and leave every other packet as it was.
 */

import { type IpAddress, widthOf } from "../net/ip.ts";
import { type IpSet, ipSet } from "../net/ip-set.ts";
import { type Prefix, parsePrefix } from "../net/prefix.ts";
import type { Mailer, Site } from "../site/model.ts";

export const smtpPort = 25;

/** Mailers that may be reached at port 25, all by the same senders. */
export interface Reachable {
  readonly mailers: IpSet;
  /** Who alone may come, or `null`: anyone. */
  readonly from: IpSet | null;
}

export interface Wanted {
  readonly site: string;
  /** The site's networks. */
  readonly inside: IpSet;
  readonly reachable: readonly Reachable[];
  /** All addresses in `reachable`. */
  readonly mailers: IpSet;
  /** Who may send to port 25 outside; `null`: everyone inside. */
  readonly senders: IpSet | null;
  /** The managed mailers' own: they may send whatever the policy is. */
  readonly managed: IpSet;
  /** Addresses that a packet from a stranger may honestly bear. */
  readonly strangers: IpSet;
}

/** Which addresses of a mailer behind NAT the platform's filter sees. */
export type Sees = "outside" | "inside";

/** What the site wants of a filter that sees addresses before (`outside`) or after translation. */
export function wantedOf(site: Site, sees: Sees): Wanted {
  const inside = ipSet(site.networks);
  const reachable = reachableOf(site, sees);
  const managed = hosts(site.mailers.flatMap((mailer) => [...seenAddresses(mailer, sees), ...mailer.sendsFrom]));
  return {
    site: site.name,
    inside: sees === "outside" ? inside : inside.union(hosts(site.mailers.flatMap((mailer) => mailer.inside))),
    reachable,
    mailers: reachable.reduce((all, { mailers }) => all.union(mailers), ipSet([])),
    senders: site.policy.outboundPort25 === "managed-only" ? managed : null,
    managed,
    strangers: strangersOf(site, inside),
  };
}

/** Who may reach two mailers of one address may reach that address: it cannot be told for which of them he comes. */
function reachableOf(site: Site, sees: Sees): readonly Reachable[] {
  const senders = new Map<string, { readonly address: IpAddress; readonly from: readonly Prefix[] | null }>();
  for (const mailer of site.mailers) {
    if (!mailer.ports.some(({ port }) => port === smtpPort)) continue;
    for (const address of seenAddresses(mailer, sees)) {
      const key = `${address.family}:${address.bits}`;
      const others = senders.get(key)?.from;
      const from =
        others === null || mailer.acceptFrom === null
          ? null
          : ipSet([...(others ?? []), ...mailer.acceptFrom]).toPrefixes();
      senders.set(key, { address, from });
    }
  }
  const groups = new Map<string, { addresses: IpAddress[]; from: readonly Prefix[] | null }>();
  for (const { address, from } of senders.values()) {
    const key = from === null ? "" : from.map(prefixKey).join(" ");
    const group = groups.get(key) ?? { addresses: [], from };
    group.addresses.push(address);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ addresses, from }) => ({
    mailers: hosts(addresses),
    from: from === null ? null : ipSet(from),
  }));
}

/** Behind NAT only one side's addresses are ever seen; without it there is one side. */
function seenAddresses(mailer: Mailer, sees: Sees): readonly IpAddress[] {
  return sees === "inside" && mailer.inside.length > 0
    ? [
        ...mailer.inside,
        ...mailer.addresses.filter(({ family }) => !mailer.inside.some((one) => one.family === family)),
      ]
    : mailer.addresses;
}

const hosts = (addresses: readonly IpAddress[]): IpSet =>
  ipSet(addresses.map((address) => ({ address, length: widthOf(address.family) })));

const prefixKey = ({ address: { family, bits }, length }: Prefix): string => `${family}:${bits}/${length}`;

const prefixes = (...texts: string[]): IpSet =>
  ipSet(
    texts.map((text) => {
      const read = parsePrefix(text);
      if (!read.ok) throw new Error(`${text}: ${read.expected}`);
      return read.value;
    }),
  );

/**
 * Never the source of a packet from elsewhere (RFC 6890, RFC 4291 §2.4): private, shared, loopback, link-local,
 * multicast, reserved. A filter that drops these harms nobody.
 */
const martians = prefixes(
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3", "::/3", "4000::/2", "8000::/1"],
);

/** Examples in documents (RFC 5737, RFC 3849): nobody's, unless the site itself is described with them. */
const examples = prefixes("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32");

function strangersOf(site: Site, inside: IpSet): IpSet {
  const named = ipSet(site.mailers.flatMap((mailer) => mailer.acceptFrom ?? []));
  const described = [inside, named].some((set) => !set.intersect(examples).isEmpty);
  const nobody = described ? martians : martians.union(examples);
  return inside.union(nobody.subtract(named)).complement();
}
