/** FortiOS: the policies of the virtual domain that the outside interface belongs to. */
import { sourceOf } from "../../../text/source.ts";
import type { Asked, Crossing, Reading, Stage } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { Draft } from "../reading/draft.ts";
import { nameMeant, onlyOne } from "../reading/interfaces.ts";
import { first } from "./addresses.ts";
import { type FortiConfig, readConfig } from "./config.ts";
import { Policies } from "./policies.ts";

export function readFortios(file: string, text: string): Reading {
  const source = sourceOf(file, text);
  const draft = new Draft(source);
  const config = readConfig(source, draft);
  const single = config.domains.length === 1;
  const label = (domain: string, table: string): string => (single ? table : `${domain}/${table}`);
  const lists: string[] = [];
  const alone = new Map<string, Partial<Record<Family, string>>>();
  const chains = new Map<string, { readonly chain: string; readonly table: string; readonly acl: string | null }>();
  for (const domain of config.domains)
    for (const family of [4, 6] as const) {
      const policies = new Policies(config, domain, family, draft);
      const { name } = policies.table;
      const list = label(domain, name);
      const chain = family === 6 && name !== "policy6" ? `${list} (IPv6)` : list;
      policies.chain(chain);
      const acl = `${label(domain, "acl")}${family === 6 ? " (IPv6)" : ""}`;
      const hasAcl = policies.aside("acl", acl, "permit");
      chains.set(`${domain}\n${family}`, { chain, table: name, acl: hasAcl ? acl : null });
      if (policies.speaks) alone.set(list, { ...alone.get(list), [family]: chain });
      const local = `${label(domain, "local-in-policy")}${family === 6 ? "6" : ""}`;
      if (policies.aside("local-in-policy", local, "permit")) alone.set(local, { [family]: local });
    }
  lists.push(...alone.keys());
  const places = new Places(config);

  const crossing = (outside: string, { family, direction }: Asked): Crossing => {
    const domain = places.domainOf(outside);
    const found = domain === null ? undefined : chains.get(`${domain}\n${family}`);
    const says = (unknown: string): Crossing => ({ stages: [], attachment: unknown, place: null, unknown });
    if (!places.all.includes(outside)) return says(`there is no interface or zone ${outside}`);
    if (domain === null || found === undefined)
      return says(`it is not clear which virtual domain ${outside} is in: ${config.domains.slice(0, 8).join(", ")}`);
    const mode = config.setting(domain, "system settings", "ngfw-mode");
    if (mode?.values[0] === "policy-based")
      return {
        ...says("the NGFW mode is policy-based: security policies decide by application, and are not read"),
        place: draft.place(mode.line),
      };
    const way = direction === "in" ? "from" : "to";
    const stages: Stage[] = [
      ...(found.acl === null ? [] : [{ chain: found.acl, stateful: false }]),
      { chain: found.chain, stateful: true },
    ];
    return {
      stages,
      attachment: `${found.acl === null ? "" : "firewall acl, then "}firewall ${label(domain, found.table)} ${way} ${outside}, IPv${family}, ${direction}`,
      place: null,
    };
  };

  return {
    chains: draft.chains,
    troubles: draft.troubles,
    lists,
    interfaces: places.sides,
    interfaceNamed: (asked) => places.named(asked),
    aliases: (outside) => places.aliases(outside),
    crossing(outside, asked) {
      if (outside !== null) return crossing(places.named(outside) ?? outside, asked);
      const found = onlyOne(places.sides, "interfaces and zones");
      if ("why" in found) return { stages: [], attachment: found.why, place: null, unknown: found.why };
      return crossing(found.name, asked);
    },
    list(name, { family }) {
      const chain = alone.get(name)?.[family];
      return chain === undefined
        ? null
        : { stages: [{ chain, stateful: true }], attachment: `firewall ${name}, IPv${family}`, place: null };
    },
  };
}

/** Interfaces, zones, and the zones of SD-WAN. */
class Places {
  readonly all: readonly string[];
  /** What policies tell apart: zones, and interfaces that are in none. */
  readonly sides: readonly string[];
  readonly #zones = new Map<string, { readonly domain: string; readonly members: readonly string[] }>();
  readonly #interfaces = new Map<string, { readonly domain: string | null; readonly alias: string | null }>();
  readonly #domains: readonly string[];

  constructor(config: FortiConfig) {
    this.#domains = config.domains;
    const named = new Set<string>();
    for (const domain of new Set(["", ...config.domains])) {
      for (const entry of config.table(domain, "system interface").values())
        this.#interfaces.set(entry.name, { domain: first(entry, "vdom"), alias: first(entry, "alias") });
      for (const entry of config.table(domain, "system zone").values())
        this.#zones.set(entry.name, { domain, members: entry.settings.get("interface")?.values ?? [] });
      for (const table of ["system sdwan", "system virtual-wan-link"]) {
        for (const entry of config.table(domain, `${table}/zone`).values()) this.#join(domain, entry.name, []);
        for (const entry of config.table(domain, `${table}/members`).values()) {
          const device = first(entry, "interface");
          if (device !== null) this.#join(domain, first(entry, "zone") ?? "virtual-wan-link", [device]);
        }
      }
      for (const table of ["policy", "policy6", "consolidated policy"])
        for (const entry of config.table(domain, `firewall ${table}`).values())
          for (const key of ["srcintf", "dstintf"])
            for (const name of entry.settings.get(key)?.values ?? []) if (name !== "any") named.add(name);
    }
    const members = new Set([...this.#zones.values()].flatMap((zone) => zone.members));
    const zones = [...this.#zones.keys()];
    this.all = [...new Set([...zones, ...this.#interfaces.keys(), ...named])];
    this.sides = this.all.filter((name) => this.#zones.has(name) || !members.has(name));
  }

  #join(domain: string, zone: string, members: readonly string[]): void {
    const old = this.#zones.get(zone)?.members ?? [];
    this.#zones.set(zone, { domain, members: [...old, ...members] });
  }

  named(text: string): string | null {
    const exact = nameMeant(text, this.all);
    if (exact !== null) return exact;
    const alias = [...this.#interfaces].filter(([, one]) => one.alias?.toLowerCase() === text.trim().toLowerCase());
    return alias.length === 1 ? (alias[0]?.[0] ?? null) : null;
  }

  aliases(outside: string): readonly string[] {
    const zone = this.#zones.get(outside);
    if (zone !== undefined) return zone.members;
    return [...this.#zones].filter(([, { members }]) => members.includes(outside)).map(([name]) => name);
  }

  domainOf(name: string): string | null {
    const [only] = this.#domains;
    if (only !== undefined && this.#domains.length === 1) return only;
    const zone = this.#zones.get(name);
    const domain = zone?.domain ?? this.#interfaces.get(name)?.domain ?? null;
    return domain !== null && this.#domains.includes(domain) ? domain : null;
  }
}
