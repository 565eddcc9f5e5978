/**
 * Virtual IPs: a packet to one is translated before it meets the policies, and then meets those that name the virtual IP
 * (and denies with `match-vip`). Filters here are judged by the addresses that strangers write, so a virtual IP is its
 * outside address; the service of a policy is that of the mapped port.
 */
import type { Addresses, Match, Range } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { addressesOf } from "../reading/addresses.ts";
import { allOf, type Condition, doubted, lastPort, only, rangesInBoth } from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { follow } from "../reading/members.ts";
import { numbersOf } from "../reading/names.ts";
import { first } from "./addresses.ts";
import type { Entry, FortiConfig } from "./config.ts";

export interface VirtualIp {
  readonly name: string;
  readonly outside: Addresses;
  /** Packets that it is about. */
  readonly about: Match;
  /** What has to be added to the port outside to get the one inside. */
  readonly shift: number;
  readonly doubt: string | null;
}

const protocols: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132, icmp: 1 };

export class VirtualIps {
  readonly #tables: { readonly vips: ReadonlyMap<string, Entry>; readonly groups: ReadonlyMap<string, Entry> };
  readonly #draft: Draft;
  readonly #known = new Map<string, readonly VirtualIp[] | null>();

  constructor(config: FortiConfig, domain: string, family: Family, draft: Draft) {
    const six = family === 6 ? "6" : "";
    this.#tables = {
      vips: config.table(domain, `firewall vip${six}`),
      groups: config.table(domain, `firewall vipgrp${six}`),
    };
    this.#draft = draft;
  }

  /** All that are written and not disabled. */
  get all(): readonly VirtualIp[] {
    return [...this.#tables.vips.keys()].flatMap((name) => this.named(name) ?? []);
  }

  /** The virtual IPs that a name stands for; null: it is no virtual IP. */
  named(name: string): readonly VirtualIp[] | null {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const { vips, groups } = this.#tables;
    if (!vips.has(name) && !groups.has(name)) return null;
    const { leaves } = follow<VirtualIp | null>(name, (one) => {
      const vip = vips.get(one);
      if (vip !== undefined) return { leaf: first(vip, "status") === "disable" ? null : this.#read(vip) };
      const group = groups.get(one);
      return group === undefined ? null : { members: group.settings.get("member")?.values ?? [] };
    });
    const found = leaves.filter((one) => one !== null);
    this.#known.set(name, found);
    return found;
  }

  #read(vip: Entry): VirtualIp {
    const text = first(vip, "extip") ?? "";
    const outside = addressesOf(text);
    const nothing = { name: vip.name, outside: { set: NOWHERE, masked: [] }, about: {}, shift: 0 };
    if (outside === null) {
      if (first(vip, "type") !== "fqdn" && text !== "")
        this.#draft.trouble(vip.line, `the address ${text} of a virtual IP is not understood`);
      return { ...nothing, doubt: `the virtual IP ${vip.name}` };
    }
    const device = first(vip, "extintf") ?? "any";
    const filter = vip.settings.get("src-filter")?.values.map((one) => addressesOf(one)) ?? [];
    const sources = filter.some((one) => one === null) ? [] : filter.flatMap((one) => (one === null ? [] : [one]));
    const about: Match = {
      destination: outside,
      ...(device === "any" || device === "" ? {} : { from: { names: [device], except: false } }),
      ...(sources.length === 0
        ? {}
        : { source: { set: sources.map(({ set }) => set).reduce((a, b) => a.union(b)), masked: [] } }),
    };
    const doubt =
      (vip.settings.get("service")?.values.length ?? 0) > 0
        ? `the services of the virtual IP ${vip.name}`
        : filter.length > 0 && sources.length === 0
          ? `the source filter of the virtual IP ${vip.name}`
          : null;
    const type = first(vip, "type") ?? "static-nat";
    const forwards = first(vip, "portforward") === "enable" || type === "server-load-balance";
    if (!forwards) return { name: vip.name, outside, about, shift: 0, doubt };
    const named = first(vip, "protocol") ?? (type === "server-load-balance" ? serverProtocol(vip) : "tcp");
    const ports = numbersOf(first(vip, "extport") ?? "0", {}, lastPort);
    const mapped = numbersOf(first(vip, "mappedport") ?? first(vip, "extport") ?? "0", {}, lastPort);
    const number = protocols[named];
    if (number === undefined || ports === null || mapped === null)
      return { name: vip.name, outside, about, shift: 0, doubt: doubt ?? `the ports of the virtual IP ${vip.name}` };
    // Port 0 is every port.
    const whole = ports.first === 0 && ports.last === 0;
    return {
      name: vip.name,
      outside,
      about: { ...about, protocols: [only(number)], ...(whole ? {} : { destinationPorts: [ports] }) },
      shift: whole ? 0 : mapped.first - ports.first,
      doubt,
    };
  }
}

const serverProtocol = (vip: Entry): string => (first(vip, "server-type") === "udp" ? "udp" : "tcp");

const NOWHERE = (addressesOf("0.0.0.0") as Addresses).set.subtract((addressesOf("0.0.0.0") as Addresses).set); // it is an address

/** Packets to these virtual IPs whose service, seen behind the translation, is one of those. */
export function toVirtualIps(vips: readonly VirtualIp[], services: Condition): Condition {
  return vips.flatMap((vip) => {
    const shifted = services.map((match): Match => {
      if (match.destinationPorts === undefined || vip.shift === 0) return match;
      return { ...match, destinationPorts: shift(match.destinationPorts, -vip.shift) };
    });
    const { from: _from, ...about } = vip.about;
    const met = allOf([[about], shifted.filter((match) => match.destinationPorts?.length !== 0)]);
    return vip.doubt === null ? met : doubted(met, vip.doubt);
  });
}

const shift = (ranges: readonly Range[], by: number): readonly Range[] =>
  rangesInBoth(
    ranges.map((range) => ({ first: range.first + by, last: range.last + by })),
    [only(0, lastPort)],
  );
