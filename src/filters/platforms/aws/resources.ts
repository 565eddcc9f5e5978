/**
 * What the AWS CLI and CloudFormation say of where filters stand: which network interface has which addresses and
 * groups, which subnet which networks, and the resources of templates.
 */
import { type IpSet, ipSet } from "../../../net/ip-set.ts";
import { everyObject, type Read, taggedHosts } from "../cloud/places.ts";
import { entry, itemsOf, type Located, textOf } from "../json/located.ts";
import { addressesOf } from "../unix/values.ts";

export interface Resource {
  /** Its logical id. */
  readonly id: string;
  readonly type: string;
  readonly properties: Located | undefined;
  readonly node: Located;
}

export function resourcesOf({ documents }: Read): readonly Resource[] {
  return documents.flatMap((document) => {
    const resources = entry(document, "Resources");
    if (resources?.kind !== "object") return [];
    return [...resources.entries].flatMap(([id, node]) => {
      const type = textOf(entry(node, "Type"));
      return type === null ? [] : [{ id, type, properties: entry(node, "Properties"), node }];
    });
  });
}

/** An id in the text, or the logical id that `Ref` or `Fn::GetAtt` leads to. */
export function referred(node: Located | undefined): string | null {
  const text = textOf(node) ?? textOf(entry(node, "Ref"));
  if (text !== null) return text;
  const get = entry(node, "Fn::GetAtt");
  return textOf(itemsOf(get)[0]) ?? textOf(get)?.split(".")[0] ?? null;
}

export function hostsByTags(node: Located | undefined): IpSet | null {
  return taggedHosts(
    itemsOf(entry(node, "Tags")).map((tag) => ({
      key: textOf(entry(tag, "Key")) ?? "",
      value: textOf(entry(tag, "Value")) ?? "",
    })),
  );
}

/** Addresses of the network interfaces that have each group; empty: the text speaks of none. */
export function hostsByGroup({ documents }: Read): ReadonlyMap<string, IpSet> {
  const found = new Map<string, string[]>();
  for (const node of everyObject(documents)) {
    const groups = itemsOf(entry(node, "Groups"));
    if (groups.length === 0 || entry(node, "PrivateIpAddresses") === undefined) continue;
    const texts = [
      ...itemsOf(entry(node, "PrivateIpAddresses")).flatMap((one) => [
        textOf(entry(one, "PrivateIpAddress")),
        textOf(entry(entry(one, "Association"), "PublicIp")),
      ]),
      ...itemsOf(entry(node, "Ipv6Addresses")).map((one) => textOf(entry(one, "Ipv6Address"))),
    ].filter((text) => text !== null);
    for (const group of groups) {
      const id = textOf(entry(group, "GroupId"));
      if (id !== null) found.set(id, [...(found.get(id) ?? []), ...texts]);
    }
  }
  return new Map([...found].map(([id, texts]) => [id, setOf(texts)]));
}

/** Networks of the subnets of the text. */
export function networksBySubnet({ documents }: Read): ReadonlyMap<string, IpSet> {
  const found = new Map<string, IpSet>();
  for (const node of everyObject(documents)) {
    const id = textOf(entry(node, "SubnetId"));
    const network = textOf(entry(node, "CidrBlock"));
    if (id === null || (network === null && entry(node, "Ipv6CidrBlockAssociationSet") === undefined)) continue;
    const six = itemsOf(entry(node, "Ipv6CidrBlockAssociationSet")).map((one) => textOf(entry(one, "Ipv6CidrBlock")));
    found.set(id, setOf([network, ...six].filter((text) => text !== null)));
  }
  return found;
}

function setOf(texts: readonly string[]): IpSet {
  return texts.reduce((all, text) => {
    const found = addressesOf(text);
    return found === null ? all : all.union(found.set);
  }, ipSet([]));
}
