/**
 * JSON (RFC 8259) with the line of each value, so that a decision can be traced to its place. One pass with a stack of
 * its own: no depth of the input is too deep. Several documents behind one another are read as a list of them.
 */

export type Located =
  | { readonly kind: "object"; readonly line: number; readonly entries: ReadonlyMap<string, Located> }
  | { readonly kind: "array"; readonly line: number; readonly items: readonly Located[] }
  | { readonly kind: "value"; readonly line: number; readonly value: string | number | boolean | null };

export interface Documents {
  readonly documents: readonly Located[];
  /** Where and why reading stopped; null: at the end. */
  readonly wrong: { readonly line: number; readonly says: string } | null;
}

type Open =
  | { readonly kind: "object"; readonly line: number; readonly entries: Map<string, Located>; key: string | null }
  | { readonly kind: "array"; readonly line: number; readonly items: Located[] };

const scalar = /"(?:[^"\\\n]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null/y;

export function readDocuments(text: string): Documents {
  const documents: Located[] = [];
  const open: Open[] = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  const stop = (says: string): Documents => ({ documents, wrong: { line, says } });
  const put = (value: Located): boolean => {
    const top = open.at(-1);
    if (top === undefined) documents.push(value);
    else if (top.kind === "array") top.items.push(value);
    else {
      if (top.key === null) return false;
      top.entries.set(top.key, value);
      top.key = null;
    }
    return true;
  };
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === "\n") line += 1;
    if (char === "\n" || char === " " || char === "\t" || char === "\r" || char === ",") at += 1;
    else if (char === "{" || char === "[") {
      const top = open.at(-1);
      if (top?.kind === "object" && top.key === null) return stop("a key is missing before this");
      open.push(
        char === "{" ? { kind: "object", line, entries: new Map(), key: null } : { kind: "array", line, items: [] },
      );
      at += 1;
    } else if (char === "}" || char === "]") {
      const top = open.pop();
      if (top === undefined || (top.kind === "object") !== (char === "}")) return stop(`“${char}” closes nothing`);
      const done: Located =
        top.kind === "object"
          ? { kind: "object", line: top.line, entries: top.entries }
          : { kind: "array", line: top.line, items: top.items };
      if ((top.kind === "object" && top.key !== null) || !put(done)) return stop("a value is missing before this");
      at += 1;
    } else {
      scalar.lastIndex = at;
      const [found] = scalar.exec(text) ?? [];
      const value = found === undefined ? undefined : scalarOf(found);
      if (found === undefined || value === undefined) return stop("this is no JSON");
      at += found.length;
      const top = open.at(-1);
      if (top?.kind === "object" && top.key === null) {
        const colon = /^\s*:/.exec(text.slice(at, at + 200))?.[0];
        if (typeof value !== "string" || colon === undefined) return stop("a key and a colon are expected here");
        top.key = value;
        line += colon.split("\n").length - 1;
        at += colon.length;
      } else put({ kind: "value", line, value });
    }
  }
  return open.length > 0 ? stop("the text ends before it is closed") : { documents, wrong: null };
}

function scalarOf(text: string): string | number | boolean | null | undefined {
  try {
    return JSON.parse(text) as string | number | boolean | null; // what the expression lets through is a scalar
  } catch {
    return undefined;
  }
}

/** The value under a key, whatever case a tool gave the key's first letter. */
export function entry(node: Located | undefined, key: string): Located | undefined {
  if (node?.kind !== "object") return undefined;
  const exact = node.entries.get(key);
  if (exact !== undefined) return exact;
  const first = key[0] ?? "";
  const other = first === first.toLowerCase() ? first.toUpperCase() : first.toLowerCase();
  return node.entries.get(`${other}${key.slice(1)}`);
}

/** A text, or a number as text. */
export function textOf(node: Located | undefined): string | null {
  if (node?.kind !== "value") return null;
  return typeof node.value === "string" ? node.value : typeof node.value === "number" ? String(node.value) : null;
}

export const itemsOf = (node: Located | undefined): readonly Located[] => (node?.kind === "array" ? node.items : []);

/** As JSON in one line, cut short: what a report shows of a place. */
export function shown(node: Located, longest = 300): string {
  const parts: string[] = [];
  let length = 0;
  const waiting: (Located | string)[] = [node];
  for (let next = waiting.pop(); next !== undefined && length < longest; next = waiting.pop()) {
    const text =
      typeof next === "string"
        ? next
        : next.kind === "value"
          ? JSON.stringify(next.value)
          : next.kind === "array"
            ? "["
            : "{";
    parts.push(text);
    length += text.length;
    if (typeof next === "string" || next.kind === "value") continue;
    waiting.push(next.kind === "array" ? "]" : "}");
    const inner: readonly (readonly [string, Located])[] =
      next.kind === "array" ? next.items.map((item) => ["", item] as const) : [...next.entries];
    for (let at = inner.length - 1; at >= 0; at -= 1) {
      const [key, value] = inner[at]!;
      waiting.push(value, `${at > 0 ? ", " : ""}${key === "" ? "" : `${JSON.stringify(key)}: `}`);
    }
  }
  const all = parts.join("");
  return all.length > longest ? `${all.slice(0, longest)}…` : all;
}
