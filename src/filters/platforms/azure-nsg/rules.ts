/**
 * Security rules of network security groups: what `az network nsg show` and `list` print, Azure Resource Graph, and ARM
 * templates with rules inside the group or as resources of their own.
 */
import { either } from "../../addresses.ts";
import type { Addresses, Match, Place, Range } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { addresses, everyObject, privateSpace, publicSpace, type Read } from "../cloud/places.ts";
import { entry, itemsOf, type Located, textOf } from "../json/located.ts";
import { type Condition, product } from "../unix/conditions.ts";
import { protocolNumber } from "../unix/names.ts";
import { addressesOf, numberRange } from "../unix/values.ts";

export interface SecurityRule {
  readonly name: string;
  readonly priority: number;
  readonly direction: Direction;
  readonly allows: boolean;
  readonly matches: readonly Match[];
  readonly place: Place;
  readonly wrong: string | null;
}

export interface Nsg {
  readonly name: string;
  readonly rules: SecurityRule[];
  /** Other rules of it are not in the text. */
  readonly partial: boolean;
  readonly place: Place;
}

export function groupsOf(read: Read): readonly Nsg[] {
  const found = new Map<string, Nsg>();
  for (const node of everyObject(read.documents)) {
    const body = entry(node, "properties") ?? node;
    const rules = entry(body, "securityRules");
    const type = textOf(entry(node, "type"))?.toLowerCase() ?? "";
    const name = textOf(entry(node, "name"));
    if (type === "microsoft.network/networksecuritygroups/securityrules") {
      const owner = ownerOf(name ?? "", read);
      const nsg = found.get(owner) ?? { name: owner, rules: [], partial: true, place: read.place(node) };
      nsg.rules.push(ruleOf(node, read));
      found.set(owner, nsg);
    } else if (
      rules?.kind === "array" &&
      name !== null &&
      (type === "" || type === "microsoft.network/networksecuritygroups")
    ) {
      const nsg: Nsg = { name: plainName(name, read), rules: [], partial: false, place: read.place(node) };
      for (const one of [...rules.items, ...itemsOf(entry(body, "defaultSecurityRules"))])
        nsg.rules.push(ruleOf(one, read));
      found.set(nsg.name, nsg);
    }
  }
  return [...found.values()].map((nsg) =>
    nsg.rules.some(({ priority }) => priority >= 65000)
      ? nsg
      : { ...nsg, rules: [...nsg.rules, ...defaults(nsg.place)] },
  );
}

/** `[concat(parameters('nsg'), '/rule')]`, `nsg/rule`. */
function ownerOf(name: string, read: Read): string {
  const parameter = /parameters\('([^']+)'\)/.exec(name)?.[1];
  if (parameter !== undefined) return defaultOf(parameter, read) ?? parameter;
  return name.split("/")[0] ?? name;
}

const plainName = (name: string, read: Read): string => (name.startsWith("[") ? ownerOf(name, read) : name);

function defaultOf(parameter: string, { documents }: Read): string | null {
  for (const document of documents) {
    const value = textOf(entry(entry(entry(document, "parameters"), parameter), "defaultValue"));
    if (value !== null) return value;
  }
  return null;
}

type Side = "source" | "destination";

function ruleOf(node: Located, read: Read): SecurityRule {
  const body = entry(node, "properties") ?? node;
  const place = read.place(node);
  const text = (key: string): string => textOf(entry(body, key)) ?? "";
  const direction: Direction = text("direction").toLowerCase() === "outbound" ? "out" : "in";
  const troubles: string[] = [];
  const protocol = text("protocol");
  const number = protocol === "*" || protocol === "" ? null : protocolNumber(protocol);
  if (protocol !== "*" && number === null) troubles.push(`“${protocol.slice(0, 40)}” is no protocol`);
  const protocols: readonly Condition[] = number === null ? [{}] : [{ protocols: [{ first: number, last: number }] }];
  const made = product([
    protocols,
    portsOf(body, "source", troubles),
    portsOf(body, "destination", troubles),
    hostsOf(body, "source", direction, troubles),
    hostsOf(body, "destination", direction, troubles),
  ]);
  const access = text("access").toLowerCase();
  if (access !== "allow" && access !== "deny") troubles.push("a rule allows or denies");
  const priority = Number(text("priority"));
  if (!(priority > 0)) troubles.push("a rule has a priority");
  for (const says of troubles) read.troubles.push({ place, says });
  return {
    name: textOf(entry(node, "name")) ?? "",
    // What cannot be placed may stand before all others.
    priority: priority > 0 ? priority : 0,
    direction,
    allows: access === "allow",
    matches: made ?? [{ unsure: "too many ways at once" }],
    place,
    wrong: troubles[0] ?? null,
  };
}

function listOf(body: Located, one: string, many: string): readonly string[] {
  const all = [textOf(entry(body, one)), ...itemsOf(entry(body, many)).map(textOf)];
  return all.flatMap((text) => (text === null || text === "" ? [] : text.split(",").map((part) => part.trim())));
}

function portsOf(body: Located, side: Side, troubles: string[]): readonly Condition[] {
  const words = listOf(body, `${side}PortRange`, `${side}PortRanges`);
  if (words.length === 0 || words.includes("*")) return [{}];
  const digits = (text: string): number | null =>
    /^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : null;
  const ranges: Range[] = [];
  for (const word of words) {
    const range = numberRange(word, "-", digits, 65535);
    if (range === null) troubles.push(`“${word.slice(0, 40)}” is no port`);
    else ranges.push(range);
  }
  return ranges.length < words.length ? [{}] : [{ [`${side}Ports`]: ranges }];
}

function hostsOf(body: Located, side: Side, direction: Direction, troubles: string[]): readonly Condition[] {
  const groups = itemsOf(entry(body, `${side}ApplicationSecurityGroups`));
  const words = listOf(body, `${side}AddressPrefix`, `${side}AddressPrefixes`);
  const conditions: Condition[] = groups.length > 0 ? [{ unsure: "who is in an application security group" }] : [];
  // Plain addresses are one set: thousands of conditions of one each would be thousands of unions later.
  const plain: Addresses[] = [];
  for (const word of words)
    for (const condition of hostOf(word, side, direction, troubles)) {
      const found = condition[side];
      if (found !== undefined && condition.unsure === undefined) plain.push(found);
      else conditions.push(condition);
    }
  if (plain.length > 0) conditions.push({ [side]: either(plain) });
  return conditions.length === 0 ? [{}] : conditions;
}

/** On the near side is the virtual network; what a packet from outside has on the far side is the Internet's. */
function hostOf(word: string, side: Side, direction: Direction, troubles: string[]): readonly Condition[] {
  const near = (side === "destination") === (direction === "in");
  switch (word.toLowerCase()) {
    case "*":
    case "any":
      return [{}];
    case "internet":
      return near ? [] : [{ [side]: addresses(publicSpace) }];
    case "virtualnetwork":
      return near ? [{}] : [{ [side]: addresses(privateSpace) }];
    case "azureloadbalancer":
      return [{ [side]: addressesOf("168.63.129.16") ?? addresses(privateSpace) }];
    default: {
      const found = addressesOf(word);
      if (found !== null) return [{ [side]: found }];
      // Service tags: ranges that Azure keeps.
      if (/^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)*$/.test(word))
        return [{ unsure: `the addresses of the service tag ${word}` }];
      troubles.push(`“${word.slice(0, 60)}” is no address`);
      return [{ unsure: "an address that is not understood" }];
    }
  }
}

/** What every group ends with, unless the text says so itself. */
function defaults({ file }: Place): readonly SecurityRule[] {
  const rule = (
    name: string,
    priority: number,
    direction: Direction,
    allows: boolean,
    matches: readonly Match[],
  ): SecurityRule => ({
    name,
    priority,
    direction,
    allows,
    matches,
    place: { file, line: 0, text: `${name} (${priority}, a default rule)` },
    wrong: null,
  });
  const balancer = addressesOf("168.63.129.16") ?? addresses(privateSpace);
  return [
    rule("AllowVnetInBound", 65000, "in", true, [{ source: addresses(privateSpace) }]),
    rule("AllowAzureLoadBalancerInBound", 65001, "in", true, [{ source: balancer }]),
    rule("DenyAllInBound", 65500, "in", false, [{}]),
    rule("AllowVnetOutBound", 65000, "out", true, [{ destination: addresses(privateSpace) }]),
    rule("AllowInternetOutBound", 65001, "out", true, [{ destination: addresses(publicSpace) }]),
    rule("DenyAllOutBound", 65500, "out", false, [{}]),
  ];
}
