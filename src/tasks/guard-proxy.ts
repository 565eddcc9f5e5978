/**
 * Someone puts the guard's proxy before a mailer: the door, and what has to be known of the mailer behind it. It is asked
 * at the start and every hour whether it relays for the guard, believes any login, or can be reached around the guard.
 */
import type { House } from "../guard/house.ts";
import { askUpstream, greets, type QuestionPorts, type Told } from "../guard/proxy/questions.ts";
import type { ProxySettings } from "../guard/proxy/settings.ts";
import { UnknownRecipients } from "../guard/proxy/unknown-recipients.ts";
import { Watch } from "../guard/proxy/watch.ts";
import { ProxyDoor } from "../guard/proxy-door.ts";
import { formatHostPort } from "../net/host-port.ts";
import { type IpAddress, isLoopback, sameIp } from "../net/ip.ts";
import type { Connection, Endpoint } from "../ports.ts";
import { type SiteLookup, siteLookup } from "../site/lookup.ts";
import type { Site } from "../site/model.ts";
import type { DoorPlace, GuardLogEvent } from "./guard.ts";

export interface ProxyRequest extends Omit<ProxySettings, "passesLogins"> {
  readonly listen: readonly DoorPlace[];
}

export interface ProxyPorts extends QuestionPorts {
  readonly log: (event: GuardLogEvent) => void;
}

export interface OpenProxy extends AsyncDisposable {
  readonly serve: (connection: Connection) => Promise<void>;
}

const askAgainMs = 3_600_000;
/** While the upstream's answer about logins is not known, it is asked for more often. */
const askSoonMs = 60_000;

/** @param pressed whether connections run short. */
export function openProxy(
  request: ProxyRequest,
  house: House,
  site: () => Site,
  pressed: () => boolean,
  ports: ProxyPorts,
  outer: AbortSignal,
): OpenProxy {
  let believesLogins: Told = "unknown";
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const watch = new Watch(pressed, signal);
  const proxy = {
    settings: { ...request, passesLogins: () => site().policy.auth === "upstream" && believesLogins === "no" },
    house,
    dialer: ports.dialer,
    clock: ports.clock,
    unknown: new UnknownRecipients(() => watch.now),
  };
  const lookup = lookupOf(site);
  const door = new ProxyDoor(proxy, watch, (address) => isLoopback(address) || lookup().isOurAddress(address));

  const asking = (async () => {
    while (!signal.aborted) {
      const answers = await askUpstream(request, ports, signal);
      believesLogins = answers.believesLogins;
      for (const says of warnings(answers, request, site())) ports.log({ event: "warning", door: "proxy", says });
      for (const around of await reachedAround(request, site(), ports, signal))
        ports.log({ event: "warning", door: "proxy", says: `the mailer can be reached around the guard: ${around}` });
      const wanted = site().policy.auth === "upstream" && believesLogins === "unknown";
      await ports.clock.sleep(wanted ? askSoonMs : askAgainMs, signal);
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) ports.log({ event: "fault", door: "proxy", says: `asking the upstream: ${String(error)}` });
  });
  return {
    serve: (connection) => door.serve(connection),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await asking;
      watch[Symbol.dispose]();
    },
  };
}

/** What a person should know of the mailer behind. */
function warnings(
  { relaysForGuard, offersXclient, believesLogins }: Awaited<ReturnType<typeof askUpstream>>,
  { send }: ProxyRequest,
  site: Site,
): readonly string[] {
  const told: string[] = [];
  if (relaysForGuard === "yes")
    told.push(
      "the upstream relays for the guard's own address: only the guard keeps it closed, so nobody else may reach it",
    );
  if (relaysForGuard === "unknown") told.push("the upstream could not be asked whether it relays for the guard");
  if (send === "xclient" && offersXclient === "no")
    told.push("the upstream offers no XCLIENT to the guard: it takes every client for the guard (see --send)");
  if (send === "none") told.push("the upstream takes every client for the guard (--send none)");
  if (site.policy.auth === "upstream" && believesLogins === "yes")
    told.push("the upstream believes a made-up login: logins are withheld until it does not");
  if (site.policy.auth === "upstream" && believesLogins === "unknown")
    told.push("the upstream could not be seen to refuse a made-up login: logins are withheld until it is");
  return told;
}

/** The upstream's port at other addresses of the site where a mail server greets that is not the guard. */
async function reachedAround(
  { upstream, listen }: ProxyRequest,
  site: Site,
  ports: QuestionPorts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const mailer of site.mailers)
    for (const address of mailer.addresses) {
      const place: Endpoint = { address, port: upstream.port };
      if (isGuard(place, listen) || !(await greets(place, ports, signal))) continue;
      found.push(
        `${mailer.name} answers at ${formatHostPort({ host: { kind: "address", address }, port: upstream.port })}; let it listen for the guard alone`,
      );
    }
  return found;
}

function isGuard({ address, port }: Endpoint, listen: readonly DoorPlace[]): boolean {
  const anywhere = (one: IpAddress): boolean => one.bits === 0n && one.family === address.family;
  return listen.some(
    (place) => "address" in place && place.port === port && (anywhere(place.address) || sameIp(place.address, address)),
  );
}

/** Compiled once for each site file that was read. */
function lookupOf(site: () => Site): () => SiteLookup {
  let known: { readonly site: Site; readonly lookup: SiteLookup } | null = null;
  return () => {
    const now = site();
    if (known?.site !== now) known = { site: now, lookup: siteLookup(now) };
    return known.lookup;
  };
}
