/**
 * What counts as ours in an audit: what the site file says, and besides the domains that the configuration names one by
 * one, which its owner chose. Without a site file no network is known to be ours but loopback.
 */
import { type DomainPattern, parseDomain } from "../net/domain.ts";
import { type IpAddress, isLoopback, parseIp } from "../net/ip.ts";
import { type IpSet, ipSet } from "../net/ip-set.ts";
import { parsePrefix } from "../net/prefix.ts";
import { type RelayRule, relayRule } from "../relaying/relaying.ts";
import type { Site } from "../site/model.ts";
import type { Configuration } from "./rules.ts";

export interface Grounds {
  readonly rule: RelayRule;
  /** The site's networks and loopback. */
  readonly inside: IpSet;
  readonly hasSite: boolean;
  /** A domain whose mail ends here, for a recipient of ours; `null`: none is known. */
  readonly ourDomain: string | null;
}

const prefixes = (texts: readonly string[]): IpSet =>
  ipSet(
    texts.flatMap((text) => {
      const read = parsePrefix(text);
      return read.ok ? [read.value] : [];
    }),
  );

export const loopback = prefixes(["127.0.0.0/8", "::1/128"]);

/** Addresses that many sites use at once: whoever has one there may be anybody behind a NAT, a bridge or a proxy. */
export const sharedSpace = prefixes([
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "fc00::/7",
  "fe80::/10",
]);

export function groundsOf(configuration: Configuration, site: Site | null): Grounds {
  const named = configuration.domains.flatMap(({ name, below }): DomainPattern[] => {
    const read = parseDomain(name);
    // A single label is a top level: nobody's own, whoever lists it.
    if (!read.ok || !(read.value.includes(".") || read.value === "localhost")) return [];
    return [
      { covers: "exactly", name: read.value },
      ...(below ? [{ covers: "below", name: read.value } as const] : []),
    ];
  });
  const hosts = configuration.hostNames.flatMap((text): DomainPattern[] => {
    const read = parseDomain(text);
    return read.ok ? [{ covers: "exactly", name: read.value }] : [];
  });
  const base = site ?? nobody;
  const all: Site = { ...base, domains: [...base.domains, ...named, ...hosts] };
  const locals = configuration.domains.filter(({ end, name }) => end === "local" && name.includes("."));
  const local = locals.find(({ name }) => base.domains.some((pattern) => pattern.name === name)) ?? locals[0];
  return {
    rule: relayRule(all),
    inside: ipSet(base.networks).union(loopback),
    hasSite: site !== null,
    ourDomain: local?.name ?? configuration.domains.find(({ name }) => name.includes("."))?.name ?? null,
  };
}

const nobody: Site = {
  name: "unknown",
  domains: [],
  networks: [],
  mailers: [],
  policy: {
    internalToInternal: "permit",
    internalSenderOnly: false,
    auth: "permit",
    outboundPort25: "open",
  } as Site["policy"],
  contacts: { abuse: null, postmaster: null, csirt: null, tester: null },
  check: { localRecipient: null, control: null, clientCertificate: null },
  catcher: null,
  mail: { submit: null, alternative: null, abuseMailbox: null, passwordFile: null, wordings: null, language: "en" },
  recipients: null,
  hostedMx: [],
};

/** An address that is written in code, and so is one. */
export function fixedIp(text: string): IpAddress {
  const read = parseIp(text);
  if (!read.ok) throw new Error(`no address: ${text}`);
  return read.value;
}

/** Whether only the machine itself can connect to a listener at this address. */
export function isPrivateDoor(address: IpAddress | null): boolean {
  return address !== null && isLoopback(address);
}
