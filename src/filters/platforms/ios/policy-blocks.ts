/** Classes, policies and zone pairs. */
import type { Match } from "../../model.ts";
import type { Criterion } from "../cisco/classes.ts";
import { type Line, placeOf } from "../cisco/lines.ts";
import { packetsOfProtocol } from "../cisco/protocols-by-name.ts";
import type { Block } from "../cisco/walk.ts";
import type { Draft, DraftPolicy } from "./draft.ts";

/** `class-map [type inspect] [match-any|match-all] NAME`; all must fit unless it says otherwise. */
export function classBlock(draft: Draft, words: readonly string[], line: Line): Block | null {
  const name = words.at(-1);
  if (name === undefined) return null;
  const known = draft.classes.get(name) ?? { all: !words.includes("match-any"), place: placeOf(line), criteria: [] };
  draft.classes.set(name, known);
  return {
    flat: false,
    line: (texts, at) => {
      if (texts[0] !== "match") return texts[0] === "description";
      known.criteria.push(criterionOf(draft, texts.slice(1), at));
      return true;
    },
  };
}

function criterionOf({ mapped }: Draft, [kind = "", ...more]: readonly string[], line: Line): Criterion {
  const place = placeOf(line);
  const [first = "", second = ""] = more;
  switch (kind) {
    case "any":
      return { kind: "matches", matches: [{}], place };
    case "access-group":
      return { kind: "list", name: first === "name" ? second : first, place };
    case "class-map":
      return { kind: "class", name: first, place };
    case "protocol": {
      const packets: readonly Match[] | null = mapped.has(first.toLowerCase()) ? null : packetsOfProtocol(first);
      if (packets !== null) return { kind: "matches", matches: packets, place };
      return { kind: "open", why: `which packets the protocol ${first} has`, place };
    }
    default:
      return { kind: "open", why: `"${line.body}"`, place };
  }
}

/** `policy-map [type inspect] NAME`, its classes in order. */
export function policyBlock({ policies }: Draft, words: readonly string[], line: Line): Block | null {
  const name = words.at(-1);
  if (name === undefined) return null;
  const known: DraftPolicy = policies.get(name) ?? { place: placeOf(line), classes: [] };
  policies.set(name, known);
  return {
    flat: false,
    line: (texts, at) => {
      const [first = ""] = texts;
      const current = known.classes.at(-1);
      if (first === "class") known.classes.push({ name: texts.at(-1) ?? "", place: placeOf(at), action: null });
      else if (["inspect", "pass", "drop", "reset"].includes(first) && current !== undefined) current.action = first;
      // A rate of which nothing conforms is a drop.
      else if (/\bconform-action drop\b/.test(at.body) && current !== undefined) current.action = "drop";
      else return at.indent > 0;
      return true;
    },
  };
}

/** `zone-pair security NAME source A destination B` */
export function pairBlock({ pairs }: Draft, words: readonly string[], line: Line): Block | null {
  const [, name = ""] = words;
  const after = (word: string): string => words[words.indexOf(word) + 1] ?? "";
  if (!words.includes("source") || !words.includes("destination")) return null;
  const pair = pairs.get(name) ?? {
    name,
    source: after("source"),
    destination: after("destination"),
    place: placeOf(line),
    policy: null,
  };
  pairs.set(name, pair);
  return {
    flat: false,
    line: (texts, at) => {
      if (texts[0] !== "service-policy") return texts[0] === "description";
      pair.policy = { name: texts.at(-1) ?? "", place: placeOf(at) };
      return true;
    },
  };
}
