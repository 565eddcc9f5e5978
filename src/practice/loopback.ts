/**
 * What keeps a practice mailer from ever being a relay: it listens on loopback, connects to loopback, and hands on mail
 * only by a route that someone named. The ports it is given are wrapped here before anything else sees them.
 */
import { type DomainName, isAtOrBelow, parseDomain } from "../net/domain.ts";
import { parseHostPort } from "../net/host-port.ts";
import { formatIp, isLoopback, sameIp } from "../net/ip.ts";
import type { Dialer, Endpoint, Listener } from "../ports.ts";
import type { MailDomain } from "../smtp/path.ts";
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";

/** A practice mailer was to listen on, or to connect to, something that is not this machine's own loopback. */
export class NotLoopback extends Error {
  override readonly name = "NotLoopback";
}

function mustBeLoopback({ address, port }: Endpoint, what: string): void {
  if (isLoopback(address)) return;
  throw new NotLoopback(
    `${formatIp(address)} port ${port}: a practice mailer ${what} only on loopback (127.0.0.0/8 or ::1), because it relays on purpose`,
  );
}

export function loopbackListener(listener: Listener): Listener {
  return {
    listen: async (on, serve, options) => {
      mustBeLoopback(on, "listens");
      return listener.listen(on, serve, options);
    },
  };
}

export function loopbackDialer(dialer: Dialer): Dialer {
  return {
    connect: async (to, options, signal) => {
      mustBeLoopback(to, "connects");
      return dialer.connect(to, options, signal);
    },
  };
}

/** Where mail for a domain and all below it goes. */
export interface Route {
  readonly domain: DomainName;
  readonly to: Endpoint;
}

/** Reads `catch.example=127.0.0.1:2526`. */
export function parseRoute(text: string): Parsed<Route> {
  const equals = text.indexOf("=");
  if (equals < 0) return notParsed(text.length, "expected DOMAIN=ADDR:PORT, such as catch.example=127.0.0.1:2526");
  const domain = parseDomain(text.slice(0, equals));
  if (!domain.ok) return domain;
  const to = parseHostPort(text.slice(equals + 1));
  if (!to.ok) return notParsed(equals + 1 + to.at, to.expected);
  const { host, port } = to.value;
  if (host.kind !== "address" || !isLoopback(host.address))
    return notParsed(equals + 1, "expected an address of loopback: practice mail never leaves this machine");
  return parsed({ domain: domain.value, to: { address: host.address, port: port ?? 25 } });
}

/** The route for a domain: the longest name that fits; for an address literal one that leads there. `null` if none. */
export function routeFor(domain: MailDomain, routes: readonly Route[]): Endpoint | null {
  if (domain.kind === "literal") return routes.find(({ to }) => sameIp(to.address, domain.address))?.to ?? null;
  let best: Route | null = null;
  for (const route of routes)
    if (isAtOrBelow(domain.name, route.domain) && (best === null || route.domain.length > best.domain.length))
      best = route;
  return best?.to ?? null;
}
