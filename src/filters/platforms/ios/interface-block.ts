/** What of an interface's lines stands in the way of packets. */
import type { Direction, Family } from "../../packet.ts";
import { type Line, placeOf } from "../cisco/lines.ts";
import type { Block } from "../cisco/walk.ts";
import { attachKey, type Draft, type Interface } from "./draft.ts";

export function interfaceBlock({ interfaces }: Draft, words: readonly string[], line: Line): Block | null {
  // `interface Serial0/0 point-to-point`, `interface GigabitEthernet 0/1`.
  const [first = "", second = ""] = words;
  if (first === "" || first === "range") return null;
  const name = /^[\d/.:]+$/.test(second) && /^[a-z-]+$/i.test(first) ? `${first}${second}` : first;
  const known: Interface = interfaces.get(name) ?? {
    name,
    place: placeOf(line),
    lists: new Map(),
    zone: null,
    inspects: new Map(),
    policies: new Map(),
    verifies: false,
  };
  interfaces.set(name, known);
  // Service instances below an interface have filters of their own, which are not the interface's.
  return { flat: true, line: (texts, at) => interfaceLine(known, texts, at) };
}

function interfaceLine(one: Interface, all: readonly string[], line: Line): boolean {
  const negated = all[0] === "no";
  const words = negated ? all.slice(1) : all;
  const [first = "", second = "", third = "", fourth = ""] = words;
  const family: Family = first === "ipv6" ? 6 : 4;
  switch (`${first} ${second}`) {
    case "ip access-group":
    case "ipv6 traffic-filter":
      attach(one, family, words.slice(2), line, negated);
      break;
    case "ip inspect":
    case "ipv6 inspect":
      if (negated) one.inspects.delete(attachKey(fourth, family));
      else one.inspects.set(attachKey(fourth, family), third);
      break;
    case "ip verify":
    case "ipv6 verify":
      if (third === "unicast") one.verifies = !negated;
      break;
    case "zone-member security":
      one.zone = negated ? null : { name: third, place: placeOf(line) };
      break;
    case "service-policy input":
    case "service-policy output": {
      const direction: Direction = second === "input" ? "in" : "out";
      if (negated) one.policies.delete(direction);
      else one.policies.set(direction, { name: third, place: placeOf(line) });
      break;
    }
    default:
  }
  return true;
}

/** `ip access-group NAME in`; the last one of a direction holds. */
function attach({ lists }: Interface, family: Family, words: readonly string[], line: Line, negated: boolean): void {
  const direction = words.find((word, index) => index > 0 && (word === "in" || word === "out"));
  const [name = ""] = words;
  if (negated) {
    for (const way of direction === undefined ? ["in", "out"] : [direction]) lists.delete(attachKey(way, family));
    return;
  }
  const known = words.length === (direction === undefined ? 1 : 2);
  lists.set(attachKey(direction ?? "out", family), {
    // Without a direction it is `out`, as in the first releases.
    name,
    place: placeOf(line),
    unknown: known ? null : `"${line.body}" is not understood`,
  });
}
