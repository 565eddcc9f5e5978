/**
 * Exchange on its owner's machines: a dump of receive connectors into listeners with their rules (Microsoft Learn,
 * "Receive connectors", "Allow anonymous relay on Exchange servers", "Accepted domains"). Of the connectors at a port
 * the one with the narrowest range around the client serves it; who may send anywhere has the right
 * ms-Exch-SMTP-Accept-Any-Recipient, which no connector shows: it is in the rights that `Get-ADPermission` prints.
 */
import { compareIp, formatIp, type IpAddress, isUnspecified } from "../../../net/ip.ts";
import { type IpSet, ipSet, ipSetOfRanges } from "../../../net/ip-set.ts";
import type { ConfigTree } from "../../../ports.ts";
import { readForwardPath, readReversePath } from "../../../smtp/path.ts";
import type { Configuration, Listener, Program, Recipient, Session, Step, TextField, Unknown } from "../../rules.ts";
import { connectorProgram, offersLogin } from "./connector.ts";
import { type Connector, type Dump, readDump } from "./dump.ts";
import { recipientReader } from "./recipients.ts";

/** More ranges at one port than anybody keeps. */
const maxRanges = 4000;

export function readExchange(tree: ConfigTree, version: string | null): Configuration | null {
  const dump = readDump(tree);
  if (dump === null) return null;
  const { domains } = dump;
  const recipient = recipientReader(domains);
  return {
    product: "exchange",
    version,
    checkedAgainst: "documents",
    listeners: portsOf(dump.connectors).map((port) => listenerOf(port, dump, recipient)),
    domains: (domains ?? [])
      .filter(({ name }) => name !== "*")
      .slice(0, 20_000)
      .map(({ name, below, relayed, where }) => ({ name, below, end: relayed ? "listed" : "local", where })),
    hostNames: [],
    assumes: ["the dump is of all servers and complete: an enabled connector that is not in it is not audited"],
    unreadable: dump.unreadable,
  };
}

/** One socket of one service: the connectors that share it. */
interface Port {
  readonly name: string;
  readonly address: IpAddress | null;
  readonly port: number;
  readonly connectors: readonly Connector[];
}

/**
 * Connections come in by server, service and port; a binding to one address is a port of its own, where connectors that
 * are bound to all addresses serve those whom none of its own does.
 */
function portsOf(connectors: readonly Connector[]): readonly Port[] {
  const ports = new Map<
    string,
    { name: string; address: IpAddress | null; port: number; own: Set<Connector>; key: string }
  >();
  for (const connector of connectors) {
    if (!connector.enabled) continue;
    const server = connector.identity.includes("\\") ? (connector.identity.split("\\")[0] ?? "") : "";
    const bindings = connector.bindings.length === 0 ? [{ address: null, port: 25 }] : connector.bindings;
    for (const { address, port } of bindings) {
      const single = address === null || isUnspecified(address) ? null : address;
      const service = `${server}|${connector.role}|${port}`;
      const key = `${service}|${single === null ? "*" : formatIp(single)}`;
      const name = [server, connector.role].filter((part) => part !== "").join(" ") || "Exchange";
      const known = ports.get(key) ?? { name, address: single, port, own: new Set<Connector>(), key: service };
      known.own.add(connector);
      ports.set(key, known);
    }
  }
  const all = [...ports.values()];
  return all.map(({ name, address, port, own, key }) => {
    const shared = all.find((one) => one.key === key && one.address === null);
    return { name, address, port, connectors: [...own, ...(address === null ? [] : (shared?.own ?? []))] };
  });
}

function listenerOf(port: Port, dump: Dump, recipient: (forwardPath: string) => Recipient): Listener {
  const { connectors } = port;
  const login = connectors.some(offersLogin);
  return {
    name: port.name,
    address: port.address,
    port: port.port,
    role: port.port === 25 ? "mx" : port.port === 587 || port.port === 465 ? "submission" : "internal",
    tls: connectors.every(({ mechanisms }) => mechanisms?.has("Tls") === false) ? "none" : "offered",
    offersAuth: login ? "yes" : "no",
    authBackend: login ? "Active Directory" : null,
    impersonators: null,
    stages: [{ at: "rcpt", program: choiceOf(port, dump) }],
    recipient,
    recipientSeeds: [],
    text: textOf,
    caveats: [],
    where: connectors[0]?.where ?? null,
  };
}

/** Narrow ranges come before wide ones; each address belongs to the first that holds it. */
function choiceOf({ address, connectors }: Port, dump: Dump): Program {
  const boundHere = ({ bindings }: Connector, family: 4 | 6): boolean =>
    bindings.length === 0 || bindings.some((one) => one.address.family === family);
  const ranges = connectors.flatMap((connector, order) =>
    connector.ranges
      .filter(({ family }) => boundHere(connector, family))
      .map((range) => ({
        connector,
        range,
        order: address !== null && !isBoundTo(connector, address) ? 1 : 0,
        nth: order,
      })),
  );
  const steps: Step[] = [];
  const doubtful = (reason: string, connector: Connector, name: string): void => {
    const where = connector.place(name);
    const because: Unknown = { unknown: reason, where };
    steps.push({ kind: "rule", says: reason, when: { kind: "always" }, does: { kind: "unknown", because }, where });
  };
  for (const connector of connectors)
    if (connector.unclear !== null)
      doubtful(`the ${connector.unclear} of ${connector.identity}, which cannot be read`, connector, connector.unclear);
  const first = connectors[0];
  // What is cut off may hold a connector for this port, too.
  for (const { unknown } of dump.unreadable) if (first !== undefined) doubtful(unknown, first, "Identity");
  if (ranges.length > maxRanges && first !== undefined)
    doubtful(`${ranges.length} ranges at one port, more than an audit reads`, first, "RemoteIPRanges");
  const sizeOf = ({ first, last }: { readonly first: bigint; readonly last: bigint }): bigint => last - first;
  const sorted = ranges
    .slice(0, maxRanges)
    .sort(
      (a, b) =>
        a.order - b.order ||
        (sizeOf(a.range) < sizeOf(b.range) ? -1 : sizeOf(a.range) > sizeOf(b.range) ? 1 : a.nth - b.nth),
    );
  let taken: IpSet = ipSet([]);
  const served = new Map<Connector, IpSet>();
  for (const { connector, range } of sorted) {
    const rest = ipSetOfRanges([range]).subtract(taken);
    if (rest.isEmpty) continue;
    taken = taken.union(rest);
    served.set(connector, (served.get(connector) ?? ipSet([])).union(rest));
  }
  for (const [connector, set] of served)
    steps.push({
      kind: "rule",
      says: connector.identity,
      when: { kind: "client-address", set },
      does: { kind: "run", program: connectorProgram(connector, dump) },
      where: connector.place("RemoteIPRanges"),
    });
  return { name: "receive connectors", steps, end: "refuse", where: first?.where ?? null };
}

const isBoundTo = ({ bindings }: Connector, address: IpAddress): boolean =>
  bindings.some((one) => compareIp(one.address, address) === 0);

/** Texts as they were said; Exchange compares none of them. */
function textOf(session: Session, field: TextField): string | null {
  switch (field) {
    case "helo":
      return session.helo;
    case "client-name":
      return session.client.name;
    case "client-reverse-name":
      return session.client.reverseName;
    default: {
      const path = field.startsWith("sender")
        ? readReversePath(session.reversePath)
        : readForwardPath(session.forwardPath);
      if (path.kind !== "mailbox") return null;
      const { localPart, domain } = path.mailbox;
      const name = domain.kind === "name" ? domain.name : `[${formatIp(domain.address)}]`;
      return field.endsWith("domain") ? name : field.endsWith("part") ? localPart : `${localPart}@${name}`;
    }
  }
}
