/** FortiOS' address objects and groups of one virtual domain and family. */
import { wildcard } from "../../addresses.ts";
import type { Family } from "../../packet.ts";
import { addressesOf, addressOf, butNot, everywhere, masked, ofRanges } from "../reading/addresses.ts";
import type { Draft } from "../reading/draft.ts";
import { type Meant, nobody, surely, unclear, union } from "../reading/meant.ts";
import { follow } from "../reading/members.ts";
import type { Entry, FortiConfig } from "./config.ts";

export class FortiAddresses {
  readonly #config: FortiConfig;
  readonly #domain: string;
  readonly #family: Family;
  readonly #draft: Draft;
  readonly #known = new Map<string, Meant>();

  constructor(config: FortiConfig, domain: string, family: Family, draft: Draft) {
    this.#config = config;
    this.#domain = domain;
    this.#family = family;
    this.#draft = draft;
  }

  /** What the name stands for; a missing one is reported where it is used. */
  meant(name: string, line: number): Meant {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const six = this.#family === 6 ? "6" : "";
    const addresses = this.#config.table(this.#domain, `firewall address${six}`);
    const groups = this.#config.table(this.#domain, `firewall addrgrp${six}`);
    const { leaves, trouble } = follow<Meant>(name, (one) => {
      const address = addresses.get(one);
      if (address !== undefined) return { leaf: this.#object(address) };
      const group = groups.get(one);
      if (group !== undefined) {
        if (first(group, "exclude") === "enable") return { leaf: this.#without(group) };
        return { members: group.settings.get("member")?.values ?? [] };
      }
      if (one === "all" || one === "any") return { leaf: surely(ofRanges([everywhere(this.#family)])) };
      return one === "none" ? { leaf: nobody } : null;
    });
    if (trouble !== null) this.#draft.trouble(line, `the address ${trouble}`);
    const meant = union([...leaves, ...(trouble === null ? [] : [unclear(`the address ${trouble}`)])]);
    this.#known.set(name, meant);
    return meant;
  }

  /** A group with exceptions; groups in it are followed, a circle through exceptions ends as unclear. */
  #without(group: Entry): Meant {
    this.#known.set(group.name, unclear(`the group ${group.name} is in itself`));
    const of = (key: string): Meant =>
      union((group.settings.get(key)?.values ?? []).map((name) => this.meant(name, group.line)));
    const [all, except] = [of("member"), of("exclude-member")];
    this.#known.delete(group.name);
    const rest = except.doubt === null ? butNot(except.sure) : null;
    if (rest === null || all.sure.masked.length > 0) return unclear(`the exceptions of the group ${group.name}`);
    return { sure: { set: all.sure.set.intersect(rest.set), masked: [] }, doubt: all.doubt };
  }

  #object(entry: Entry): Meant {
    const type = first(entry, "type") ?? (this.#family === 4 ? "ipmask" : "ipprefix");
    const all = surely(ofRanges([everywhere(this.#family)]));
    switch (type) {
      case "ipmask":
      case "interface-subnet":
      case "ipprefix": {
        const [address = "", mask] = entry.settings.get(this.#family === 4 ? "subnet" : "ip6")?.values ?? [];
        // An object of which nothing is said is everything.
        if (address === "") return type === "interface-subnet" ? unclear(`the network of ${entry.name}`) : all;
        const base = addressOf(address);
        const read = mask === undefined ? addressesOf(address) : base === null ? null : masked(base, mask);
        if (read !== null) return surely(read);
        break;
      }
      case "iprange": {
        const from = addressOf(first(entry, "start-ip") ?? "");
        const to = addressOf(first(entry, "end-ip") ?? "");
        if (from !== null && to?.family === from.family)
          return surely(ofRanges([{ family: from.family, first: from.bits, last: to.bits }]));
        break;
      }
      case "wildcard": {
        const [address = "", mask = ""] = entry.settings.get("wildcard")?.values ?? [];
        const [base, care] = [addressOf(address), addressOf(mask)];
        if (base?.family === 4 && care?.family === 4) return surely(wildcard(4, base.bits, 0xffffffffn ^ care.bits));
        break;
      }
      case "fqdn":
      case "wildcard-fqdn":
        return unclear(`the host name ${first(entry, "fqdn") ?? first(entry, "wildcard-fqdn") ?? entry.name}`);
      case "geography":
        return unclear(`the country ${first(entry, "country") ?? entry.name}`);
      case "dynamic":
      case "mac":
      case "template":
      case "route-tag":
        return unclear(`the ${type} address ${entry.name}`);
      default:
    }
    this.#draft.trouble(entry.line, `the address ${entry.name} is not understood`);
    return unclear(`the address ${entry.name}, which is not understood`);
  }
}

export const first = (entry: Entry, key: string): string | null => entry.settings.get(key)?.values[0] ?? null;
