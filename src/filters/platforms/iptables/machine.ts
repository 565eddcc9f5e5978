/** Does to the tables what commands say, one after the other. */
import type { Source } from "../../../text/source.ts";
import type { Place } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { doIpset } from "./ipset.ts";
import { chainOf, type Held, type HeldChain, type HeldRule, isBuiltIn, nothingHeld, tableOf } from "./tables.ts";

export interface Where {
  readonly family: Family;
  readonly table: string;
  readonly line: number;
  /** The command is run under a condition that is not known. */
  readonly perhaps?: boolean;
}

const tableNames = ["raw", "mangle", "nat", "filter", "security", "broute", "rawpost"];

export class Machine {
  readonly held: Held = nothingHeld();
  readonly #source: Source;
  /** Sections that were begun as a whole. */
  readonly #begun = new Map<string, boolean>();

  constructor(source: Source) {
    this.#source = source;
  }

  place(line: number): Place {
    return { file: this.#source.file, line, text: this.#source.line(line).trim().slice(0, 300) };
  }

  trouble(line: number, says: string): void {
    this.held.troubles.push({ place: this.place(line), says });
  }

  unknown(family: Family, why: string, line: number): void {
    this.trouble(line, why);
    this.held.unknown[family] = why;
  }

  /** Nothing that the text would do is sure. */
  broken(why: string, line: number): void {
    this.unknown(4, why, line);
    this.unknown(6, why, line);
  }

  /** What may have changed any table. */
  unread(line: number, why: string): void {
    this.trouble(line, why);
    this.held.elsewhere.push({ place: this.place(line), why });
  }

  ipset(words: readonly string[], line: number): boolean {
    const wrong = doIpset(this.held.sets, words);
    if (wrong !== null) this.trouble(line, wrong);
    return wrong === null;
  }

  /** A table is restored: what it held is gone, unless it is kept. */
  begin(
    family: Family,
    table: string,
    { keep, sure, line }: { readonly keep: boolean; readonly sure: boolean; readonly line: number },
  ): boolean {
    if (!tableNames.includes(table)) {
      this.unread(line, `there is no table ${table.slice(0, 40)}`);
      return false;
    }
    const key = `${family} ${table}`;
    const before = this.#begun.get(key);
    if (before !== undefined && !sure && !keep) {
      const why = `a second section *${table}: write “# ip6tables” before it if it is IPv6's`;
      this.broken(why, line);
      return false;
    }
    this.#begun.set(key, sure);
    if (!keep) this.held.tables[family].delete(table);
    tableOf(this.held, family, table);
    return true;
  }

  /** `:FORWARD DROP [0:0]`, `:MINE - [0:0]`: the chain is empty after it. */
  declare(family: Family, table: string, text: string, line: number): void {
    const [name = "", policy = ""] = text.slice(1).split(/\s+/);
    const chain = chainOf(tableOf(this.held, family, table), name);
    if (policy === "-") chain.rules = [];
    else this.#policy(chain, policy, line);
  }

  #policy(chain: HeldChain, policy: string, line: number): void {
    if (policy !== "ACCEPT" && policy !== "DROP") {
      this.trouble(line, "a policy is ACCEPT or DROP");
      chain.rules.unshift(this.#hole(line, "the policy is not understood"));
      return;
    }
    chain.policy = policy;
    chain.place = this.place(line);
  }

  #hole(line: number, wrong: string): HeldRule {
    return { words: [], place: this.place(line), perhaps: false, wrong };
  }

  /** The words behind `iptables`; whether it succeeds. */
  iptables(all: readonly string[], where: Where): boolean {
    let table = where.table;
    const words: string[] = [];
    for (let at = 0; at < all.length; at += 1) {
      const word = all[at] ?? "";
      if (word === "-t" || word === "--table") {
        table = all[at + 1] ?? "";
        at += 1;
      } else if (word.startsWith("--table=")) table = word.slice(8);
      else if (word === "-w" || word === "--wait") {
        // Waiting for a lock, for so many seconds.
        if (/^\d+$/.test(all[at + 1] ?? "")) at += 1;
      } else if (!["-v", "--verbose"].includes(word)) words.push(word);
    }
    const verb = words.findIndex((word) => verbs.has(word));
    if (verb < 0) {
      if (words.some((word) => word === "-V" || word === "--version" || word === "-h" || word === "--help"))
        return true;
      this.unread(where.line, "this command is not understood");
      return true;
    }
    if (!tableNames.includes(table)) {
      this.unread(where.line, `there is no table ${table.slice(0, 40)}`);
      return true;
    }
    const held = tableOf(this.held, where.family, table);
    const rest = [...words.slice(0, verb), ...words.slice(verb + 2)];
    const name = words[verb + 1] ?? "";
    return this.#do(verbs.get(words[verb] ?? "") ?? "list", { held, table, name, rest, where });
  }

  #do(
    verb: Verb,
    {
      held,
      table,
      name,
      rest,
      where: { line, perhaps = false },
    }: {
      readonly held: Map<string, HeldChain>;
      readonly table: string;
      readonly name: string;
      readonly rest: readonly string[];
      readonly where: Where;
    },
  ): boolean {
    const known = held.get(name);
    const noChain = (): boolean => {
      if (known !== undefined) return false;
      this.trouble(line, `there is no chain ${name.slice(0, 60)}`);
      return true;
    };
    const rule = (words: readonly string[]): HeldRule => ({ words, place: this.place(line), perhaps, wrong: null });
    /** What is taken away under a condition leaves a hole. */
    const hole = (chain: HeldChain): void => {
      chain.rules.unshift(this.#hole(line, "whether this command is run is not known"));
    };
    switch (verb) {
      case "append":
        if (noChain()) this.unread(line, "a rule for a chain that is not there");
        else known?.rules.push(rule(rest));
        return known !== undefined;
      case "insert": {
        if (noChain()) this.unread(line, "a rule for a chain that is not there");
        const [first = ""] = rest;
        const numbered = /^\d+$/.test(first);
        const at = numbered ? Number(first) - 1 : 0;
        known?.rules.splice(at, 0, rule(numbered ? rest.slice(1) : rest));
        return known !== undefined;
      }
      case "replace":
      case "delete": {
        if (noChain() || known === undefined) return false;
        const [first = ""] = rest;
        const at = /^\d+$/.test(first)
          ? Number(first) - 1
          : known.rules.findIndex(({ words }) => words.join("\0") === rest.join("\0"));
        if (at < 0 || at >= known.rules.length) return false;
        if (perhaps) hole(known);
        else if (verb === "delete") known.rules.splice(at, 1);
        else known.rules.splice(at, 1, rule(rest.slice(1)));
        return true;
      }
      case "check":
        return known?.rules.some(({ words }) => words.join("\0") === rest.join("\0")) === true;
      case "new":
        if (known !== undefined) return false;
        chainOf(held, name);
        return true;
      case "flush":
        for (const chain of name === "" ? held.values() : known === undefined ? [] : [known])
          if (perhaps) hole(chain);
          else chain.rules = [];
        return name === "" || known !== undefined;
      case "erase":
        if (perhaps) return true;
        for (const one of name === "" ? [...held.keys()] : [name]) if (!isBuiltIn(table, one)) held.delete(one);
        return true;
      case "policy":
        if (known === undefined) return false;
        if (perhaps) hole(known);
        else this.#policy(known, rest[0] ?? "", line);
        return true;
      case "rename": {
        const [to = ""] = rest;
        if (known === undefined) return false;
        held.delete(name);
        held.set(to, known);
        return true;
      }
      case "list":
        return true;
    }
  }
}

type Verb =
  | "append"
  | "insert"
  | "replace"
  | "delete"
  | "check"
  | "new"
  | "flush"
  | "erase"
  | "policy"
  | "rename"
  | "list";

const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ["-A", "append"],
  ["--append", "append"],
  ["-I", "insert"],
  ["--insert", "insert"],
  ["-R", "replace"],
  ["--replace", "replace"],
  ["-D", "delete"],
  ["--delete", "delete"],
  ["-C", "check"],
  ["--check", "check"],
  ["-N", "new"],
  ["--new-chain", "new"],
  ["--new", "new"],
  ["-F", "flush"],
  ["--flush", "flush"],
  ["-X", "erase"],
  ["--delete-chain", "erase"],
  ["-P", "policy"],
  ["--policy", "policy"],
  ["-E", "rename"],
  ["--rename-chain", "rename"],
  ["-L", "list"],
  ["--list", "list"],
  ["-S", "list"],
  ["--list-rules", "list"],
  ["-Z", "list"],
  ["--zero", "list"],
]);
