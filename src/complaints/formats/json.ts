/** JSON from strangers: bounded in size and depth, names that would reach a prototype left out. Never throws. */
import { limits } from "../limits.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export function readJson(text: string): Json | undefined {
  const source = text.replace(/^\ufeff/, "").trim();
  if (source.length > limits.jsonBytes || !/^[{[]/.test(source) || depthOf(source) > limits.jsonDepth) return undefined;
  try {
    return JSON.parse(source, (name, value: unknown) => (name === "__proto__" ? undefined : value)) as Json; // what JSON can hold
  } catch {
    return undefined;
  }
}

/** The member below these names, whatever their case; undefined: there is none. */
export function member(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null || Array.isArray(at)) return undefined;
    const found = Object.entries(at).find(([key]) => key.toLowerCase() === name.toLowerCase());
    at = found?.[1] as Json | undefined; // members of JSON are JSON
  }
  return at;
}

export function textAt(value: Json | undefined, ...path: readonly string[]): string | null {
  const found = member(value, ...path);
  return typeof found === "string" && found.trim() !== "" ? found.trim().slice(0, limits.value) : null;
}

/** Brackets are counted before parsing: the parser recurses. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, (depth += 1));
    else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return deepest;
}
