/**
 * JSON (RFC 8259) whose values know where they stand, for dumps that PowerShell writes. Bounded in size and depth; a
 * text that is no JSON gives nothing.
 */
import { type Source, type Span, sourceOf } from "../../../text/source.ts";

export type Json =
  | { readonly kind: "object"; readonly entries: ReadonlyMap<string, Json>; readonly where: () => Span }
  | { readonly kind: "array"; readonly items: readonly Json[]; readonly where: () => Span }
  | { readonly kind: "scalar"; readonly value: string | number | boolean | null; readonly where: () => Span };

const maxLength = 16_000_000;
const maxDepth = 60;
const maxValues = 1_000_000;

/** The value of a text; `null`: it is no JSON, cut off, or too large. A byte order mark is passed over. */
export function readJson(file: string, text: string): Json | null {
  if (text.length > maxLength) return null;
  const state: State = { text, at: text.startsWith("\uFEFF") ? 1 : 0, source: sourceOf(file, text), left: maxValues };
  const value = readValue(state, 0);
  skip(state);
  return value !== null && state.at === text.length ? value : null;
}

interface State {
  readonly text: string;
  readonly source: Source;
  at: number;
  left: number;
}

function skip(state: State): void {
  while (" \t\r\n".includes(state.text[state.at] ?? "x")) state.at += 1;
}

function readValue(state: State, depth: number, key: number | null = null): Json | null {
  skip(state);
  state.left -= 1;
  if (depth > maxDepth || state.left < 0) return null;
  const start = state.at;
  // The place of an entry is its key and, if it is short, its value; of anything long it is where it begins.
  const where = (): Span => {
    const from = key ?? start;
    const end = state.source.text.indexOf("\n", from);
    return state.source.span(from, end < 0 ? state.source.text.length : end);
  };
  switch (state.text[start]) {
    case "{":
      return readObject(state, depth, where);
    case "[":
      return readArray(state, depth, where);
    case '"': {
      const value = readString(state);
      return value === null ? null : { kind: "scalar", value, where };
    }
    default:
      return readWord(state, where);
  }
}

function readObject(state: State, depth: number, where: () => Span): Json | null {
  const entries = new Map<string, Json>();
  state.at += 1;
  for (let first = true; ; first = false) {
    skip(state);
    if (state.text[state.at] === "}" && first) break;
    const start = state.at;
    const name = readString(state);
    skip(state);
    if (name === null || state.text[state.at] !== ":") return null;
    state.at += 1;
    const value = readValue(state, depth + 1, start);
    if (value === null) return null;
    entries.set(name, value);
    skip(state);
    if (state.text[state.at] === "}") break;
    if (state.text[state.at] !== ",") return null;
    state.at += 1;
  }
  state.at += 1;
  return { kind: "object", entries, where };
}

function readArray(state: State, depth: number, where: () => Span): Json | null {
  const items: Json[] = [];
  state.at += 1;
  for (let first = true; ; first = false) {
    skip(state);
    if (state.text[state.at] === "]" && first) break;
    const value = readValue(state, depth + 1);
    if (value === null) return null;
    items.push(value);
    skip(state);
    if (state.text[state.at] === "]") break;
    if (state.text[state.at] !== ",") return null;
    state.at += 1;
  }
  state.at += 1;
  return { kind: "array", items, where };
}

function readString(state: State): string | null {
  if (state.text[state.at] !== '"') return null;
  let end = state.at + 1;
  while (end < state.text.length && state.text[end] !== '"') end += state.text[end] === "\\" ? 2 : 1;
  const value = parsedWord(state.text.slice(state.at, end + 1));
  state.at = end + 1;
  return typeof value === "string" ? value : null;
}

function readWord(state: State, where: () => Span): Json | null {
  const word = /[-+.\w]{1,40}/y;
  word.lastIndex = state.at;
  const text = word.exec(state.text)?.[0] ?? "";
  const value = parsedWord(text);
  state.at += text.length;
  return value === undefined || (typeof value === "object" && value !== null)
    ? null
    : { kind: "scalar", value: value as string | number | boolean | null, where }; // a single word is nothing else
}

/** A single string, number, `true`, `false` or `null`; `undefined`: none of them. */
function parsedWord(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
