/**
 * A shell script as far as it calls iptables, ip6tables and ipset with plain words: variables that are set to plain text,
 * `||` and `&&`, loops over plain lists. What stands under a condition is run perhaps. No shell.
 */
import type { Family } from "../../packet.ts";
import type { Machine } from "./machine.ts";
import { type Command, expanded, type Variables, type Word } from "./words.ts";

interface RawCommand {
  readonly raw: readonly string[];
  readonly joined: Command["joined"];
  readonly line: number;
  readonly input: Command["input"];
}

export type Restore = (
  lines: readonly { readonly text: string; readonly line: number }[],
  family: Family,
  options: { readonly keep: boolean },
) => void;

/** Loops in loops run no longer than this. */
const mostSteps = 200_000;

const opening = new Set(["if", "while", "until", "case", "select"]);
const closing = new Set(["fi", "esac"]);
const between = new Set(["then", "else", "elif", "do", "{", "!", "time", "sudo", "exec"]);

export class Script {
  readonly #machine: Machine;
  readonly #restore: Restore;
  readonly #variables: Variables = new Map();
  #commands: RawCommand[] = [];
  #steps = 0;

  constructor(machine: Machine, restore: Restore) {
    this.#machine = machine;
    this.#restore = restore;
  }

  add(command: RawCommand): void {
    this.#commands.push(command);
  }

  /** Runs what was added. */
  run(): void {
    const commands = this.#commands;
    this.#commands = [];
    /** Loops that are open, innermost last. */
    const loops: { readonly name: string; readonly values: readonly string[]; next: number; readonly from: number }[] =
      [];
    let depth = 0;
    let inFunction = 0;
    let succeeded = true;
    for (let at = 0; at < commands.length; at += 1) {
      this.#steps += 1;
      const command = commands[at]!;
      let raw = command.raw;
      if (this.#steps > mostSteps) {
        this.#machine.broken("the script runs too long to be followed", command.line);
        return;
      }
      if (command.joined === "&&" ? !succeeded : command.joined === "||" && succeeded) continue;
      while (between.has(raw[0] ?? "")) raw = raw.slice(1);
      const [first = ""] = raw;
      if (first === "for" && raw[2] === "in") {
        const values = expanded(raw.slice(3), this.#variables);
        if (values.some(({ open }) => open)) depth += 1;
        loops.push({ name: raw[1] ?? "", values: values.map(({ text }) => text), next: 1, from: at });
        if (values.some(({ open }) => open)) this.#variables.delete(raw[1] ?? "");
        else this.#variables.set(raw[1] ?? "", values[0]?.text ?? "");
        continue;
      }
      if (first === "done") {
        const loop = loops.at(-1);
        if (loop === undefined) {
          depth = Math.max(0, depth - 1);
          continue;
        }
        if (loop.name !== "" && loop.next < loop.values.length && this.#variables.has(loop.name)) {
          this.#variables.set(loop.name, loop.values[loop.next] ?? "");
          loop.next += 1;
          at = loop.from;
        } else {
          if (loop.name === "" || !this.#variables.has(loop.name)) depth = Math.max(0, depth - 1);
          loops.pop();
        }
        continue;
      }
      if (opening.has(first)) {
        depth += 1;
        if (first === "while" || first === "until") loops.push({ name: "", values: [], next: 0, from: at });
        raw = raw.slice(1);
        if (first === "case" || first === "select") continue;
      } else if (closing.has(first)) {
        depth = Math.max(0, depth - 1);
        continue;
      } else if (first === "function" || raw.join("") === "()" || commands[at + 1]?.raw[0] === "{") {
        // A function: who calls it, and when, is not followed.
        inFunction += 1;
        continue;
      } else if (first === "}") {
        inFunction = Math.max(0, inFunction - 1);
        continue;
      } else if (first === "exit" || first === "return") {
        if (depth === 0 && inFunction === 0) return;
        continue;
      }
      succeeded = this.#one(raw, command, depth > 0 || inFunction > 0);
    }
  }

  /** One command; whether it succeeds. */
  #one(raw: readonly string[], { line, input }: RawCommand, perhaps: boolean): boolean {
    const words = expanded(raw, this.#variables);
    let at = 0;
    for (;;) {
      const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(raw[at] ?? "");
      if (assignment === null && !["export", "local", "readonly", "declare", "sudo", "-n"].includes(raw[at] ?? ""))
        break;
      if (assignment !== null) {
        const [value] = expanded([`x${assignment[2]}`], this.#variables);
        const all = expanded([(assignment[2] ?? "").replaceAll(" ", "\u0002")], this.#variables);
        if (perhaps || (value?.open ?? false) || /^\$?\(/.test(assignment[2] ?? ""))
          this.#variables.delete(assignment[1] ?? "");
        else this.#variables.set(assignment[1] ?? "", all.map(({ text }) => text).join(" "));
      }
      at += 1;
    }
    const command = expanded(raw.slice(at), this.#variables);
    const [program] = command;
    if (program === undefined || words.length === 0) return true;
    const name = programName(program);
    const rest = command.slice(1);
    const open = rest.some((word) => word.open);
    if (name === "ipset") return this.#ipset(rest, { line, input, perhaps, open, raw });
    const family: Family | null = name.startsWith("ip6tables") ? 6 : name.startsWith("iptables") ? 4 : null;
    if (family === null) return true;
    if (/-restore$/.test(name)) {
      const keep = rest.some(({ text }) => text === "-n" || text === "--noflush");
      if (input === null || perhaps) this.#machine.unknown(family, "what is restored here is not in this text", line);
      else if (!rest.some(({ text }) => text === "--test" || text === "-t")) this.#restore(input, family, { keep });
      return true;
    }
    if (/-(save|apply|translate)$/.test(name)) return true;
    return this.#machine.iptables(
      rest.map(({ text }) => text),
      { family, table: "filter", line, perhaps },
    );
  }

  #ipset(
    words: readonly Word[],
    {
      line,
      input,
      perhaps,
      open,
      raw,
    }: {
      readonly line: number;
      readonly input: Command["input"];
      readonly perhaps: boolean;
      readonly open: boolean;
      readonly raw: readonly string[];
    },
  ): boolean {
    const texts = words.map(({ text }) => text);
    if (texts.includes("restore") || texts.includes("-R")) {
      if (input === null) this.#machine.trouble(line, "the sets restored here are not in this text");
      else
        for (const { text, line: number } of input)
          if (text.trim() !== "" && !text.trim().startsWith("#")) this.#machine.ipset(text.trim().split(/\s+/), number);
      return true;
    }
    const set = this.#machine.held.sets.get(texts.filter((text) => !text.startsWith("-"))[1] ?? "");
    if ((open || perhaps) && set !== undefined) {
      set.dynamic = true;
      this.#machine.trouble(line, `“${raw.join(" ").slice(0, 60)}” cannot be followed`);
      return true;
    }
    return this.#machine.ipset(texts, line);
  }
}

/** `/sbin/iptables`, `iptables-nft`, `$IPT`: by its name even where the variable is not known. */
function programName({ text, open }: Word): string {
  if (open) {
    if (/ip6|ipt6|6tables/i.test(text)) return "ip6tables";
    if (/ipt/i.test(text)) return "iptables";
    return /ipset/i.test(text) ? "ipset" : text;
  }
  return (text.split("/").at(-1) ?? "").replace(/-(nft|legacy)/, "");
}
