/** Reads network ACLs: numbered entries of a subnet, which know no state. */
import type { Asked, Chain, Crossing, Match, Reading, Rule } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { addresses, readJson } from "../cloud/places.ts";
import { type Acl, aclsOf } from "./lists.ts";

const everything = "Internet";
const chainName = (id: string, direction: Direction): string => `${id}, ${direction}`;

export function readAwsNacl(file: string, text: string): Reading {
  const read = readJson(file, text);
  const acls = aclsOf(read);
  const chains = new Map<string, Chain>();
  for (const direction of ["in", "out"] as const) {
    for (const acl of acls) chains.set(chainName(acl.id, direction), chainOf(acl, direction, file));
    chains.set(chainName(everything, direction), {
      name: chainName(everything, direction),
      rules: acls.flatMap((acl) => toHosts(acl, direction)),
      otherwise: "permit",
      place: null,
    });
  }
  /** Each list for what is behind it, and who else there may be is not known. */
  const told = acls.length > 0 && acls.every(({ hosts }) => hosts !== null);
  if (told)
    for (const direction of ["in", "out"] as const) {
      const all = chains.get(chainName(everything, direction))!;
      const why = "which network ACL stands before this host is not in the text";
      const other: Rule = { matches: [{}], action: { kind: "unknown", why }, place: { file, line: 0, text: why } };
      chains.set(all.name, { ...all, rules: [...all.rules, other] });
    }
  const broken = read.broken ?? (acls.length > 0 ? null : "there is no network ACL in this text");

  const crossing = (name: string, { family, direction }: Asked): Crossing => {
    const some = name === everything ? acls : acls.filter(({ id }) => id === name);
    return {
      stages: [{ chain: chainName(name, direction), stateful: false }],
      attachment: `IPv${family}, ${direction}: network ACL ${some.map(({ id }) => id).join(" and ")}${
        some.every(({ hosts }) => hosts !== null)
          ? ", each for the hosts behind it"
          : ", for whatever is in its subnets: an ACL cannot name hosts"
      }`,
      place: some[0]?.place ?? null,
      ...(broken === null ? {} : { unknown: broken }),
    };
  };
  const idOf = (wanted: string): string | null =>
    acls.find(({ id }) => id.toLowerCase() === wanted.toLowerCase())?.id ?? null;

  return {
    chains,
    troubles: read.troubles,
    lists: acls.map(({ id }) => id),
    interfaces: acls.map(({ id }) => id),
    interfaceNamed: (wanted) => (wanted.toLowerCase() === everything.toLowerCase() ? everything : idOf(wanted)),
    aliases: () => [],
    crossing(outside, asked) {
      const one = outside === null ? null : idOf(outside);
      if (one !== null) return crossing(one, asked);
      const [only, ...more] = acls;
      if (told) return crossing(everything, asked);
      if (only !== undefined && more.length === 0 && (outside === null || outside === everything))
        return crossing(only.id, asked);
      return {
        ...crossing(everything, asked),
        unknown:
          broken ??
          `there are several network ACLs: name one (${acls.map(({ id }) => id).join(", ")}), or add what describe-subnets prints`,
      };
    },
    list(name, asked) {
      const id = idOf(name);
      return id === null ? null : crossing(id, asked);
    },
  };
}

function chainOf(acl: Acl, direction: Direction, file: string): Chain {
  const rules = acl.entries
    .filter((entry) => entry.direction === direction)
    .sort((a, b) => a.number - b.number)
    .map(
      ({ match, allows, place, wrong }): Rule => ({
        matches: [match],
        action: wrong !== null ? { kind: "unknown", why: wrong } : { kind: allows ? "permit" : "deny" },
        place,
      }),
    );
  const why = "the other entries of this network ACL are not in the text";
  const end = { file, line: 0, text: "* deny (the last entry of every network ACL)" };
  const other: Rule = { matches: [{}], action: { kind: "unknown", why }, place: { ...end, text: why } };
  return {
    name: chainName(acl.id, direction),
    rules: acl.partial ? [...rules, other] : rules,
    otherwise: "deny",
    place: end,
  };
}

function toHosts({ id, hosts, place }: Acl, direction: Direction): readonly Rule[] {
  if (hosts === null || hosts.isEmpty) return [];
  const match: Match = { [direction === "in" ? "destination" : "source"]: addresses(hosts) };
  return [{ matches: [match], action: { kind: "goto", chain: chainName(id, direction) }, place }];
}
