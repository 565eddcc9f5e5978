/** The DNS records that a catcher and a tester need, and which of them are there. */
import { formatIp, type IpAddress, isPrivate, reverseName, sameIp } from "../net/ip.ts";
import type { Resolver } from "../ports.ts";
import type { NeededRecord } from "../report/results/doctor.ts";
import { addressesOf } from "./targets.ts";

export interface CatcherNames {
  /** The catch domain. */
  readonly domain: string;
  /** The reverse-paths of the probes are in this domain. */
  readonly senderDomain: string;
  readonly backupDomain: string | null;
  /** Where the catcher is reached from the Internet. */
  readonly addresses: readonly IpAddress[];
  /** The addresses that tests come from. */
  readonly sources: readonly IpAddress[];
  /** The MX host of a mailer under test, for the backup domain. */
  readonly targetHost: string | null;
}

/** MX hosts of a name: what was answered, or null if DNS did not answer. */
async function exchangesOf(name: string, resolver: Resolver, signal: AbortSignal): Promise<readonly string[] | null> {
  const answer = await resolver.mx(name, signal);
  if (answer.kind === "failed") return null;
  if (answer.kind !== "answer") return [];
  return [...answer.records]
    .sort((a, b) => a.preference - b.preference)
    .map(({ exchange }) => exchange.toLowerCase().replace(/\.$/, ""));
}

/** Whether mail for this name finds one of the addresses; with the host by which it does. */
export async function leadsTo(
  name: string,
  addresses: readonly IpAddress[],
  resolver: Resolver,
  signal: AbortSignal,
): Promise<{ readonly host: string | null; readonly exchanges: readonly string[] | null }> {
  const exchanges = await exchangesOf(name, resolver, signal);
  for (const host of exchanges ?? []) {
    const found = await addressesOf(host, resolver, signal);
    if (found.some((one) => addresses.some((address) => sameIp(one, address)))) return { host, exchanges };
  }
  return { host: null, exchanges };
}

/** @param probeLabel a label that nobody has used, to see whether a wildcard answers. */
export async function neededRecords(
  names: CatcherNames,
  probeLabel: string,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly NeededRecord[]> {
  const { domain, senderDomain, backupDomain, addresses, sources } = names;
  const records: NeededRecord[] = [];
  const own = await leadsTo(domain, addresses, resolver, signal);
  const host = own.host ?? `mx.${domain}`;
  const mx = async (name: string, asked: string): Promise<void> => {
    const there = await leadsTo(asked, addresses, resolver, signal);
    records.push({
      name: dotted(name),
      type: "MX",
      value: `10 ${dotted(host)}`,
      state: there.host !== null ? "present" : there.exchanges === null ? "unknown" : "missing",
    });
  };
  await mx(domain, domain);
  await mx(`*.${domain}`, `${probeLabel}.${domain}`);
  const known = await addressesOf(host, resolver, signal);
  for (const address of addresses)
    records.push({
      name: dotted(host),
      type: address.family === 4 ? "A" : "AAAA",
      value: formatIp(address),
      state: known.some((one) => sameIp(one, address)) ? "present" : "missing",
    });
  if (backupDomain !== null) {
    await mx(backupDomain, backupDomain);
    if (names.targetHost !== null) {
      const exchanges = await exchangesOf(backupDomain, resolver, signal);
      records.push({
        name: dotted(backupDomain),
        type: "MX",
        value: `20 ${dotted(names.targetHost)}`,
        state: exchanges === null ? "unknown" : exchanges.includes(names.targetHost) ? "present" : "missing",
      });
    }
  }
  const outside = sources.filter((address) => !isPrivate(address));
  if (outside.length > 0) {
    const texts = await resolver.txt(senderDomain, signal);
    const spf = texts.kind === "answer" ? texts.records.find((text) => /^v=spf1( |$)/i.test(text)) : undefined;
    const terms = outside.map((address) => `ip${address.family}:${formatIp(address)}`);
    const missing = terms.filter((term) => spf === undefined || !spf.toLowerCase().split(" ").includes(term));
    // A record that is there may cover the address in another way: `doctor` asks that apart.
    records.push({
      name: dotted(senderDomain),
      type: "TXT",
      value: `"v=spf1 ${terms.join(" ")} -all"`,
      state: texts.kind === "failed" ? "unknown" : missing.length === 0 ? "present" : "missing",
    });
    for (const address of outside) {
      const name = await resolver.ptr(address, signal);
      records.push({
        name: dotted(reverseName(address)),
        type: "PTR",
        value: dotted(host),
        state: name.kind === "answer" ? "present" : name.kind === "failed" ? "unknown" : "missing",
      });
    }
  }
  return records;
}

/** Zone-file text (RFC 1035 §5) of the records that are missing. */
export function zoneText(records: readonly NeededRecord[]): string {
  const missing = records.filter(({ state }) => state === "missing");
  if (missing.length === 0) return "";
  const forward = missing.filter(({ type }) => type !== "PTR");
  const reverse = missing.filter(({ type }) => type === "PTR");
  return [
    ...aligned(forward),
    ...(reverse.length > 0 ? ["; in the reverse zone, at whoever gave you the address:"] : []),
    ...aligned(reverse),
  ].join("\n");
}

function aligned(records: readonly NeededRecord[]): readonly string[] {
  const width = Math.max(...records.map(({ name }) => name.length));
  return records.map(({ name, type, value }) => `${name.padEnd(width)}  IN ${type.padEnd(5)} ${value}`);
}

const dotted = (name: string): string => `${name}.`;
