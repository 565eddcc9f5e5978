/** Network ACLs from `describe-network-acls` and CloudFormation templates. */
import type { IpSet } from "../../../net/ip-set.ts";
import type { Match, Place } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { protocolMatch } from "../aws/protocol.ts";
import { hostsByTags, networksBySubnet, referred, resourcesOf } from "../aws/resources.ts";
import type { Read } from "../cloud/places.ts";
import { entry, itemsOf, type Located, textOf } from "../json/located.ts";
import { addressesOf } from "../unix/values.ts";

export interface Entry {
  readonly number: number;
  readonly direction: Direction;
  readonly allows: boolean;
  readonly match: Match;
  readonly place: Place;
  readonly wrong: string | null;
}

export interface Acl {
  readonly id: string;
  readonly entries: Entry[];
  /** What stands behind it; null: the text does not tell. */
  readonly hosts: IpSet | null;
  /** Its other entries are not in the text. */
  readonly partial: boolean;
  readonly place: Place;
}

export function aclsOf(read: Read): readonly Acl[] {
  const found = new Map<string, Acl>();
  const subnets = networksBySubnet(read);
  for (const document of read.documents)
    for (const node of itemsOf(entry(document, "NetworkAcls"))) {
      const id = textOf(entry(node, "NetworkAclId"));
      if (id === null) continue;
      found.set(id, {
        id,
        entries: itemsOf(entry(node, "Entries")).map((one) => entryOf(one, read)),
        hosts: hostsBehind(node, subnets) ?? hostsByTags(node),
        partial: false,
        place: read.place(node),
      });
    }
  const resources = resourcesOf(read);
  for (const { id, type, properties, node } of resources)
    if (type === "AWS::EC2::NetworkAcl")
      found.set(id, { id, entries: [], hosts: hostsByTags(properties), partial: false, place: read.place(node) });
  for (const { type, properties, node } of resources) {
    if (type !== "AWS::EC2::NetworkAclEntry" || properties === undefined) continue;
    const id = referred(entry(properties, "NetworkAclId")) ?? "";
    const acl = found.get(id) ?? { id, entries: [], hosts: null, partial: true, place: read.place(node) };
    acl.entries.push(entryOf(properties, read));
    found.set(id, acl);
  }
  return [...found.values()];
}

/** Networks of its subnets, if all of them are told. */
function hostsBehind(node: Located, subnets: ReadonlyMap<string, IpSet>): IpSet | null {
  const ids = itemsOf(entry(node, "Associations")).flatMap((one) => textOf(entry(one, "SubnetId")) ?? []);
  let all: IpSet | null = null;
  for (const id of ids) {
    const networks = subnets.get(id);
    if (networks === undefined) return null;
    all = all === null ? networks : all.union(networks);
  }
  return all;
}

function entryOf(node: Located, read: Read): Entry {
  const place = read.place(node);
  const text = (key: string): string | null => textOf(entry(node, key));
  const number = (at: Located | undefined, key: string): number | null => {
    const found = textOf(entry(at, key));
    return found === null ? null : Number(found);
  };
  const egress = entry(node, "Egress");
  const direction = egress?.kind === "value" && (egress.value === true || egress.value === "true") ? "out" : "in";
  const icmp = entry(node, "IcmpTypeCode") ?? entry(node, "Icmp");
  const range = entry(node, "PortRange");
  const match =
    icmp === undefined
      ? protocolMatch(text("Protocol"), number(range, "From"), number(range, "To"))
      : protocolMatch(text("Protocol"), number(icmp, "Type"), number(icmp, "Code"));
  const network = text("CidrBlock") ?? text("Ipv6CidrBlock");
  const found = network === null ? null : addressesOf(network);
  const action = text("RuleAction")?.toLowerCase();
  const wrong =
    match === null || found === null || (action !== "allow" && action !== "deny")
      ? "this entry is not understood"
      : null;
  if (wrong !== null) read.troubles.push({ place, says: wrong });
  return {
    number: number(node, "RuleNumber") ?? 32767,
    direction,
    allows: action === "allow",
    match: { ...match, ...(found === null ? {} : { [direction === "in" ? "source" : "destination"]: found }) },
    place,
    wrong,
  };
}
