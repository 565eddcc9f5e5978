/** FortiOS' policies of one virtual domain and family as chains; the order is that of the text, not of the numbers. */
import type { Action, Match, Names, Rule } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { allOf, type Condition, doubted, perhaps } from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { conditionOn, negated, union } from "../reading/meant.ts";
import { FortiAddresses, first } from "./addresses.ts";
import type { Entry, FortiConfig, Table } from "./config.ts";
import { FortiServices, otherServices } from "./services.ts";
import { settingIs } from "./settings.ts";
import { toVirtualIps, type VirtualIp, VirtualIps } from "./vips.ts";

/** From about this version on a deny is about virtual IPs too, if it does not say otherwise; sources differ by one. */
const matchesVips = [7, 2, 3] as const;

interface Policy {
  readonly entry: Entry;
  readonly action: Action;
  readonly source: Condition;
  /** Of addresses alone; null: it names virtual IPs only. */
  readonly destination: Condition | null;
  readonly vips: readonly VirtualIp[];
  readonly services: Condition;
  readonly rest: Condition;
  readonly sides: Pick<Match, "from" | "to">;
}

export class Policies {
  readonly #config: FortiConfig;
  readonly #domain: string;
  readonly #family: Family;
  readonly #draft: Draft;
  readonly #addresses: FortiAddresses;
  readonly #services: FortiServices;
  readonly #vips: VirtualIps;

  constructor(config: FortiConfig, domain: string, family: Family, draft: Draft) {
    this.#config = config;
    this.#domain = domain;
    this.#family = family;
    this.#draft = draft;
    this.#addresses = new FortiAddresses(config, domain, family, draft);
    this.#services = new FortiServices(config, domain, draft);
    this.#vips = new VirtualIps(config, domain, family, draft);
  }

  /** The policies' table in this family, and the ends of its address settings. */
  get table(): { readonly name: string; readonly entries: Table; readonly tail: string } {
    const of = (name: string): Table => this.#config.table(this.#domain, `firewall ${name}`);
    if (this.#family === 6 && of("policy6").size > 0) return { name: "policy6", entries: of("policy6"), tail: "" };
    if (of("policy").size === 0 && of("consolidated policy").size > 0)
      return { name: "consolidated policy", entries: of("consolidated policy"), tail: String(this.#family) };
    return { name: "policy", entries: of("policy"), tail: this.#family === 6 ? "6" : "" };
  }

  /** Whether any policy speaks of this family. */
  get speaks(): boolean {
    const { entries, tail } = this.table;
    return [...entries.values()].some(
      ({ settings }) => settings.has(`srcaddr${tail}`) || settings.has(`dstaddr${tail}`),
    );
  }

  /** Makes the chain and returns nothing: it is found by its name. */
  chain(name: string): void {
    const draft = this.#draft;
    const { entries, tail } = this.table;
    const policies = [...entries.values()].flatMap((entry) => this.#policy(entry, tail));
    const central = this.#config.setting(this.#domain, "system settings", "central-nat")?.values[0] === "enable";
    const used = central ? this.#vips.all : [...new Set(policies.flatMap(({ vips }) => vips))];
    const place = draft.unwritten("implicit deny (policy 0)");
    const translated = `${name}, translated`;
    const rules: Rule[] = [];
    const about = used.map((vip): Match => (vip.doubt === null ? vip.about : { ...vip.about, unsure: vip.doubt }));
    if (used.length > 0)
      rules.push({
        matches: about,
        action: { kind: "goto", chain: translated },
        place: draft.unwritten("destination NAT of virtual IPs"),
      });
    for (const policy of policies) {
      if (policy.destination === null) continue;
      const matches = allOf([policy.source, policy.destination, policy.services, policy.rest]);
      rules.push(this.#rule(policy, matches));
    }
    draft.chains.set(name, { name, rules, otherwise: "deny", place });
    if (used.length === 0) return;
    const why = "with central NAT policies name the addresses behind virtual IPs";
    const behind: readonly Rule[] = central
      ? [{ matches: [{}], action: { kind: "unknown", why }, place }]
      : policies.flatMap((policy) => this.#translated(policy));
    draft.chains.set(translated, { name: translated, rules: behind, otherwise: "deny", place });
  }

  /** The policy for packets that a virtual IP translates. */
  #translated(policy: Policy): readonly Rule[] {
    const matches = allOf([policy.source, toVirtualIps(policy.vips, policy.services), policy.rest]);
    const named = policy.vips.length === 0 ? [] : [this.#rule(policy, matches)];
    if (policy.destination === null) return named;
    const others = allOf([policy.source, policy.destination, policy.services, policy.rest]);
    // A deny of plain addresses is about virtual IPs only with match-vip; an accept is said never to be.
    const doubt =
      policy.action.kind === "deny"
        ? this.#matchVip(policy.entry)
        : "whether an accept without virtual IPs is about them";
    if (doubt === "no") return named;
    return [...named, this.#rule(policy, doubt === "yes" ? others : doubted(others, doubt))];
  }

  #matchVip(entry: Entry): string {
    const said = first(entry, "match-vip");
    if (said !== null) return said === "enable" ? "yes" : "no";
    const { version } = this.#config;
    for (const [index, part] of matchesVips.entries()) {
      const own = version?.[index] ?? part;
      if (own !== part) return own > part ? "yes" : "no";
    }
    return "match-vip, whose default depends on the version";
  }

  #rule({ entry, action, sides }: Policy, matches: Condition): Rule {
    return { matches: matches.map((match) => ({ ...match, ...sides })), action, place: this.#draft.place(entry.line) };
  }

  /** Nothing if it is disabled or says nothing of this family. */
  #policy(entry: Entry, tail: string): readonly Policy[] {
    if (first(entry, "status") === "disable") return [];
    const names = (key: string): readonly string[] => entry.settings.get(key)?.values ?? [];
    const [from, to] = [names(`srcaddr${tail}`), names(`dstaddr${tail}`)];
    const elsewhere = tail !== "" || this.#family === 6 || names("srcaddr6").length > 0 || names("dstaddr6").length > 0;
    const kind = `internet-service${this.#family === 6 ? "6" : ""}`;
    const internet = [kind, `${kind}-src`].filter((key) => first(entry, key) === "enable");
    if (from.length === 0 && to.length === 0 && elsewhere && internet.length === 0) return [];
    const rest: Condition[] = [];
    const doubt = (why: string): void => {
      rest.push(perhaps(why));
    };
    const missing = (key: string): void => {
      this.#draft.trouble(entry.line, `the policy has no ${key}`);
      doubt(`the missing ${key}`);
    };
    const side = (key: "srcaddr" | "dstaddr", all: readonly string[]): Condition => {
      const line = entry.settings.get(`${key}${tail}`)?.line ?? entry.line;
      const meant = union(all.map((name) => this.#addresses.meant(name, line)));
      const turned = first(entry, `${key}${tail}-negate`) === "enable";
      return conditionOn(key === "srcaddr" ? "source" : "destination", turned ? negated(meant) : meant);
    };
    const ignoresSource = internet.some((key) => key.endsWith("-src"));
    const ignoresDestination = internet.some((key) => !key.endsWith("-src"));
    if (from.length === 0 && !ignoresSource) missing("srcaddr");
    if (to.length === 0 && !ignoresDestination) missing("dstaddr");
    const vips = to.flatMap((name) => this.#vips.named(name) ?? []);
    const plain = to.filter((name) => this.#vips.named(name) === null);
    const named = names("service");
    if (named.length === 0 && !ignoresDestination) missing("service");
    const line = entry.settings.get("service")?.line ?? entry.line;
    const services = named.flatMap((name) => this.#services.condition(name, line));
    this.#narrow(entry, doubt);
    const sides = { ...intf(entry, "srcintf", "from"), ...intf(entry, "dstintf", "to") };
    if (!["srcintf", "intf", "interface"].some((key) => entry.settings.has(key))) missing("srcintf");
    const action = this.#action(entry, doubt);
    return [
      {
        entry,
        action,
        vips,
        sides,
        source: from.length === 0 || ignoresSource ? [{}] : side("srcaddr", from),
        destination: ignoresDestination || to.length === 0 ? [{}] : plain.length === 0 ? null : side("dstaddr", plain),
        services:
          named.length === 0 || ignoresDestination
            ? [{}]
            : first(entry, "service-negate") === "enable"
              ? otherServices(services)
              : services,
        rest: allOf(rest),
      },
    ];
  }

  #narrow(entry: Entry, doubt: (why: string) => void): void {
    for (const [key, { values, line }] of entry.settings) {
      const kind = settingIs(key, values);
      if (kind === "unknown") this.#draft.trouble(line, `the setting "${key}" of a policy is not known`);
      if (kind !== "ignored") doubt(key);
    }
    const schedule = first(entry, "schedule") ?? "always";
    if (schedule !== "always" && !this.#isAlways(schedule)) doubt(`the schedule ${schedule}`);
  }

  /** A recurring schedule of all days without hours. */
  #isAlways(name: string): boolean {
    const entry = this.#config.table(this.#domain, "firewall schedule recurring").get(name);
    const days = entry?.settings.get("day")?.values ?? [];
    return entry !== undefined && days.length === 7 && !entry.settings.has("start") && !entry.settings.has("end");
  }

  /** A policy that does not say denies. */
  #action(entry: Entry, doubt: (why: string) => void): Action {
    const action = first(entry, "action") ?? "deny";
    if (action === "accept") return { kind: "permit" };
    if (action === "deny") return { kind: "deny" };
    if (action !== "ipsec" && action !== "ssl-vpn" && action !== "redirect") {
      const why = `the action "${action}" is not known`;
      this.#draft.trouble(entry.settings.get("action")?.line ?? entry.line, why);
      return { kind: "unknown", why };
    }
    doubt(`the action ${action}`);
    return { kind: "permit" };
  }

  /** `local-in-policy` or `acl`: what they do not stop goes on. */
  aside(table: string, name: string, end: "permit" | "return"): boolean {
    const entries = this.#config.table(this.#domain, `firewall ${table}${this.#family === 6 ? "6" : ""}`);
    if (entries.size === 0) return false;
    const rules = [...entries.values()].flatMap((entry) =>
      this.#policy(entry, "").map((policy) => {
        const matches = allOf([policy.source, policy.destination ?? [{}], policy.services, policy.rest]);
        const device = entry.settings.get(table === "acl" ? "interface" : "intf")?.values ?? [];
        const sides = device.includes("any") || device.length === 0 ? {} : { from: { names: device, except: false } };
        const rule = this.#rule({ ...policy, sides }, matches);
        return table === "acl" ? { ...rule, action: { kind: "deny" } as const } : rule;
      }),
    );
    this.#draft.chains.set(name, { name, rules, otherwise: end, place: null });
    return true;
  }
}

function intf(entry: Entry, key: string, side: "from" | "to"): Pick<Match, "from" | "to"> {
  const names = entry.settings.get(key)?.values ?? [];
  return names.length === 0 || names.includes("any") ? {} : { [side]: { names, except: false } satisfies Names };
}
