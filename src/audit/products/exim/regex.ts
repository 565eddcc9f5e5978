/** Exim's regular expressions (PCRE): what they match, and texts that match them. */
import { compilePattern, samplesOf as samplesOfPattern } from "../../pattern.ts";

/** `null`: it is not understood, or could run for ever. */
export function toRegExp(text: string, flags: "" | "i" | "g"): RegExp | null {
  const key = `${flags}/${text}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  // A list item has to begin with "^", so that options come behind it.
  const compiled = compilePattern(text.replace(/^\^(\(\?[imsx]+\))/, "$1^"), flags === "i" ? "i" : "");
  const regex = compiled !== null && flags === "g" ? new RegExp(compiled.source, `${compiled.flags}g`) : compiled;
  if (cache.size > 5000) cache.clear();
  cache.set(key, regex);
  return regex;
}

const cache = new Map<string, RegExp | null>();

/** A few texts that match. */
export function samplesOf(text: string): readonly string[] {
  const regex = toRegExp(text, "i");
  return regex === null ? [] : samplesOfPattern(regex);
}
