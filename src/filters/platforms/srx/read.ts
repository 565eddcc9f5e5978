/** SRX: zones and their policies, with the filters of interfaces before and behind them. */
import type { Asked, Crossing, Reading, Stage } from "../../model.ts";
import { Filters } from "../juniper/filters.ts";
import { filterAlone, Interfaces } from "../juniper/interfaces.ts";
import { readJuniper } from "../juniper/read-tree.ts";
import type { Draft } from "../reading/draft.ts";
import { nameMeant, onlyOne } from "../reading/interfaces.ts";
import { active, at, latest, type Node } from "../tree/node.ts";
import { Applications } from "./applications.ts";
import { Books } from "./books.ts";
import { policiesOf } from "./policies.ts";

export function readSrx(file: string, text: string): Reading {
  const { root, draft } = readJuniper(file, text);
  const filters = new Filters(root, draft);
  const interfaces = new Interfaces(root, draft, filters);
  const policies = policiesOf(root, draft, new Books(root, draft), new Applications(root, draft));
  const zones = zonesOf(root);
  const zoneOf = (name: string): string | null => [...zones].find(([, members]) => members.includes(name))?.[0] ?? null;
  const membersOf = (outside: string): readonly string[] => zones.get(outside) ?? [outside];
  const zoneNames = [...zones.keys()];

  const crossing = (outside: string, asked: Asked): Crossing => {
    const zone = zones.has(outside) ? outside : zoneOf(outside);
    if (zone === null) {
      const why = `${outside} is in no security zone`;
      return { stages: [], attachment: why, place: null, unknown: why };
    }
    const own = filtersOf(interfaces, membersOf(outside), asked);
    const flow = flowOf(root, draft, asked, zone, policies.chain);
    const stages = asked.direction === "in" ? [...own.stages, ...flow.stages] : [...flow.stages, ...own.stages];
    const attachment = [flow.attachment, own.attachment].filter((says) => says !== "").join("; ");
    return { stages, attachment, place: own.place, ...(own.unknown === undefined ? {} : { unknown: own.unknown }) };
  };

  return {
    chains: draft.chains,
    troubles: draft.troubles,
    lists: [...policies.lists.keys(), ...filters.names],
    interfaces: zoneNames,
    interfaceNamed: (asked) => nameMeant(asked, zoneNames) ?? interfaces.named(asked) ?? unwritten(zones, asked),
    aliases(outside) {
      if (zones.has(outside)) return membersOf(outside);
      const zone = zoneOf(outside);
      return zone === null ? [] : [zone];
    },
    crossing(outside, asked) {
      if (outside !== null) return crossing(outside, asked);
      const found = onlyOne(zoneNames, "security zones");
      if ("why" in found) return { stages: [], attachment: found.why, place: null, unknown: found.why };
      return crossing(found.name, asked);
    },
    list(name, { family }) {
      const chain = policies.lists.get(name.replace(/^from-zone (\S+) to-zone (\S+)$/, "$1 to $2"));
      if (chain === undefined) return filterAlone(filters, name, family);
      return { stages: [{ chain, stateful: true }], attachment: `policies ${name}`, place: null };
    },
  };
}

/** Zones with their interfaces, written as `ge-0/0/0.0`; without a unit it is unit 0. Policies may name others. */
function zonesOf(root: Node): ReadonlyMap<string, readonly string[]> {
  const written = active(at(root, "security", "zones", "security-zone")).map(
    (zone) =>
      [
        zone.word,
        active(at(zone, "interfaces")).map(({ word }) => (/\.\d+$/.test(word) ? word : `${word}.0`)),
      ] as const,
  );
  const pairs = active(at(root, "security", "policies", "from-zone"));
  const named = pairs.flatMap((from) => [from, ...active(at(from, "to-zone"))]);
  const others = named.filter(({ word }) => word !== "any" && word !== "junos-host");
  return new Map<string, readonly string[]>([...others.map(({ word }) => [word, []] as const), ...written]);
}

/** An interface that a zone names and `interfaces` does not. */
const unwritten = (zones: ReadonlyMap<string, readonly string[]>, text: string): string | null =>
  nameMeant(text, [...zones.values()].flat());

/** Filters at the interfaces: they see each packet, before the flow and behind it. */
function filtersOf(interfaces: Interfaces, names: readonly string[], asked: Asked): Crossing {
  const known = names.filter((name) => interfaces.has(name));
  const all = known.map((name) => interfaces.crossing(name, asked));
  const filtered = all.filter(({ stages, unknown }) => stages.length > 0 || unknown !== undefined);
  const [first] = filtered;
  if (first === undefined) return { stages: [], attachment: "", place: null };
  if (known.length === 1) return first;
  const unknown = `the zone has several interfaces with filters or without: ${known.join(", ")}; say which one is outside`;
  return { stages: [], attachment: unknown, place: first.place, unknown };
}

/** Policies look at packets of the families that are in flow mode. */
function flowOf(root: Node, draft: Draft, { family, direction }: Asked, zone: string, chain: string) {
  const options = at(root, "security", "forwarding-options", "family");
  const mode = latest(at(options, family === 4 ? "inet" : "inet6", "mode"));
  const mpls = latest(at(options, "mpls", "mode"));
  const packet = [mode, mpls].find((one) => one?.word === "packet-based") ?? null;
  const way = direction === "in" ? `from zone ${zone}` : `to zone ${zone}`;
  if (packet !== null)
    return {
      stages: [] as readonly Stage[],
      attachment: `no security policies for IPv${family}: ${draft.place(packet.line).text} takes packets past them`,
    };
  if (mode?.word === "drop") {
    const name = `mode drop, IPv${family}`;
    draft.chains.set(name, { name, rules: [], otherwise: "deny", place: draft.place(mode.line) });
    return { stages: [{ chain: name, stateful: false }] as readonly Stage[], attachment: `IPv${family} is dropped` };
  }
  const stages: readonly Stage[] = [{ chain, stateful: true }];
  return { stages, attachment: `security policies ${way}, IPv${family}, ${direction}` };
}
