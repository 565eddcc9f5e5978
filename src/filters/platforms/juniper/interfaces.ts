/** Which filters stand at an interface of Junos: its own and those of the forwarding table. */
import type { Asked, Crossing, Stage } from "../../model.ts";
import type { Family } from "../../packet.ts";
import type { Draft } from "../reading/draft.ts";
import { nameMeant } from "../reading/interfaces.ts";
import { active, at, latest, type Node } from "../tree/node.ts";
import { type FilterFamily, type Filters, familyWord } from "./filters.ts";

/** One end of an interface: `ge-0/0/0.0`. */
interface Unit {
  readonly name: string;
  readonly node: Node;
}

/** What was found at one place; `chain` null: it is not known, and why. */
interface Attached {
  readonly says: string;
  readonly line: number;
  readonly chain: string | null;
}

/** These lead to the router itself. */
const ownInterfaces = /^(lo\d*|fxp\d|em\d|me\d|vme|re\d:mgmt-\d)(\.|$)/;

export class Interfaces {
  readonly units: readonly Unit[];
  readonly #root: Node;
  readonly #draft: Draft;
  readonly #filters: Filters;
  readonly #byName: ReadonlyMap<string, Node>;

  constructor(root: Node, draft: Draft, filters: Filters) {
    this.#root = root;
    this.#draft = draft;
    this.#filters = filters;
    this.units = active(at(root, "interfaces")).flatMap((one) =>
      active(at(one, "unit")).map((unit) => ({ name: `${one.word}.${unit.word}`, node: unit })),
    );
    this.#byName = new Map(this.units.map(({ name, node }) => [name, node]));
  }

  /** The unit, or the interface if it is not clear which of its units is meant. */
  named(text: string): string | null {
    const names = this.units.map(({ name }) => name);
    const exact = nameMeant(text, names);
    if (exact !== null) return exact;
    const physical = [...new Set(names.map((name) => name.slice(0, name.lastIndexOf("."))))];
    const meant = nameMeant(text, physical);
    if (meant === null) return null;
    const units = names.filter((name) => name.startsWith(`${meant}.`));
    const [first] = units;
    if (first !== undefined && units.length === 1) return first;
    const filtered = units.filter((name) => this.hasFilters(name));
    return filtered.length === 1 ? (filtered[0] ?? meant) : meant;
  }

  /** Interfaces, not the router's own, at which a filter stands. */
  get filtered(): readonly string[] {
    return this.units.map(({ name }) => name).filter((name) => !ownInterfaces.test(name) && this.hasFilters(name));
  }

  hasFilters(name: string): boolean {
    const unit = this.#unit(name);
    return (
      unit !== null &&
      [at(unit, "filter"), at(unit, "family", "inet", "filter"), at(unit, "family", "inet6", "filter")].some((filter) =>
        active(filter).some(({ word }) => /^(in|out)put(-list)?$/.test(word)),
      )
    );
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  #unit(name: string): Node | null {
    return this.#byName.get(name) ?? null;
  }

  /** The crossing of the interface alone; `forwarding` filters see what crosses any interface. */
  crossing(name: string, asked: Asked): Crossing {
    const { family, direction } = asked;
    const draft = this.#draft;
    const unit = this.#unit(name);
    if (unit === null) {
      const units = this.units.filter((one) => one.name.startsWith(`${name}.`)).map((one) => one.name);
      const unknown =
        units.length > 0
          ? `${name} has several units: ${units.slice(0, 8).join(", ")}; say which one is outside`
          : `there is no interface ${name}`;
      return { stages: [], attachment: unknown, place: null, unknown };
    }
    const word = familyWord(family);
    const own = [
      this.#attached(at(unit, "filter"), "any", asked),
      this.#attached(at(unit, "family", word, "filter"), word, asked),
    ].filter((one) => one !== null);
    const switched = at(unit, "family", "ethernet-switching", "filter") ?? at(unit, "family", "bridge", "filter");
    const table = this.#forwarding(name, asked);
    const ordered = direction === "in" ? [...own, ...table] : [...table, ...own];
    const says =
      own.length === 0
        ? [
            `no IPv${family} filter on ${name}, ${direction}${
              at(unit, "family", word) === null ? ` (the interface has no family ${word})` : ""
            }`,
          ]
        : own.map((one) => `${one.says} on ${name}, ${direction}`);
    const attachment = [...says, ...table.map((one) => one.says)].join("; ");
    const place = ordered[0] === undefined ? null : draft.place(ordered[0].line);
    const missing = ordered.find(({ chain }) => chain === null);
    if (missing !== undefined)
      return {
        stages: [],
        attachment,
        place: draft.place(missing.line),
        unknown: `${missing.says} is attached and not there: Junos does not commit this`,
      };
    if (switched !== null)
      return {
        stages: [],
        attachment,
        place: draft.place(switched.line),
        unknown: `${name} has a layer 2 filter, which is not read`,
      };
    const stages = ordered.flatMap(({ chain }): readonly Stage[] =>
      chain === null ? [] : [{ chain, stateful: false }],
    );
    return { stages, attachment, place };
  }

  #attached(filter: Node | null, words: FilterFamily, { family, direction }: Asked): Attached | null {
    const word = direction === "in" ? "input" : "output";
    const single = latest(at(filter, word));
    const members = active(at(filter, `${word}-list`));
    const newest = members.reduce((order, member) => Math.max(order, member.order), -1);
    // They exclude each other; the later statement holds.
    if (members.length > 0 && newest > (single?.order ?? -1))
      return {
        says: `${word}-list [ ${members.map((member) => member.word).join(" ")} ]`,
        line: members[0]?.line ?? 0,
        chain: this.#filters.list(
          members.map((member) => ({ name: member.word, line: member.line })),
          words,
          family,
        ),
      };
    if (single === null) return null;
    return {
      says: `filter ${single.word}${words === "any" ? " (family any)" : ""}`,
      line: single.line,
      chain: this.#filters.chain(single.word, words, family),
    };
  }

  /** `forwarding-options family inet filter`: of the routing instance that the interface is in. */
  #forwarding(name: string, asked: Asked): readonly Attached[] {
    const instance = active(at(this.#root, "routing-instances")).find((one) => at(one, "interface", name) !== null);
    const options = at(instance ?? this.#root, "forwarding-options", "family", familyWord(asked.family), "filter");
    return (["in", "out"] as const).flatMap((direction) => {
      const one = this.#attached(options, familyWord(asked.family), { family: asked.family, direction });
      return one === null ? [] : [{ ...one, says: `${one.says} of the forwarding table, ${direction}` }];
    });
  }
}

/** The filter's own crossing, if the family has one of this name. */
export function filterAlone(filters: Filters, name: string, family: Family): Crossing | null {
  for (const words of [familyWord(family), "any"] as const) {
    const chain = filters.chain(name, words, family);
    if (chain !== null)
      return { stages: [{ chain, stateful: false }], attachment: `filter ${name} (family ${words})`, place: null };
  }
  return null;
}
