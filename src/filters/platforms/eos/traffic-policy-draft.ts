/** Traffic policies as they are written down: sets of prefixes and ports, and in each policy its matches in order. */
import type { Place, Trouble } from "../../model.ts";
import { type Line, placeOf } from "../cisco/lines.ts";
import type { Block } from "../cisco/walk.ts";

export interface FieldSet {
  readonly place: Place;
  /** Words of its lines; `except` in front of what is taken away. */
  readonly lines: { readonly words: readonly string[]; readonly place: Place }[];
}

export interface PolicyMatch {
  readonly name: string;
  readonly family: "ipv4" | "ipv6";
  readonly place: Place;
  readonly conditions: { readonly words: readonly string[]; readonly place: Place }[];
  readonly actions: { readonly words: readonly string[]; readonly place: Place }[];
}

export interface Policies {
  /** By kind and name: `ipv4 prefix NAME`, `l4-port NAME`. */
  readonly sets: Map<string, FieldSet>;
  readonly policies: Map<string, { readonly place: Place; matches: PolicyMatch[] }>;
}

/** The block `traffic-policies`. What is nested is told by words: texts from generators are indented in many ways. */
export function policiesBlock({ sets, policies }: Policies, troubles: Trouble[]): Block {
  let set: FieldSet | null = null;
  let policy: string | null = null;
  let match: PolicyMatch | null = null;
  let inActions = false;
  const line = (words: readonly string[], at: Line): boolean => {
    const [first = "", second = "", third = "", fourth = ""] = words;
    const place = placeOf(at);
    if (first === "exit" || first === "end") return true;
    if (first === "no") {
      if (second === "traffic-policy") policies.delete(third);
      else if (second === "field-set") sets.delete(words.slice(2).join(" "));
      return true;
    }
    if (first === "field-set") {
      policy = null;
      const key = words.slice(1).join(" ");
      set = sets.get(key) ?? { place, lines: [] };
      sets.set(key, set);
    } else if (first === "traffic-policy" && third === "") {
      set = null;
      match = null;
      policy = second;
      if (!policies.has(second)) policies.set(second, { place, matches: [] });
    } else if (first === "match" && policy !== null) {
      inActions = false;
      const known = policies.get(policy);
      match = { name: second, family: third === "ipv6" ? "ipv6" : "ipv4", place, conditions: [], actions: [] };
      if (known === undefined) return true;
      const before = known.matches.findIndex(({ name }) => name === (fourth === "before" ? words[4] : second));
      // Said again, a match is a new one in the old one's place.
      if (before >= 0) known.matches.splice(before, fourth === "before" ? 0 : 1, match);
      else known.matches.push(match);
    } else if (first === "actions" && match !== null) inActions = true;
    else if (set !== null) set.lines.push({ words, place });
    else if (match !== null) (inActions ? match.actions : match.conditions).push({ words, place });
    else if (policy === null) return at.indent > 0;
    else if (!["counter", "counters"].includes(first))
      troubles.push({ place, says: "This line of a traffic policy is not understood." });
    return true;
  };
  return { flat: false, line };
}
