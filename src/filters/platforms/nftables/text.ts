/**
 * The commands of nft(8) in a file: `/etc/nftables.conf`, the output of `nft list ruleset`, or `nft …` lines of a
 * script. Blocks and commands come to the same; what is included is not there to be read.
 */
import { type Source, sourceOf } from "../../../text/source.ts";
import type { Place } from "../../model.ts";
import { readBase } from "./base.ts";
import { readElements, readRule } from "./rule.ts";
import {
  chainOf,
  type Held,
  type HeldChain,
  type HeldSet,
  type HeldTable,
  nothingHeld,
  setOf,
  tableOf,
} from "./tables.ts";
import { Cursor, type Token, tokensOf } from "./tokens.ts";

const familyNames = ["ip", "ip6", "inet", "arp", "bridge", "netdev"];
/** Objects that decide nothing by themselves. */
const objects = ["counter", "quota", "limit", "flowtable", "secmark", "synproxy", "tunnel"];
/** Variables in variables must not fill the memory. */
const mostTokens = 3_000_000;
/** Chains in braces inside chains in braces. */
const mostNested = 16;

export function readText(file: string, text: string): Held {
  return new Reader(sourceOf(file, text)).read();
}

class Reader {
  readonly #source: Source;
  readonly #held: Held = nothingHeld();
  readonly #variables = new Map<string, readonly Token[]>();
  #made = 0;
  #nameless = 0;
  #nested = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  read(): Held {
    const cursor = new Cursor(tokensOf(this.#source.text));
    while (!cursor.done) {
      if (cursor.accept("\n", ";")) continue;
      this.#command(cursor, null);
    }
    return this.#held;
  }

  #place(line: number): Place {
    return { file: this.#source.file, line, text: this.#source.line(line).trim() };
  }

  #trouble(line: number, says: string): void {
    this.#held.troubles.push({ place: this.#place(line), says });
  }

  /** It may have been about anything. */
  #unread(line: number, says: string): void {
    this.#trouble(line, says);
    this.#held.elsewhere.push({ place: this.#place(line), why: says });
  }

  #broken(line: number): void {
    const why = "a brace is not closed: nft loads none of this text";
    this.#trouble(line, why);
    this.#held.broken = why;
  }

  /** One command; inside a table's block without its family and name. */
  #command(cursor: Cursor, inside: HeldTable | null): void {
    const { line } = cursor.here;
    if (cursor.accept("nft", "/usr/sbin/nft", "/sbin/nft")) while (/^-/.test(cursor.text)) cursor.take();
    if (this.#directive(cursor)) return;
    const verb = [
      "add",
      "create",
      "insert",
      "replace",
      "delete",
      "destroy",
      "flush",
      "list",
      "reset",
      "rename",
    ].includes(cursor.text)
      ? cursor.take().text
      : "";
    if (verb === "list" || verb === "reset") {
      cursor.statement();
      return;
    }
    const object = cursor.text;
    if (verb === "flush" && cursor.accept("ruleset")) {
      const family = familyNames.includes(cursor.text) ? cursor.take().text : null;
      for (const [key, table] of this.#held.tables)
        if (family === null || table.family === family) this.#held.tables.delete(key);
      return;
    }
    switch (object) {
      case "table":
        cursor.take();
        this.#table(cursor, verb, line);
        return;
      case "chain":
      case "rule":
      case "set":
      case "map":
      case "element": {
        cursor.take();
        const table = inside ?? this.#tableNamed(cursor);
        this.#part(cursor, { verb, object, table, line });
        return;
      }
      case "ct":
      case "ruleset":
        cursor.take();
        this.#skip(cursor, line);
        return;
      default:
        if (objects.includes(object)) {
          this.#skip(cursor, line);
          return;
        }
        // A closing brace too many stays where the statement ends.
        if (cursor.statement() === null || cursor.text === "}") cursor.take();
        this.#unread(line, `“${object.slice(0, 60)}” is not understood`);
    }
  }

  /** `include`, `define` and the like; true: one stood here. */
  #directive(cursor: Cursor): boolean {
    const { line } = cursor.here;
    if (cursor.accept("include")) {
      const path = cursor.statement()?.[0]?.text ?? "";
      this.#held.elsewhere.push({ place: this.#place(line), why: `${path} is included, and is not in this text` });
      this.#trouble(line, `${path} is not in this text: append it to have it read`);
      return true;
    }
    if (cursor.accept("define", "redefine")) {
      const name = cursor.take().text;
      const equals = cursor.accept("=");
      const value = equals ? this.#statement(cursor) : null;
      if (value === null) {
        this.#trouble(line, "a definition is not understood");
        cursor.statement();
      } else this.#variables.set(name, value);
      return true;
    }
    if (cursor.accept("undefine")) {
      this.#variables.delete(cursor.take().text);
      return true;
    }
    return false;
  }

  #tableNamed(cursor: Cursor): HeldTable {
    const family = familyNames.includes(cursor.text) ? cursor.take().text : "ip";
    return tableOf(this.#held, family, cursor.take().text);
  }

  #table(cursor: Cursor, verb: string, line: number): void {
    const table = this.#tableNamed(cursor);
    const key = `${table.family} ${table.name}`;
    if (verb === "delete" || verb === "destroy") {
      this.#held.tables.delete(key);
      return;
    }
    if (verb === "flush") {
      for (const chain of table.chains.values()) chain.rules = [];
      return;
    }
    while (cursor.text === "\n") cursor.take();
    if (cursor.text !== "{") return;
    const block = cursor.block();
    if (block === null) {
      this.#broken(line);
      return;
    }
    const inner = new Cursor(block);
    while (!inner.done) {
      if (inner.accept("\n", ";")) continue;
      if (inner.accept("flags")) table.dormant = inner.statement()?.some(({ text }) => text === "dormant") ?? false;
      else if (inner.accept("comment")) inner.statement();
      else this.#command(inner, table);
    }
  }

  #part(
    cursor: Cursor,
    { verb, object, table, line }: { verb: string; object: string; table: HeldTable; line: number },
  ): void {
    if (object === "rule") {
      this.#ruleCommand(cursor, verb, table, line);
      return;
    }
    const name = cursor.take().text;
    if (object === "element") {
      const set = setOf(table, name);
      const tokens = this.#statement(cursor);
      if (verb === "add" || verb === "create") this.#elements(set, tokens, line);
      else {
        set.wrong = `elements are taken out of @${name}, which is not followed`;
        this.#trouble(line, set.wrong);
      }
      return;
    }
    if (object === "chain") {
      const chain = chainOf(table, name);
      if (verb === "delete" || verb === "destroy") table.chains.delete(name);
      else if (verb === "flush") chain.rules = [];
      else if (verb === "rename") {
        const next = cursor.take().text;
        table.chains.delete(name);
        table.chains.set(next, { ...chain, name: next });
      } else this.#chainBlock(cursor, table, chain, line);
      return;
    }
    if (verb === "delete" || verb === "destroy") {
      table.sets.delete(name);
      return;
    }
    const set = setOf(table, name);
    if (verb === "flush") {
      set.keys = [];
      set.verdicts = [];
      return;
    }
    while (cursor.text === "\n") cursor.take();
    if (cursor.text !== "{") return;
    const block = cursor.block();
    if (block === null) {
      this.#broken(line);
      return;
    }
    const inner = new Cursor(block);
    while (!inner.done) {
      const at = inner.here.line;
      if (inner.accept("\n", ";")) continue;
      if (inner.accept("elements")) {
        inner.accept("=");
        this.#elements(set, this.#statement(inner), at);
      } else if (inner.accept("flags")) {
        if (inner.statement()?.some(({ text }) => text === "dynamic" || text === "timeout")) set.dynamic = true;
      } else if (inner.accept("timeout")) {
        set.dynamic = true;
        inner.statement();
      } else if (inner.statement() === null || inner.text === "}") {
        this.#trouble(at, "this line of a set is not understood");
        inner.take();
      }
    }
  }

  #elements(set: HeldSet, tokens: readonly Token[] | null, line: number): void {
    const found = tokens === null ? null : readElements(new Cursor(tokens));
    if (found === null) {
      set.wrong = "the elements of a set are not understood";
      this.#trouble(line, set.wrong);
      return;
    }
    for (const [key, verdict] of found) {
      set.keys.push(key);
      set.verdicts.push(verdict);
    }
  }

  #chainBlock(cursor: Cursor, table: HeldTable, chain: HeldChain, line: number): void {
    while (cursor.text === "\n") cursor.take();
    if (cursor.text !== "{") return;
    const block = cursor.block();
    if (block === null) {
      this.#broken(line);
      return;
    }
    const inner = new Cursor(block);
    while (!inner.done) {
      if (inner.accept("\n", ";")) continue;
      const at = inner.here.line;
      if (inner.text === "include") {
        inner.take();
        const path = inner.statement()?.[0]?.text ?? "";
        const wrong = `${path} is included, and is not in this text`;
        chain.rules.push({ rule: { statements: [], wrong }, place: this.#place(at), handle: null });
      } else if (this.#directive(inner)) continue;
      else if (inner.accept("type")) this.#base(inner, chain, at);
      else if (inner.accept("policy")) {
        const policy = this.#statement(inner)?.[0]?.text;
        chain.policy = policy === "drop" ? "drop" : "accept";
        if (policy !== "drop" && policy !== "accept") this.#unread(at, "a policy is not understood");
        chain.place = this.#place(at);
      } else if (inner.accept("comment", "flags", "devices")) inner.statement();
      else this.#rule(inner, table, chain, at);
    }
  }

  /** `type filter hook forward priority filter - 5` */
  #base(cursor: Cursor, chain: HeldChain, line: number): void {
    const { base, wrong } = readBase(this.#statement(cursor) ?? []);
    if (wrong) this.#unread(line, "where this chain is hooked in is not understood");
    chain.base = base;
    if (chain.place === null) chain.place = this.#place(line);
  }

  #rule(cursor: Cursor, table: HeldTable, chain: HeldChain, line: number): void {
    const tokens = this.#statement(cursor);
    if (tokens === null || tokens.length === 0) {
      // A closing brace too many, or one too few.
      cursor.take();
      this.#unread(line, "a rule is not understood");
      return;
    }
    const handle = /#\s*handle\s+(\d+)/.exec(this.#source.line(line))?.[1];
    chain.rules.push({
      rule: this.#readRule(tokens, table),
      place: this.#place(line),
      handle: handle === undefined ? null : Number(handle),
    });
  }

  #readRule(tokens: readonly Token[], table: HeldTable) {
    return readRule(tokens, (block) => {
      this.#nameless += 1;
      const name = `{${this.#nameless}}`;
      const chain = chainOf(table, name);
      const cursor = new Cursor(block);
      this.#nested += 1;
      while (!cursor.done && this.#nested < mostNested) {
        if (cursor.accept("\n", ";")) continue;
        this.#rule(cursor, table, chain, cursor.here.line);
      }
      if (this.#nested >= mostNested) this.#unread(block[0]?.line ?? 0, "chains are nested too deeply");
      this.#nested -= 1;
      return name;
    });
  }

  /** `add rule inet filter forward [position|handle|index N] …` */
  #ruleCommand(cursor: Cursor, verb: string, table: HeldTable, line: number): void {
    const chain = chainOf(table, cursor.take().text);
    let at: { kind: string; number: number } | null = null;
    if (["position", "handle", "index"].includes(cursor.text)) {
      const kind = cursor.take().text;
      at = { kind, number: Number(cursor.take().text) };
    }
    const place = this.#place(line);
    const index =
      at === null
        ? null
        : at.kind === "index"
          ? at.number
          : chain.rules.findIndex(({ handle }) => handle === at.number);
    if (index !== null && (index < 0 || index >= chain.rules.length || Number.isNaN(index))) {
      cursor.statement();
      const wrong = "which rule this number means cannot be told from the text";
      this.#trouble(line, wrong);
      chain.rules.unshift({ rule: { statements: [], wrong }, place, handle: null });
      return;
    }
    if (verb === "delete" || verb === "destroy") {
      cursor.statement();
      if (index !== null) chain.rules.splice(index, 1);
      return;
    }
    const tokens = this.#statement(cursor);
    if (tokens === null) {
      this.#broken(line);
      return;
    }
    const held = { rule: this.#readRule(tokens, table), place, handle: null };
    if (verb === "replace" && index !== null) chain.rules.splice(index, 1, held);
    else if (verb === "insert") chain.rules.splice(index ?? 0, 0, held);
    else chain.rules.splice(index === null ? chain.rules.length : index + 1, 0, held);
  }

  #skip(cursor: Cursor, line: number): void {
    while (!cursor.done && cursor.text !== "{" && cursor.text !== "\n" && cursor.text !== ";") cursor.take();
    if (cursor.text === "{" && cursor.block() === null) this.#broken(line);
  }

  /** A statement with its variables replaced; null: it does not end, or a variable is not there. */
  #statement(cursor: Cursor): readonly Token[] | null {
    const tokens = cursor.statement();
    if (tokens === null || !tokens.some(({ text, quoted }) => text.startsWith("$") && quoted !== true)) return tokens;
    const made: Token[] = [];
    for (const token of tokens) {
      const value =
        token.quoted !== true && token.text.startsWith("$") ? this.#variables.get(token.text.slice(1)) : [token];
      // Left as it is, it is a value that nobody understands.
      for (const one of value ?? [token]) made.push({ ...one, line: token.line });
      this.#made += value?.length ?? 1;
      if (this.#made > mostTokens) return null;
    }
    return made;
  }
}
