/** Reads nftables: text or JSON. */
import type { Reading } from "../../model.ts";
import { readingOf } from "../netfilter/reading.ts";
import { readJson } from "./json.ts";
import { rulesetOf } from "./tables.ts";
import { readText } from "./text.ts";

export function readNftables(file: string, text: string): Reading {
  const held = /^\s*\{\s*"/.test(text) ? readJson(file, text) : readText(file, text);
  return readingOf(rulesetOf(held, file));
}
