/** Addresses in conditions of Junos filters: prefixes, prefix lists, and the longest match among them and exceptions. */

import { widthOf } from "../../../net/ip.ts";
import { type IpSet, ipSetOfRanges } from "../../../net/ip-set.ts";
import type { IpRange } from "../../../net/prefix.ts";
import { plain } from "../../addresses.ts";
import type { Addresses } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { addressesOf } from "../reading/addresses.ts";
import type { Draft } from "../reading/draft.ts";
import { active, at, type Node } from "../tree/node.ts";
import { wildcardFits } from "./wildcard.ts";

/** An entry of a list of addresses. */
export interface Entry {
  readonly range: IpRange;
  readonly except: boolean;
}

/** Addresses that are surely meant, and those that perhaps are. */
export interface Meant {
  readonly sure: Addresses;
  readonly perhaps: { readonly addresses: Addresses; readonly why: string } | null;
}

/** So many nodes may an `apply-path` touch. */
const maxVisited = 100_000;

export class PrefixLists {
  readonly #root: Node;
  readonly #draft: Draft;
  readonly #known = new Map<string, readonly IpRange[] | null>();

  constructor(root: Node, draft: Draft) {
    this.#root = root;
    this.#draft = draft;
  }

  /** Both families' prefixes; null if there is no such list. */
  list(name: string): readonly IpRange[] | null {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const node = at(this.#root, "policy-options", "prefix-list", name);
    const ranges = node === null ? null : this.#rangesOf(node);
    this.#known.set(name, ranges);
    return ranges;
  }

  #rangesOf(node: Node): readonly IpRange[] {
    return active(node).flatMap((child) => {
      if (child.word === "apply-path") return active(child).flatMap((path) => this.#applied(path));
      const read = addressesOf(child.word);
      if (read === null || read.masked.length > 0) {
        this.#draft.trouble(child.line, `not a prefix: ${child.word}`);
        return [];
      }
      return read.set.ranges;
    });
  }

  /** `apply-path "protocols bgp group <*> neighbor <*>"`: whatever addresses the configuration has there. */
  #applied(path: Node): readonly IpRange[] {
    let nodes: readonly Node[] = [this.#root];
    let visited = 0;
    for (const word of path.word.split(/\s+/).filter((part) => part !== "")) {
      const pattern = word.startsWith("<") && word.endsWith(">") ? word.slice(1, -1) : null;
      nodes = nodes.flatMap((node) => {
        visited += node.children.size;
        if (visited > maxVisited) return [];
        return pattern === null
          ? active(node).filter((child) => child.word === word)
          : active(node).filter((child) => wildcardFits(pattern, child.word));
      });
    }
    if (visited > maxVisited) this.#draft.trouble(path.line, "this apply-path reaches too far to be followed");
    // What is no address there (a name, a keyword) is not taken, as by Junos.
    return nodes.flatMap((node) => addressesOf(node.word)?.set.ranges ?? []);
  }
}

/**
 * Of overlapping prefixes the longest decides; what is in none does not match ("an implicit 0/0 except", Junos Policy
 * Framework Guide). A list of nothing but exceptions therefore matches nothing by the book; as others have seen it match
 * all the rest, that is only perhaps so.
 */
export function longestMatch(entries: readonly Entry[], masked: Addresses["masked"], family: Family): Meant {
  const excepted = entries.filter(({ except }) => except);
  if (excepted.length === 0)
    return { sure: { set: ipSetOfRanges(entries.map(({ range }) => range)), masked }, perhaps: null };
  if (entries.length === excepted.length && masked.length === 0)
    return {
      sure: plain(ipSetOfRanges([])),
      perhaps: {
        addresses: plain(ipSetOfRanges(excepted.map(({ range }) => range)).complement()),
        why: "a list of nothing but exceptions",
      },
    };
  const lengths = new Map<number, { include: IpRange[]; except: IpRange[] }>();
  for (const { range, except } of entries) {
    const length = lengthOf(range, family);
    const at = lengths.get(length) ?? { include: [], except: [] };
    at[except ? "except" : "include"].push(range);
    lengths.set(length, at);
  }
  let set: IpSet = ipSetOfRanges([]);
  let tied: IpSet = ipSetOfRanges([]);
  for (const [, { include, except }] of [...lengths].sort(([a], [b]) => a - b)) {
    const taken = ipSetOfRanges(except);
    const given = ipSetOfRanges(include);
    tied = tied.subtract(given.union(taken)).union(given.intersect(taken));
    set = set.union(given).subtract(taken);
  }
  return {
    sure: { set: set.subtract(tied), masked },
    perhaps: tied.isEmpty
      ? null
      : { addresses: plain(tied), why: "the same prefix is in the list and excepted from it" },
  };
}

function lengthOf({ family, first, last }: IpRange, asked: Family): number {
  if (family !== asked) return 0;
  let host = 0;
  for (let size = last - first; size > 0n; size >>= 1n) host += 1;
  return widthOf(family) - host;
}
