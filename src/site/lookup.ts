/** A site compiled for questions: each answer costs the same for ten domains and networks as for 100,000. */
import { type DomainName, domainSet, parentOf } from "../net/domain.ts";
import { type IpAddress, isLoopback } from "../net/ip.ts";
import { type IpSet, ipSet } from "../net/ip-set.ts";
import { prefixRange } from "../net/prefix.ts";
import { type Mailbox, type MailDomain, postmaster } from "../smtp/path.ts";
import type { Mailer, Site } from "./model.ts";

export interface SiteLookup {
  readonly networks: IpSet;
  /** Whether mail addresses in this domain are internal. */
  isOurDomain(name: DomainName): boolean;
  /** Whether a client at this address is internal. */
  isOurAddress(address: IpAddress): boolean;
  /**
   * Whether a mailer of ours is the end of the way for this domain: our domains, and what names the mailer itself —
   * its host name, its address, its own loopback.
   */
  endsWithUs(domain: MailDomain): boolean;
  /** The managed mailer that has this address, in front of a NAT, behind it, or when sending. */
  mailerAt(address: IpAddress): Mailer | null;
  mailerNamed(name: string): Mailer | null;
  /** For each of the site's networks an address that is no mailer, for probes that claim to be one of ours. */
  insideAddresses(): readonly IpAddress[];
  /** A local recipient who consents to tests of this mailer, or `null` if its domains are all wildcards. */
  localRecipient(mailer: Mailer | null): Mailbox | null;
}

/** Compiles a site. */
export function siteLookup(site: Site): SiteLookup {
  const networks = ipSet(site.networks);
  const domains = domainSet(site.domains);
  const hosts = new Set(site.mailers.flatMap(({ host }) => (host === null ? [] : [host])));
  const byName = new Map<string, Mailer>();
  const byAddress = new Map<string, Mailer>();
  for (const mailer of site.mailers) {
    byName.set(mailer.name, mailer);
    for (const address of [...mailer.addresses, ...mailer.inside, ...mailer.sendsFrom]) {
      const key = keyOf(address);
      if (!byAddress.has(key)) byAddress.set(key, mailer);
    }
  }
  const isOurDomain = (name: DomainName): boolean => domains.has(name);
  return {
    networks,
    isOurDomain,
    isOurAddress: (address) => networks.has(address),
    endsWithUs(domain) {
      if (domain.kind === "literal") return isLoopback(domain.address) || byAddress.has(keyOf(domain.address));
      return isOurDomain(domain.name) || hosts.has(domain.name) || isLocalhost(domain.name, isOurDomain);
    },
    mailerAt: (address) => byAddress.get(keyOf(address)) ?? null,
    mailerNamed: (name) => byName.get(name) ?? null,
    insideAddresses: () =>
      site.networks.flatMap((network) => {
        const address = plainAddress(prefixRange(network), (candidate) => byAddress.has(keyOf(candidate)));
        return address === null ? [] : [address];
      }),
    localRecipient(mailer) {
      if (site.check.localRecipient !== null) return site.check.localRecipient;
      const first = (mailer?.domains ?? site.domains).find(({ covers }) => covers === "exactly");
      return first === undefined ? null : { localPart: postmaster, domain: { kind: "name", name: first.name } };
    },
  };
}

function keyOf({ family, bits }: IpAddress): string {
  return `${family}:${bits}`;
}

/** `localhost` never leaves the machine (RFC 6761 §6.3), nor does the one that RFC 1912 §4.1 puts into each zone. */
function isLocalhost(name: DomainName, isOurDomain: (name: DomainName) => boolean): boolean {
  if (name !== "localhost" && !name.startsWith("localhost.")) return false;
  const zone = parentOf(name);
  return zone === null || isOurDomain(zone);
}

/** An address that looks like any host: neither first nor last, no mailer; the same one on every run. */
function plainAddress(
  { family, first, last }: { readonly family: 4 | 6; readonly first: bigint; readonly last: bigint },
  isMailer: (address: IpAddress) => boolean,
): IpAddress | null {
  const size = last - first + 1n;
  const inner = size > 2n ? { from: first + 1n, count: size - 2n } : { from: first, count: size };
  const start = inner.count > 200n ? 100n : inner.count / 2n;
  // More tries than a network has mailers in practice; a network that is all mailers has no such address.
  for (let step = 0n; step < inner.count && step < 4096n; step += 1n) {
    const address: IpAddress = { family, bits: inner.from + ((start + step) % inner.count) };
    if (!isMailer(address)) return address;
  }
  return null;
}
