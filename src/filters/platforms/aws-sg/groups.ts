/** Security groups from `describe-security-groups`, `describe-security-group-rules`, and CloudFormation templates. */
import type { IpSet } from "../../../net/ip-set.ts";
import type { Match, Place } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { protocolMatch } from "../aws/protocol.ts";
import { hostsByGroup, hostsByTags, referred, resourcesOf } from "../aws/resources.ts";
import { addresses, everyObject, privateSpace, type Read } from "../cloud/places.ts";
import { entry, itemsOf, type Located, textOf } from "../json/located.ts";
import { addressesOf } from "../unix/values.ts";

export interface Permission {
  readonly direction: Direction;
  readonly matches: readonly Match[];
  readonly place: Place;
  /** Not understood: what it lets through is not known. */
  readonly wrong: string | null;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly permissions: Permission[];
  /** The hosts that have it; null: the text does not tell. */
  readonly hosts: IpSet | null;
  readonly place: Place;
}

interface Growing {
  readonly id: string;
  readonly name: string;
  readonly permissions: Permission[];
  readonly tagged: IpSet | null;
  readonly place: Place;
}

export function groupsOf(read: Read): readonly Group[] {
  const found = new Map<string, Growing>();
  const members = hostsByGroup(read);
  const group = (id: string, node: Located, name: string | null, tags: Located | undefined): Growing => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const made: Growing = { id, name: name ?? id, permissions: [], tagged: hostsByTags(tags), place: read.place(node) };
    found.set(id, made);
    return made;
  };
  const permission = (node: Located, direction: Direction): Permission => permissionOf(node, direction, members, read);

  for (const document of read.documents)
    for (const node of itemsOf(entry(document, "SecurityGroups"))) {
      const id = textOf(entry(node, "GroupId"));
      if (id === null) continue;
      const made = group(id, node, textOf(entry(node, "GroupName")), node);
      for (const one of itemsOf(entry(node, "IpPermissions"))) made.permissions.push(permission(one, "in"));
      for (const one of itemsOf(entry(node, "IpPermissionsEgress"))) made.permissions.push(permission(one, "out"));
    }
  for (const document of read.documents)
    for (const node of itemsOf(entry(document, "SecurityGroupRules"))) {
      const id = textOf(entry(node, "GroupId"));
      if (id !== null)
        group(id, node, null, undefined).permissions.push(
          permission(node, isTrue(entry(node, "IsEgress")) ? "out" : "in"),
        );
    }
  const resources = resourcesOf(read);
  for (const { id, type, properties, node } of resources) {
    if (type !== "AWS::EC2::SecurityGroup") continue;
    const made = group(id, node, textOf(entry(properties, "GroupName")), properties);
    for (const one of itemsOf(entry(properties, "SecurityGroupIngress"))) made.permissions.push(permission(one, "in"));
    const egress = itemsOf(entry(properties, "SecurityGroupEgress"));
    for (const one of egress) made.permissions.push(permission(one, "out"));
    // A group that says nothing of what goes out lets everything out.
    if (egress.length === 0)
      made.permissions.push({
        direction: "out",
        matches: [{}],
        place: { ...read.place(node), line: 0, text: "all may go out (the default)" },
        wrong: null,
      });
  }
  for (const { type, properties, node } of resources) {
    const direction =
      type === "AWS::EC2::SecurityGroupIngress" ? "in" : type === "AWS::EC2::SecurityGroupEgress" ? "out" : null;
    const id =
      direction === null ? null : (referred(entry(properties, "GroupId")) ?? textOf(entry(properties, "GroupName")));
    if (direction !== null && id !== null && properties !== undefined)
      group(id, node, null, undefined).permissions.push(permission(properties, direction));
  }
  return [...found.values()].map(({ tagged, ...rest }) => ({
    ...rest,
    // What the interfaces really have goes before what a tag says.
    hosts: members.size > 0 ? (members.get(rest.id) ?? addresses(privateSpace).set.subtract(privateSpace)) : tagged,
  }));
}

const isTrue = (node: Located | undefined): boolean =>
  node?.kind === "value" && (node.value === true || node.value === "true");

function permissionOf(
  node: Located,
  direction: Direction,
  members: ReadonlyMap<string, IpSet>,
  read: Read,
): Permission {
  const place = read.place(node);
  const number = (key: string): number | null => {
    const text = textOf(entry(node, key));
    return text === null || text === "" ? null : Number(text);
  };
  const match = protocolMatch(textOf(entry(node, "IpProtocol")), number("FromPort"), number("ToPort"));
  if (match === null) {
    const says = "this permission is not understood";
    read.troubles.push({ place, says });
    return { direction, matches: [{}], place, wrong: says };
  }
  const side = direction === "in" ? "source" : "destination";
  const matches: Match[] = [];
  const networks = [
    ...[node, ...itemsOf(entry(node, "IpRanges"))].flatMap((one) => [
      textOf(entry(one, "CidrIp")),
      textOf(entry(one, "CidrIpv4")),
    ]),
    ...[node, ...itemsOf(entry(node, "Ipv6Ranges"))].map((one) => textOf(entry(one, "CidrIpv6"))),
  ].filter((text) => text !== null);
  for (const text of networks) {
    const found = addressesOf(text);
    if (found === null) {
      read.troubles.push({ place, says: `“${text.slice(0, 60)}” is no network` });
      matches.push({ ...match, unsure: "a network that is not understood" });
    } else matches.push({ ...match, [side]: found });
  }
  for (const one of [node, ...itemsOf(entry(node, "PrefixListIds"))]) {
    const list =
      textOf(entry(one, "PrefixListId")) ??
      textOf(entry(one, "SourcePrefixListId")) ??
      textOf(entry(one, "DestinationPrefixListId"));
    if (list !== null) matches.push({ ...match, unsure: `what is in the prefix list ${list}` });
  }
  const pairs = [...itemsOf(entry(node, "UserIdGroupPairs")), entry(node, "ReferencedGroupInfo")].filter(
    (one) => one !== undefined,
  );
  const groups = [
    ...pairs.map((one) => textOf(entry(one, "GroupId"))),
    referred(entry(node, "SourceSecurityGroupId")),
    referred(entry(node, "DestinationSecurityGroupId")),
  ].filter((id) => id !== null);
  for (const id of groups) {
    const known = members.get(id);
    // Members of a group are in the virtual network, or in one joined to it: no strangers.
    if (known !== undefined) matches.push({ ...match, [side]: addresses(known) });
    else matches.push({ ...match, [side]: addresses(privateSpace), unsure: `who is in the group ${id}` });
  }
  return { direction, matches, place, wrong: null };
}

/** Groups whose names a person may mean. */
export function groupNamed(groups: readonly Group[], text: string): Group | null {
  const wanted = text.toLowerCase();
  return (
    groups.find(({ id }) => id.toLowerCase() === wanted) ??
    groups.find(({ name }) => name.toLowerCase() === wanted) ??
    null
  );
}

/** Whether the documents speak of groups at all, and not of something else. */
export const speaksOfGroups = (read: Read): boolean => {
  for (const node of everyObject(read.documents))
    if (
      entry(node, "SecurityGroups") !== undefined ||
      entry(node, "SecurityGroupRules") !== undefined ||
      entry(node, "Resources") !== undefined
    )
      return true;
  return false;
};
