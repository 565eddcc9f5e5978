/** PAN-OS: the policy of the virtual system, or of the device group, that the outside zone belongs to. */
import { sourceOf } from "../../../text/source.ts";
import type { Asked, Crossing, Reading } from "../../model.ts";
import { Draft } from "../reading/draft.ts";
import { nameMeant, onlyOne } from "../reading/interfaces.ts";
import { readBraces } from "../tree/braces.ts";
import { active, at, type Node, wordAt } from "../tree/node.ts";
import { readXml } from "../tree/xml.ts";
import { chainOf } from "./rules.ts";
import { type Scope, scopesOf } from "./scopes.ts";

export function readPanos(file: string, text: string): Reading {
  const source = sourceOf(file, text);
  const tree = /^\s*</.test(text) ? readXml(source) : readBraces(source);
  const draft = new Draft(source);
  for (const { line, says } of tree.troubles) draft.trouble(line, says);
  const scopes = scopesOf(tree.root);
  for (const scope of scopes) chainOf(draft, scope);
  const zones = zonesOf(scopes);
  const zoneNames = [...zones.keys()];
  const members = [...new Set([...zones.values()].flat())];
  const withoutIpv6 = ipv6Off(tree.root);

  const scopeOf = (outside: string | null): { readonly scope: Scope } | { readonly why: string } => {
    const ruled = scopes.filter(({ rulebases }) =>
      rulebases.some((base) => active(at(base, "security", "rules")).length > 0),
    );
    const mine =
      outside === null
        ? []
        : scopes.filter((scope) => [...scope.zones].some(([zone, all]) => zone === outside || all.includes(outside)));
    const mineRuled = mine.filter((scope) => ruled.includes(scope));
    const candidates = mineRuled.length > 0 ? mineRuled : ruled.length > 0 ? ruled : mine.length > 0 ? mine : scopes;
    const found = onlyOne(
      candidates.map(({ name }) => name),
      "policies (virtual systems or device groups)",
    );
    if ("why" in found) return found;
    const scope = candidates.find(({ name }) => name === found.name);
    return scope === undefined ? { why: "no policy" } : { scope };
  };
  const zoneOf = (name: string): string | null =>
    zones.has(name) ? name : ([...zones].find(([, all]) => all.includes(name))?.[0] ?? null);

  const crossing = (outside: string, { family, direction }: Asked): Crossing => {
    const zone = zoneOf(outside);
    const found = scopeOf(outside);
    const unknown =
      zone === null
        ? `${outside} is in no zone`
        : "why" in found
          ? found.why
          : family === 6 && withoutIpv6 !== null
            ? "IPv6 firewalling is switched off: IPv6 does not meet the rules"
            : null;
    if (unknown !== null || "why" in found)
      return {
        stages: [],
        attachment: unknown ?? "",
        place: family === 6 && withoutIpv6 !== null ? draft.place(withoutIpv6.line) : null,
        unknown: unknown ?? "",
      };
    const way = direction === "in" ? "from" : "to";
    return {
      stages: [{ chain: found.scope.name, stateful: true }],
      attachment: `security rules of ${found.scope.name}, ${way} zone ${zone}, IPv${family}, ${direction}`,
      place: null,
    };
  };

  return {
    chains: draft.chains,
    troubles: draft.troubles,
    lists: scopes.map(({ name }) => name),
    interfaces: zoneNames,
    interfaceNamed: (asked) => nameMeant(asked, zoneNames) ?? nameMeant(asked, members),
    aliases(outside) {
      if (zones.has(outside)) return zones.get(outside) ?? [];
      const zone = zoneOf(outside);
      return zone === null ? [] : [zone];
    },
    crossing(outside, asked) {
      if (outside !== null) return crossing(outside, asked);
      const found = onlyOne(zoneNames, "zones");
      if ("why" in found) return { stages: [], attachment: found.why, place: null, unknown: found.why };
      return crossing(found.name, asked);
    },
    list: (name) =>
      draft.chains.has(name)
        ? { stages: [{ chain: name, stateful: true }], attachment: `security rules of ${name}`, place: null }
        : null,
  };
}

/** Zones with their interfaces, and those that only rules name. */
function zonesOf(scopes: readonly Scope[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const scope of scopes) {
    const rules = scope.rulebases.flatMap((base) => active(at(base, "security", "rules")));
    for (const rule of rules)
      for (const side of ["from", "to"])
        for (const { word } of active(at(rule, side)))
          if (word !== "any" && word !== "multicast" && !all.has(word)) all.set(word, []);
    for (const [zone, members] of scope.zones) all.set(zone, [...new Set([...(all.get(zone) ?? []), ...members])]);
  }
  return all;
}

/** `ipv6-firewalling no`. */
function ipv6Off(root: Node): Node | null {
  const base = at(root, "config") ?? root;
  for (const host of [base, ...active(at(base, "devices"))]) {
    const session = at(host, "deviceconfig", "setting", "session");
    if (wordAt(session, "ipv6-firewalling") === "no") return at(session, "ipv6-firewalling");
  }
  return null;
}
