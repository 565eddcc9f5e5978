/** FortiOS' services: custom ones, groups of them, and those it brings along. */
import type { Match, Range } from "../../model.ts";
import { addressesOf } from "../reading/addresses.ts";
import { always, type Condition, lastPort, only, perhaps, rangesBut } from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { follow } from "../reading/members.ts";
import { numbersOf } from "../reading/names.ts";
import { first } from "./addresses.ts";
import type { Entry, FortiConfig } from "./config.ts";
import { predefined } from "./predefined.ts";

const transports = [
  ["tcp-portrange", 6],
  ["udp-portrange", 17],
  ["sctp-portrange", 132],
  ["udplite-portrange", 136],
] as const;

export class FortiServices {
  readonly #config: FortiConfig;
  readonly #domain: string;
  readonly #draft: Draft;
  readonly #known = new Map<string, Condition>();

  constructor(config: FortiConfig, domain: string, draft: Draft) {
    this.#config = config;
    this.#domain = domain;
    this.#draft = draft;
  }

  condition(name: string, line: number): Condition {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const custom = this.#config.table(this.#domain, "firewall service custom");
    const groups = this.#config.table(this.#domain, "firewall service group");
    const { leaves, trouble } = follow<Condition>(name, (one) => {
      const entry = custom.get(one);
      if (entry !== undefined) return { leaf: this.#custom(entry) };
      const group = groups.get(one);
      if (group !== undefined) return { members: group.settings.get("member")?.values ?? [] };
      const leaf = predefined(one);
      return leaf === null ? null : { leaf };
    });
    if (trouble !== null) this.#draft.trouble(line, `the service ${trouble}`);
    const condition = [...leaves.flat(), ...(trouble === null ? [] : perhaps(`the service ${trouble}`))];
    this.#known.set(name, condition);
    return condition;
  }

  #custom(entry: Entry): Condition {
    const protocol = first(entry, "protocol") ?? "TCP/UDP/SCTP";
    const matches = this.#matches(entry, protocol);
    const range = first(entry, "iprange");
    const read = range === null || range === "0.0.0.0" ? null : addressesOf(range);
    if (range !== null && range !== "0.0.0.0" && read === null)
      return perhaps(`the addresses of the service ${entry.name}`);
    const fqdn = first(entry, "fqdn");
    return matches.map((match) => ({
      ...match,
      ...(read === null ? {} : { destination: read }),
      ...(fqdn === null || fqdn === "" ? {} : { unsure: `the host name ${fqdn}` }),
    }));
  }

  #matches(entry: Entry, protocol: string): Condition {
    switch (protocol) {
      case "IP": {
        const number = Number(first(entry, "protocol-number") ?? "0");
        // Number 0 is any protocol.
        return number === 0 ? always : [{ protocols: [only(number)] }];
      }
      case "ALL":
        return always;
      case "ICMP":
      case "ICMP6": {
        const match = { protocols: [only(protocol === "ICMP" ? 1 : 58)] };
        const type = first(entry, "icmptype");
        if (type === null) return [match];
        const code = type === null ? null : first(entry, "icmpcode");
        const base = Number(type) * 256 + Number(code ?? 0);
        return [{ ...match, destinationPorts: [only(base, code === null ? base + 255 : base)] }];
      }
      default:
        if (/^TCP\//.test(protocol)) return this.#transports(entry);
        this.#draft.trouble(entry.line, `the protocol "${protocol}" of a service is not known`);
        return perhaps(`the service ${entry.name}`);
    }
  }

  /** `25`, `20-25`, each with a source port behind a colon. */
  #transports(entry: Entry): Condition {
    const matches = transports.flatMap(([key, number]) => {
      const setting = entry.settings.get(key);
      return (setting?.values ?? []).flatMap((value): readonly Match[] => {
        const [to = "", from] = value.split(":");
        const destination = numbersOf(to, {}, lastPort);
        const source = from === undefined ? null : numbersOf(from, {}, lastPort);
        if (destination === null || (from !== undefined && source === null)) {
          this.#draft.trouble(setting?.line ?? entry.line, `not a range of ports: ${value}`);
          return [{ protocols: [only(number)], unsure: `the service ${entry.name}` }];
        }
        const match = { protocols: [only(number)], destinationPorts: [destination] };
        return [
          source === null || (source.first <= 1 && source.last === lastPort)
            ? match
            : { ...match, sourcePorts: [source] },
        ];
      });
    });
    if (matches.length > 0) return matches;
    this.#draft.trouble(entry.line, `the service ${entry.name} has no ports`);
    return perhaps(`the service ${entry.name}`);
  }
}

/** All packets but those of these services; only what is told by protocol and destination port can be turned around. */
export function otherServices(services: Condition): Condition {
  const whole: Range[] = [];
  const byProtocol = new Map<number, Range[]>();
  for (const { protocols, destinationPorts, ...rest } of services) {
    if (Object.keys(rest).length > 0) return perhaps("a negated service");
    if (destinationPorts === undefined) whole.push(...(protocols ?? [only(0, 255)]));
    else
      for (const protocol of protocols ?? []) {
        if (protocol.first !== protocol.last) return perhaps("a negated service");
        byProtocol.set(protocol.first, [...(byProtocol.get(protocol.first) ?? []), ...destinationPorts]);
      }
  }
  const named = [...byProtocol.keys()].map((number) => only(number));
  const free = rangesBut([...whole, ...named], 255);
  return [
    ...(free.length === 0 ? [] : [{ protocols: free }]),
    ...[...byProtocol].flatMap(([number, ports]): readonly Match[] => {
      if (whole.some((range) => range.first <= number && number <= range.last)) return [];
      const left = rangesBut(ports, lastPort);
      return left.length === 0 ? [] : [{ protocols: [only(number)], destinationPorts: left }];
    }),
  ];
}
