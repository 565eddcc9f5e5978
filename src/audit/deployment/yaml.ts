/**
 * YAML (and JSON, which is a subset) as values that know where they stand. Bounded: the size of the text, and how many
 * values come out of it, since an alias can repeat a part again and again.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type ParsedNode, parseAllDocuments } from "yaml";
import type { TreeFile } from "../../ports.ts";
import { type Source, type Span, sourceOf } from "../../text/source.ts";

export type Located =
  | {
      readonly kind: "scalar";
      readonly value: string | number | boolean | null;
      readonly text: string;
      readonly where: Span;
    }
  | { readonly kind: "list"; readonly items: readonly Located[]; readonly where: Span }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, Located>; readonly where: Span };

const maxLength = 500_000;
const maxValues = 100_000;
const maxDepth = 40;

/** A file is read once, however often a search for a repair looks at it: reading YAML is slow. */
const known = new WeakMap<TreeFile, { readonly path: string; readonly documents: readonly Located[] | null }>();

/** The documents in a file; `null`: it is no text or not YAML, or too large to be anybody's deployment. */
export function yamlOf(path: string, file: TreeFile | undefined): readonly Located[] | null {
  if (file?.kind !== "text") return null;
  const before = known.get(file);
  if (before?.path === path) return before.documents;
  const documents = readYaml(path, file.text);
  known.set(file, { path, documents });
  return documents;
}

function readYaml(file: string, text: string): readonly Located[] | null {
  if (text.length > maxLength) return null;
  try {
    const documents = parseAllDocuments(text, { uniqueKeys: false, logLevel: "silent" });
    if (!Array.isArray(documents)) return [];
    const source = sourceOf(file, text);
    const budget = { left: maxValues };
    const located: Located[] = [];
    for (const document of documents) {
      if (document.errors.length > 0) return null;
      const { contents } = document;
      if (contents === null) continue;
      const resolve = (node: Node): Node | undefined => (isAlias(node) ? node.resolve(document) : node);
      located.push(locate(contents, null, { source, budget, resolve }, 0));
    }
    return located;
  } catch (error) {
    // Nesting without end overflows the parser's stack; unresolvable aliases throw.
    if (error instanceof RangeError || error instanceof ReferenceError || error instanceof TooMuch) return null;
    throw error;
  }
}

class TooMuch extends Error {
  override readonly name = "TooMuch";
}

interface Context {
  readonly source: Source;
  readonly budget: { left: number };
  readonly resolve: (node: Node) => Node | undefined;
}

/** A scalar stands where its key and value are; a list or map where its key is. */
function locate(node: Node, key: ParsedNode | null, context: Context, depth: number): Located {
  context.budget.left -= 1;
  if (context.budget.left < 0 || depth > maxDepth) throw new TooMuch();
  const own = node.range ?? [0, 0, 0];
  const keyRange = key?.range ?? null;
  const target = context.resolve(node);
  const span = (end: number): Span => context.source.span(keyRange?.[0] ?? own[0], Math.max(end, keyRange?.[1] ?? 0));
  if (isMap(target)) {
    const entries = new Map<string, Located>();
    const merged: Located[] = [];
    for (const { key: name, value } of target.items) {
      if (!isScalar(name)) continue;
      const inner =
        value === null ? nothing(span(own[0])) : locate(value as Node, name as ParsedNode, context, depth + 1); // a parsed document holds nodes only
      // The merge key of YAML 1.1, which Compose and many others keep.
      if (name.value === "<<") merged.push(...(inner.kind === "list" ? inner.items : [inner]));
      else entries.set(String(name.value), inner);
    }
    for (const one of merged)
      if (one.kind === "map") for (const [name, value] of one.entries) if (!entries.has(name)) entries.set(name, value);
    return { kind: "map", entries, where: span(keyRange?.[1] ?? own[0]) };
  }
  if (isSeq(target)) {
    const items = target.items.map((item) => locate(item as Node, null, context, depth + 1)); // as above
    return { kind: "list", items, where: span(keyRange?.[1] ?? own[0]) };
  }
  if (!isScalar(target)) return nothing(span(own[1]));
  const { value, source } = target;
  const plain = typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
  const text = typeof value === "string" ? value : value === null ? "" : (source ?? String(value));
  return { kind: "scalar", value: plain, text, where: span(own[1]) };
}

const nothing = (where: Span): Located => ({ kind: "scalar", value: null, text: "", where });

/** The value below these keys, if there is one. */
export function at(from: Located | undefined, ...keys: readonly string[]): Located | undefined {
  let here = from;
  for (const key of keys) here = here?.kind === "map" ? here.entries.get(key) : undefined;
  return here;
}

/** The text of a scalar; `null`: it is none, or empty. */
export function textOf(value: Located | undefined): string | null {
  return value?.kind === "scalar" && value.text !== "" ? value.text : null;
}

/** `true` or `false`, also as text, as templates leave it. */
export function flagOf(value: Located | undefined): boolean | null {
  const text = textOf(value)?.toLowerCase();
  return text === "true" || text === "yes" ? true : text === "false" || text === "no" ? false : null;
}

/** The items of a list, or the one value that stands in place of a list. */
export function itemsOf(value: Located | undefined): readonly Located[] {
  return value === undefined ? [] : value.kind === "list" ? value.items : [value];
}

/** The entries of a map; none for anything else. */
export function entriesOf(value: Located | undefined): ReadonlyMap<string, Located> {
  return value?.kind === "map" ? value.entries : new Map();
}
