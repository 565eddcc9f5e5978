/** Access lists: numbered and named ones of both families, in the order in which their rules are asked. */
import { either, wildcard } from "../../addresses.ts";
import type { Addresses } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { addressesOf, addressOf } from "../reading/addresses.ts";
import type { Draft } from "../reading/draft.ts";
import type { Block, Line } from "./lines.ts";
import { ruleOf, type VrpRule } from "./rules.ts";

export interface AccessList {
  /** What it is called first: its name, or its number. */
  readonly name: string;
  readonly family: Family;
  readonly rules: readonly VrpRule[];
  /** Lines in it that are not understood. */
  readonly odd: readonly number[];
  readonly line: number;
}

interface Growing {
  name: string;
  readonly aliases: Set<string>;
  readonly family: Family;
  readonly kind: "basic" | "advanced" | "other";
  auto: boolean;
  step: number;
  /** The largest number that was given. */
  last: number;
  readonly rules: Map<number, VrpRule>;
  readonly odd: number[];
  readonly line: number;
}

export class AccessLists {
  readonly all: readonly AccessList[];
  readonly #byName = new Map<string, AccessList>();

  constructor(blocks: readonly Block[], draft: Draft) {
    const lists: Growing[] = [];
    const pools = new Map<string, Addresses>();
    for (const { header, body } of blocks) {
      if (header.words[0] === "acl" && /^ip(v6)?-pool$/.test(header.words[1] ?? "")) {
        pools.set(header.words[2] ?? "", poolOf(draft, body));
        continue;
      }
      const undone = header.words[0] === "undo";
      if (header.words[undone ? 1 : 0] !== "acl") continue;
      const asked = headerOf(header.words.slice(undone ? 2 : 1));
      if (asked === null) {
        if (!undone) draft.trouble(header.line, "this access list's header is not understood");
        continue;
      }
      const known = lists.findIndex(
        (list) => list.family === asked.family && asked.names.some((name) => list.aliases.has(name)),
      );
      if (undone) {
        if (known >= 0) lists.splice(known, 1);
        continue;
      }
      const list = lists[known] ?? newList(asked, header.line);
      if (known < 0) lists.push(list);
      for (const name of asked.names) list.aliases.add(name);
      if (asked.auto !== null) list.auto = asked.auto;
      for (const line of body) statement(draft, list, line, pools);
    }
    this.all = lists.map((list): AccessList => {
      const rules = [...list.rules.values()].sort(list.auto ? deepest : byId);
      const made = { name: list.name, family: list.family, rules, odd: list.odd, line: list.line };
      for (const alias of list.aliases) this.#byName.set(`${list.family} ${alias}`, made);
      return made;
    });
  }

  named(name: string, family: Family): AccessList | null {
    return this.#byName.get(`${family} ${name}`) ?? null;
  }
}

interface Asked {
  readonly family: Family;
  readonly names: readonly string[];
  readonly kind: "basic" | "advanced" | "other";
  readonly auto: boolean | null;
}

/** `number 3000 name X match-order auto`, `name X advance`, `ipv6 name X 3999`, Comware's `advanced name X`. */
function headerOf(words: readonly string[]): Asked | null {
  const left = [...words];
  const family: Family = left[0] === "ipv6" ? 6 : 4;
  if (left[0] === "ipv6" || left[0] === "ip") left.shift();
  const names: string[] = [];
  let kind: Asked["kind"] | null = null;
  let auto: boolean | null = null;
  while (left.length > 0) {
    const word = left.shift() ?? "";
    if (word === "number") continue;
    if (word === "name") names.unshift(left.shift() ?? "");
    else if (/^\d+$/.test(word)) {
      names.push(word);
      kind ??= kindOf(Number(word));
    } else if (word === "advance" || word === "advanced") kind = "advanced";
    else if (word === "basic") kind = "basic";
    else if (/^(link|user|mac|ucl|mpls|user-defined|arp|L2|interface|simple)$/.test(word)) kind = "other";
    else if (word === "match-order") auto = left.shift() === "auto";
    else return null;
  }
  // A name alone is that of an advanced list.
  return names.length === 0 ? null : { family, names, kind: kind ?? "advanced", auto };
}

const kindOf = (number: number): Asked["kind"] =>
  number >= 2000 && number <= 2999 ? "basic" : number >= 3000 && number <= 3999 ? "advanced" : "other";

const newList = ({ family, names, kind }: Asked, line: number): Growing => ({
  name: names[0] ?? "",
  aliases: new Set(),
  family,
  kind,
  auto: false,
  step: 5,
  last: -1,
  rules: new Map(),
  odd: [],
  line,
});

function statement(draft: Draft, list: Growing, line: Line, pools: ReadonlyMap<string, Addresses>): void {
  const [first, second = ""] = line.words;
  if (first === "step") {
    if (/^\d{1,4}$/.test(second)) list.step = Math.max(1, Number(second));
    return;
  }
  if (first === "undo" && second === "rule") {
    list.rules.delete(Number(line.words[2]));
    return;
  }
  if (first === "description" || first === "undo") return;
  const odd = (says: string): void => {
    draft.trouble(line.line, says);
    list.odd.push(line.line);
  };
  if (first !== "rule") {
    odd(`"${first}" in an access list is not known`);
    return;
  }
  const { rule, says } = ruleOf(line, { family: list.family, kind: list.kind, pools });
  if (rule === null) {
    if (says !== null) odd(says);
    return;
  }
  if (says !== null) draft.trouble(line.line, says);
  // Without a number it comes last, at the next multiple of the step.
  const next = list.last < 0 ? list.step : (Math.floor(list.last / list.step) + 1) * list.step;
  const id = rule.id ?? next;
  list.last = Math.max(list.last, id);
  list.rules.set(id, { ...rule, id });
}

const byId = (a: VrpRule, b: VrpRule): number => (a.id ?? 0) - (b.id ?? 0) || a.line - b.line;

/** Depth first: the more exact rule stands earlier. */
function deepest(a: VrpRule, b: VrpRule): number {
  for (const [index, exact] of a.exactness.entries()) {
    const other = b.exactness[index] ?? 0;
    if (exact !== other) return other - exact;
  }
  return byId(a, b);
}

/** `ip address 192.0.2.0 0.0.0.255`, `ipv6 address 2001:db8::/32`. */
function poolOf(draft: Draft, body: readonly Line[]): Addresses {
  const all = body.flatMap(({ words, line }): readonly Addresses[] => {
    const [address = "", mask = ""] = words.slice(words[1] === "address" ? 2 : 1);
    const [base, dontCare] = [addressOf(address), addressOf(mask)];
    const read =
      base !== null && dontCare !== null && base.family === dontCare.family
        ? wildcard(base.family, base.bits, dontCare.bits)
        : mask === "" || mask === "0" || base === null
          ? addressesOf(address)
          : addressesOf(`${address}/${mask}`);
    if (read === null) draft.trouble(line, "not an address of a pool");
    return read === null ? [] : [read];
  });
  return either(all);
}
