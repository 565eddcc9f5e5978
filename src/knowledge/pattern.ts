/**
 * Patterns of the catalogue meet text that strangers wrote, so their cost is bounded by their form: no unbounded
 * repetition, at most two bounded ones, none of a group, no look-around, no back-reference. Then a search costs at most
 * the text's length times a constant.
 */
import { z } from "zod";

const maxText = 2048;

/** Why a pattern may not be used, or `null`. */
export function patternTrouble(pattern: string): string | null {
  if (pattern.length > 160) return "is longer than 160 characters";
  // What is escaped or in a class is only a character.
  const bare = pattern.replace(/\\[^0-9k]/g, "x").replace(/\[[^\]]*\]/g, "x");
  if (/\\[0-9k]/.test(bare)) return "has a back-reference";
  if (/\(\?(?!:|<[a-z]+>)/.test(bare)) return "has a look-around or a flag";
  if (/[*+]/.test(bare) || /\{[0-9]+,\}/.test(bare)) return "repeats without a bound: write {0,40}";
  if (/\)\{/.test(bare)) return "repeats a group";
  const bounded = bare.match(/\{([0-9]+,)?[0-9]+\}/g) ?? [];
  if (bounded.length > 2) return "has more than two repetitions";
  if (bounded.some((text) => Number(/([0-9]+)\}/.exec(text)?.[1]) > 64)) return "repeats more than 64 times";
  try {
    new RegExp(pattern, "i");
  } catch {
    return "is no regular expression";
  }
  return null;
}

/** A pattern in a schema. */
export const patternSchema = z.string().check((context) => {
  const trouble = patternTrouble(context.value);
  if (trouble !== null)
    context.issues.push({ code: "custom", message: `the pattern ${trouble}`, input: context.value });
});

/** Searches the first part of a text; letters match in either case. */
export function searchPattern(pattern: string, text: string): RegExpExecArray | null {
  return new RegExp(pattern, "i").exec(text.slice(0, maxText));
}
