/** Keys that some lists are asked with: `NAME=KEY`, one a line or with commas between them. Pure; never shown. */
import type { List } from "../knowledge/list.ts";
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";
import type { ListKeys } from "./plan.ts";

const maxKeys = 100;

/** @param known the names that the catalogue has. What is wrong is told by the number of the entry: its text may be a secret. */
export function parseListKeys(text: string, known: readonly string[]): Parsed<ListKeys> {
  const keys = new Map<string, string>();
  let number = 0;
  for (const entry of text.split(/[\n,]/)) {
    const bare = entry.replace(/#.*$/, "").trim();
    if (bare === "") continue;
    number += 1;
    const equals = bare.indexOf("=");
    const name = bare.slice(0, Math.max(0, equals)).trim();
    const key = bare.slice(equals + 1).trim();
    if (number > maxKeys) return notParsed(0, `expected at most ${maxKeys} keys`);
    if (!known.includes(name))
      return notParsed(0, `entry ${number}: expected NAME=KEY with a name of ${known.join(", ")}`);
    // The key becomes a label of the name that is asked for (RFC 1035 §2.3.4).
    if (!/^[A-Za-z0-9_-]{1,63}$/.test(key))
      return notParsed(0, `entry ${number} (${name}): expected a key of letters, digits and hyphens`);
    keys.set(name, key.toLowerCase());
  }
  return parsed(keys);
}

export function keyNames(lists: readonly List[]): readonly string[] {
  return [...new Set(lists.flatMap(({ key }) => key ?? []))].sort();
}
