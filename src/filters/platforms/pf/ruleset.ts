/** The statements of a pf.conf, in order: rules with their anchors opened, and what stands beside them. */
import { type Source, sourceOf } from "../../../text/source.ts";
import type { Place, Trouble } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { type Condition, product } from "../unix/conditions.ts";
import { type PfRule, readRule } from "./rule.ts";
import { readTable, type Table } from "./tables.ts";
import { Cursor, macrosOf, type Statement, statementsOf, type Token } from "./tokens.ts";

export interface FlatRule {
  readonly kind: "pass" | "block" | "unknown";
  readonly why: string | null;
  readonly quick: boolean;
  readonly direction: Direction | null;
  /** All of these: an anchor has conditions of its own. */
  readonly on: readonly NonNullable<PfRule["on"]>[];
  readonly conditions: readonly Condition[];
  readonly keepsState: boolean;
  readonly place: Place;
}

export interface PfText {
  readonly rules: readonly FlatRule[];
  /** `set skip on`. */
  readonly skipped: readonly string[];
  /** What `rdr-to` may send elsewhere, as a condition on what comes in. */
  readonly redirected: readonly { readonly conditions: readonly Condition[]; readonly line: number }[];
  readonly troubles: readonly Trouble[];
  readonly notes: readonly string[];
  /** Interfaces whose macro says that they are outside. */
  readonly outsideMacros: readonly string[];
  readonly broken: string | null;
  readonly source: Source;
}

/** Anchors in anchors. */
const mostNested = 32;

export function readPf(file: string, text: string): PfText {
  return new Reader(sourceOf(file, text)).read();
}

/** Statements that decide nothing: options, queues, translations of outgoing packets. */
const ignored = new Set([
  ...[
    "scrub",
    "altq",
    "queue",
    "nat-anchor",
    "rdr-anchor",
    "binat-anchor",
    "scrub-anchor",
    "dummynet-anchor",
    "nat",
    "ether",
    "timeout",
    "limit",
  ],
  ...["dummynet", "dnqueue", "dnpipe", "@"],
]);

class Reader {
  readonly #source: Source;
  readonly #tables = new Map<string, Table>();
  readonly #filled = new Set<string>();
  readonly #rules: FlatRule[] = [];
  readonly #skipped: string[] = [];
  readonly #redirected: { readonly conditions: readonly Condition[]; readonly line: number }[] = [];
  readonly #troubles: Trouble[] = [];
  readonly #notes = new Set<string>();
  readonly #loaded = new Set<string>();
  #broken: string | null = null;

  constructor(source: Source) {
    this.#source = source;
  }

  read(): PfText {
    const statements = statementsOf(this.#source.text);
    // What is below a rule holds for it too: tables may be filled by a rule further down.
    for (const { tokens } of statements) this.#collect(tokens);
    for (const statement of statements) this.#statement(statement);
    return {
      rules: this.#rules,
      skipped: this.#skipped,
      redirected: this.#redirected,
      troubles: this.#troubles,
      notes: [...this.#notes],
      outsideMacros: macrosOf(this.#source.text)
        .filter(({ name }) => /^(ext|wan|out|egress|uplink|isp|inet|public)/i.test(name))
        .map(({ value }) => value),
      broken: this.#broken,
      source: this.#source,
    };
  }

  #place(line: number): Place {
    return { file: this.#source.file, line, text: this.#source.line(line).trim().slice(0, 300) };
  }

  #trouble(line: number, says: string): void {
    this.#troubles.push({ place: this.#place(line), says });
  }

  #collect(tokens: readonly Token[]): void {
    if (tokens[0]?.text === "table") {
      const made = readTable(tokens.slice(1));
      if (made === null) this.#trouble(tokens[0].line, "this table is not understood");
      else this.#tables.set(made.name, made.table);
    }
    for (const [at, { text, quoted }] of tokens.entries()) {
      if (quoted === true) continue;
      if (text === "overload" && tokens[at + 1]?.text === "<") this.#filled.add(tokens[at + 2]?.text ?? "");
      if (text === "load" && tokens[at + 1]?.text === "anchor") this.#loaded.add(tokens[at + 2]?.text ?? "");
    }
  }

  #statement({ tokens, line, open }: Statement): void {
    const [first] = tokens;
    if (first === undefined) return;
    if (open) {
      this.#broken = "a brace is not closed: pf loads none of this text";
      this.#trouble(line, this.#broken);
      return;
    }
    this.#read(tokens, line, { on: [], conditions: [{}], direction: null, depth: 0, into: this.#rules });
  }

  #read(all: readonly Token[], line: number, outer: Outer): void {
    // `pfctl -vvsr` numbers its rules.
    const tokens = /^@\d+$/.test(all[0]?.text ?? "") ? all.slice(1) : all;
    const [first, second] = tokens;
    const word = first?.quoted === true ? "" : (first?.text ?? "");
    switch (word) {
      case "pass":
      case "block":
      case "match":
      case "anchor":
        this.#rule(word, tokens.slice(1), line, outer);
        return;
      case "set":
        if (second?.text === "skip") this.#skip(tokens.slice(2), line);
        return;
      case "table":
      case "load":
        return;
      case "antispoof":
        this.#notes.add("antispoof stops only packets with our own addresses, and is left out");
        return;
      case "rdr":
      case "binat":
      case "no":
        this.#oldRedirect(word, tokens.slice(1), line, outer);
        return;
      case "include": {
        const why = `${second?.text ?? ""} is included, and is not in this text`;
        this.#trouble(line, why);
        outer.into.push(this.#unknown(why, line, outer));
        return;
      }
      default:
        if (ignored.has(word)) {
          if (word === "nat") this.#notes.add(`sources are translated on the way out (line ${line})`);
          return;
        }
        this.#trouble(line, `“${(first?.text ?? "").slice(0, 60)}” is not understood`);
        outer.into.push(this.#unknown("a line that is not understood", line, outer));
    }
  }

  #unknown(why: string, line: number, { on, conditions, direction }: Outer): FlatRule {
    return { kind: "unknown", why, quick: true, direction, on, conditions, keepsState: true, place: this.#place(line) };
  }

  #skip(tokens: readonly Token[], line: number): void {
    const names = tokens.map(({ text }) => text).filter((text) => !["on", "{", "}", ",", "\n"].includes(text));
    if (names.some((name) => name.startsWith("$"))) this.#trouble(line, "an interface that is skipped is not defined");
    this.#skipped.push(...names);
  }

  #rule(kind: PfRule["kind"], tokens: readonly Token[], line: number, outer: Outer): void {
    const rule = readRule(kind, tokens, {
      tables: this.#tables,
      filled: this.#filled,
      trouble: (says) => this.#trouble(line, says),
    });
    const conditions = product([outer.conditions, rule.conditions]) ?? [{ unsure: "too many ways at once" }];
    const on = rule.on === null ? outer.on : [...outer.on, rule.on];
    // An anchor for one direction holds no rule for the other.
    if (outer.direction !== null && rule.direction !== null && outer.direction !== rule.direction) return;
    const direction = rule.direction ?? outer.direction;
    const place = this.#place(line);
    if (rule.wrong !== null) {
      this.#trouble(line, rule.wrong);
      if (kind !== "match")
        outer.into.push({
          kind: "unknown",
          why: rule.wrong,
          quick: true,
          direction,
          on,
          conditions,
          keepsState: true,
          place,
        });
      else if (/rdr-to|divert/.test(tokens.map(({ text }) => text).join(" ")))
        this.#redirected.push({ conditions, line });
      return;
    }
    if (rule.translates === "rdr-to" && direction !== "out") {
      this.#redirected.push({ conditions: withOn(conditions, on), line });
      this.#notes.add(`destinations are translated (line ${line}): rules behind it see other addresses`);
    }
    if (rule.translates === "nat-to") this.#notes.add(`sources are translated on the way out (line ${line})`);
    if (kind === "anchor") this.#anchor(rule, { conditions, on, direction, line, outer });
    else if (kind !== "match")
      outer.into.push({
        kind,
        why: null,
        quick: rule.quick,
        direction,
        on,
        conditions,
        keepsState: rule.keepsState,
        place,
      });
  }

  #anchor(
    rule: PfRule,
    {
      conditions,
      on,
      direction,
      line,
      outer,
    }: {
      readonly conditions: readonly Condition[];
      readonly on: FlatRule["on"];
      readonly direction: Direction | null;
      readonly line: number;
      readonly outer: Outer;
    },
  ): void {
    const { name, body } = rule.anchor ?? { name: "", body: null };
    const inner: FlatRule[] = [];
    const within: Outer = { on, conditions, direction, depth: outer.depth + 1, into: inner };
    if (body === null) {
      if ([...this.#loaded].some((one) => one === name || (name.endsWith("/*") && one.startsWith(name.slice(0, -1))))) {
        const why = `the rules of anchor ${name} are in another file`;
        this.#trouble(line, why);
        outer.into.push(this.#unknown(why, line, within));
      } else this.#notes.add(`anchor ${name} (line ${line}) is taken for empty, as this text leaves it`);
      return;
    }
    if (outer.depth >= mostNested) {
      this.#trouble(line, "anchors are nested too deeply");
      outer.into.push(this.#unknown("anchors are nested too deeply", line, within));
      return;
    }
    for (const statement of lines(body)) this.#read(statement, statement[0]?.line ?? line, within);
    // `anchor quick`: if one of its rules matches, nothing behind it does.
    if (rule.quick) for (const one of firstMatchOrder(inner)) outer.into.push({ ...one, quick: true });
    else for (const one of inner) outer.into.push(one);
  }

  /** FreeBSD's translation rules: what is sent elsewhere is seen by the filter with its new address. */
  #oldRedirect(word: string, tokens: readonly Token[], line: number, outer: Outer): void {
    const words = tokens.map(({ text }) => text);
    if (word === "no" && (words[0] === "nat" || words[0] === "scrub")) return;
    const arrow = tokens.findIndex(({ text, quoted }) => text === "->" && quoted !== true);
    const passes = words[0] === "pass";
    const head = (arrow < 0 ? tokens : tokens.slice(0, arrow)).slice(passes || word === "no" ? 1 : 0);
    const rule = readRule("match", head, {
      tables: this.#tables,
      filled: this.#filled,
      trouble: (says) => this.#trouble(line, says),
    });
    if (word === "no") return;
    if (rule.wrong !== null) this.#trouble(line, rule.wrong);
    this.#notes.add(`destinations are translated (line ${line}): the filter sees their new addresses`);
    const on = rule.on === null ? [] : [rule.on];
    const place = this.#place(line);
    const conditions = product([outer.conditions, rule.conditions]) ?? rule.conditions;
    outer.into.unshift({
      kind: passes && rule.wrong === null ? "pass" : "unknown",
      why: passes && rule.wrong === null ? null : "the address is translated before the filter sees it",
      quick: true,
      direction: "in",
      on,
      conditions,
      keepsState: true,
      place,
    });
  }
}

interface Outer {
  readonly on: FlatRule["on"];
  readonly conditions: readonly Condition[];
  readonly direction: Direction | null;
  readonly depth: number;
  readonly into: FlatRule[];
}

const withOn = (conditions: readonly Condition[], on: FlatRule["on"]): readonly Condition[] =>
  product([conditions, ...on.map((names) => [{ from: names }])]) ?? conditions;

function lines(body: readonly Token[]): readonly (readonly Token[])[] {
  const all: (readonly Token[])[] = [];
  const cursor = new Cursor(body);
  let from = 0;
  let depth = 0;
  for (; cursor.at <= body.length; cursor.at += 1) {
    if (cursor.text === "{" && !cursor.quoted) depth += 1;
    else if (cursor.text === "}" && !cursor.quoted) depth -= 1;
    if (cursor.done || (cursor.text === "\n" && !cursor.quoted && depth === 0)) {
      if (cursor.at > from) all.push(body.slice(from, cursor.at));
      from = cursor.at + 1;
    }
  }
  return all;
}

/**
 * The last rule that matches decides, and a quick one at once. So the quick rules come first in their order, then the
 * others from the last to the first: in that order the first that matches decides.
 */
export const firstMatchOrder = (rules: readonly FlatRule[]): readonly FlatRule[] => [
  ...rules.filter(({ quick }) => quick),
  ...rules.filter(({ quick }) => !quick).reverse(),
];
