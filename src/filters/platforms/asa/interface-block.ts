/** Interfaces by the name that lists are attached to (`nameif`), with their security level. */
import { readAddresses } from "../cisco/ends.ts";
import { type Line, placeOf } from "../cisco/lines.ts";
import type { Block } from "../cisco/walk.ts";
import { isNumber, Words } from "../cisco/words.ts";
import type { Draft, Interface } from "./draft.ts";

/** `inside` is trusted, everything else is not, until a level is set. */
const levelOf = (name: string): number => (name === "inside" ? 100 : 0);

export function interfaceCalled(
  { interfaces }: Draft,
  name: string,
  line: Pick<Line, "file" | "line" | "text">,
): Interface {
  const known = interfaces.get(name) ?? {
    name,
    place: placeOf(line),
    hardware: "",
    level: levelOf(name),
    address: null,
    closed: false,
  };
  interfaces.set(name, known);
  return known;
}

export function interfaceBlock(draft: Draft, hardware: string, line: Line): Block {
  let current: Interface | null = null;
  const set = (change: (one: Interface) => void): void => {
    // Before its name is told, what is said of an interface waits.
    if (current === null) waiting.push(change);
    else change(current);
  };
  const waiting: ((one: Interface) => void)[] = [];
  return {
    flat: true,
    line: (words) => {
      const [first = "", second = "", third = ""] = words;
      switch (first) {
        case "nameif": {
          current = interfaceCalled(draft, second, line);
          current.hardware = hardware;
          for (const change of waiting.splice(0)) change(current);
          break;
        }
        case "security-level":
          if (isNumber(second)) set((one) => (one.level = Number(second)));
          break;
        case "ip":
          if (second === "address" && third !== "dhcp") {
            const rest = new Words(["host", third]);
            const address = readAddresses(rest, 4, "netmask");
            if (address !== null) set((one) => (one.address = address));
          }
          break;
        case "management-only":
        case "shutdown":
          set((one) => (one.closed = true));
          break;
        default:
      }
      return true;
    },
  };
}

/** PIX: `nameif ethernet0 outside security0` */
export function oldInterface(
  draft: Draft,
  [hardware = "", name = "", level = ""]: readonly string[],
  line: Line,
): void {
  if (name === "") return;
  const one = interfaceCalled(draft, name, line);
  one.hardware = hardware;
  const number = level.replace("security", "");
  if (isNumber(number)) one.level = Number(number);
}
