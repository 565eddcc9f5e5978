/** A proxy before a mailer, whatever its make: which port it takes connections on, where it hands them, and how. */
import { type IpAddress, isLoopback, parseIp, widthOf } from "../../net/ip.ts";
import { type IpSet, ipSet } from "../../net/ip-set.ts";
import type { Span } from "../../text/source.ts";
import { none } from "../client-space.ts";
import { fixedIp, loopback } from "../grounds.ts";
import { type Arrival, anyAddress, anyOf, type Door, itself, type Mask, notAtAll } from "./arrival.ts";

export interface ProxiedPort {
  /** `haproxy`, `nginx`. */
  readonly by: string;
  readonly name: string;
  readonly listens: { readonly port: number; readonly families: readonly (4 | 6)[]; readonly onLoopback: boolean };
  readonly server: { readonly host: string; readonly port: number };
  /** `header`: PROXY; `transparent`: the client's address as source; `plain`: its own; or what cannot be told. */
  readonly hands: "header" | "transparent" | "plain";
  /** The address it connects from, where it is set. */
  readonly source: string | null;
  /** The line that decides. */
  readonly where: Span;
}

/** The door that a proxied port makes. */
export function doorOfProxy(proxied: ProxiedPort): Door {
  const { listens, server, hands, by, where } = proxied;
  const peer = peerOf(proxied);
  const arrives = (family: 4 | 6): Arrival => {
    if (listens.onLoopback || !listens.families.includes(family)) return notAtAll;
    if (hands === "transparent") return itself;
    if (hands === "header")
      return { kind: "told", by: "proxy", peer, because: `${by} puts a PROXY header before each connection` };
    return {
      kind: "rewritten",
      ...peer,
      because: `${by} makes a connection of its own, without a PROXY header`,
    };
  };
  return {
    port: server.port,
    published: listens.port,
    service: proxied.name,
    mailer: null,
    arrives: { 4: arrives(4), 6: arrives(6) },
    ownNetwork: false,
    front: by,
    where,
  };
}

function peerOf({ server, source }: ProxiedPort): Mask {
  const own = parseIp(source ?? "");
  if (own.ok) return anyOf(only(own.value));
  const to = parseIp(server.host.replace(/^\[(.*)\]$/, "$1"));
  // Who connects to loopback comes from loopback.
  if (to.ok && isLoopback(to.value)) return { to: loopback, usually: only(to.value) };
  if (server.host === "localhost" || server.host.startsWith("unix:"))
    return { to: loopback, usually: only(fixedIp("127.0.0.1")) };
  return { to: anyAddress, usually: none };
}

const only = (address: IpAddress): IpSet => ipSet([{ address, length: widthOf(address.family) }]);
