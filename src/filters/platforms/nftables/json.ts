/** The output of `nft -j list ruleset` (libnftables-json(5)): what the text form says, in another dress. */
import type { Place } from "../../model.ts";
import { entry, itemsOf, type Located, readDocuments, shown, textOf } from "../json/located.ts";
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
import { chainOf, type Held, nothingHeld, setOf, tableOf } from "./tables.ts";

export function readJson(file: string, text: string): Held {
  const held = nothingHeld();
  const { documents, wrong } = readDocuments(text);
  if (wrong !== null) {
    held.broken = `the JSON text is damaged: ${wrong.says}`;
    held.troubles.push({ place: { file, line: wrong.line, text: "" }, says: held.broken });
  }
  if (wrong === null && !documents.some((document) => entry(document, "nftables") !== undefined))
    held.broken = "the JSON text holds no rules of nftables";
  for (const document of documents)
    for (const item of itemsOf(entry(document, "nftables"))) {
      // Commands wrap what they add.
      const object = entry(item, "add") ?? item;
      if (object.kind !== "object") continue;
      for (const [kind, body] of object.entries) one(held, kind, body, { file, line: body.line, text: shown(body) });
    }
  return held;
}

function one(held: Held, kind: string, body: Located, place: Place): void {
  const word = (key: string): string => textOf(entry(body, key)) ?? "";
  const unread = (says: string): void => {
    held.troubles.push({ place, says });
    held.elsewhere.push({ place, why: says });
  };
  switch (kind) {
    case "metainfo":
    case "flowtable":
    case "counter":
    case "quota":
    case "limit":
    case "ct helper":
    case "ct timeout":
    case "ct expectation":
    case "secmark":
    case "synproxy":
      return;
    case "flush":
      // A dump begins with nothing; a text of commands may begin with this.
      return;
    case "table": {
      const flags = entry(body, "flags");
      tableOf(held, word("family"), word("name")).dormant =
        textOf(flags) === "dormant" || itemsOf(flags).some((flag) => textOf(flag) === "dormant");
      return;
    }
    case "chain": {
      const chain = chainOf(tableOf(held, word("family"), word("table")), word("name"));
      chain.place = place;
      const hook = word("hook");
      if (hook === "") return;
      const device = entry(body, "dev");
      const devices = [textOf(device), ...itemsOf(device).map(textOf)].filter((name) => name !== null);
      chain.base = { type: word("type"), hook, priority: Number(word("prio")), devices };
      chain.policy = word("policy") === "drop" ? "drop" : "accept";
      return;
    }
    case "rule": {
      const chain = chainOf(tableOf(held, word("family"), word("table")), word("chain"));
      const handle = word("handle");
      chain.rules.push({
        rule: ruleOf(itemsOf(entry(body, "expr"))),
        place,
        handle: handle === "" ? null : Number(handle),
      });
      return;
    }
    case "set":
    case "map": {
      const set = setOf(tableOf(held, word("family"), word("table")), word("name"));
      const flags = entry(body, "flags");
      set.dynamic = ["dynamic", "timeout"].some(
        (flag) => textOf(flags) === flag || itemsOf(flags).some((item) => textOf(item) === flag),
      );
      for (const element of itemsOf(entry(body, "elem"))) {
        const pair = kind === "map" ? itemsOf(element) : [element];
        const key = pair[0] === undefined ? null : keyOf(pair[0]);
        if (key === null) set.wrong = `the elements of @${word("name")} are not understood`;
        else {
          set.keys.push(key);
          set.verdicts.push(pair[1] === undefined ? null : verdictOf(pair[1]));
        }
      }
      return;
    }
    case "element": {
      const set = setOf(tableOf(held, word("family"), word("table")), word("name"));
      for (const element of itemsOf(entry(body, "elem"))) {
        const key = keyOf(element);
        if (key !== null) {
          set.keys.push(key);
          set.verdicts.push(null);
        } else set.wrong = `the elements of @${word("name")} are not understood`;
      }
      return;
    }
    default:
      unread(`“${kind.slice(0, 40)}” is not understood`);
  }
}

/** Statements with nothing to decide. */
const harmless = ["counter", "log", "mangle", "ct helper", "ct timeout", "ct expectation", "flow", "secmark", "last"];
const nat = ["snat", "dnat", "masquerade", "redirect"];
const taken = ["queue", "dup", "fwd", "synproxy", "tproxy"];

function ruleOf(expressions: readonly Located[]): RuleText {
  const statements: Statement[] = [];
  for (const expression of expressions) {
    const [kind = "", body] =
      expression.kind === "object" ? ([...expression.entries][0] ?? []) : [textOf(expression) ?? ""];
    const verdict = verdictOf(expression);
    if (verdict !== null) statements.push({ kind: "verdict", verdict });
    else if (kind === "reject") statements.push(...refusal(textOf(entry(body, "type")) ?? ""));
    else if (harmless.includes(kind)) continue;
    else if (kind === "match" && body !== undefined) {
      const made = matchOf(body);
      if (made === null) return { statements, wrong: "a comparison is not understood" };
      statements.push(made);
    } else if (kind === "vmap" && body !== undefined) {
      const made = vmapOf(body);
      if (made === null) return { statements, wrong: "a verdict map is not understood" };
      statements.push(made);
    } else if (kind === "limit" || kind === "quota" || kind === "ct count" || kind === "meter")
      statements.push({ kind: "doubt", why: kind === "limit" ? "a limit on the rate" : `a ${kind}` });
    else if (kind === "notrack") statements.push({ kind: "notrack" });
    else if (kind === "set") {
      statements.push({ kind: "fills", set: (textOf(entry(body, "set")) ?? "").replace(/^@/, "") });
      if (itemsOf(entry(body, "stmt")).length > 0) statements.push({ kind: "doubt", why: "a limit for each element" });
    } else if (nat.includes(kind)) statements.push({ kind: "verdict", verdict: { kind: "accept" } });
    else if (taken.includes(kind))
      statements.push({ kind: "verdict", verdict: { kind: "unknown", why: `${kind} takes packets elsewhere` } });
    else return { statements, wrong: `“${kind.slice(0, 40)}” is not understood` };
  }
  return { statements, wrong: null };
}

function verdictOf(node: Located): Verdict | null {
  const bare = textOf(node);
  const [kind = "", body] = node.kind === "object" ? ([...node.entries][0] ?? []) : [bare ?? ""];
  switch (kind) {
    case "accept":
    case "drop":
    case "return":
    case "continue":
      return { kind };
    case "jump":
    case "goto":
      return { kind, chain: textOf(entry(body, "target")) ?? "" };
    default:
      return null;
  }
}

const operators: Readonly<Record<string, Operator>> = {
  in: "",
  "==": "==",
  "!=": "!=",
  "<": "<",
  ">": ">",
  "<=": "<=",
  ">=": ">=",
  "!": "!",
};

function matchOf(body: Located): Statement | null {
  const left = entry(body, "left");
  const right = entry(body, "right");
  const operator = operators[textOf(entry(body, "op")) ?? ""];
  if (left === undefined || right === undefined || operator === undefined) return null;
  const masked = itemsOf(entry(left, "&"));
  const mask = masked[1] === undefined ? null : words(masked[1]);
  const fields = fieldsOf(masked[0] ?? left);
  const operand = operandOf(right);
  if (fields === null || operand === null) return null;
  return { kind: "match", fields, mask, operator, operand };
}

function vmapOf(body: Located): Statement | null {
  const fields = fieldsOf(entry(body, "key"));
  const data = entry(body, "data");
  if (fields === null || data === undefined) return null;
  const name = textOf(data);
  if (name !== null) return { kind: "vmap", fields, map: { kind: "named", name: name.replace(/^@/, "") } };
  const pairs: (readonly [Key, Verdict])[] = [];
  for (const pair of itemsOf(entry(data, "set"))) {
    const [left, right] = itemsOf(pair);
    const key = left === undefined ? null : keyOf(left);
    const verdict = right === undefined ? null : verdictOf(right);
    if (key === null || verdict === null) return null;
    pairs.push([key, verdict]);
  }
  return { kind: "vmap", fields, map: { kind: "pairs", pairs } };
}

/** Names as the text form has them; a field of another kind keeps a name that nothing knows. */
function fieldsOf(node: Located | undefined): readonly string[] | null {
  if (node === undefined) return null;
  const parts = entry(node, "concat");
  return (parts === undefined ? [node] : itemsOf(parts)).map(fieldName);
}

function fieldName(node: Located): string {
  const [kind = "", body] = node.kind === "object" ? ([...node.entries][0] ?? []) : [];
  const key = textOf(entry(body, "key")) ?? "";
  switch (kind) {
    case "payload": {
      const protocol = textOf(entry(body, "protocol"));
      if (protocol !== null) return `${protocol} ${textOf(entry(body, "field"))}`;
      return `@${textOf(entry(body, "base"))},${textOf(entry(body, "offset"))},${textOf(entry(body, "len"))}`;
    }
    case "meta":
      return key;
    case "ct":
      return entry(body, "dir") === undefined ? `ct ${key}` : `ct directed ${key}`;
    case "fib":
      return `fib ${itemsOf(entry(body, "flags")).map(textOf).join(" . ")} ${textOf(entry(body, "result"))}`;
    default:
      return `${kind} expression`;
  }
}

/** Flags and masks: a word, a list, or words joined by `|`. */
function words(node: Located): readonly string[] {
  const parts = entry(node, "|");
  const list = node.kind === "array" ? node.items : parts === undefined ? [node] : itemsOf(parts);
  return list.flatMap((item) => (item === node ? [textOf(item) ?? "?"] : words(item)));
}

function operandOf(node: Located): Operand | null {
  const text = node.kind === "value" ? String(node.value) : null;
  if (text?.startsWith("@")) return { kind: "named", name: text.slice(1) };
  const set = entry(node, "set");
  const items = set !== undefined ? set : node.kind === "array" ? node : null;
  if (items !== null) {
    const keys = itemsOf(items).map(keyOf);
    return keys.includes(null)
      ? null
      : {
          kind: "keys",
          form: set !== undefined ? "set" : "list",
          keys: keys.flatMap((key) => (key === null ? [] : [key])),
        };
  }
  if (entry(node, "|") !== undefined)
    return { kind: "keys", form: "list", keys: words(node).map((word) => [{ kind: "one", text: word }]) };
  const key = keyOf(node);
  return key === null ? null : { kind: "keys", form: "one", keys: [key] };
}

function keyOf(node: Located): Key | null {
  const inner = entry(entry(node, "elem"), "val") ?? node;
  const parts = entry(inner, "concat");
  const items = (parts === undefined ? [inner] : itemsOf(parts)).map(itemOf);
  return items.includes(null) ? null : items.flatMap((item) => item ?? []);
}

function itemOf(node: Located): Item | null {
  if (node.kind === "value") return node.value === "*" ? { kind: "rest" } : { kind: "one", text: String(node.value) };
  const prefix = entry(node, "prefix");
  if (prefix !== undefined)
    return { kind: "one", text: `${textOf(entry(prefix, "addr"))}/${textOf(entry(prefix, "len"))}` };
  const [first, last] = itemsOf(entry(node, "range")).map(textOf);
  if (first != null && last != null) return { kind: "range", first, last };
  if (entry(node, "|") !== undefined) return { kind: "one", text: words(node).join("|") };
  return null;
}
