/** Applications of security policies: the site's own, sets of them, and those that Junos defines. */
import type { Match } from "../../model.ts";
import { protocolNumbers } from "../../packet.ts";
import { allOf, always, type Condition, perhaps } from "../reading/conditions.ts";
import type { Draft } from "../reading/draft.ts";
import { follow } from "../reading/members.ts";
import { numbersOf, portsOf, protocolsOf } from "../reading/names.ts";
import { active, at, type Node } from "../tree/node.ts";
import { predefined, predefinedSets } from "./predefined.ts";

/** Decide nothing about what matches. */
const settings = new Set([
  ...["application-protocol", "inactivity-timeout", "description", "alg", "do-not-translate-AAAA-query-to-A-query"],
  ...["do-not-translate-A-query-to-AAAA-query"],
]);

export class Applications {
  readonly #root: Node;
  readonly #draft: Draft;
  readonly #known = new Map<string, Condition>();

  constructor(root: Node, draft: Draft) {
    this.#root = root;
    this.#draft = draft;
  }

  condition(name: string, line: number): Condition {
    if (name === "any") return always;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const { leaves, trouble } = follow<Condition>(name, (one) => this.#resolve(one));
    if (trouble !== null) this.#draft.trouble(line, `the application ${trouble}`);
    const condition = [...leaves.flat(), ...(trouble === null ? [] : perhaps(`the application ${trouble}`))];
    this.#known.set(name, condition);
    return condition;
  }

  #resolve(name: string): { readonly leaf: Condition } | { readonly members: readonly string[] } | null {
    const applications = at(this.#root, "applications");
    const own = at(applications, "application", name);
    if (own !== null) return { leaf: this.#own(own) };
    const set = at(applications, "application-set", name);
    if (set !== null)
      return {
        members: [...active(at(set, "application")), ...active(at(set, "application-set"))].map(({ word }) => word),
      };
    if (name === "any") return { leaf: always };
    const members = Object.hasOwn(predefinedSets, name) ? predefinedSets[name] : undefined;
    if (members !== undefined) return { members };
    const leaf = name.startsWith("junos-") ? predefined(name) : null;
    return leaf === null ? null : { leaf };
  }

  #own(node: Node): Condition {
    const terms = active(at(node, "term"));
    return terms.length > 0 ? terms.flatMap((term) => this.#term(term)) : this.#term(node);
  }

  /** `protocol tcp destination-port 25` on one line, or one statement each. */
  #term(node: Node): Condition {
    const values = new Map<string, Node>();
    const open = [node];
    for (let next = open.pop(); next !== undefined; next = open.pop())
      for (const key of active(next)) {
        if (key.word === "term") continue;
        if (active(key).length === 0) values.set(key.word, values.get(key.word) ?? key);
        for (const value of active(key)) {
          const before = values.get(key.word);
          if (before === undefined || value.order >= before.order) values.set(key.word, value);
          open.push(value);
        }
      }
    const parts: Condition[] = [];
    let icmp: { type?: number; code?: number } = {};
    for (const [key, { word, line }] of values) {
      const part = (match: Match | null): void => {
        if (match === null) this.#draft.trouble(line, `${key}: "${word}" is not known`);
        parts.push(match === null ? perhaps(`${key}, which is not understood`) : [match]);
      };
      if (key === "protocol") {
        const range = protocolsOf(word);
        part(range === null ? null : { protocols: [range] });
      } else if (key === "destination-port" || key === "source-port") {
        const range = portsOf(word);
        part(range === null ? null : key === "source-port" ? { sourcePorts: [range] } : { destinationPorts: [range] });
      } else if (/^icmp6?-(type|code)$/.test(key)) {
        const range = numbersOf(word, {}, 255);
        if (range === null) part(null);
        else icmp = { ...icmp, [key.endsWith("type") ? "type" : "code"]: range.first };
      } else if (key === "rpc-program-number" || key === "uuid") parts.push(perhaps(`${key} ${word}`));
      else if (!settings.has(key)) {
        this.#draft.trouble(line, `"${key}" in an application is not known`);
        parts.push(perhaps(`"${key}" in an application`));
      }
    }
    if (icmp.type !== undefined) {
      const first = icmp.type * 256 + (icmp.code ?? 0);
      const ports = [{ first, last: icmp.code === undefined ? first + 255 : first }];
      const { icmp: four, icmp6: six } = protocolNumbers;
      parts.push(
        [four, six].map((number) => ({ protocols: [{ first: number, last: number }], destinationPorts: ports })),
      );
    }
    if (!values.has("protocol")) parts.push(perhaps("an application without a protocol"));
    return allOf(parts);
  }
}
