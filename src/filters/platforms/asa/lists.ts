/** Lists: entries in the order of the text, but for those with a place of their own (`line 3`). */
import type { Family } from "../../packet.ts";
import { type Line, placeOf } from "../cisco/lines.ts";
import { isNumber } from "../cisco/words.ts";
import type { Draft, List } from "./draft.ts";

/** Words in the place of a name that set something for all lists. */
const settings: readonly string[] = ["alert-interval", "deny-flow-max", "compiled", "mode", "cached"];

/** `access-list NAME [line N] …`; a line of `show access-list` too, whose counters are not part of it. */
export function accessList(draft: Draft, words: readonly string[], line: Line, family: Family | null): void {
  const [name = "", ...rest] = words;
  if (name === "" || name.endsWith(";") || settings.includes(name)) return;
  const counters = rest.findIndex((word) => word.startsWith("(hitcnt"));
  let entry = counters < 0 ? rest : rest.slice(0, counters);
  let at: number | null = null;
  if (entry[0] === "line" && isNumber(entry[1] ?? "")) {
    at = Number(entry[1]);
    entry = entry.slice(2);
  }
  if (entry.length === 0) return;
  noteRule(draft, entry);
  const list: List = draft.lists.get(name) ?? { name, place: placeOf(line), family, entries: [], seen: new Set() };
  draft.lists.set(name, list);
  const text = entry.join(" ");
  // An entry that is there already is refused as a duplicate; remarks are not compared.
  if (entry[0] !== "remark") {
    if (list.seen.has(text)) return;
    list.seen.add(text);
  }
  const made = { words: entry, place: placeOf(line) };
  if (at === null || at > list.entries.length) list.entries.push(made);
  else list.entries.splice(Math.max(0, at - 1), 0, made);
}

/** FTD says of each rule whether addresses and ports decide it alone: `remark rule-id 5: L7 RULE: web`. */
function noteRule({ inspected }: Draft, entry: readonly string[]): void {
  if (entry[0] !== "remark" || entry[1] !== "rule-id") return;
  if (/\bL7 RULE\b/.test(entry.join(" "))) inspected.add((entry[2] ?? "").replace(":", ""));
}

export function withoutEntry({ lists }: Draft, name: string, entry: readonly string[]): void {
  const list = lists.get(name);
  if (list === undefined) return;
  const words = entry[0] === "line" ? entry.slice(2) : entry;
  const text = words.join(" ");
  list.seen.delete(text);
  const at = list.entries.findIndex((one) => one.words.join(" ") === text);
  if (at >= 0) list.entries.splice(at, 1);
}

/** With a list its attachments go. */
export function withoutList({ lists, attachments }: Draft, name: string): void {
  lists.delete(name);
  for (let at = attachments.length - 1; at >= 0; at -= 1) if (attachments[at]?.list === name) attachments.splice(at, 1);
}
