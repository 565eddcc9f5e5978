/** Names in rules: addresses, groups, services, applications, each looked up from the nearest place outward. */

import { wildcard } from "../../addresses.ts";
import type { Match, Range } from "../../model.ts";
import { addressesOf, addressOf } from "../reading/addresses.ts";
import { allOf, always, type Condition, doubted, only, perhaps } from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { anyone, type Meant, surely, unclear, union } from "../reading/meant.ts";
import { follow } from "../reading/members.ts";
import { numbersOf, protocolsOf } from "../reading/names.ts";
import { active, at, type Node, statementsOf, wordAt } from "../tree/node.ts";
import { defaultPorts, isProtocol } from "./app-ports.ts";

const builtIn: Readonly<Record<string, readonly Range[]>> = {
  "service-http": [only(80), only(8080)],
  "service-https": [only(443)],
};

/** An application with where it is looked for by default. */
export interface Application {
  readonly name: string;
  readonly ports: readonly Match[] | null;
}

export class Objects {
  readonly #places: readonly Node[];
  readonly #draft: Draft;
  readonly #addresses = new Map<string, Meant>();
  readonly #services = new Map<string, Condition>();

  constructor(places: readonly Node[], draft: Draft) {
    this.#places = places;
    this.#draft = draft;
  }

  #find(kind: string, name: string): Node | null {
    for (const place of this.#places) {
      const found = at(place, kind, name);
      if (found !== null) return found;
    }
    return null;
  }

  address(name: string, line: number): Meant {
    if (name === "any") return anyone;
    const known = this.#addresses.get(name);
    if (known !== undefined) return known;
    const { leaves, trouble } = follow<Meant>(name, (one) => this.#resolve(one));
    if (trouble !== null) this.#draft.trouble(line, `the address ${trouble}`);
    const meant = union([...leaves, ...(trouble === null ? [] : [unclear(`the address ${trouble}`)])]);
    this.#addresses.set(name, meant);
    return meant;
  }

  #resolve(name: string): { readonly leaf: Meant } | { readonly members: readonly string[] } | null {
    // The nearest place decides, whatever kind of object has the name there.
    for (const place of this.#places) {
      const address = at(place, "address", name);
      if (address !== null) return { leaf: this.#object(address) };
      const group = at(place, "address-group", name);
      if (group !== null) return this.#group(group);
      if (at(place, "external-list", name) !== null) return { leaf: unclear(`the external list ${name}`) };
      const region = at(place, "region", name);
      if (region !== null) return { members: active(at(region, "address")).map(({ word }) => word) };
    }
    if (name === "any") return { leaf: anyone };
    const literal = addressesOf(name);
    if (literal !== null) return { leaf: surely(literal) };
    if (/^[A-Z]{2}$/.test(name)) return { leaf: unclear(`the country ${name}`) };
    if (/^(panw-|\$)/.test(name)) return { leaf: unclear(name) };
    return null;
  }

  #group(group: Node): { readonly leaf: Meant } | { readonly members: readonly string[] } {
    const dynamic = at(group, "dynamic");
    if (dynamic !== null) return { leaf: unclear(`the dynamic group ${group.word}`) };
    const members = at(group, "static");
    const words = new Set(["description", "tag", "disable-override"]);
    return { members: active(members ?? group).flatMap(({ word }) => (words.has(word) ? [] : [word])) };
  }

  #object(node: Node): Meant {
    const netmask = wordAt(node, "ip-netmask") ?? wordAt(node, "ip-range");
    if (netmask !== null) {
      const read = addressesOf(netmask);
      if (read !== null) return surely(read);
      if (netmask.startsWith("$")) return unclear(`the template variable ${netmask}`);
    }
    const fqdn = wordAt(node, "fqdn");
    if (fqdn !== null) return unclear(`the host name ${fqdn}`);
    const wild = /^([^/]+)\/([^/]+)$/.exec(wordAt(node, "ip-wildcard") ?? "");
    if (wild !== null) {
      const address = addressOf(wild[1] ?? "");
      const mask = addressOf(wild[2] ?? "");
      if (address?.family === 4 && mask?.family === 4) return surely(wildcard(4, address.bits, mask.bits));
    }
    this.#draft.trouble(node.line, `the address ${node.word} is not understood`);
    return unclear(`the address ${node.word}, which is not understood`);
  }

  /** A service by name; `any` and `application-default` are not asked for here. */
  service(name: string, line: number): Condition {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const { leaves, trouble } = follow<Condition>(name, (one) => {
      const service = this.#find("service", one);
      if (service !== null) return { leaf: this.#service(service) };
      const group = this.#find("service-group", one);
      if (group !== null) return { members: membersOf(group, "members") };
      const ports = Object.hasOwn(builtIn, one) ? builtIn[one] : undefined;
      if (ports !== undefined) return { leaf: [{ protocols: [only(6)], destinationPorts: ports }] };
      return one === "any" ? { leaf: always } : null;
    });
    if (trouble !== null) this.#draft.trouble(line, `the service ${trouble}`);
    const condition = [...leaves.flat(), ...(trouble === null ? [] : perhaps(`the service ${trouble}`))];
    this.#services.set(name, condition);
    return condition;
  }

  #service(node: Node): Condition {
    const condition = active(at(node, "protocol")).flatMap((protocol): Condition => {
      const number = protocolsOf(protocol.word);
      if (number === null) {
        this.#draft.trouble(protocol.line, `the protocol "${protocol.word}" of a service is not known`);
        return perhaps(`the service ${node.word}`);
      }
      const statements = statementsOf(protocol, (word) => word === "port" || word === "source-port");
      const ports = (word: string): readonly Range[] | null | undefined => {
        const values = (statements.get(word) ?? []).flatMap((value) =>
          value.word.split(/[\s,]+/).filter((one) => one !== ""),
        );
        if (values.length === 0) return undefined;
        const read = values.map((value) => numbersOf(value, {}, 65535));
        return read.some((one) => one === null) ? null : read.flatMap((one) => (one === null ? [] : [one]));
      };
      const [to, from] = [ports("port"), ports("source-port")];
      if (to === null || from === null) {
        this.#draft.trouble(protocol.line, `a port of the service ${node.word} is not understood`);
        return [{ protocols: [number], unsure: `the service ${node.word}` }];
      }
      const match = { protocols: [number], ...(to === undefined ? {} : { destinationPorts: to }) };
      return [from === undefined ? match : { ...match, sourcePorts: from }];
    });
    if (condition.length > 0) return condition;
    this.#draft.trouble(node.line, `the service ${node.word} has no protocol`);
    return perhaps(`the service ${node.word}`);
  }

  /** The applications that a name stands for; `ports` null: it may be at any. */
  applications(name: string, line: number): readonly Application[] {
    const { leaves, trouble } = follow<Application>(name, (one) => {
      const group = this.#find("application-group", one);
      if (group !== null) return { members: membersOf(group, "members", "applications") };
      if (this.#find("application-filter", one) !== null) return { leaf: { name: one, ports: null } };
      const own = this.#find("application", one);
      if (own !== null) return { leaf: { name: one, ports: this.#ownPorts(own) ?? defaultPorts(one) } };
      return { leaf: { name: one, ports: defaultPorts(one) } };
    });
    if (trouble !== null) this.#draft.trouble(line, `the application ${trouble}`);
    return trouble === null ? leaves : [...leaves, { name: trouble, ports: null }];
  }

  /** `default port [ tcp/25 udp/dynamic ]`. */
  #ownPorts(node: Node): readonly Match[] | null {
    const ports = active(at(node, "default", "port")).flatMap(({ word }) => word.split(/\s+/));
    if (ports.length === 0) return null;
    return ports.flatMap((text): readonly Match[] => {
      const parts = /^(tcp|udp|sctp)\/(.+)$/i.exec(text);
      const protocol = protocolsOf(parts?.[1] ?? "");
      if (parts === null || protocol === null) return perhaps(`the ports of ${node.word}`);
      const ranges = (parts[2] ?? "").split(",").map((one) => numbersOf(one, {}, 65535));
      return ranges.some((one) => one === null)
        ? [{ protocols: [protocol] }]
        : [{ protocols: [protocol], destinationPorts: ranges.flatMap((one) => (one === null ? [] : [one])) }];
    });
  }
}

/** Members of a group, in the newer form and the older one. */
function membersOf(group: Node, ...words: readonly string[]): readonly string[] {
  const inner = words.map((word) => at(group, word)).find((node) => node !== null);
  return active(inner ?? group).map(({ word }) => word);
}

const smtp: Condition = [{ protocols: [only(6)], destinationPorts: [only(25)] }];

/**
 * Services and applications together. App-ID knows an application only after some packets, so that a rule with one only
 * perhaps holds for a packet; but an SMTP session at port 25 surely is what a rule that allows `smtp` allows. A rule
 * that denies it still lets the handshake pass.
 */
export function serviceCondition(
  objects: Objects,
  services: readonly Node[],
  applications: readonly Node[],
  allows: boolean,
): Condition {
  const named = services.filter(({ word }) => word !== "any" && word !== "application-default");
  const byDefault = services.some(({ word }) => word === "application-default");
  const ports: Condition = services.some(({ word }) => word === "any")
    ? always
    : named.flatMap(({ word, line }) => objects.service(word, line));
  if (applications.some(({ word }) => word === "any")) {
    if (!byDefault) return ports;
    // Any application, each at its own ports: of port 25 that is SMTP's.
    return [...ports, ...(allows ? smtp : []), ...perhaps("application-default")];
  }
  const all = applications.flatMap(({ word, line }) => objects.applications(word, line));
  return all.flatMap((application) => {
    const where = byDefault ? (application.ports ?? always) : ports;
    if (isProtocol(application.name)) return allOf([where, application.ports ?? always]);
    const doubt = doubted(where, `the application ${application.name}`);
    return application.name === "smtp" && allows ? [...allOf([where, smtp]), ...doubt] : doubt;
  });
}
