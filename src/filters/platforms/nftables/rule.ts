/** A rule of nft(8) in text: its conditions, verdict maps and verdict. */
import { fieldIn } from "./field-names.ts";
import {
  type Item,
  type Key,
  type Operand,
  type Operator,
  type RuleText,
  refusal,
  type Statement,
  type Verdict,
} from "./statements.ts";
import { Cursor, type Token } from "./tokens.ts";

/** Chains in braces behind `jump`. */
export type InnerChain = (tokens: readonly Token[]) => string;

/** So many values may be in one pair of braces. */
const mostValues = 2_000_000;

class Wrong extends Error {}

export function readRule(tokens: readonly Token[], inner: InnerChain): RuleText {
  const cursor = new Cursor(tokens.filter(({ text, quoted }) => text !== "\n" || quoted === true));
  const statements: Statement[] = [];
  try {
    while (!cursor.done) statements.push(...statement(cursor, inner));
    return { statements, wrong: null };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    return { statements, wrong: error.message };
  }
}

const wrong = (cursor: Cursor): Wrong =>
  new Wrong(cursor.done ? "the rule ends too early" : `“${cursor.text.slice(0, 60)}” is not understood here`);

/** Words with nothing to decide, and how many words go with them at most. */
const harmless: Readonly<Record<string, readonly string[]>> = {
  counter: ["packets", "bytes", "name"],
  log: ["prefix", "level", "group", "snaplen", "queue-threshold", "flags"],
  last: ["used"],
};

function statement(cursor: Cursor, inner: InnerChain): readonly Statement[] {
  const first = cursor.text;
  const verdict = verdictAt(cursor, inner);
  if (verdict !== null) return [{ kind: "verdict", verdict }];
  const options = harmless[first];
  if (options !== undefined && cursor.here.quoted !== true) {
    cursor.take();
    while (options.includes(cursor.text)) {
      cursor.take();
      operand(cursor);
    }
    return [];
  }
  switch (first) {
    case "reject":
      cursor.take();
      return reject(cursor);
    case "comment":
      cursor.take();
      cursor.take();
      return [];
    case "notrack":
      cursor.take();
      return [{ kind: "notrack" }];
    case "limit":
      cursor.take();
      return limit(cursor);
    case "quota": {
      cursor.take();
      if (!cursor.accept("name")) cursor.accept("over", "until");
      while (/^("|\$)?[\w.-]+$/.test(cursor.text) && !isVerdictWord(cursor.text) && !cursor.done) cursor.take();
      return [{ kind: "doubt", why: "a quota" }];
    }
    case "add":
    case "update":
    case "delete":
      if (cursor.peek(1).startsWith("@")) {
        cursor.take();
        return fills(cursor);
      }
      throw wrong(cursor);
    case "set":
      cursor.take();
      cursor.take();
      operand(cursor);
      return fills(cursor);
    case "meter":
      cursor.take();
      while (cursor.text !== "{" && !cursor.done) cursor.take();
      if (cursor.block() === null) throw wrong(cursor);
      return [{ kind: "doubt", why: "a meter" }];
    case "flow":
      cursor.take();
      cursor.take();
      if (cursor.text.startsWith("@")) cursor.take();
      return [];
    case "synproxy":
    case "tproxy":
    case "dup":
    case "fwd":
    case "queue":
      cursor.at = cursor.tokens.length;
      return [{ kind: "verdict", verdict: { kind: "unknown", why: `${first} takes packets elsewhere` } }];
    case "masquerade":
    case "snat":
    case "dnat":
    case "redirect":
      // In nat chains only: the packet goes on.
      cursor.at = cursor.tokens.length;
      return [{ kind: "verdict", verdict: { kind: "accept" } }];
    case "xt":
      cursor.at = cursor.tokens.length;
      return [
        { kind: "doubt", why: "an extension of iptables" },
        { kind: "verdict", verdict: { kind: "unknown", why: "an extension of iptables" } },
      ];
    case "secmark":
      cursor.take();
      if (cursor.accept("name")) cursor.take();
      return [];
    default:
      return match(cursor, inner);
  }
}

function limit(cursor: Cursor): readonly Statement[] {
  if (cursor.accept("name")) operand(cursor);
  else {
    if (!cursor.accept("rate")) throw wrong(cursor);
    cursor.accept("over");
    operand(cursor);
    while (/^([kmg]?bytes|\/)/.test(cursor.text)) cursor.take();
    if (cursor.accept("burst")) {
      operand(cursor);
      cursor.accept("packets", "bytes", "kbytes", "mbytes");
    }
  }
  return [{ kind: "doubt", why: "a limit on the rate" }];
}

/** `add @set { ip saddr limit rate over 3/minute }`: with a condition inside it may stop the rule. */
function fills(cursor: Cursor): readonly Statement[] {
  const set = cursor.take().text.replace(/^@/, "");
  const block = cursor.block();
  if (block === null) throw wrong(cursor);
  const conditional = block.some(({ text }) => text === "limit" || text === "quota" || text === "count");
  return [
    { kind: "fills", set },
    ...(conditional ? [{ kind: "doubt", why: `a limit for each element of @${set}` } as const] : []),
  ];
}

/** `icmp type port-unreachable`, `icmpx admin-prohibited`, `tcp reset` */
function reject(cursor: Cursor): readonly Statement[] {
  if (!cursor.accept("with")) return refusal("icmpx");
  const kind = cursor.take().text;
  cursor.accept("type");
  cursor.take();
  return refusal(kind);
}

const simple = ["accept", "drop", "return", "continue"] as const;
const isVerdictWord = (text: string): boolean =>
  ["accept", "drop", "return", "continue", "jump", "goto", "reject", "queue"].includes(text);

function verdictAt(cursor: Cursor, inner: InnerChain): Verdict | null {
  if (cursor.here.quoted === true) return null;
  for (const kind of simple) if (cursor.accept(kind)) return { kind };
  for (const kind of ["jump", "goto"] as const) {
    if (!cursor.accept(kind)) continue;
    if (cursor.text === "{" && cursor.here.quoted !== true) {
      const block = cursor.block();
      if (block === null) throw wrong(cursor);
      return { kind, chain: inner(block) };
    }
    if (cursor.done) throw wrong(cursor);
    return { kind, chain: cursor.take().text };
  }
  return null;
}

const operators: readonly (readonly [string, Operator])[] = [
  ["==", "=="],
  ["eq", "=="],
  ["!=", "!="],
  ["ne", "!="],
  ["<", "<"],
  ["lt", "<"],
  ["<=", "<="],
  ["le", "<="],
  [">", ">"],
  ["gt", ">"],
  [">=", ">="],
  ["ge", ">="],
  ["!", "!"],
];

function match(cursor: Cursor, inner: InnerChain): readonly Statement[] {
  const fields: string[] = [];
  do {
    const field = fieldIn(cursor);
    if (field === null) throw wrong(cursor);
    fields.push(field);
  } while (cursor.accept("."));
  const [field = ""] = fields;
  if (field === "ct count") {
    cursor.accept("over");
    cursor.take();
    return [{ kind: "doubt", why: "a limit on connections" }];
  }
  if (cursor.accept("set")) {
    value(cursor);
    return [];
  }
  if (cursor.accept("vmap")) {
    if (cursor.text.startsWith("@")) return [{ kind: "vmap", fields, map: { kind: "named", name: name(cursor) } }];
    const pairs = elements(cursor, inner).map(([key, verdict]) => {
      if (verdict === null) throw new Wrong("an element of a verdict map has no verdict");
      return [key, verdict] as const;
    });
    return [{ kind: "vmap", fields, map: { kind: "pairs", pairs } }];
  }
  if (cursor.accept("map")) throw new Wrong("a map that is compared with is not understood");
  let mask: readonly string[] | null = null;
  if (cursor.accept("&", "and")) mask = words(operand(cursor));
  const operator = operators.find(([text]) => cursor.accept(text))?.[1] ?? "";
  const right = operand(cursor);
  // `tcp flags syn / fin,syn,rst,ack`: value and mask.
  if (cursor.accept("/")) mask = words(operand(cursor));
  return [
    { kind: "match", fields, mask, operator: mask !== null && operator === "" ? "==" : operator, operand: right },
  ];
}

const words = (right: Operand): readonly string[] =>
  right.kind === "keys"
    ? right.keys.flatMap((key) => key.map((item) => (item.kind === "one" ? item.text : "?")))
    : ["?"];

/** What a field is set to: computed in ways that do not matter. */
function value(cursor: Cursor): void {
  const one = (): void => {
    const before = cursor.at;
    if (fieldIn(cursor) === null || cursor.at === before) operand(cursor);
  };
  one();
  while (cursor.accept("or", "and", "xor", "|", "&", "^", "<<", ">>", "map", "mod", "offset", ".")) one();
}

const name = (cursor: Cursor): string => cursor.take().text.replace(/^@/, "");

/** A value, several of them, a set in braces or by name. */
export function operand(cursor: Cursor): Operand {
  if (cursor.done) throw wrong(cursor);
  if (cursor.here.quoted !== true) {
    if (cursor.text.startsWith("@")) return { kind: "named", name: name(cursor) };
    if (cursor.text === "{") return { kind: "keys", form: "set", keys: elements(cursor, () => "").map(([key]) => key) };
  }
  const bracket = cursor.accept("(");
  const keys: Key[] = [keyAt(cursor)];
  while (cursor.accept(",", "|", "or")) keys.push(keyAt(cursor));
  if (bracket && !cursor.accept(")")) throw wrong(cursor);
  return { kind: "keys", form: keys.length === 1 ? "one" : "list", keys };
}

function keyAt(cursor: Cursor): Key {
  const items = [itemAt(cursor)];
  while (cursor.accept(".")) items.push(itemAt(cursor));
  return items;
}

function itemAt(cursor: Cursor): Item {
  const bracket = cursor.accept("(");
  const token = cursor.take();
  if (token.quoted !== true && (token.text === "" || /^[{}();,=<>!&|^:]$|^[=!<>]=$/.test(token.text))) {
    cursor.at -= 1;
    throw wrong(cursor);
  }
  if (bracket) cursor.accept(")");
  if (token.text === "*" && token.quoted !== true) return { kind: "rest" };
  if (cursor.text === "-" && cursor.here.quoted !== true) {
    cursor.take();
    return { kind: "range", first: token.text, last: cursor.take().text };
  }
  return { kind: "one", text: token.text };
}

/** What may stand behind an element. */
const elementOptions = ["timeout", "expires", "counter", "comment", "limit", "quota", "last", "ct"];

/** `{ a, b : verdict }`; braces in braces (a variable that is a set) are as if they were not there. */
export function elements(cursor: Cursor, inner: InnerChain): readonly (readonly [Key, Verdict | null])[] {
  const found: [Key, Verdict | null][] = [];
  let depth = 0;
  for (;;) {
    while (cursor.accept("\n", ",")) {}
    if (cursor.accept("{")) depth += 1;
    else if (cursor.accept("}")) {
      depth -= 1;
      if (depth === 0) return found;
    } else if (cursor.done || depth === 0 || found.length > mostValues) throw wrong(cursor);
    else {
      const key = keyAt(cursor);
      while (elementOptions.includes(cursor.text) && cursor.here.quoted !== true) {
        while (!cursor.done && (cursor.here.quoted === true || !["}", ",", ":", "\n"].includes(cursor.text)))
          cursor.take();
        while (cursor.accept("\n")) {}
      }
      let verdict: Verdict | null = null;
      if (cursor.accept(":")) {
        cursor.skipLines();
        verdict = verdictAt(cursor, inner);
        // A map to values.
        if (verdict === null) keyAt(cursor);
      }
      found.push([key, verdict]);
    }
  }
}

/** The elements of a set in a text of their own; null: not understood. */
export function readElements(cursor: Cursor): readonly (readonly [Key, Verdict | null])[] | null {
  try {
    return elements(cursor, () => "");
  } catch (error) {
    if (error instanceof Wrong) return null;
    throw error;
  }
}
