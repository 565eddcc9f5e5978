/** TCP flags in entries: `established`, `syn ack`, `match-all +ack -syn`, `+ syn` (XR writes a space). */
import type { Match } from "../../model.ts";
import { tcpFlags } from "../../packet.ts";
import type { Words } from "./words.ts";

export interface Flags {
  readonly flags: NonNullable<Match["flags"]>;
  readonly doubt: string | null;
}

const bitOf = (word: string): number | null => {
  const bit = (tcpFlags as readonly string[]).indexOf(word);
  return bit < 0 ? null : 1 << bit;
};

const answers = ["ack", "rst"].map((name) => {
  const bit = bitOf(name) ?? 0;
  return { mask: bit, value: bit };
});

/** Flags by name alone; null: none stands next. */
export function readFlagWords(words: Words, several: "any" | "all" | "unsure"): Flags | null {
  if (words.take("established")) return { flags: answers, doubt: null };
  const bits: number[] = [];
  for (let bit = bitOf(words.peek()); bit !== null; bit = bitOf(words.peek())) {
    words.skip(1);
    bits.push(bit);
  }
  if (bits.length === 0) return null;
  const all = bits.reduce((sum, bit) => sum | bit, 0);
  if (several === "all" || bits.length === 1) return { flags: [{ mask: all, value: all }], doubt: null };
  return {
    flags: bits.map((bit) => ({ mask: bit, value: bit })),
    doubt: several === "any" ? null : "whether one of the flags must be set or all",
  };
}

/** `match-any` or `match-all` with signed flags; null: none stands next. */
export function readFlags(words: Words): Flags | null {
  const all = words.peek() === "match-all";
  if (!all && words.peek() !== "match-any") return null;
  words.skip(1);
  const conditions: { mask: number; value: number }[] = [];
  let doubt: string | null = null;
  while (/^[+-]/.test(words.peek())) {
    const sign = words.peek().slice(0, 1);
    const joined = words.peek().slice(1);
    words.skip(1);
    const name = joined === "" ? words.next().toLowerCase() : joined;
    const bit = bitOf(name);
    if (bit === null) doubt = `flag ${name}`;
    else conditions.push({ mask: bit, value: sign === "+" ? bit : 0 });
  }
  if (conditions.length === 0) return { flags: [{ mask: 0, value: 0 }], doubt: doubt ?? "which flags" };
  if (!all) return { flags: conditions, doubt };
  const sum = (key: "mask" | "value"): number => conditions.reduce((bits, one) => bits | one[key], 0);
  return { flags: [{ mask: sum("mask"), value: sum("value") }], doubt };
}
