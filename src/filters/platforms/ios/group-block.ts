/** Object groups: `object-group network G`, `object-group service S`, `object-group v6-network G`. */
import { everyAddress, readAddresses, readRange } from "../cisco/ends.ts";
import type { Groups, Member } from "../cisco/groups.ts";
import { placeOf } from "../cisco/lines.ts";
import { readServiceMember } from "../cisco/services.ts";
import type { Block } from "../cisco/walk.ts";
import { Words } from "../cisco/words.ts";
import type { Draft } from "./draft.ts";

export function groupBlock(draft: Draft, kind: string, name: string): Block | null {
  if (name === "") return null;
  switch (kind) {
    case "service":
      return membersBlock(draft, draft.services, name, (words) => readServiceMember(words, 4));
    case "network":
    case "v6-network": {
      const family = kind === "network" ? 4 : 6;
      return membersBlock(draft, draft.addresses, name, (words) => {
        if (words.take("any")) return everyAddress(family);
        if (words.take("range")) return readRange(words, family);
        // A netmask here, where entries have a wildcard.
        return readAddresses(words, family, "netmask");
      });
    }
    default: {
      // Groups of other kinds (security, fqdn) are known by name, and by nothing else.
      const place = { file: "", line: 0, text: `object-group ${kind} ${name}` };
      draft.addresses.open(name).push({ kind: "open", why: `object-group ${kind} ${name}`, place });
      return null;
    }
  }
}

function membersBlock<T>(
  { troubles }: Draft,
  groups: Groups<T>,
  name: string,
  read: (words: Words) => T | null,
): Block {
  const members = groups.open(name);
  return {
    flat: false,
    line: (texts, line) => {
      const [first = "", second = ""] = texts;
      if (["description", "exit", "end", "no"].includes(first)) return line.indent > 0 || first === "description";
      const place = placeOf(line);
      if (first === "group-object") {
        members.push({ kind: "group", name: second, place });
        return true;
      }
      const words = new Words(texts);
      const value = read(words);
      const member: Member<T> =
        value !== null && words.done
          ? { kind: "own", value }
          : { kind: "open", why: `a member of object-group ${name} is not understood`, place };
      if (member.kind === "open") {
        if (line.indent === 0) return false;
        troubles.push({ place, says: "This member of an object group is not understood." });
      }
      members.push(member);
      return true;
    },
  };
}
