/** VRP and Comware: what is applied at an interface, in its VLAN and on the device; what no rule is about is forwarded. */
import { sourceOf } from "../../../text/source.ts";
import type { Asked, Crossing, Reading, Rule, Stage } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { Draft } from "../reading/draft.ts";
import { nameMeant, onlyOne } from "../reading/interfaces.ts";
import { type Attachment, attachmentsOf } from "./attachments.ts";
import { blocksOf } from "./lines.ts";
import { type AccessList, AccessLists } from "./lists.ts";
import { TrafficPolicies } from "./policies.ts";

export function readVrp(file: string, text: string): Reading {
  const source = sourceOf(file, text);
  const draft = new Draft(source);
  const blocks = blocksOf(source);
  const lists = new AccessLists(blocks, draft);
  const attachments = attachmentsOf(blocks);
  const policies = new TrafficPolicies(blocks, lists, draft);
  const names = attachments.interfaces.map(({ name }) => name);
  const chains = new Chains(draft, lists);
  for (const list of lists.all) chains.of(list, "permit", null);
  for (const place of [...attachments.interfaces, ...attachments.vlans.values(), attachments.device])
    for (const line of place.odd)
      draft.trouble(line, "where this filter stands, and for which packets, is not understood");

  const crossing = (outside: string, { family, direction }: Asked): Crossing => {
    const place = attachments.interfaces.find(({ name }) => name === outside);
    if (place === undefined) {
      const unknown = `there is no interface ${outside}`;
      return { stages: [], attachment: unknown, place: null, unknown };
    }
    const zone = attachments.zoned.get(outside);
    if (zone !== undefined) {
      const unknown = `${outside} is in a zone: policies between zones are not read`;
      return { stages: [], attachment: unknown, place: draft.place(zone), unknown };
    }
    const vlan = /^(?:Vlanif|Vlan-interface)(\d+)$/i.exec(outside)?.[1];
    const places = [place, ...(vlan === undefined ? [] : [attachments.vlans.get(vlan)]), attachments.device].flatMap(
      (one) => one ?? [],
    );
    const odd = places.flatMap((one) => one.odd)[0];
    if (odd !== undefined) {
      const unknown = "a filter whose place or kind is not understood";
      return { stages: [], attachment: unknown, place: draft.place(odd), unknown };
    }
    const mine = places
      .flatMap((one) => one.attachments)
      .filter((one) => one.direction === direction && (one.family === null || one.family === family));
    const stages: Stage[] = [];
    for (const one of mine) {
      const chain = stageOf(one, family);
      if (chain === null) {
        const says = `${one.kind === "filter" ? "access list" : "traffic policy"} ${one.name}`;
        return {
          stages: [],
          attachment: `${says} on ${outside}, ${direction}`,
          place: draft.place(one.line),
          unknown: `${says} is applied and not there`,
        };
      }
      stages.push({ chain, stateful: false });
    }
    const attachment =
      mine.length === 0
        ? `no IPv${family} filter on ${outside}, ${direction}`
        : `${mine.map((one) => `${one.kind === "filter" ? "access list" : "traffic policy"} ${one.name}`).join(", then ")} on ${outside}, IPv${family}, ${direction}`;
    return { stages, attachment, place: mine[0] === undefined ? null : draft.place(mine[0].line) };
  };

  const stageOf = (one: Attachment, family: Family): string | null => {
    if (one.kind !== "filter") return policies.has(one.name) ? policies.chain(one.name, family, one.kind) : null;
    const list = lists.named(one.name, one.family ?? 4);
    if (list === null) return null;
    const denies = one.packetFilter && attachments.deniesByDefault !== null;
    return chains.of(list, denies ? "deny" : "permit", one.rule);
  };

  return {
    chains: draft.chains,
    troubles: draft.troubles,
    lists: [...new Set(lists.all.map(({ name }) => name))],
    interfaces: names,
    interfaceNamed: (asked) => nameMeant(asked, names) ?? nameMeant(spelledOut(asked), names),
    aliases: () => [],
    crossing(outside, asked) {
      if (outside !== null)
        return crossing(nameMeant(outside, names) ?? nameMeant(spelledOut(outside), names) ?? outside, asked);
      const filtered = attachments.interfaces.filter((one) => one.attachments.length > 0).map(({ name }) => name);
      const found = onlyOne(filtered, "interfaces with filters");
      if ("why" in found) return { stages: [], attachment: found.why, place: null, unknown: found.why };
      return crossing(found.name, asked);
    },
    list(name, { family }) {
      const list = lists.named(name, family);
      if (list === null) return null;
      const chain = chains.of(list, "permit", null);
      return {
        stages: [{ chain, stateful: false }],
        attachment: `access list ${name}, IPv${family}`,
        place: draft.place(list.line),
      };
    },
  };
}

/** `GE0/0/1`, as the device itself shortens it. */
const spelledOut = (text: string): string =>
  text
    .trim()
    .replace(/^xge(?=\d)/i, "XGigabitEthernet")
    .replace(/^(ge|gi)(?=\d)/i, "GigabitEthernet");

/** Chains of access lists, called as the lists are. */
class Chains {
  readonly #draft: Draft;
  readonly #lists: AccessLists;

  constructor(draft: Draft, lists: AccessLists) {
    this.#draft = draft;
    this.#lists = lists;
  }

  of(list: AccessList, end: "permit" | "deny", only: number | null): string {
    const clash = list.family === 6 && this.#lists.named(list.name, 4) !== null;
    const base = `${list.name}${clash ? " (IPv6)" : ""}`;
    const key = `${base}${end === "deny" ? " (default deny)" : ""}${only === null ? "" : ` rule ${only}`}`;
    if (this.#draft.chains.has(key)) return key;
    const rules = [
      ...list.odd.map((line) => this.#draft.unknownRule(line, "a line of the access list that is not understood")),
      ...list.rules
        .filter((rule) => only === null || rule.id === only)
        .map(
          (rule): Rule => ({
            matches: [rule.match],
            action: { kind: rule.action },
            place: this.#draft.place(rule.line),
          }),
        ),
    ];
    const place = this.#draft.unwritten(end === "deny" ? "packet-filter default deny" : "no rule: forwarded");
    this.#draft.chains.set(key, { name: key, rules, otherwise: end, place });
    return key;
  }
}
