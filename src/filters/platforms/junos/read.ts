/** Junos firewall filters: what stands at each interface. */
import type { Crossing, Reading } from "../../model.ts";
import { Filters } from "../juniper/filters.ts";
import { filterAlone, Interfaces } from "../juniper/interfaces.ts";
import { readJuniper } from "../juniper/read-tree.ts";
import { onlyOne } from "../reading/interfaces.ts";
import { at } from "../tree/node.ts";

export function readJunos(file: string, text: string): Reading {
  const { root, draft } = readJuniper(file, text);
  const filters = new Filters(root, draft);
  const interfaces = new Interfaces(root, draft, filters);
  // Every filter is read once, so that its troubles are told whether it is attached or not.
  const { names } = filters;
  for (const name of names) for (const family of [4, 6] as const) filterAlone(filters, name, family);
  // An SRX asks its policies too.
  const policies = at(root, "security", "policies") !== null;
  const told = (crossing: Crossing): Crossing =>
    policies
      ? {
          ...crossing,
          attachment: `${crossing.attachment}; security policies are not read here: take the platform srx`,
        }
      : crossing;
  return {
    chains: draft.chains,
    troubles: draft.troubles,
    lists: names,
    interfaces: interfaces.units.map(({ name }) => name),
    interfaceNamed: (asked) => interfaces.named(asked),
    aliases: () => [],
    crossing(outside, asked) {
      if (outside !== null) return told(interfaces.crossing(interfaces.named(outside) ?? outside, asked));
      const found = onlyOne(interfaces.filtered, "interfaces with filters");
      if ("why" in found) return { stages: [], attachment: found.why, place: null, unknown: found.why };
      return told(interfaces.crossing(found.name, asked));
    },
    list: (name, { family }) => filterAlone(filters, name, family),
  };
}
