/** Blocks that IOS-XR, NX-OS and EOS write alike: entries of a list, members of a group. */

import type { Addresses, Range } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { everyAddress, readAddresses, readRange } from "./ends.ts";
import type { Groups, Member } from "./groups.ts";
import { type Line, placeOf } from "./lines.ts";
import type { DraftList } from "./lists.ts";
import type { PlainDraft } from "./plain.ts";
import { readPorts } from "./ports.ts";
import { type Block, isEntry } from "./walk.ts";
import { isNumber, Words } from "./words.ts";

/** One line of a list: an entry, its removal, a remark. `settings`: first words of lines that are no entries. */
export function listLine(
  { lists }: PlainDraft,
  list: DraftList,
  line: readonly string[],
  at: Line,
  settings: ReadonlySet<string>,
): void {
  const negated = line[0] === "no";
  let words = negated ? line.slice(1) : line;
  let number: number | null = null;
  if (words[0] === "sequence") words = words.slice(1);
  if (isNumber(words[0] ?? "")) {
    number = Number(words[0]);
    words = words.slice(1);
  }
  const [first = "", second = "", third = ""] = words;
  if (["exit", "end", "root", "commit"].includes(first)) return;
  if (first === "resequence" && number === null) {
    lists.renumber(list, isNumber(second) ? Number(second) : 10, isNumber(third) ? Number(third) : 10);
    return;
  }
  if (settings.has(first)) {
    list.notes.push({ words, place: placeOf(at) });
    return;
  }
  if (negated) {
    lists.remove(list, number, words);
    return;
  }
  // A remark has a number of its own, behind which the next entry comes.
  if (first === "remark") lists.keep(list, number);
  else lists.add(list, number, { words, place: placeOf(at), problem: null });
}

export const listBlock = (draft: PlainDraft, list: DraftList, settings: ReadonlySet<string>): Block => ({
  flat: false,
  line: (words, line) => {
    if (
      line.indent === 0 &&
      !isEntry(words) &&
      !settings.has(words[0] ?? "") &&
      !/^(no|resequence)$/.test(words[0] ?? "")
    )
      return false;
    listLine(draft, list, words, line, settings);
    return true;
  },
});

/** `host A`, `A/len`, `A wildcard`, `range A B`, a group in the group. */
export const addressesBlock = (draft: PlainDraft, name: string, family: Family, mask: "wildcard" | "netmask"): Block =>
  membersBlock<Addresses>(draft, draft.addresses[family], name, (words) => {
    if (words.take("any")) return everyAddress(family);
    if (words.take("range")) return readRange(words, family);
    return readAddresses(words, family, mask);
  });

export const portsBlock = (draft: PlainDraft, name: string): Block =>
  membersBlock<readonly Range[]>(draft, spread(draft.ports), name, (words) => {
    const ports = readPorts(words);
    return ports === undefined || words.problems.length > 0 ? null : ports;
  });

/** Each of several ranges is a member. */
function spread(groups: Groups<Range>): Pick<Groups<readonly Range[]>, "add"> {
  return {
    add: (name, member) => {
      if (member.kind !== "own") groups.add(name, member);
      else for (const value of member.value) groups.add(name, { kind: "own", value });
    },
  };
}

function membersBlock<T>(
  { troubles }: PlainDraft,
  groups: Pick<Groups<T>, "add">,
  name: string,
  read: (words: Words) => T | null,
): Block {
  return {
    flat: false,
    line: (all, line) => {
      const texts = isNumber(all[0] ?? "") ? all.slice(1) : all;
      const [first = "", second = ""] = texts;
      if (["description", "exit", "end", "no", "root"].includes(first))
        return line.indent > 0 || first === "description";
      const place = placeOf(line);
      if (first === "object-group") {
        groups.add(name, { kind: "group", name: second, place });
        return true;
      }
      const words = new Words(texts);
      const value = read(words);
      const understood = value !== null && words.done;
      if (!understood && line.indent === 0) return false;
      const member: Member<T> = understood
        ? { kind: "own", value }
        : { kind: "open", why: `a member of object-group ${name} is not understood`, place };
      if (!understood) troubles.push({ place, says: "This member of an object group is not understood." });
      groups.add(name, member);
      return true;
    },
  };
}
