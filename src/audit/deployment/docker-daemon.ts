/**
 * `daemon.json` of the Docker engine (docs.docker.com, "dockerd" and "Packet filtering"): what it does with the source
 * address of a connection to a published port. Where the file is not there, the engine's defaults hold.
 */
import { posix } from "node:path";
import { type IpSet, ipSet } from "../../net/ip-set.ts";
import { parsePrefix } from "../../net/prefix.ts";
import type { ConfigTree } from "../../ports.ts";
import type { Span } from "../../text/source.ts";
import { at, flagOf, itemsOf, textOf, yamlOf } from "./yaml.ts";

export interface DockerDaemon {
  readonly file: string | null;
  /** A program that takes connections the packet filter does not: the mailer sees the bridge's gateway. */
  readonly userlandProxy: boolean;
  readonly iptables: boolean;
  /** `null`: not set. Engines from 27.0 on take it for true, older ones for false. */
  readonly ip6tables: boolean | null;
  /** The address that ports are published on where none is named. */
  readonly bind: string | null;
  /** Networks out of which bridges get theirs, and those that are used up first. */
  readonly pools: IpSet;
  readonly firstPools: IpSet;
  readonly where: Span | null;
}

const setOf = (texts: readonly string[]): IpSet =>
  ipSet(
    texts.flatMap((text) => {
      const read = parsePrefix(text);
      return read.ok ? [read.value] : [];
    }),
  );

/** The pools that are built in, in their order; IPv6 networks come out of the unique local addresses (RFC 4193). */
const firstPools = setOf(["172.17.0.0/16", "172.18.0.0/15", "172.20.0.0/14", "172.24.0.0/13"]);
const defaultPools = firstPools.union(setOf(["192.168.0.0/16"]));
const defaultPools6 = setOf(["fc00::/7"]);

export function readDaemon(tree: ConfigTree): DockerDaemon {
  const path = [...tree.files.keys()].find((one) => posix.basename(one) === "daemon.json") ?? null;
  const root = path === null ? undefined : yamlOf(path, tree.files.get(path))?.[0];
  const bases = itemsOf(at(root, "default-address-pools")).flatMap((item) => textOf(at(item, "base")) ?? []);
  const own = setOf(bases);
  const proxy = at(root, "userland-proxy");
  return {
    file: root === undefined ? null : path,
    userlandProxy: flagOf(proxy) ?? true,
    iptables: flagOf(at(root, "iptables")) ?? true,
    ip6tables: flagOf(at(root, "ip6tables")),
    bind: textOf(at(root, "ip")),
    pools: (own.isEmpty ? defaultPools : own).union(defaultPools6),
    firstPools: (own.isEmpty ? firstPools : own).union(defaultPools6),
    where: proxy?.where ?? null,
  };
}
