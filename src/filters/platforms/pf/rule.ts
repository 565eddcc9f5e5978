/** `pass`, `block`, `match` and `anchor`: what one line is about. */
import type { Range } from "../../model.ts";
import type { Direction } from "../../packet.ts";
import { type Condition, complementOf, doubtful, product } from "../unix/conditions.ts";
import { icmpRange, protocolNumber } from "../unix/names.ts";
import { hostsAt, listAt, type Names, portsAt, Wrong } from "./hosts.ts";
import { Cursor, type Token } from "./tokens.ts";

export interface PfRule {
  readonly kind: "pass" | "block" | "match" | "anchor";
  readonly quick: boolean;
  /** Null: both. */
  readonly direction: Direction | null;
  /** The interface it is on; `*` at an end for any. */
  readonly on: { readonly names: readonly string[]; readonly except: boolean } | null;
  readonly conditions: readonly Condition[];
  /** Later packets of a session that it lets in are not asked about again. */
  readonly keepsState: boolean;
  /** Where it sends packets instead. */
  readonly translates: "rdr-to" | "nat-to" | null;
  /** The rest of the line was not understood. */
  readonly wrong: string | null;
  /** For an anchor: its name, and its rules if they stand here. */
  readonly anchor: { readonly name: string; readonly body: readonly Token[] | null } | null;
}

const flagLetters = "FSRPAU";

/** Reads a rule behind its first word. */
export function readRule(kind: PfRule["kind"], tokens: readonly Token[], names: Names): PfRule {
  const cursor = new Cursor(tokens);
  const state = new State(kind, cursor, names);
  let wrong: string | null = null;
  try {
    if (kind === "block") state.blockOptions();
    if (kind === "anchor") state.anchorName();
    while (!cursor.done) state.part();
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    wrong = error.message;
  }
  return state.rule(wrong);
}

class State {
  readonly #kind: PfRule["kind"];
  readonly #cursor: Cursor;
  readonly #names: Names;
  #quick = false;
  #direction: Direction | null = null;
  #on: PfRule["on"] = null;
  #conditions: readonly Condition[] = [{}];
  #keeps = true;
  #anyFlags = false;
  #flags = false;
  #protocols: readonly Range[] | null = null;
  #translates: PfRule["translates"] = null;
  #anchor: PfRule["anchor"] = null;

  constructor(kind: PfRule["kind"], cursor: Cursor, names: Names) {
    this.#kind = kind;
    this.#cursor = cursor;
    this.#names = names;
  }

  rule(wrong: string | null): PfRule {
    return {
      kind: this.#kind,
      quick: this.#quick,
      direction: this.#direction,
      on: this.#on,
      conditions: wrong === null ? this.#withFlags() : this.#conditions,
      keepsState: this.#keeps,
      translates: this.#translates,
      wrong,
      anchor: this.#anchor,
    };
  }

  /** A rule that keeps state takes of TCP only what opens a session (`flags S/SA`), unless it says otherwise. */
  #withFlags(): readonly Condition[] {
    if (this.#kind !== "pass" || !this.#keeps || this.#anyFlags || this.#flags) return this.#conditions;
    const tcp = [{ first: 6, last: 6 }];
    const [syn, ack] = [2, 16];
    const opening: Condition = { protocols: tcp, flags: [{ mask: syn | ack, value: syn }] };
    return product([this.#conditions, [opening, { protocols: complementOf(tcp, 255) }]]) ?? this.#conditions;
  }

  #narrow(more: readonly Condition[]): void {
    this.#conditions = product([this.#conditions, more]) ?? doubtful(this.#conditions, "too many ways at once");
  }

  #doubt(why: string): void {
    this.#conditions = doubtful(this.#conditions, why);
  }

  blockOptions(): void {
    const cursor = this.#cursor;
    if (cursor.accept("return-rst", "return-icmp", "return-icmp6", "return", "drop"))
      if (cursor.text === "(" && !cursor.quoted) cursor.group("(", ")");
  }

  anchorName(): void {
    const cursor = this.#cursor;
    const named = cursor.quoted || !/^(in|out|on|quick|inet6?|proto|from|to|all|\{|log)$/.test(cursor.text);
    const name = named && !cursor.done ? cursor.take() : "";
    this.#anchor = { name, body: null };
  }

  part(): void {
    const cursor = this.#cursor;
    if (cursor.quoted && this.#anchor?.name === "") {
      this.#anchor = { ...this.#anchor, name: cursor.take() };
      return;
    }
    if (cursor.quoted) throw new Wrong(`“${cursor.text.slice(0, 40)}” is not understood here`);
    const word = cursor.take();
    switch (word) {
      case "in":
      case "out":
        this.#direction = word;
        return;
      case "quick":
        this.#quick = true;
        return;
      case "all":
      case "allow-opts":
      case "\n":
      case ",":
        return;
      case "log":
        if (cursor.text === "(") cursor.group("(", ")");
        return;
      case "on":
        this.#interface();
        return;
      case "received-on":
        this.#narrow([{ from: this.#interfaceNames() }]);
        return;
      case "inet":
        this.#narrow([{ family: 4 }]);
        return;
      case "inet6":
        this.#narrow([{ family: 6 }]);
        return;
      case "proto":
        this.#protocol();
        return;
      case "from":
        this.#hosts("source", "sourcePorts");
        return;
      case "to":
        this.#hosts("destination", "destinationPorts");
        return;
      case "port":
        throw new Wrong("a port stands behind from or to");
      case "flags":
        this.#flagWord();
        return;
      case "icmp-type":
        this.#icmp(1);
        return;
      case "icmp6-type":
        this.#icmp(58);
        return;
      case "fragment":
        this.#narrow([{ laterFragment: true }]);
        return;
      case "keep":
      case "modulate":
      case "synproxy":
        if (!cursor.accept("state")) throw new Wrong(`${word} what?`);
        this.#stateOptions();
        return;
      case "no":
        if (!cursor.accept("state")) throw new Wrong("no what?");
        this.#keeps = false;
        return;
      case "{":
        if (this.#anchor === null) throw new Wrong("a brace is not understood here");
        cursor.at -= 1;
        this.#anchor = { ...this.#anchor, body: cursor.group("{", "}") };
        return;
      default:
        this.#rest(word);
    }
  }

  #interfaceNames(): { readonly names: readonly string[]; readonly except: boolean } {
    const cursor = this.#cursor;
    const names: string[] = [];
    let positive = false;
    const one = (): readonly Condition[] => {
      const except = cursor.accept("!");
      if (!except) positive = true;
      if (cursor.done || /^[{}(),=<>]$/.test(cursor.text)) throw new Wrong("an interface is missing");
      const name = cursor.take();
      if (name.startsWith("$")) throw new Wrong(`${name} is not defined`);
      names.push(except ? `!${name}` : name);
      return [];
    };
    listAt(cursor, one);
    if (names.length === 1 && !positive) return { names: [names[0]!.slice(1)], except: true };
    // A list is one rule each: two negations hold everywhere.
    if (!positive && names.length > 1) return { names: [], except: true };
    if (names.some((name) => name.startsWith("!"))) throw new Wrong("a list of interfaces with and without “!”");
    return { names, except: false };
  }

  #interface(): void {
    const cursor = this.#cursor;
    if (cursor.accept("any")) return;
    if (cursor.accept("rdomain")) {
      cursor.take();
      this.#doubt("a routing domain");
      return;
    }
    this.#on = this.#interfaceNames();
  }

  #protocol(): void {
    const cursor = this.#cursor;
    cursor.accept("=");
    const conditions = listAt(cursor, () => {
      const word = cursor.take();
      const number = protocolNumber(word);
      if (number === null)
        throw new Wrong(word.startsWith("$") ? `${word} is not defined` : `“${word}” is no protocol`);
      return [{ protocols: [{ first: number, last: number }] }];
    });
    this.#protocols = conditions.flatMap(({ protocols }) => protocols ?? []);
    this.#narrow([{ protocols: this.#protocols }]);
  }

  #hosts(side: "source" | "destination", key: "sourcePorts" | "destinationPorts"): void {
    const cursor = this.#cursor;
    // `to port 25`, and `from` with nothing but a system.
    if (cursor.text !== "port" && cursor.text !== "os") this.#narrow(hostsAt(cursor, side, this.#names));
    if (cursor.accept("port")) {
      if (this.#protocols === null) throw new Wrong("a port needs “proto tcp” or the like: pf does not load this");
      this.#narrow(portsAt(cursor, key));
    }
    if (cursor.accept("os")) {
      if (cursor.text === "{") cursor.group("{", "}");
      else cursor.take();
      this.#doubt("the operating system of the sender");
    }
  }

  /** `S/SA`, `any`, `/SFRA`. */
  #flagWord(): void {
    const word = this.#cursor.take();
    if (word === "any") {
      this.#anyFlags = true;
      return;
    }
    const [value, mask] = word.split("/").map((letters) => {
      let bits = 0;
      for (const letter of letters.replace(/[EW]/g, "")) {
        const bit = flagLetters.indexOf(letter);
        if (bit < 0) throw new Wrong(`“${word}” are no flags`);
        bits |= 1 << bit;
      }
      return bits;
    });
    this.#flags = true;
    this.#narrow([
      { protocols: [{ first: 6, last: 6 }], flags: [{ mask: mask ?? 63, value: value ?? 0 }] },
      { protocols: complementOf([{ first: 6, last: 6 }], 255) },
    ]);
  }

  #icmp(protocol: 1 | 58): void {
    const cursor = this.#cursor;
    const ranges = listAt(cursor, () => {
      const word = cursor.take();
      const range = icmpRange(word, protocol);
      if (range === null) throw new Wrong(`“${word}” is no ICMP type`);
      if (!cursor.accept("code")) return [{ destinationPorts: [range] }];
      const code = cursor.take();
      const exact = /^\d+$/.test(code)
        ? { first: range.first + Number(code), last: range.first + Number(code) }
        : range;
      return [exact === range ? { destinationPorts: [range], unsure: "an ICMP code" } : { destinationPorts: [exact] }];
    });
    this.#narrow(ranges.map((one) => ({ ...one, protocols: [{ first: protocol, last: protocol }] })));
  }

  /** Limits on connections: beyond them the rule does not match. */
  #stateOptions(): void {
    const cursor = this.#cursor;
    if (cursor.text !== "(" || cursor.quoted) return;
    const inner = cursor.group("(", ")");
    if (inner === null) throw new Wrong("a bracket is not closed");
    if (inner.some(({ text }) => /^max(-|$)/.test(text) && !/^max-mss$/.test(text)))
      this.#doubt("a limit on connections");
  }

  #rest(word: string): void {
    const cursor = this.#cursor;
    const argument = (): void => {
      if (cursor.text === "(" || cursor.text === "{") cursor.group(cursor.text, cursor.text === "(" ? ")" : "}");
      else cursor.take();
    };
    switch (word) {
      case "label":
      case "tag":
      case "queue":
      case "prio":
      case "rtable":
      case "set":
      case "scrub":
      case "dnpipe":
      case "dnqueue":
      case "ridentifier":
      case "binat-to":
        if (word === "set" && cursor.accept("prio", "queue", "tos", "delay", "skip")) argument();
        else argument();
        if (word === "binat-to") this.#translates = "rdr-to";
        return;
      case "user":
      case "group":
      case "tos":
      case "dscp":
      case "probability":
      case "tagged":
      case "max-pkt-rate":
      case "ridentify":
        cursor.accept("!", "=", "!=", "<", "<=", ">", ">=");
        argument();
        if (cursor.accept("><", "<>")) cursor.take();
        this.#doubt(`${word} is looked at`);
        return;
      case "!":
        if (!cursor.accept("tagged")) throw new Wrong("“!” is not understood here");
        argument();
        this.#doubt("tagged is looked at");
        return;
      case "once":
        this.#doubt("the rule holds once");
        return;
      case "nat-to":
      case "rdr-to":
      case "af-to":
        this.#translates = word === "nat-to" ? "nat-to" : "rdr-to";
        this.#target();
        return;
      case "route-to":
      case "reply-to":
      case "dup-to":
        this.#target();
        return;
      case "divert-to":
      case "divert-packet":
        // The packet is given to a program.
        cursor.at = cursor.tokens.length;
        throw new Wrong(`${word} gives packets to a program`);
      case "divert-reply":
        return;
      case "os":
        argument();
        this.#doubt("the operating system of the sender");
        return;
      case "static-port":
      case "bitmask":
      case "random":
      case "source-hash":
      case "round-robin":
      case "least-states":
      case "sticky-address":
        return;
      default:
        throw new Wrong(`“${word.slice(0, 60)}” is not understood`);
    }
  }

  /** `10.0.0.1 port 25`, `(em0)`, `{ a, b } round-robin`, `(em0 192.0.2.1)@em1`. */
  #target(): void {
    const cursor = this.#cursor;
    if (cursor.accept("inet", "inet6")) cursor.accept("from");
    if (cursor.text === "(" || cursor.text === "{") cursor.group(cursor.text, cursor.text === "(" ? ")" : "}");
    else if (cursor.accept("<")) {
      cursor.take();
      cursor.accept(">");
    } else cursor.take();
    if (/^@/.test(cursor.text)) cursor.take();
    if (cursor.accept("port")) cursor.take();
  }
}
