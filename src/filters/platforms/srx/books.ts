/** Address books: a zone's own, those attached to it, and the global one, in this order. */

import { addressesOf, addressOf, masked, ofRanges } from "../reading/addresses.ts";
import type { Draft } from "../reading/draft.ts";
import { anyone, type Meant, surely, unclear, union } from "../reading/meant.ts";
import { follow } from "../reading/members.ts";
import { active, at, latest, type Node } from "../tree/node.ts";

export class Books {
  readonly #root: Node;
  readonly #draft: Draft;
  readonly #known = new Map<string, Meant>();

  constructor(root: Node, draft: Draft) {
    this.#root = root;
    this.#draft = draft;
  }

  /** What the name stands for in a policy of this zone; null: of all zones. */
  meant(zone: string | null, name: string, line: number): Meant {
    if (name === "any") return anyone;
    if (name === "any-ipv4") return surely(addressesOf("0.0.0.0/0") ?? anyone.sure);
    if (name === "any-ipv6") return surely(addressesOf("::/0") ?? anyone.sure);
    const key = JSON.stringify([zone, name]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const book = this.#booksOf(zone).find(
      (one) => at(one, "address", name) !== null || at(one, "address-set", name) !== null,
    );
    const meant = book === undefined ? this.#missing(name, line) : this.#inBook(book, name, line);
    this.#known.set(key, meant);
    return meant;
  }

  #booksOf(zone: string | null): readonly Node[] {
    const books = at(this.#root, "security", "address-book");
    const own = zone === null ? null : at(this.#root, "security", "zones", "security-zone", zone, "address-book");
    const attached = zone === null ? [] : active(books).filter((book) => at(book, "attach", "zone", zone) !== null);
    return [own, ...attached, at(books, "global")].filter((book) => book !== null);
  }

  #missing(name: string, line: number): Meant {
    this.#draft.trouble(line, `the address ${name} is not there`);
    return unclear(`the missing address ${name}`);
  }

  #inBook(book: Node, name: string, line: number): Meant {
    const { leaves, trouble } = follow<Meant>(name, (one) => {
      const address = at(book, "address", one);
      if (address !== null) return { leaf: this.#address(address) };
      const set = at(book, "address-set", one);
      if (set === null) return null;
      return { members: [...active(at(set, "address")), ...active(at(set, "address-set"))].map(({ word }) => word) };
    });
    if (trouble !== null) this.#draft.trouble(line, trouble);
    return union([...leaves, ...(trouble === null ? [] : [unclear(trouble)])]);
  }

  #address(node: Node): Meant {
    const values = active(node).filter(({ word }) => word !== "description");
    const value = values.reduce<Node | null>(
      (last, one) => (last === null || one.order >= last.order ? one : last),
      null,
    );
    const inner = latest(value);
    switch (value?.word) {
      case "dns-name":
        return unclear(`the host name ${inner?.word ?? ""}`);
      case "range-address": {
        const first = addressOf(inner?.word ?? "");
        const last = addressOf(latest(at(inner, "to"))?.word ?? "");
        if (first !== null && last?.family === first.family)
          return surely(ofRanges([{ family: first.family, first: first.bits, last: last.bits }]));
        break;
      }
      case "wildcard-address": {
        const [address, mask] = (inner?.word ?? "").split("/");
        const base = addressOf(address ?? "");
        const read = base === null ? null : masked(base, mask ?? "");
        if (read !== null) return surely(read);
        break;
      }
      case "ip-prefix": {
        const read = addressesOf(inner?.word ?? "");
        if (read !== null) return surely(read);
        break;
      }
      default: {
        const read = addressesOf(value?.word ?? "");
        if (read !== null) return surely(read);
      }
    }
    this.#draft.trouble(value?.line ?? node.line, `the address ${node.word} is not understood`);
    return unclear(`the address ${node.word}, which is not understood`);
  }
}
