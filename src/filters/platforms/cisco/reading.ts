/** The parts of a reading, put together: which interface has which filters, and what lists there are. */
import type { Asked, Chain, Crossing, Reading, Trouble } from "../../model.ts";
import { interfaceNamed } from "./interfaces.ts";

export interface ReadParts {
  readonly chains: ReadonlyMap<string, Chain>;
  readonly troubles: readonly Trouble[];
  readonly interfaces: readonly string[];
  /** Those at which something filters. */
  readonly filtered: readonly string[];
  /** Names of lists. */
  readonly lists: readonly string[];
  readonly named?: (text: string) => string | null;
  readonly aliases?: (outside: string) => readonly string[];
  /** At an interface that there is. */
  readonly at: (outside: string, asked: Asked) => Crossing;
  readonly list: (name: string, asked: Asked) => Crossing | null;
}

export function readingOf({ interfaces, filtered, at, named, aliases, ...parts }: ReadParts): Reading {
  return {
    chains: parts.chains,
    troubles: parts.troubles,
    lists: parts.lists,
    interfaces,
    interfaceNamed: named ?? ((text) => interfaceNamed(text, interfaces)),
    aliases: aliases ?? (() => []),
    crossing: (outside, asked) => {
      if (outside !== null)
        return interfaces.includes(outside)
          ? at(outside, asked)
          : unknownCrossing(`there is no interface ${outside} in the configuration`);
      const [only, ...others] = filtered;
      if (only === undefined) return { stages: [], attachment: "no filter is attached to any interface", place: null };
      return others.length === 0
        ? at(only, asked)
        : unknownCrossing(
            `several interfaces have filters, and which is the outside one is not said: ${filtered.slice(0, 20).join(", ")}`,
          );
    },
    list: parts.list,
  };
}

export const unknownCrossing = (why: string): Crossing => ({ stages: [], attachment: why, place: null, unknown: why });
