/**
 * What nftables and iptables are both read into: chains of rules in tables of a family, some of them hooked into the way
 * of packets at a priority. What a condition means depends on the hook (no outgoing interface is known before routing,
 * no state before connection tracking), so a chain becomes one for each place it is reached from.
 */
import type { Action, Match, Place, Trouble } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { type Condition, matchOf, noneOf, product } from "../unix/conditions.ts";

export const hooks = ["ingress", "prerouting", "input", "forward", "output", "postrouting"] as const;
export type Hook = (typeof hooks)[number];

/** Before this priority connection tracking has not looked at the packet (NF_IP_PRI_CONNTRACK). */
const trackingFrom = -200;

export interface Draft {
  readonly conditions: readonly Condition[];
  readonly action: Action;
  readonly place: Place;
  /** The rule takes packets out of connection tracking. */
  readonly notrack?: boolean;
}

export interface DraftChain {
  /** Family, table and name: `inet filter forward`. */
  readonly key: string;
  readonly drafts: readonly Draft[];
  readonly otherwise: "permit" | "deny" | "return";
  readonly place: Place | null;
  /** Null: reached by jumps only. */
  readonly base: Base | null;
}

export interface Base {
  readonly hook: Hook;
  readonly priority: number;
  readonly families: readonly Family[];
  /** For `ingress`: on these interfaces alone. */
  readonly devices: readonly string[] | null;
}

export interface Ruleset {
  readonly chains: ReadonlyMap<string, DraftChain>;
  /** What may put chains anywhere and is not in the text: an include. */
  readonly elsewhere: readonly { readonly place: Place; readonly why: string }[];
  readonly troubles: readonly Trouble[];
  /** Said with every crossing. */
  readonly notes: readonly string[];
  /** Addresses are translated for machines behind this one. */
  readonly routes: boolean;
  /** Why nothing can be said of a family's packets. */
  readonly unknown: Partial<Record<Family, string>>;
  /** Chains that a person may mean by a name, for packets of the family. */
  named(name: string, family: Family): DraftChain | null;
  /** How a chain is called in reports. */
  title(chain: DraftChain): string;
}

/** Made by containers, virtual machines and firewall managers, on every machine that has them. */
export const managedChain = / (ufw6?-(?!user)|docker|libvirt|kube|cni|f2b|flannel|cali)/i;
export const virtualInterface = /^(docker|br-|virbr|veth|cni|lxc|lxd|podman|flannel|cali|tap|vnet|lo$)/;

/** Whether a rule of a nat chain, as it is written, translates addresses for others than these. */
export const translates = (key: string, text: string): boolean =>
  !managedChain.test(key) &&
  /\b([ds]nat|masquerade|redirect)\b/i.test(text) &&
  !text.split(/[\s"]+/).some((word) => word !== "lo" && virtualInterface.test(word));

/** `router`: to a host behind this machine. `host`: to or from this machine itself. */
export type Way = "router" | "host";

export interface Setting {
  readonly hook: Hook;
  readonly way: Way;
  readonly tracked: boolean;
}

export const settingOf = (base: Base | null, way: Way): Setting =>
  base === null
    ? { hook: "forward", way: "router", tracked: true }
    : {
        hook: base.hook,
        way: base.hook === "forward" ? "router" : base.hook === "input" || base.hook === "output" ? "host" : way,
        tracked:
          base.hook !== "ingress" &&
          ((base.hook !== "prerouting" && base.hook !== "output") || base.priority > trackingFrom),
      };

/** The name a chain has as it is in this setting. */
export const keyIn = (key: string, { hook, way, tracked }: Setting): string =>
  hook === "forward" ? key : `${key} (${hook}${way === "host" ? ", host" : ""}${tracked ? "" : ", before tracking"})`;

const beforeRouting: readonly Hook[] = ["ingress", "prerouting", "input"];

/** The condition as it is there, in as many as are needed; none: it never holds. */
export function settle(condition: Condition, setting: Setting, untracked: readonly Condition[]): readonly Match[] {
  const { hook, way, tracked } = setting;
  const toSelf = way === "host" && beforeRouting.includes(hook);
  const fromSelf = way === "host" && !beforeRouting.includes(hook);
  if ((condition.toSelf ?? toSelf) !== toSelf || (condition.fromSelf ?? fromSelf) !== fromSelf) return [];
  const { from, to, states, ...rest } = condition;
  let settled: Condition = rest;
  // An interface that is not there has an empty name.
  for (const [key, names, absent] of [
    ["from", from, fromSelf],
    ["to", to, beforeRouting.includes(hook)],
  ] as const) {
    if (names === undefined) continue;
    if (!absent) settled = { ...settled, [key]: names };
    else if (names.names.includes("*") === names.except) return [];
  }
  if (states === undefined) return [matchOf(settled)];
  // nf_ct_get() finds nothing there: the state is "invalid" (nft_ct.c, xt_conntrack.c).
  if (!tracked) return states.includes("invalid") ? [matchOf(settled)] : [];
  const stated: Condition = { ...settled, states };
  const outside = untracked.filter((one) => meet(one, condition));
  if (outside.length === 0) return [matchOf(stated)];
  const why = "a rule before takes packets out of connection tracking";
  const others = product([[stated], noneOf(outside, condition.family ?? familyOf(outside))]);
  const among = product([[settled], outside]);
  if (others === null || among === null) return [matchOf({ ...stated, unsure: why })];
  return [...others.map(matchOf), ...among.map((one) => matchOf({ ...one, unsure: why }))];
}

/** Of addresses that are looked at; where none are, either will do. */
const familyOf = (conditions: readonly Condition[]): Family =>
  conditions.find(({ family }) => family !== undefined)?.family ?? 4;

/** Whether a packet may fit both; only what is cheap is looked at. */
function meet(a: Condition, b: Condition): boolean {
  const apart = (x: readonly { first: number; last: number }[] | undefined, y: typeof x): boolean =>
    x !== undefined && y !== undefined && !x.some((p) => y.some((q) => p.first <= q.last && q.first <= p.last));
  return !(
    apart(a.protocols, b.protocols) ||
    apart(a.destinationPorts, b.destinationPorts) ||
    apart(a.sourcePorts, b.sourcePorts) ||
    (a.family !== undefined && b.family !== undefined && a.family !== b.family)
  );
}
