/** From what a person named to the addresses and ports that are tested: the site's mailers, hosts, or the MX hosts of a domain. */
import type { CheckTarget } from "../check/request.ts";
import { type Hosted, hostedService } from "../knowledge/hosted.ts";
import { parseHostPort } from "../net/host-port.ts";
import { formatIp, type IpAddress, sameIp } from "../net/ip.ts";
import { ipSet } from "../net/ip-set.ts";
import type { Resolver } from "../ports.ts";
import type { SiteLookup } from "../site/lookup.ts";
import type { Mailer, Site } from "../site/model.ts";
import { roleOfPort } from "../site/schema.ts";
import { formatMailbox } from "../smtp/path.ts";
import { UsageError } from "./errors.ts";

/** What a name came to: targets, or why there are none. */
export interface NamedTargets {
  readonly targets: readonly CheckTarget[];
  /** Names that led to nothing, each with the reason. */
  readonly unresolved: readonly { readonly name: string; readonly reason: string }[];
}

export interface TargetContext {
  readonly site: Site | null;
  readonly lookup: SiteLookup | null;
  readonly hosted: readonly Hosted[];
  readonly resolver: Resolver;
  /** Our own source addresses, as far as they were named; empty if the system chooses. */
  readonly sources: readonly IpAddress[];
  /** Domains of targets that no site file describes (from an authorisation). */
  readonly domains: readonly string[];
}

/** @param names what the person typed; none means all mailers of the site. Throws `UsageError` for what is no host. */
export async function namedTargets(
  names: readonly string[],
  context: TargetContext,
  signal: AbortSignal,
): Promise<NamedTargets> {
  const targets: CheckTarget[] = [];
  const unresolved: { name: string; reason: string }[] = [];
  if (names.length === 0) {
    for (const mailer of context.site?.mailers ?? []) {
      const found = await mailerTargets(mailer, context, signal);
      targets.push(...found);
      if (found.length === 0)
        unresolved.push({ name: mailer.name, reason: "its host has no address in DNS, and site.yaml names none" });
    }
  }
  for (const name of names) {
    const found = await targetsOf(name, context, signal);
    if ("reason" in found) unresolved.push({ name, reason: found.reason });
    else targets.push(...found.targets);
  }
  const seen = new Set<string>();
  return {
    targets: targets.filter((target) => {
      const key = `${formatIp(target.address)} ${target.port}`;
      return !seen.has(key) && seen.add(key) !== undefined;
    }),
    unresolved,
  };
}

async function targetsOf(
  name: string,
  context: TargetContext,
  signal: AbortSignal,
): Promise<{ readonly targets: readonly CheckTarget[] } | { readonly reason: string }> {
  const mailer = context.site?.mailers.find((one) => one.name === name) ?? null;
  if (mailer !== null) {
    const targets = await mailerTargets(mailer, context, signal);
    return targets.length > 0 ? { targets } : { reason: "its host has no address in DNS, and site.yaml names none" };
  }
  const parsed = parseHostPort(name);
  if (!parsed.ok)
    throw new UsageError(`"${name}" is no target: ${parsed.expected}. Write host, host:port, [ipv6]:port or a domain.`);
  const { host, port } = parsed.value;
  if (host.kind === "address") return { targets: addressTargets(name, host.address, port, null, context) };
  // A domain is tested at its MX hosts; a name with a port, or without MX, is a host.
  if (port === null && context.site?.mailers.every((one) => one.host !== host.name) !== false) {
    const mx = await context.resolver.mx(host.name, signal);
    if (mx.kind === "answer") {
      const hosts = [...mx.records]
        .sort((a, b) => a.preference - b.preference)
        .map((record) => record.exchange.toLowerCase());
      const targets: CheckTarget[] = [];
      const reasons: string[] = [];
      for (const exchange of hosts.slice(0, 20)) {
        const service = hostedService(exchange, context.hosted);
        if (service !== null)
          reasons.push(`${exchange} belongs to ${service.name}, which nobody here can allow us to test`);
        else targets.push(...(await hostTargets(exchange, null, context, signal)));
      }
      if (targets.length > 0) return { targets };
      return { reason: reasons[0] ?? `its MX hosts (${hosts.slice(0, 3).join(", ")}) have no address in DNS` };
    }
    if (mx.kind === "failed") return { reason: `the DNS question for its MX record failed (${mx.cause})` };
  }
  const targets = await hostTargets(host.name, port, context, signal);
  return targets.length > 0 ? { targets } : { reason: "unknown host: DNS knows no address for it" };
}

async function hostTargets(
  host: string,
  port: number | null,
  context: TargetContext,
  signal: AbortSignal,
): Promise<readonly CheckTarget[]> {
  const addresses = await addressesOf(host, context.resolver, signal);
  return addresses.flatMap((address) => addressTargets(host, address, port, host, context));
}

/** All addresses of a host, both families. */
export async function addressesOf(
  host: string,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<readonly IpAddress[]> {
  const answers = await Promise.all([resolver.a(host, signal), resolver.aaaa(host, signal)]);
  return answers.flatMap((answer) => (answer.kind === "answer" ? answer.records : []));
}

function addressTargets(
  named: string,
  address: IpAddress,
  port: number | null,
  hostName: string | null,
  context: TargetContext,
): readonly CheckTarget[] {
  const mailer = context.lookup?.mailerAt(address) ?? null;
  const ports =
    port !== null
      ? [{ port, role: mailer?.ports.find((one) => one.port === port)?.role ?? roleOfPort(port) }]
      : mailer !== null && mailer.ports.length > 0
        ? mailer.ports
        : [{ port: 25, role: roleOfPort(25) }];
  return ports.map((one) => targetOf(named, address, one, mailer, hostName ?? mailer?.host ?? null, context));
}

async function mailerTargets(
  mailer: Mailer,
  context: TargetContext,
  signal: AbortSignal,
): Promise<readonly CheckTarget[]> {
  const addresses =
    mailer.addresses.length > 0 || mailer.host === null
      ? mailer.addresses
      : await addressesOf(mailer.host, context.resolver, signal);
  return addresses.flatMap((address) =>
    mailer.ports.map((port) => targetOf(mailer.host ?? mailer.name, address, port, mailer, mailer.host, context)),
  );
}

function targetOf(
  host: string,
  address: IpAddress,
  { port, role }: { readonly port: number; readonly role: CheckTarget["role"] },
  mailer: Mailer | null,
  hostName: string | null,
  context: TargetContext,
): CheckTarget {
  const patterns = mailer?.domains ?? context.site?.domains ?? [];
  const domains =
    context.site === null
      ? context.domains
      : patterns.filter((pattern) => pattern.covers === "exactly").map((pattern) => pattern.name);
  const local = context.lookup?.localRecipient(mailer) ?? null;
  const accepts = mailer?.acceptFrom ?? null;
  const allowed = accepts === null ? null : ipSet(accepts);
  const fitting = context.sources.filter((source) => source.family === address.family);
  return {
    host,
    address,
    port,
    role,
    mailer: mailer?.name ?? null,
    hostName,
    domains,
    localRecipient:
      local !== null ? formatMailbox(local) : domains[0] === undefined ? null : `postmaster@${domains[0]}`,
    sameMailer:
      mailer === null
        ? []
        : [...mailer.addresses, ...mailer.inside, ...mailer.sendsFrom].filter((one) => !sameIp(one, address)),
    acceptsFromOthersOnly: allowed !== null && fitting.every((source) => !allowed.has(source)),
  };
}
