/**
 * What a string expansion comes to in one session. Three ends beside a text: the expansion is forced to fail, Exim
 * would report an error, or the files cannot tell. Nothing is guessed: one unknown part makes the whole unknown.
 */
import { parseIp } from "../../../net/ip.ts";
import type { Span } from "../../../text/source.ts";
import type { Truth, Unknown } from "../../rules.ts";
import { type Branches, type Node, parseExpansion, type Test, type Text } from "./expansion.ts";
import { toRegExp } from "./regex.ts";

export type Value =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failed" }
  | { readonly kind: "error"; readonly why: string }
  | { readonly kind: "unknown"; readonly because: Unknown };

export type ListSort = "domain" | "host" | "address" | "local-part";

/** What an expansion may look at. */
export interface Surroundings {
  /** The value of a variable; `null`: there is none, as in a place where it is not set. */
  readonly variable: (name: string) => string | Unknown;
  /** Whether a file exists. */
  readonly exists: (path: string) => Truth;
  /** What a lookup in a file brings: `null` if the key is not there. */
  readonly lookup: (type: string, file: string, key: string) => string | null | Unknown;
  readonly inList: (sort: ListSort, list: string, subject: string) => Truth;
  /** The recipient's domain names us as one of its later MX hosts. */
  readonly backupMx?: boolean;
  readonly where: Span | null;
}

export function expand(text: string, around: Surroundings, numbered: readonly string[] = []): Value {
  const tree = text.includes("$") || text.includes("\\") ? parseExpansion(text) : [{ kind: "text", text } as const];
  if (tree === null) return { kind: "error", why: `"${text.slice(0, 60)}" is no valid expansion` };
  try {
    return { kind: "text", text: textOf(tree, { around, numbered }) };
  } catch (error) {
    if (error instanceof Stop) return error.value;
    throw error;
  }
}

/** Doubts that Exim does not have: it reports an error and puts the client off with a temporary refusal. */
const errors = new WeakSet<Unknown>();

export function errorOf(why: string, where: Span | null): Unknown {
  const error: Unknown = { unknown: why, where };
  errors.add(error);
  return error;
}

export function isError(truth: Truth): boolean {
  return typeof truth !== "string" && errors.has(truth);
}

/** How Exim reads a text as yes or no, in `condition =`. */
export function truthOfText(text: string, where: Span | null): Truth {
  const plain = text.trim().toLowerCase();
  if (plain === "" || plain === "no" || plain === "false") return "no";
  if (plain === "yes" || plain === "true") return "yes";
  if (/^-?\d+$/.test(plain)) return /^-?0+$/.test(plain) ? "no" : "yes";
  return errorOf(`"${text.slice(0, 40)}", which is neither yes nor no`, where);
}

/** Leaves an expansion at once; caught in this file. */
class Stop extends Error {
  readonly value: Exclude<Value, { readonly kind: "text" }>;

  constructor(value: Exclude<Value, { readonly kind: "text" }>) {
    super(value.kind);
    this.value = value;
  }
}

interface Scope {
  readonly around: Surroundings;
  /** `$0`, `$1`, …: what the last match caught. */
  readonly numbered: readonly string[];
  /** `$value` inside a lookup or extract. */
  readonly value?: string;
}

const maxText = 1_000_000;

function unknown(scope: Scope, what: string): Stop {
  return new Stop({ kind: "unknown", because: { unknown: what, where: scope.around.where } });
}

function textOf(text: Text, scope: Scope): string {
  let value = "";
  for (const node of text) {
    value += nodeValue(node, scope);
    if (value.length > maxText) throw unknown(scope, "an expansion that grows without end");
  }
  return value;
}

function nodeValue(node: Node, scope: Scope): string {
  switch (node.kind) {
    case "text":
      return node.text;
    case "opaque":
      throw unknown(scope, `${node.text}, which the files do not tell`);
    case "variable":
      return variable(node.name, scope);
    case "operator":
      return operator(node.name, textOf(node.of, scope), scope);
    case "item":
      return item(node, scope);
    case "if": {
      const caught: { numbered: readonly string[] } = { numbered: scope.numbered };
      const truth = holds(node.test, scope, caught);
      return branch(node.branches, truth, { ...scope, numbered: caught.numbered }, "true");
    }
    case "lookup": {
      if (node.key === null) throw unknown(scope, `a lookup of type ${node.type}`);
      const key = textOf(node.key, scope);
      const found = scope.around.lookup(node.type, textOf(node.file, scope), key);
      if (found !== null && typeof found !== "string") throw new Stop({ kind: "unknown", because: found });
      return branch(node.branches, found !== null, found === null ? scope : { ...scope, value: found }, found ?? "");
    }
  }
}

function branch({ yes, no }: Branches, truth: boolean, scope: Scope, bare: string): string {
  const taken = truth ? yes : no;
  if (taken === "fail") throw new Stop({ kind: "failed" });
  if (taken !== null) return textOf(taken, scope);
  return truth ? bare : "";
}

function variable(name: string, scope: Scope): string {
  if (/^\d+$/.test(name)) return scope.numbered[Number(name)] ?? "";
  if (name === "value" && scope.value !== undefined) return scope.value;
  const value = scope.around.variable(name);
  if (typeof value === "string") return value;
  throw new Stop({ kind: "unknown", because: value });
}

function operator(name: string, text: string, scope: Scope): string {
  const at = text.lastIndexOf("@");
  const cut = /^(l|length|s|substr)_(-?\d+)(?:_(\d+))?$/.exec(name);
  if (cut !== null) return cutOut(cut[1] ?? "", Number(cut[2]), cut[3] === undefined ? null : Number(cut[3]), text);
  switch (name) {
    case "lc":
      return text.toLowerCase();
    case "uc":
      return text.toUpperCase();
    case "domain":
      return at < 0 ? "" : text.slice(at + 1).replace(/>.*$/, "");
    case "local_part":
      return at < 0 ? "" : text.slice(0, at).replace(/^.*</, "");
    case "address":
      return /<([^>]*)>/.exec(text)?.[1] ?? text.trim();
    case "strlen":
      return String(Buffer.byteLength(text, "latin1"));
    case "quote":
      return /^[A-Za-z0-9_.-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
    case "quote_local_part":
      return /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
    case "rxquote":
      return text.replace(/[^A-Za-z0-9]/g, "\\$&");
    case "eval":
    case "eval10": {
      const sum = /^\s*(-?\d+)\s*(?:([-+*/])\s*(-?\d+)\s*)?$/.exec(text);
      if (sum === null) break;
      const [a, b] = [Number(sum[1]), Number(sum[3] ?? 0)];
      if (sum[2] === "/" && b === 0) break;
      const result = sum[2] === "-" ? a - b : sum[2] === "*" ? a * b : sum[2] === "/" ? Math.trunc(a / b) : a + b;
      return String(result);
    }
    default:
  }
  throw unknown(scope, `\${${name}:…}, which is not worked out here`);
}

function cutOut(name: string, start: number, count: number | null, text: string): string {
  if (name === "l" || name === "length") return text.slice(0, start);
  const from = start < 0 ? Math.max(0, text.length + start) : start;
  if (start < 0 && count === null) return text.slice(0, from);
  return text.slice(from, count === null ? undefined : from + count);
}

function item(node: Extract<Node, { readonly kind: "item" }>, scope: Scope): string {
  const { name, args } = node;
  const arg = (index: number): string => textOf(args[index] ?? [], scope);
  switch (name) {
    case "sg": {
      const regex = regexOf(arg(1), scope, "g");
      const replacement = args[2] === undefined ? "" : textOf(args[2], scope);
      // The replacement is expanded once more, with what each match caught.
      return arg(0).replace(regex, (...match: readonly unknown[]) => {
        const caught = match.filter((one) => typeof one === "string" || one === undefined).map((one) => one ?? "");
        const value = expand(replacement, scope.around, caught.map(String));
        if (value.kind !== "text") throw new Stop(value);
        return value.text;
      });
    }
    case "tr": {
      const [from, to] = [arg(1), arg(2)];
      const letters = [...arg(0)].map((char) => {
        const at = from.lastIndexOf(char);
        return at < 0 || to === "" ? char : (to[Math.min(at, to.length - 1)] ?? char);
      });
      return letters.join("");
    }
    case "length":
      return arg(1).slice(0, Number(arg(0)) || 0);
    case "substr":
      return cutOut("substr", Number(arg(0)) || 0, args.length > 2 ? Number(arg(1)) || 0 : null, arg(args.length - 1));
    case "extract":
    case "listextract":
      return extract(node, scope);
    default:
      throw unknown(scope, `\${${name}…}, which is not worked out here`);
  }
}

function extract({ name, args, fails }: Extract<Node, { readonly kind: "item" }>, scope: Scope): string {
  const key = textOf(args[0] ?? [], scope).trim();
  const numeric = /^-?\d+$/.test(key);
  const separated = name === "extract" && numeric;
  const rest = args.slice(separated ? 3 : 2);
  const subject = textOf(args[separated ? 2 : 1] ?? [], scope);
  let found: string | undefined;
  if (numeric) {
    const separators = separated ? textOf(args[1] ?? [], scope) : ":";
    const fields = subject.split(new RegExp(`[${separators.replace(/[\\\]^-]/g, "\\$&")}]`));
    const index = Number(key);
    found = index === 0 ? subject : fields.at(index > 0 ? index - 1 : index);
    if (name === "listextract") found = found?.trim();
  } else {
    const fields = [...subject.matchAll(/([^\s=]+)\s*=\s*("(?:[^"\\]|\\.)*"|\S*)/g)];
    found = fields.find((field) => field[1]?.toLowerCase() === key.toLowerCase())?.[2]?.replace(/^"(.*)"$/s, "$1");
  }
  if (found !== undefined) {
    const yes = rest[0];
    return yes === undefined ? found : textOf(yes, { ...scope, value: found });
  }
  if (fails) throw new Stop({ kind: "failed" });
  return rest[1] === undefined ? "" : textOf(rest[1], scope);
}

function regexOf(text: string, scope: Scope, flags: "" | "g"): RegExp {
  const regex = toRegExp(text, flags);
  if (regex === null) throw unknown(scope, `the regular expression ${text.slice(0, 60)}, which is not understood`);
  return regex;
}

function holds(test: Test, scope: Scope, caught: { numbered: readonly string[] }): boolean {
  switch (test.kind) {
    case "not":
      return !holds(test.of, scope, caught);
    case "and":
      return test.of.every((one) => holds(one, scope, caught));
    case "or":
      return test.of.some((one) => holds(one, scope, caught));
    case "defined":
      if (test.name.endsWith(":")) throw unknown(scope, `the header $${test.name}`);
      return variable(test.name, scope) !== "";
    case "opaque":
      throw unknown(scope, `the condition "${test.text}", which is not worked out here`);
    case "named":
      return named(test.name, test.args, scope, caught);
  }
}

function told(truth: Truth): boolean {
  if (typeof truth === "string") return truth === "yes";
  throw new Stop({ kind: "unknown", because: truth });
}

function named(name: string, args: readonly Text[], scope: Scope, caught: { numbered: readonly string[] }): boolean {
  const here = { ...scope, numbered: caught.numbered };
  const a = textOf(args[0] ?? [], here);
  const b = args[1] === undefined ? "" : textOf(args[1], here);
  const order = a < b ? -1 : a > b ? 1 : 0;
  const orderAnyCase = a.toLowerCase() < b.toLowerCase() ? -1 : a.toLowerCase() > b.toLowerCase() ? 1 : 0;
  switch (name) {
    case "eq":
      return a === b;
    case "eqi":
      return a.toLowerCase() === b.toLowerCase();
    case "lt":
      return order < 0;
    case "le":
      return order <= 0;
    case "gt":
      return order > 0;
    case "ge":
      return order >= 0;
    case "lti":
      return orderAnyCase < 0;
    case "lei":
      return orderAnyCase <= 0;
    case "gti":
      return orderAnyCase > 0;
    case "gei":
      return orderAnyCase >= 0;
    case "bool":
    case "bool_lax": {
      const truth = truthOfText(a, scope.around.where);
      if (typeof truth !== "string" && name === "bool_lax") return true;
      return told(truth);
    }
    case "exists":
      return told(scope.around.exists(a));
    case "isip":
      return parseIp(a).ok;
    case "isip4":
      return parseIp(a).ok && !a.includes(":");
    case "isip6":
      return parseIp(a).ok && a.includes(":");
    case "match": {
      const match = regexOf(b, scope, "").exec(a);
      if (match === null) return false;
      caught.numbered = match.map((one) => one ?? "");
      return true;
    }
    case "match_domain":
      return told(scope.around.inList("domain", b, a));
    case "match_address":
      return told(scope.around.inList("address", b, a));
    case "match_local_part":
      return told(scope.around.inList("local-part", b, a));
    case "match_ip":
      return told(scope.around.inList("host", b, a));
    case "inlist":
      return splitList(b).includes(a);
    case "inlisti":
      return splitList(b.toLowerCase()).includes(a.toLowerCase());
    default:
      return numeric(name, number(a, scope), number(b, scope));
  }
}

function numeric(name: string, a: number, b: number): boolean {
  switch (name) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      return a === b;
  }
}

function number(text: string, scope: Scope): number {
  const match = /^\s*(-?\d+)\s*([KMG]?)\s*$/i.exec(text);
  if (match === null) {
    if (text.trim() === "") return 0;
    throw unknown(scope, `"${text.slice(0, 40)}", which is no number`);
  }
  const factor = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[(match[2] ?? "").toUpperCase()] ?? 1;
  return Number(match[1]) * factor;
}

/** The items of a list (specification §6.20): colons or another separator, doubled where they are meant. */
export function splitList(text: string): readonly string[] {
  let rest = text.trimStart();
  let separator = ":";
  const other = /^<(\\x[0-9a-fA-F]{2}|\\n|[^\w\s])/.exec(rest);
  if (other !== null) {
    const mark = other[1] ?? ":";
    separator = mark.startsWith("\\x")
      ? String.fromCharCode(Number.parseInt(mark.slice(2), 16))
      : mark === "\\n"
        ? "\n"
        : mark;
    rest = rest.slice(other[0].length);
  }
  if (rest.trim() === "") return [];
  const items: string[] = [];
  let item = "";
  for (let at = 0; at < rest.length; at += 1) {
    if (rest[at] !== separator) {
      item += rest[at];
      continue;
    }
    if (rest[at + 1] === separator) {
      item += separator;
      at += 1;
      continue;
    }
    items.push(item.trim());
    item = "";
  }
  // A separator at the end ends the last item and begins none.
  if (item.trim() !== "") items.push(item.trim());
  return items;
}
