/**
 * From a compose file to doors: for each published port, what the engine makes of a stranger's address. The packet
 * filter (DNAT) keeps it; the userland proxy, which takes what the filter does not, and the swarm's routing mesh put
 * another in its place. The classic: IPv6 published to a network that has none.
 */
import { isLoopback, parseIp, widthOf } from "../../net/ip.ts";
import { type IpSet, ipSet } from "../../net/ip-set.ts";
import { parsePrefix, prefixOf } from "../../net/prefix.ts";
import { fixedIp } from "../grounds.ts";
import { type Arrival, anyOf, type Door, itself, notAtAll } from "./arrival.ts";
import type { Compose, ComposeNetwork, ComposeService } from "./compose.ts";
import type { PublishedPort } from "./compose-ports.ts";
import type { DockerDaemon } from "./docker-daemon.ts";

/** Of Docker's default for the swarm's ingress network (docs.docker.com, "Manage swarm service networks"). */
const ingress = ipSet([prefixOf(fixedIp("10.0.0.0"), 24)]);

/** Where nobody says otherwise. Rootless engines pass connections on through a program of theirs. */
const asRoot = "the container engine runs as root, with its packet filter on: a rootless one hides clients";

/** The doors to a service, by the ports of the container. */
export function doorsTo(service: ComposeService, compose: Compose, daemon: DockerDaemon): readonly Door[] {
  const host = namespaceOf(service, compose);
  const door = (port: number | null, both: Arrival, where = service.where): Door => ({
    port,
    published: port,
    service: service.name,
    mailer: service.name,
    arrives: { 4: both, 6: both },
    ownNetwork: false,
    front: null,
    where,
  });
  const unclear = [...service.unclear, ...(host?.unclear ?? [])];
  if (host === null)
    return [
      door(null, unknown(`whose network the service "${service.name}" shares (${service.networkMode})`, service)),
    ];
  if (host.networkMode === "host") return [door(null, itself)];
  if (host.networkMode === "none") return [];
  const networks = host.networks.map((name) => compose.networks.get(name) ?? null);
  const own = networks.find((one) => one !== null && /^(macvlan|ipvlan)$/.test(one.driver));
  // Such a network gives the container an address in the LAN: every port is open there, published or not.
  if (own !== undefined) return [door(null, itself, own?.where ?? service.where)];
  const routed = networks.find((one) => [...(one?.options ?? [])].some(([key, value]) => isRouted(key, value)));
  const doors = host.ports.map((port): Door => {
    const bound = boundTo(port, networks, daemon);
    const arrives = (family: 4 | 6): Arrival => {
      if (bound !== null && bound.family !== family) return notAtAll;
      if (bound !== null && isLoopback(bound)) return notAtAll;
      return arrivalOf(family, port, host, networks, daemon);
    };
    return {
      port: port.target,
      published: port.published,
      service: service.name,
      mailer: service.name,
      arrives: { 4: arrives(4), 6: arrives(6) },
      ownNetwork: true,
      front: null,
      where: port.where,
    };
  });
  if (routed !== undefined) doors.push({ ...door(null, itself, routed?.where ?? service.where), ownNetwork: true });
  // A port that could not be read may be any.
  for (const one of unclear) doors.push(door(null, { kind: "unknown", because: one }));
  return doors;
}

const isRouted = (key: string, value: string): boolean =>
  /^com\.docker\.network\.bridge\.gateway_mode_ipv[46]$/.test(key) && /^(routed|nat-unprotected)$/.test(value);

/** The service in whose network namespace this one lives; `null`: not told. */
function namespaceOf(service: ComposeService, compose: Compose): ComposeService | null {
  let here = service;
  for (let steps = 0; steps < 10; steps += 1) {
    const other = /^service:(.+)$/.exec(here.networkMode ?? "")?.[1];
    if (other === undefined) return /^container:/.test(here.networkMode ?? "") ? null : here;
    const next = compose.services.get(other);
    if (next === undefined) return null;
    here = next;
  }
  return null;
}

/** The address that a port is published on; `null`: all. */
function boundTo(port: PublishedPort, networks: readonly (ComposeNetwork | null)[], daemon: DockerDaemon) {
  if (port.host !== null) return port.host;
  const option = networks.flatMap((one) => one?.options.get("com.docker.network.bridge.host_binding_ipv4") ?? [])[0];
  const read = parseIp(option ?? daemon.bind ?? "");
  return read.ok ? read.value : null;
}

const unknown = (reason: string, { where }: Pick<ComposeService, "where">): Arrival => ({
  kind: "unknown",
  because: { unknown: reason, where },
});

function arrivalOf(
  family: 4 | 6,
  port: PublishedPort,
  service: ComposeService,
  networks: readonly (ComposeNetwork | null)[],
  daemon: DockerDaemon,
): Arrival {
  if (networks.some((one) => one?.driver === "overlay") || service.swarm || port.mode === "ingress") {
    const certain = networks.some((one) => one?.driver === "overlay") || service.swarm;
    if (!certain) return unknown("whether the stack runs in a swarm, whose routing mesh hides the client", port);
    if (port.mode !== "host")
      return {
        kind: "rewritten",
        ...anyOf(ingress),
        because: "the routing mesh of the swarm puts an address of its ingress network in the client's place",
      };
  }
  const reach = networks.filter((one) => one !== null);
  const missing = networks.length - reach.length;
  if (missing > 0) return unknown(`a network that the file does not describe`, port);
  if (family === 4) {
    if (daemon.iptables) return { kind: "itself", assumes: [asRoot] };
    return daemon.userlandProxy
      ? gateways(reach, 4, daemon, '"iptables": false leaves IPv4 connections to the userland proxy')
      : unknown("who passes connections on: daemon.json turns off both the packet filter and the proxy", port);
  }
  const six = reach.filter(({ ipv6, external }) => ipv6 || external);
  if (six.some(({ external }) => external)) return unknown("whether the external network has IPv6", port);
  if (six.length === 0)
    return daemon.userlandProxy
      ? gateways(
          reach,
          4,
          daemon,
          "the container's network has no IPv6, so that the userland proxy takes IPv6 connections and makes new ones of IPv4",
        )
      : notAtAll;
  if (daemon.ip6tables === true || (daemon.ip6tables === null && daemon.iptables))
    return {
      kind: "itself",
      assumes:
        daemon.ip6tables === true
          ? [asRoot]
          : [asRoot, "Docker is 27.0 or later, or sets ip6tables: older ones leave IPv6 to the userland proxy"],
    };
  return daemon.userlandProxy
    ? gateways(six, 6, daemon, "without ip6tables the userland proxy takes IPv6 connections and makes new ones")
    : unknown("who passes IPv6 connections on: daemon.json turns off both the packet filter and the proxy", port);
}

/** The addresses of the bridges: the first of each subnet, where no other is set. */
function gateways(networks: readonly ComposeNetwork[], family: 4 | 6, daemon: DockerDaemon, because: string): Arrival {
  const whole = ipSet([prefixOf({ family, bits: 0n }, 0)]);
  let to: IpSet = ipSet([]);
  let usually: IpSet = ipSet([]);
  for (const network of networks) {
    const own = network.external ? [] : gatewaysOf(network, family);
    const named = ipSet(own.map((address) => ({ address, length: widthOf(family) })));
    to = to.union(named.isEmpty ? daemon.pools.intersect(whole) : named);
    usually = usually.union(named.isEmpty ? daemon.firstPools.intersect(whole) : named);
  }
  return { kind: "rewritten", to, usually, because };
}

function gatewaysOf(network: ComposeNetwork, family: 4 | 6) {
  return network.subnets.flatMap(({ text, gateway }) => {
    const named = parseIp(gateway ?? "");
    if (named.ok) return named.value.family === family ? [named.value] : [];
    const subnet = parsePrefix(text);
    return subnet.ok && subnet.value.address.family === family
      ? [{ family, bits: subnet.value.address.bits + 1n }]
      : [];
  });
}

/**
 * The networks in which a mailer in this service has its interfaces; where the engine chooses one, all that it may
 * choose. `null`: the machine's, or not told.
 */
export function interfaceNetworks(service: ComposeService, compose: Compose, daemon: DockerDaemon): IpSet | null {
  const host = namespaceOf(service, compose);
  if (host === null || host.networkMode === "host") return null;
  let set = ipSet([]);
  for (const name of host.networks) {
    const network = compose.networks.get(name);
    const subnets = (network?.subnets ?? []).flatMap(({ text }) => {
      const read = parsePrefix(text);
      return read.ok ? [read.value] : [];
    });
    if (
      network === undefined ||
      network.external ||
      (subnets.length === 0 && /^(macvlan|ipvlan)$/.test(network.driver))
    )
      return null;
    set = set.union(ipSet(subnets));
    for (const family of [4, 6] as const) {
      if (subnets.some(({ address }) => address.family === family) || (family === 6 && !network.ipv6)) continue;
      set = set.union(daemon.pools.intersect(ipSet([prefixOf({ family, bits: 0n }, 0)])));
    }
  }
  return set;
}
