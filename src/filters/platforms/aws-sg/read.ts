/** Reads security groups: they only allow, and all groups of a network interface allow together. */
import type { Asked, Chain, Crossing, Match, Reading, Rule } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { addresses, readJson } from "../cloud/places.ts";
import { type Condition, product } from "../unix/conditions.ts";
import { type Group, groupNamed, groupsOf, speaksOfGroups } from "./groups.ts";

const everything = "Internet";

export function readAwsSg(file: string, text: string): Reading {
  const read = readJson(file, text);
  const groups = groupsOf(read);
  const chains = new Map<string, Chain>();
  const end = { file, line: 0, text: "what no group allows is denied" };
  const chainOf = (some: readonly Group[], direction: Direction): Chain => ({
    name: nameOf(some, direction),
    rules: some.flatMap((group) => rulesOf(group, direction)),
    otherwise: "deny",
    place: end,
  });
  const sets: readonly (readonly Group[])[] = [groups, ...groups.map((group) => [group])];
  for (const some of sets)
    for (const direction of ["in", "out"] as const) {
      const chain = chainOf(some, direction);
      chains.set(chain.name, chain);
    }
  const broken =
    read.broken ??
    (groups.length > 0
      ? null
      : speaksOfGroups(read)
        ? "there is no security group in this text"
        : "this is no answer of describe-security-groups");

  const crossing = (some: readonly Group[], { family, direction }: Asked): Crossing => ({
    stages: [{ chain: nameOf(some, direction), stateful: true }],
    attachment: `IPv${family}, ${direction}: ${some.map(({ id, name }) => (id === name ? id : `${id} (${name})`)).join(" and ")}${about(some)}`,
    place: some[0]?.place ?? null,
    ...(broken === null ? {} : { unknown: broken }),
  });

  return {
    chains,
    troubles: read.troubles,
    lists: groups.map(({ id }) => id),
    interfaces: groups.map(({ id }) => id),
    interfaceNamed: (wanted) =>
      wanted.toLowerCase() === everything.toLowerCase() ? everything : (groupNamed(groups, wanted)?.id ?? null),
    aliases: () => [],
    crossing(outside, asked) {
      if (outside === null || outside === everything) return crossing(groups, asked);
      const group = groupNamed(groups, outside);
      if (group !== null) return crossing([group], asked);
      return { ...crossing(groups, asked), unknown: `there is no group ${outside} in this text` };
    },
    list(name, asked) {
      const group = groupNamed(groups, name);
      return group === null ? null : crossing([group], asked);
    },
  };
}

const nameOf = (some: readonly Group[], direction: Direction): string =>
  `${some.length === 1 ? some[0]?.id : "all groups"}, ${direction}`;

function about(groups: readonly Group[]): string {
  if (groups.some(({ hosts }) => hosts === null))
    return groups.length > 1
      ? ", together, as if every host had all of them: add what describe-network-interfaces prints to have it told apart, or name one"
      : ", for whatever host has it: a group cannot name its hosts";
  return ", each for the hosts that have it";
}

function rulesOf({ permissions, hosts }: Group, direction: Direction): readonly Rule[] {
  const side = direction === "in" ? "destination" : "source";
  const here: readonly Condition[] = hosts === null ? [{}] : [{ [side]: addresses(hosts) }];
  return permissions.flatMap((permission): readonly Rule[] => {
    if (permission.direction !== direction) return [];
    const matches: readonly Match[] = product([permission.matches, here]) ?? permission.matches;
    return [
      {
        matches,
        action: permission.wrong === null ? { kind: "permit" } : { kind: "unknown", why: permission.wrong },
        place: permission.place,
      },
    ];
  });
}
