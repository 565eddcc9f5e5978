/**
 * Reflexive lists: `reflect NAME` in one list opens the way for answers where another says `evaluate NAME`. The entries
 * come and go with sessions, so that it is never sure that one is there; but only answers can fit one.
 */
import type { Match, Rule } from "../../model.ts";
import type { Family } from "../../packet.ts";
import { type Dialect, readEntry } from "../cisco/entry.ts";
import { placeOf } from "../cisco/lines.ts";
import type { DraftEntry } from "../cisco/lists.ts";
import { Words } from "../cisco/words.ts";
import type { Draft } from "./draft.ts";

/** By name, the answers that may have been opened. */
export function reflections(
  { lists }: Draft,
  dialects: Readonly<Record<Family, Dialect>>,
): ReadonlyMap<string, readonly Match[]> {
  const found = new Map<string, Match[]>();
  for (const { entries, family } of lists.all)
    for (const { words: texts } of entries.values()) {
      if (!texts.includes("reflect")) continue;
      const words = new Words(texts.slice(1));
      const { reflect, services, source, destination } = readEntry(words, dialects[family]);
      if (reflect === null) continue;
      const answers = found.get(reflect) ?? [];
      found.set(reflect, answers);
      for (const { protocols, sourcePorts, destinationPorts } of services)
        answers.push({
          states: ["established", "related"],
          ...(protocols === undefined ? {} : { protocols }),
          ...(destination.known === undefined || destination.doubt !== undefined ? {} : { source: destination.known }),
          ...(source.known === undefined || source.doubt !== undefined ? {} : { destination: source.known }),
          ...(destinationPorts === undefined ? {} : { sourcePorts: destinationPorts }),
          ...(sourcePorts === undefined ? {} : { destinationPorts: sourcePorts }),
        });
    }
  return found;
}

export function evaluatedRule(
  name: string,
  { place }: DraftEntry,
  reflected: ReadonlyMap<string, readonly Match[]>,
): Rule {
  const answers: readonly Match[] = reflected.get(name) ?? [];
  return {
    matches: answers.map((match) => ({ ...match, unsure: `reflexive list ${name}` })),
    action: { kind: "permit" },
    place: placeOf(place),
  };
}
