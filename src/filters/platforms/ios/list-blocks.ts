/** Lists and their entries, numbered, named, and of IPv6. */
import type { Line } from "../cisco/lines.ts";
import { placeOf } from "../cisco/lines.ts";
import type { DraftList } from "../cisco/lists.ts";
import { type Block, isEntry } from "../cisco/walk.ts";
import { isNumber } from "../cisco/words.ts";
import type { Draft } from "./draft.ts";

const within = (number: number, ...ranges: readonly (readonly [number, number])[]): boolean =>
  ranges.some(([first, last]) => number >= first && number <= last);

/** Other numbers are for bridges, MAC addresses and protocols of the past. */
function kindOfNumber(word: string): "standard" | "extended" | null {
  if (!isNumber(word)) return null;
  if (within(Number(word), [1, 99], [1300, 1999])) return "standard";
  return within(Number(word), [100, 199], [2000, 2699]) ? "extended" : null;
}

/** `access-list 101 permit …` */
export function numbered(draft: Draft, [name = "", ...entry]: readonly string[], line: Line): null {
  const kind = kindOfNumber(name);
  if (kind === null) return null;
  const list = draft.lists.open(name, 4, placeOf(line), { standard: kind === "standard" });
  if (entry.length > 0) addLine(draft, list, entry, line);
  return null;
}

/** `ip access-list extended NAME`, `standard NAME`, `resequence NAME 10 10`; others set something for all lists. */
export function listBlock(draft: Draft, [kind = "", name = "", ...more]: readonly string[], line: Line): Block | null {
  if (kind === "resequence") {
    const list = draft.lists.get(name, 4);
    if (list !== undefined) draft.lists.renumber(list, numberOr10(more[0]), numberOr10(more[1]));
    return null;
  }
  if ((kind !== "extended" && kind !== "standard") || name === "") return null;
  return entriesBlock(draft, draft.lists.open(name, 4, placeOf(line), { standard: kind === "standard" }));
}

const numberOr10 = (word: string | undefined): number => (word !== undefined && isNumber(word) ? Number(word) : 10);

/** `ipv6 access-list NAME`; once also with an entry behind it. */
export function list6Block(draft: Draft, [name = "", ...entry]: readonly string[], line: Line): Block | null {
  if (name === "" || ["log-update", "match-local-traffic"].includes(name)) return null;
  const list = draft.lists.open(name, 6, placeOf(line), { standard: false });
  if (entry.length > 0) addLine(draft, list, entry, line);
  return entriesBlock(draft, list);
}

const entriesBlock = (draft: Draft, list: DraftList): Block => ({
  flat: false,
  line: (words, line) => {
    // Without indentation only what no other command begins with is surely of the list.
    if (line.indent === 0 && !isEntry(words) && !/^(evaluate|dynamic|sequence|no)$/.test(words[0] ?? "")) return false;
    addLine(draft, list, words, line);
    return true;
  },
});

function addLine({ lists }: Draft, list: DraftList, line: readonly string[], at: Line): void {
  const negated = line[0] === "no";
  let words = negated ? line.slice(1) : line;
  if (words[0] === "sequence") words = words.slice(1);
  let number: number | null = null;
  if (isNumber(words[0] ?? "")) {
    number = Number(words[0]);
    words = words.slice(1);
  }
  // Old trains write the number of an IPv6 entry at its end.
  const behind = words.at(-1) ?? "";
  if (words.at(-2) === "sequence" && isNumber(behind)) {
    number = Number(behind);
    words = words.slice(0, -2);
  }
  if (words[0] === "remark" || words[0] === "exit" || words[0] === "end") return;
  if (negated) lists.remove(list, number, words);
  else lists.add(list, number, { words, place: placeOf(at), problem: null });
}
