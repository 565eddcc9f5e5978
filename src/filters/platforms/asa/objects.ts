/** Objects and groups of objects: networks, services, protocols, ICMP types. */
import type { Addresses, Place } from "../../model.ts";
import { everyAddress, readAddresses, readRange } from "../cisco/ends.ts";
import type { Groups, Member } from "../cisco/groups.ts";
import { readIcmp } from "../cisco/icmp.ts";
import { type Line, placeOf } from "../cisco/lines.ts";
import { readPorts } from "../cisco/ports.ts";
import { readServiceMember } from "../cisco/services.ts";
import type { Block } from "../cisco/walk.ts";
import { Words } from "../cisco/words.ts";
import type { Draft, GroupKind } from "./draft.ts";

const nowhere = (name: string): Place => ({ file: "", line: 0, text: name });

/** Words behind which another kind of name stands. */
const otherNames: readonly string[] = [
  "object",
  "object-group",
  "interface",
  "ifc",
  "user",
  "user-group",
  "time-range",
];

/** Written names of addresses are addresses (`name 192.0.2.25 mx`). */
export const withNames = ({ names }: Draft, words: readonly string[]): readonly string[] =>
  names.size === 0
    ? words
    : words.map((word, index) => (otherNames.includes(words[index - 1] ?? "") ? word : (names.get(word) ?? word)));

/** `object network O` holds one address, network or range; `object service S` one service. Said again, it is replaced. */
export function objectBlock(draft: Draft, kind: string, name: string): Block | null {
  if (name === "") return null;
  if (kind === "service") {
    draft.kinds.set(name, "services");
    const members = draft.services.open(name);
    return {
      flat: false,
      line: (texts, line) => {
        if (texts[0] !== "service") return line.indent > 0;
        const value = readServiceMember(new Words(texts.slice(1)), null);
        members.splice(0, members.length, memberOf(draft, value, line));
        return true;
      },
    };
  }
  draft.kinds.set(name, kind === "network" ? "addresses" : "other");
  const members = draft.addresses.open(name);
  return {
    flat: false,
    line: (texts, line) => {
      const [first = "", ...rest] = texts;
      if (first === "fqdn") {
        const why = `object ${name} is the name ${rest.at(-1)}`;
        members.splice(0, members.length, { kind: "open", why, place: placeOf(line) });
        return true;
      }
      if (!["host", "subnet", "range"].includes(first)) return line.indent > 0;
      const words = new Words(withNames(draft, first === "host" ? texts : rest));
      const value = first === "range" ? readRange(words, null) : readAddresses(words, null, "netmask");
      members.splice(0, members.length, memberOf(draft, value, line));
      return true;
    },
  };
}

function memberOf<T>({ troubles }: Draft, value: T | null, line: Line): Member<T> {
  const place = placeOf(line);
  if (value !== null) return { kind: "own", value };
  troubles.push({ place, says: "This member of an object or group is not understood." });
  return { kind: "open", why: `"${line.body}" is not understood`, place };
}

/** `object-group network G`, `service G [tcp]`, `protocol G`, `icmp-type G`; of others only the name is known. */
export function groupBlock(draft: Draft, type: string, name: string, protocol: string): Block | null {
  if (name === "") return null;
  const kind = kindOf(type, protocol);
  draft.kinds.set(name, kind);
  switch (kind) {
    case "addresses":
      return members(draft, draft.addresses, name, (words) => readNetwork(draft, words));
    case "ports":
      return members(draft, draft.ports, name, (words) => {
        if (!words.take("port-object")) return null;
        const ports = readPorts(words);
        return ports === undefined || words.problems.length > 0 ? null : ports;
      });
    case "icmp":
      return members(draft, draft.icmp, name, (words) =>
        words.take("icmp-object") ? (readIcmp(words, 1) ?? null) : null,
      );
    case "services":
      return members(draft, draft.services, name, (words) => {
        if (!words.take("service-object", "protocol-object")) return null;
        if (words.take("object")) return { group: words.next() };
        const value = readServiceMember(words, null);
        return value === null ? null : [value];
      });
    case "other":
      draft.addresses.open(name).push({ kind: "open", why: `object-group ${type} ${name}`, place: nowhere(name) });
      return null;
  }
}

function kindOf(type: string, protocol: string): GroupKind {
  switch (type) {
    case "network":
      return "addresses";
    case "service":
      return protocol === "" ? "services" : "ports";
    case "protocol":
      return "services";
    case "icmp-type":
      return "icmp";
    default:
      return "other";
  }
}

type Read<T> = readonly T[] | { readonly group: string } | null;

function readNetwork(draft: Draft, words: Words): Read<Addresses> {
  if (!words.take("network-object")) return null;
  if (words.take("object")) return { group: words.next() };
  if (words.take("any")) return [everyAddress(4), everyAddress(6)];
  const rest = new Words(withNames(draft, words.rest()));
  const value = readAddresses(rest, null, "netmask");
  return value === null || !rest.done ? null : [value];
}

function members<T>(draft: Draft, groups: Groups<T>, name: string, read: (words: Words) => Read<T>): Block {
  const all = groups.open(name);
  return {
    flat: false,
    line: (texts, line) => {
      const [first = "", second = ""] = texts;
      if (first === "description") return true;
      if (first === "group-object") {
        all.push({ kind: "group", name: second, place: placeOf(line) });
        return true;
      }
      if (!/-object$/.test(first) && line.indent === 0) return false;
      const value = read(new Words(texts));
      if (value !== null && "group" in value) all.push({ kind: "group", name: value.group, place: placeOf(line) });
      else if (value === null) all.push(memberOf<T>(draft, null, line));
      else for (const one of value) all.push({ kind: "own", value: one });
      return true;
    },
  };
}
