/** Goes through a configuration, and keeps what of it filters. */
import { Groups } from "../cisco/groups.ts";
import { type Line, linesOf, placeOf } from "../cisco/lines.ts";
import { type Open, walk } from "../cisco/walk.ts";
import { isNumber } from "../cisco/words.ts";
import type { Attachment, Draft } from "./draft.ts";
import { interfaceBlock, oldInterface } from "./interface-block.ts";
import { accessList, withoutEntry, withoutList } from "./lists.ts";
import { groupBlock, objectBlock } from "./objects.ts";

export function draftOf(file: string, text: string): Draft {
  const draft: Draft = {
    release: null,
    lists: new Map(),
    attachments: [],
    interfaces: new Map(),
    kinds: new Map(),
    addresses: new Groups("object or group"),
    services: new Groups("object or group"),
    ports: new Groups("object-group"),
    icmp: new Groups("object-group"),
    names: new Map(),
    inspected: new Set(),
    sameLevelPasses: false,
    foreign: [],
    troubles: [],
  };
  const lines = linesOf(file, text, "none");
  draft.release = releaseOf(lines);
  // A name may be used in front of its own line, as in the lists of a text that was put together by hand.
  for (const { body } of lines) {
    const [, address, name] = /^name (\S+) (\S+)/.exec(body) ?? [];
    if (address !== undefined && name !== undefined) draft.names.set(name, address);
  }
  walk(lines, opener(draft));
  return draft;
}

/** `ASA Version 9.8(2)`; FTD (`NGFW Version 7.0`) is as ASA 9. */
function releaseOf(lines: readonly Line[]): number | null {
  for (const { body } of lines) {
    const [, product, release] = /^:?\s*(ASA|PIX|NGFW|FWSM) Version (\d+\.\d+)/.exec(body) ?? [];
    if (release !== undefined) return product === "NGFW" ? 9.99 : Number(release);
    if (/^ipv6 access-list /.test(body)) return 8.4;
  }
  return null;
}

/** Before release 9.0 IPv6 had lists of its own. */
export const isUnified = ({ release }: Draft): boolean => release === null || release >= 9;

function opener(draft: Draft): Open {
  return (words, line) => {
    const [first = "", second = "", third = "", fourth = ""] = words;
    switch (first) {
      case "access-list":
        accessList(draft, words.slice(1), line, isUnified(draft) ? null : 4);
        return null;
      case "ipv6":
        if (second !== "access-list") return undefined;
        accessList(draft, words.slice(2), line, 6);
        return null;
      case "access-group":
        attach(draft, words.slice(1), line);
        return null;
      case "interface":
        return interfaceBlock(draft, second + (isNumber(third.slice(0, 1)) ? third : ""), line);
      case "nameif":
        // Since PIX 7 it is a line of the interface's block.
        if (!fourth.startsWith("security")) return undefined;
        oldInterface(draft, words.slice(1), line);
        return null;
      case "object":
        return objectBlock(draft, second, third);
      case "object-group":
        return groupBlock(draft, second, third, fourth);
      case "same-security-traffic":
        if (third === "inter-interface") draft.sameLevelPasses = true;
        return null;
      case "conduit":
      case "outbound":
        draft.foreign.push(placeOf(line));
        draft.troubles.push({ place: placeOf(line), says: `"${first}" filters too, and is not read.` });
        return null;
      case "clear":
        if (second === "configure" && third === "access-list") withoutList(draft, fourth);
        return null;
      case "no":
        return negated(draft, words.slice(1));
      default:
        return undefined;
    }
  };
}

function negated(draft: Draft, words: readonly string[]): null | undefined {
  const [first = "", second = "", third = ""] = words;
  switch (first) {
    case "access-list":
      withoutEntry(draft, second, words.slice(2));
      return null;
    case "access-group": {
      const gone = attachmentOf(words.slice(1));
      const at = draft.attachments.findIndex(
        (one) => one.list === second && one.direction === gone?.direction && one.interface === gone.interface,
      );
      if (at >= 0) draft.attachments.splice(at, 1);
      return null;
    }
    case "object":
    case "object-group":
      for (const groups of [draft.addresses, draft.services, draft.ports, draft.icmp]) groups.drop(third);
      draft.kinds.delete(third);
      return null;
    default:
      return undefined;
  }
}

function attachmentOf(words: readonly string[]): Omit<Attachment, "place"> | null {
  const [list = "", where = "", , name = ""] = words;
  if (where === "global") return { list, direction: "global", interface: "" };
  return where === "in" || where === "out" ? { list, direction: where, interface: name } : null;
}

/** `access-group N in interface outside`; what is for the box itself (`control-plane`) is not in the way of others. */
function attach({ attachments, troubles }: Draft, words: readonly string[], line: Line): void {
  if (words.includes("control-plane")) return;
  const made = attachmentOf(words);
  const place = placeOf(line);
  if (made === null) troubles.push({ place, says: "This attachment is not understood." });
  else attachments.push({ ...made, place });
}
