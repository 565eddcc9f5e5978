/**
 * Where a PAN-OS configuration keeps things: a firewall's virtual systems, what Panorama pushed to it, and Panorama's
 * own device groups; the same in XML (`config/devices/entry/vsys/entry`) and in the set form, which leaves most of that
 * path out.
 */
import { active, at, type Node, wordAt } from "../tree/node.ts";

/** One ordered policy and the places in which its names are looked up, nearest first. */
export interface Scope {
  readonly name: string;
  /** Holders of `security rules`, in the order of evaluation. */
  readonly rulebases: readonly Node[];
  readonly objects: readonly Node[];
  /** Zones with their interfaces. */
  readonly zones: ReadonlyMap<string, readonly string[]>;
}

const kinds = ["layer3", "virtual-wire", "layer2", "tap", "tunnel", "external"] as const;

/** The deepest chain of device groups that PAN-OS takes is four; a circle ends here too. */
const maxParents = 16;

export function scopesOf(root: Node): readonly Scope[] {
  const wrapped = at(root, "response", "result") ?? root;
  const base = at(wrapped, "config") ?? wrapped;
  const hosts = [...new Set([base, wrapped])].flatMap((one) => [one, ...active(at(one, "devices"))]);
  const shared = hosts.flatMap((host) => present(at(host, "shared")));
  const pushed = [...hosts, root].flatMap((host) => present(at(host, "policy", "panorama"), at(host, "panorama")));
  const systems = hosts.flatMap((host) => active(at(host, "vsys")));
  const single = hosts.filter((host) => at(host, "rulebase") !== null || at(host, "zone") !== null);
  const merged = new Map<string, readonly Node[]>();
  for (const [name, node] of [
    ...single.map((host) => ["vsys1", host] as const),
    ...systems.map((vsys) => [vsys.word, vsys] as const),
  ])
    merged.set(name, [...(merged.get(name) ?? []), node]);
  const templates = hosts.flatMap((host) => active(at(host, "template")));
  const templateZones = templates.flatMap((template) => zonesUnder(at(template, "config") ?? template));
  const local = [...merged].map(([name, nodes]): Scope => {
    const above = pushed.flatMap((one) => [...present(at(one, "vsys", name)), one]);
    return {
      name,
      rulebases: [
        ...present(...[...shared, ...above.toReversed(), ...nodes].map((one) => at(one, "pre-rulebase"))),
        ...present(...nodes.map((one) => at(one, "rulebase"))),
        ...present(...[...nodes, ...above, ...shared].map((one) => at(one, "post-rulebase"))),
      ],
      objects: [...nodes, ...above, ...shared],
      zones: new Map(nodes.flatMap(zonesOf)),
    };
  });
  const groups = new Map(hosts.flatMap((host) => active(at(host, "device-group"))).map((group) => [group.word, group]));
  const remote = [...groups.values()].map((group): Scope => {
    const line = lineOf(group, groups, hosts);
    return {
      name: `device-group ${group.word}`,
      rulebases: [
        ...present(...[...shared, ...line.toReversed()].map((one) => at(one, "pre-rulebase"))),
        ...present(...[...line, ...shared].map((one) => at(one, "post-rulebase"))),
      ],
      objects: [...line, ...shared],
      zones: new Map(templateZones),
    };
  });
  const all = [...local, ...remote];
  if (all.length > 0 || (shared.length === 0 && pushed.length === 0)) return all;
  const rest = [...pushed, ...shared];
  return [
    {
      name: "shared",
      rulebases: ["pre-rulebase", "post-rulebase"].flatMap((word) => present(...rest.map((one) => at(one, word)))),
      objects: rest,
      zones: new Map(templateZones),
    },
  ];
}

const present = (...nodes: readonly (Node | null)[]): readonly Node[] => nodes.filter((node) => node !== null);

/** The group and those above it. */
function lineOf(group: Node, groups: ReadonlyMap<string, Node>, hosts: readonly Node[]): readonly Node[] {
  const line = [group];
  for (let here = group; line.length < maxParents; ) {
    const told = hosts.flatMap((host) =>
      active(at(host, "readonly", "devices")).map((device) => wordAt(device, "device-group", here.word, "parent-dg")),
    );
    const name = wordAt(here, "parent-dg") ?? told.find((one) => one !== null) ?? null;
    const parent = name === null ? undefined : groups.get(name);
    if (parent === undefined || line.includes(parent)) break;
    line.push(parent);
    here = parent;
  }
  return line;
}

const zonesUnder = (base: Node): readonly (readonly [string, readonly string[]])[] =>
  [base, ...active(at(base, "devices"))].flatMap((host) => [
    ...zonesOf(host),
    ...active(at(host, "vsys")).flatMap((vsys) => zonesOf(vsys)),
  ]);

function zonesOf(scope: Node): readonly (readonly [string, readonly string[]])[] {
  return active(at(scope, "zone")).map((zone) => {
    const network = at(zone, "network");
    const members = kinds.flatMap((kind) => active(at(network, kind)).map(({ word }) => word));
    return [zone.word, members] as const;
  });
}
