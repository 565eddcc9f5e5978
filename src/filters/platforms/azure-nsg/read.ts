/** Reads network security groups: rules by priority, with state. */
import type { Asked, Chain, Crossing, Reading } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { readJson } from "../cloud/places.ts";
import { groupsOf, type Nsg } from "./rules.ts";

const everything = "Internet";
const chainName = (name: string, direction: Direction): string => `${name}, ${direction}`;

export function readAzureNsg(file: string, text: string): Reading {
  const read = readJson(file, text);
  const groups = groupsOf(read);
  const chains = new Map<string, Chain>();
  for (const nsg of groups)
    for (const direction of ["in", "out"] as const)
      chains.set(chainName(nsg.name, direction), chainOf(nsg, direction, file));
  const named = (wanted: string): Nsg | null =>
    groups.find(({ name }) => name === wanted) ??
    groups.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()) ??
    null;

  const crossing = (nsg: Nsg | null, { family, direction }: Asked, why: string): Crossing => {
    const unknown = read.broken ?? (nsg === null ? why : null);
    return {
      stages: nsg === null ? [] : [{ chain: chainName(nsg.name, direction), stateful: true }],
      attachment:
        nsg === null
          ? `IPv${family}, ${direction}: ${why}`
          : `IPv${family}, ${direction}: network security group ${nsg.name}${
              nsg.partial ? " (its other rules are not in the text: with these and the default rules alone)" : ""
            }; a second group, on the subnet or the network interface, must allow a packet as well`,
      place: nsg?.place ?? null,
      ...(unknown === null ? {} : { unknown }),
    };
  };

  return {
    chains,
    troubles: read.troubles,
    lists: groups.map(({ name }) => name),
    interfaces: groups.map(({ name }) => name),
    interfaceNamed: (wanted) =>
      named(wanted)?.name ?? (wanted.toLowerCase() === everything.toLowerCase() ? everything : null),
    aliases: () => [],
    crossing(outside, asked) {
      const one = outside === null || outside === everything ? null : named(outside);
      if (one !== null) return crossing(one, asked, "");
      if (outside !== null && outside !== everything)
        return crossing(null, asked, `there is no group ${outside} in this text`);
      const [only, ...more] = groups;
      if (only === undefined) return crossing(null, asked, "there is no network security group in this text");
      const names = groups.map(({ name }) => name).join(", ");
      return more.length === 0
        ? crossing(only, asked, "")
        : crossing(null, asked, `there are several network security groups: name one (${names})`);
    },
    list(name, asked) {
      const nsg = named(name);
      return nsg === null ? null : crossing(nsg, asked, "");
    },
  };
}

function chainOf(nsg: Nsg, direction: Direction, file: string): Chain {
  const rules = nsg.rules
    .filter((rule) => rule.direction === direction)
    .sort((a, b) => a.priority - b.priority)
    .map(({ matches, allows, place, wrong }) => ({
      matches,
      action:
        wrong !== null ? ({ kind: "unknown", why: wrong } as const) : ({ kind: allows ? "permit" : "deny" } as const),
      place,
    }));
  return {
    name: chainName(nsg.name, direction),
    rules,
    otherwise: "deny",
    place: { file, line: 0, text: "no rule matches" },
  };
}
