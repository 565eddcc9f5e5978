/**
 * Reads a `sendmail.cf` (Installation and Operation Guide §5): macros, classes with their files, maps, options,
 * rulesets, mailers. Lines count in their order, and each is kept with its place. Bounded in lines and size.
 */
import { type Source, type Span, sourceOf } from "../../../text/source.ts";
import type { Unknown } from "../../rules.ts";
import { readWords, type WordReader } from "./classes.ts";
import type { MailFiles } from "./files.ts";
import type { Machine, Mailer, RewriteMap, Ruleset, WordClass } from "./machine.ts";
import { readMap } from "./maps.ts";
import { type RewriteRule, readRule } from "./template.ts";
import { operatorsOf } from "./tokens.ts";

export interface CfOption {
  readonly name: string;
  readonly value: string;
  readonly where: Span;
}

/** What was read of a `.cf`; options as they stand, also those that come more than once. */
export interface Cf {
  readonly machine: Machine;
  readonly options: readonly CfOption[];
  readonly unreadable: readonly Unknown[];
}

const maxSize = 4_000_000;

/** What the machine brings along: its names. */
export interface Host {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** A line as it stands in a `.cf`, or as a `.mc` makes it. */
export interface Line {
  readonly text: string;
  readonly where: Span;
}

export function readCf(file: string, text: string, host: Host, files: MailFiles): Cf {
  const source = sourceOf(file, text.slice(0, maxSize));
  const unreadable: Unknown[] = [];
  if (text.length > maxSize)
    unreadable.push({ unknown: `the rest of ${file}, which is larger than an audit reads`, where: null });
  const read = readLines(foldedLines(source), host, files, new Map());
  return { ...read, unreadable: [...unreadable, ...read.unreadable] };
}

/** Makes a machine of lines; rulesets that are built in are there before. */
export function readLines(
  lines: readonly Line[],
  host: Host,
  files: MailFiles,
  built: ReadonlyMap<string, Ruleset>,
): Cf {
  const unreadable: Unknown[] = [];
  const operators = operatorsOf(operatorChars(lines));
  const macros = new Map<string, string>();
  const words: WordReader = readWords(files);
  const maps = new Map<string, RewriteMap>([
    ["host", readMap("host", "host", "", null, files)],
    ["dequote", readMap("dequote", "dequote", "", null, files)],
  ]);
  const rulesets = new Map<string, { name: string; where: Span | null; rules: RewriteRule[] }>();
  const mailers = new Map<string, Mailer>();
  const options: CfOption[] = [];
  let current: { rules: RewriteRule[] } | null = null;
  hostWords(host, macros, words);
  const macro = (name: string): string => macros.get(name) ?? "";
  const put = (value: string): string => expandMacros(value, macro);

  for (const { text: line, where } of lines) {
    const rest = line.slice(1);
    switch (line[0]) {
      case "D": {
        const named = nameOf(rest);
        macros.set(named.name, put(named.rest));
        if (named.name === "j") words.add("w", put(named.rest), where);
        break;
      }
      case "C": {
        const named = nameOf(rest);
        for (const word of named.rest.trim().split(/\s+/)) {
          const other = /^\$=(?:\{([^}]*)\}|(.))$/.exec(word);
          if (other === null) words.add(named.name, put(word), where);
          else words.copy(named.name, other[1] ?? other[2] ?? "");
        }
        break;
      }
      case "F": {
        const named = nameOf(rest);
        words.file(named.name, named.rest, where);
        break;
      }
      case "T":
        for (const word of rest.trim().split(/\s+/)) words.add("t", word, where);
        break;
      case "K": {
        const read = /^\s*(\S+)\s+(\S+)\s*([\s\S]*)$/.exec(rest);
        if (read === null) break;
        const [, name = "", type = "", args = ""] = read;
        maps.set(name.toLowerCase(), readMap(name.toLowerCase(), type.toLowerCase(), put(args), where, files));
        break;
      }
      case "O": {
        const read = /^\s+([\w.]+)\s*=\s*([\s\S]*)$/.exec(rest);
        if (read === null) break;
        const [, name = "", value = ""] = read;
        options.push({ name: name.toLowerCase(), value: put(value.trim()), where });
        break;
      }
      case "S": {
        const read = /^\s*([\w.-]+)\s*(?:=\s*(\w+))?/.exec(rest);
        if (read === null) {
          current = null;
          break;
        }
        const [, name = "", number] = read;
        const known = rulesets.get(name.toLowerCase()) ?? (number === undefined ? undefined : rulesets.get(number));
        const ruleset = known ?? { name, where, rules: [] };
        rulesets.set(name.toLowerCase(), ruleset);
        if (number !== undefined) rulesets.set(number.toLowerCase(), ruleset);
        current = ruleset;
        break;
      }
      case "R": {
        const rule = readRule(rest, macro, operators, where);
        if (rule === null)
          unreadable.push({ unknown: `the rule "${line.slice(0, 60)}", which has no right side`, where });
        else if (current !== null) current.rules.push(rule);
        break;
      }
      case "M": {
        const mailer = mailerOf(rest, where);
        if (mailer !== null) mailers.set(mailer.name, mailer);
        break;
      }
      default:
    }
  }
  macros.set("\u0001blank", options.findLast(({ name }) => name === "blanksub")?.value ?? ".");
  const classes: ReadonlyMap<string, WordClass> = words.done();
  // What is added to a ruleset that is built in stands behind what always returns.
  const sets = new Map<string, Ruleset>([...rulesets, ...built]);
  return { machine: { operators, macros, classes, maps, rulesets: sets, mailers }, options, unreadable };
}

/** The names that a machine has before its configuration is read: `$w`, `$j`, `$m`, and class w. */
function hostWords(host: Host, macros: Map<string, string>, words: WordReader): void {
  const dot = host.name.indexOf(".");
  macros.set("w", dot < 0 ? host.name : host.name.slice(0, dot));
  macros.set("j", host.name);
  macros.set("m", dot < 0 ? "" : host.name.slice(dot + 1));
  macros.set("n", "MAILER-DAEMON");
  words.add("w", host.name, null);
  if (dot > 0) words.add("m", host.name.slice(dot + 1), null);
  for (const address of host.addresses) words.add("w", address, null);
}

/** Lines with what continues them; comments left out. */
function foldedLines(source: Source): readonly Line[] {
  const lines: { text: string; first: number; last: number }[] = [];
  const all = source.text.split("\n");
  for (const [index, raw] of all.entries()) {
    const line = raw.replace(/\r$/, "");
    if (line === "" || line.startsWith("#")) continue;
    const before = lines.at(-1);
    if (/^[ \t]/.test(line)) {
      // What continues a comment or nothing is nothing.
      if (before !== undefined && before.last === index && before.text.length < 20_000) {
        before.text += line;
        before.last = index + 1;
      }
      continue;
    }
    lines.push({ text: line, first: index + 1, last: index + 1 });
  }
  return lines.map(({ text, first, last }) => ({ text, where: spanOfLines(source, all, first, last) }));
}

function spanOfLines({ file }: Source, all: readonly string[], first: number, last: number): Span {
  return {
    file,
    start: { line: first, column: 1 },
    end: { line: last, column: (all[last - 1] ?? "").length + 1 },
    text: all.slice(first - 1, last).join("\n"),
  };
}

const operatorChars = (lines: readonly Line[]): string | null =>
  lines.flatMap(({ text }) => /^O\s+OperatorChars=(\S*)/i.exec(text)?.[1] ?? []).at(-1) ?? null;

/** A macro's or class's name, one character or in braces, and what follows it. */
function nameOf(text: string): { readonly name: string; readonly rest: string } {
  const braced = /^\{([^}]*)\}/.exec(text);
  if (braced !== null) return { name: braced[1] ?? "", rest: text.slice(braced[0].length) };
  return { name: text[0] ?? "", rest: text.slice(1) };
}

/** `$x` and `${name}` put in; `$&x` and everything else stays. */
function expandMacros(text: string, macro: (name: string) => string): string {
  return text.replace(/\$(?:\{([^}]*)\}|([A-Za-z]))/g, (_, braced?: string, single?: string) =>
    macro(braced ?? single ?? ""),
  );
}

function mailerOf(text: string, where: Span): Mailer | null {
  const name = /^\s*([^\s,]+)/.exec(text)?.[1];
  if (name === undefined) return null;
  const field = (key: string): string => new RegExp(`[,\\s]${key}=([^,\\s]*)`).exec(text)?.[1] ?? "";
  return { name: name.toLowerCase(), path: field("P"), flags: field("F"), where };
}
