/** The catcher of one run: where it listens, which domain leads to it, and whether what arrives there proves anything. */
import { startCatcher } from "../check/catcher.ts";
import type { CatcherIdentity } from "../check/request.ts";
import type { Tokens } from "../check/token.ts";
import { parseDomain } from "../net/domain.ts";
import { formatIp, type IpAddress, isLoopback, isUnspecified, sameIp } from "../net/ip.ts";
import {
  type Clock,
  type Endpoint,
  ListenError,
  type Listener,
  type Listening,
  type MailDrop,
  type Resolver,
} from "../ports.ts";
import { siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import { SiteError, Unavailable, UsageError } from "./errors.ts";
import { addressesOf } from "./targets.ts";

/** What was asked for; the site file fills in what was not. */
export interface CatcherWish {
  readonly site: Site | null;
  /** The site file's name, for messages. */
  readonly siteFile: string | null;
  readonly listen: Endpoint | null;
  readonly domain: string | null;
  readonly backupDomain: string | null;
  /** All targets are on loopback: the mailer is told the way, and DNS has no part in it. */
  readonly practice: boolean;
}

export interface CatcherTaskPorts {
  readonly listener: Listener;
  readonly drop: MailDrop;
  readonly clock: Clock;
  readonly resolver: Resolver;
  readonly tell: (text: string) => void;
}

/**
 * Starts the catcher, after making sure that what arrives there proves something. Throws `UsageError`, `SiteError` if it
 * lies inside the site, `Unavailable` if its address is taken.
 */
export async function openCatcher(
  wish: CatcherWish,
  ports: CatcherTaskPorts,
  made: Tokens,
  signal: AbortSignal,
): Promise<AsyncDisposable & { readonly identity: CatcherIdentity }> {
  const { site } = wish;
  const domain = wish.domain ?? site?.catcher?.domain ?? null;
  const listen = wish.listen ?? site?.catcher?.listen ?? null;
  if (listen === null)
    throw new UsageError(
      "no catcher: --catch-listen ADDR:PORT with --catch-domain DOMAIN, or `catcher:` in site.yaml, says where proof arrives. `fencepost doctor` tells what DNS needs.",
    );
  const addresses =
    (site?.catcher?.addresses ?? []).length > 0
      ? site!.catcher!.addresses
      : isUnspecified(listen.address)
        ? []
        : [listen.address];
  const lookup = site === null ? null : siteLookup(site);
  const source = wish.siteFile ?? "the site file";
  if (domain !== null) {
    const name = parseDomain(domain);
    if (!name.ok) throw new UsageError(`--catch-domain "${domain}": ${name.expected}`);
    if (
      lookup?.isOurDomain(name.value) === true ||
      site?.domains.some((pattern) => name.value === pattern.name || name.value.endsWith(`.${pattern.name}`)) === true
    )
      throw new SiteError(
        `the catch domain ${domain} lies in the domains of ${source}: mail to it is mail to the site itself and proves nothing. Use a domain that no mailer of the site serves.`,
      );
  }
  for (const address of addresses)
    if (lookup?.isOurAddress(address) === true && !isLoopback(address))
      throw new SiteError(
        `the catcher ${formatIp(address)} lies in the networks of ${source}: mail to it never leaves the site and proves nothing. Run the catcher outside.`,
      );

  const host = await catcherHost(domain, addresses, listen, wish.practice, ports, signal);
  let listening: Listening;
  try {
    listening = await startCatcher(listen, host.name ?? domain ?? "catcher.invalid", {
      listener: ports.listener,
      drop: ports.drop,
      tokens: made,
      clock: ports.clock,
    });
  } catch (error) {
    if (error instanceof ListenError)
      throw new Unavailable(
        `the catcher cannot listen: ${error.message}. Choose another --catch-listen, or end the program that has it.`,
        { cause: error },
      );
    throw error;
  }
  return {
    identity: {
      domain: host.reached === "no" ? null : domain,
      leads: host.reached === "seen" ? "seen" : "unknown",
      senderDomain: site?.catcher?.senderDomain ?? domain,
      backupDomain: wish.backupDomain ?? site?.catcher?.backupDomain ?? null,
      address: addresses.find((address) => address.family === 4) ?? null,
      address6: addresses.find((address) => address.family === 6) ?? null,
      host: host.name,
      listens: listening.local,
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

/** Whether mail for the catch domain finds this catcher: otherwise nothing could ever arrive, and refusals might be about that. */
async function catcherHost(
  domain: string | null,
  addresses: readonly IpAddress[],
  listen: Endpoint,
  practice: boolean,
  ports: CatcherTaskPorts,
  signal: AbortSignal,
): Promise<{ readonly name: string | null; readonly reached: "seen" | "unknown" | "no" }> {
  if (domain === null) return { name: null, reached: "no" };
  if (practice) return { name: domain, reached: "seen" };
  const mx = await ports.resolver.mx(domain, signal);
  const hosts =
    mx.kind === "answer"
      ? [...mx.records]
          .sort((a, b) => a.preference - b.preference)
          .map((record) => record.exchange.toLowerCase().replace(/\.$/, ""))
      : [domain];
  for (const host of hosts) {
    const found = await addressesOf(host, ports.resolver, signal);
    if (
      addresses.length === 0 ? found.length > 0 : found.some((one) => addresses.some((address) => sameIp(one, address)))
    )
      return { name: host, reached: "seen" };
  }
  if (mx.kind === "failed") {
    ports.tell(
      `the DNS question for the MX of ${domain} failed (${mx.cause}): it cannot be seen whether mail for it reaches the catcher. Name a resolver with --resolver.`,
    );
    return { name: null, reached: "unknown" };
  }
  ports.tell(
    `DNS does not lead mail for ${domain} to the catcher at ${addresses.map(formatIp).join(", ") || formatIp(listen.address)} (MX: ${hosts.join(", ")}). Nothing can be proved closed until it does; \`fencepost doctor\` shows the records to create.`,
  );
  return { name: hosts[0] ?? null, reached: "no" };
}
