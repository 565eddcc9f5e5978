/** RouterOS' interfaces: what they are called, which lists they are in, and which bridge they are a port of. */
import { nameMeant } from "../reading/interfaces.ts";
import type { Item, Tables } from "./tables.ts";

/** In the rules a list of interfaces is written so, that it is never taken for an interface of the same name. */
export const listName = (name: string): string => `list ${name}`;

/** Kinds of interfaces that rules may name all at once. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^interface ethernet$/, "all-ethernet"],
  [/^interface vlan$/, "all-vlan"],
  [/^interface (wireless|wifi|wifiwave2)$/, "all-wireless"],
  [/^interface (pppoe|l2tp|pptp|sstp|ovpn|ppp)-(client|server)( .*)?$/, "all-ppp"],
];

export class Interfaces {
  /** Interfaces, and lists of which no member is known. */
  readonly names: readonly string[];
  readonly #interfaces = new Map<string, Set<string>>();
  readonly #lists = new Map<string, Set<string>>();
  readonly #excluded = new Map<string, Set<string>>();
  readonly #includes = new Map<string, readonly string[]>();
  readonly #bridges = new Map<string, string>();
  readonly #defaults = new Map<string, string>();

  constructor(tables: Tables) {
    const menus = new Set(tables.statements.map(({ menu }) => menu));
    for (const menu of menus)
      if (/^interface( |$)/.test(menu) && !/^interface (list|bridge port|bridge vlan|ethernet switch)/.test(menu))
        for (const { values } of tables.items(menu)) {
          const name = values.get("name");
          if (name !== undefined) this.#know(name, menu);
        }
    // `set [ find default-name=ether1 ] name=WAN`: the interface was there before any line.
    for (const { menu, command, values, find } of tables.statements) {
      const original = command === "set" ? /default-name\s*=\s*"?([^\s"]+)/.exec(find ?? "")?.[1] : undefined;
      if (original === undefined || !menu.startsWith("interface")) continue;
      const name = values.get("name") ?? original;
      this.#know(name, menu);
      this.#defaults.set(original, name);
    }
    const active = (menu: string): readonly Item[] =>
      tables.items(menu).filter(({ values }) => values.get("disabled") !== "yes");
    for (const { values } of active("interface bridge port")) {
      const [port, bridge] = [values.get("interface"), values.get("bridge")];
      if (port === undefined || bridge === undefined || bridge === "none") continue;
      this.#bridges.set(port, bridge);
      this.#know(port, "");
      this.#know(bridge, "");
    }
    for (const { values } of active("interface list")) {
      const name = values.get("name");
      if (name === undefined) continue;
      this.#listOf(name);
      this.#includes.set(
        name,
        (values.get("include") ?? "").split(",").filter((one) => one !== ""),
      );
      const excluded = (values.get("exclude") ?? "").split(",").filter((one) => one !== "");
      this.#excluded.set(name, new Set(excluded));
    }
    for (const { values } of active("interface list member")) {
      const [name, list] = [values.get("interface"), values.get("list")];
      if (name === undefined || list === undefined) continue;
      this.#listOf(list).add(name);
      this.#know(name, "");
    }
    for (const menu of ["filter", "raw"].flatMap((table) => [`ip firewall ${table}`, `ipv6 firewall ${table}`]))
      for (const { values } of tables.items(menu))
        for (const key of ["in-interface", "out-interface"]) {
          const name = values.get(key)?.replace(/^!/, "");
          if (name !== undefined && name !== "" && !name.startsWith("all-")) this.#know(name, "");
          const list = values.get(`${key}-list`)?.replace(/^!/, "");
          if (list !== undefined && list !== "" && !/^(all|none|dynamic|static)$/.test(list)) this.#listOf(list);
        }
    const empty = [...this.#lists.keys()].filter(
      (list) => this.membersOf(list).length === 0 && !this.#interfaces.has(list),
    );
    this.names = [...[...this.#interfaces.keys()].filter((name) => !this.#bridges.has(name)), ...empty];
  }

  #know(name: string, menu: string): void {
    const known = this.#interfaces.get(name) ?? new Set<string>();
    this.#interfaces.set(name, known);
    for (const [pattern, kind] of kinds) if (pattern.test(menu)) known.add(kind);
  }

  #listOf(name: string): Set<string> {
    const list = this.#lists.get(name) ?? new Set<string>();
    this.#lists.set(name, list);
    return list;
  }

  /** Members of a list, those of the lists that it includes among them; its exclusions go last. */
  membersOf(list: string): readonly string[] {
    const all = new Set<string>();
    const seen = new Set([list]);
    const open = [list];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const member of this.#lists.get(next) ?? []) all.add(member);
      for (const include of this.#includes.get(next) ?? [])
        if (!seen.has(include)) {
          seen.add(include);
          open.push(include);
        }
    }
    for (const excluded of this.#excluded.get(list) ?? [])
      for (const member of this.#lists.get(excluded) ?? []) all.delete(member);
    return [...all];
  }

  isList(name: string): boolean {
    return this.#lists.has(name) && !this.#interfaces.has(name);
  }

  /** A port of a bridge is seen as the bridge. */
  named(text: string): string | null {
    const names = [...this.#interfaces.keys()];
    const lists = [...this.#lists.keys()];
    const meant = nameMeant(text, names) ?? this.#defaults.get(text.trim()) ?? nameMeant(text, lists);
    return meant === null ? null : (this.#bridges.get(meant) ?? meant);
  }

  /** Everything that rules may call it. */
  aliases(name: string): readonly string[] {
    if (this.isList(name)) {
      const members = this.membersOf(name);
      return [
        listName(name),
        listName("all"),
        ...(members.length === 1 ? members.flatMap((one) => [one, ...this.aliases(one)]) : []),
      ];
    }
    const lists = [...this.#lists.keys()].filter((list) => this.membersOf(list).includes(name));
    return [...[...lists, "all"].map(listName), ...(this.#interfaces.get(name) ?? [])];
  }
}
