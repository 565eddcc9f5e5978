/** RouterOS' address lists of one family; rules and services may add to them while the router runs. */
import { addressesOf } from "../reading/addresses.ts";
import type { Draft } from "../reading/draft.ts";
import { type Meant, surely, unclear, union } from "../reading/meant.ts";
import type { Item, Tables } from "./tables.ts";

export class AddressLists {
  readonly #items: ReadonlyMap<string, readonly Item[]>;
  readonly #dynamic: ReadonlySet<string>;
  readonly #draft: Draft;
  readonly #known = new Map<string, Meant>();

  constructor(tables: Tables, menu: string, draft: Draft) {
    const items = new Map<string, Item[]>();
    for (const item of tables.items(`${menu} firewall address-list`)) {
      const list = item.values.get("list") ?? "";
      const before = items.get(list);
      if (before === undefined) items.set(list, [item]);
      else before.push(item);
    }
    this.#items = items;
    this.#dynamic = new Set(
      tables.statements.flatMap(({ values }) => {
        if (values.get("disabled") === "yes") return [];
        return [values.get("address-list"), values.get("address-lists")].flatMap((text) => text?.split(",") ?? []);
      }),
    );
    this.#draft = draft;
  }

  /** A list without entries is empty, as on the router. */
  meant(name: string): Meant {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const entries = (this.#items.get(name) ?? []).filter(({ values }) => values.get("disabled") !== "yes");
    const all = entries.map(({ values, line }): Meant => {
      const text = values.get("address") ?? "";
      const read = addressesOf(text);
      if (read !== null) return surely(read);
      if (!/^[A-Za-z0-9._-]+$/.test(text))
        this.#draft.trouble(line, `the address "${text}" of a list is not understood`);
      return unclear(`the host name ${text}`);
    });
    const meant = union([...all, ...(this.#dynamic.has(name) ? [unclear(`what is added to the list ${name}`)] : [])]);
    this.#known.set(name, meant);
    return meant;
  }
}
