/** A rule's parts, as text and JSON both say them. Values are still words: what they mean, the field tells. */

export type Item =
  | { readonly kind: "one"; readonly text: string }
  | { readonly kind: "range"; readonly first: string; readonly last: string }
  /** `*`: what no other element holds. */
  | { readonly kind: "rest" };

/** The parts of a concatenation; most have one. */
export type Key = readonly Item[];

export type Verdict =
  | { readonly kind: "accept" | "drop" | "return" | "continue" }
  | { readonly kind: "jump" | "goto"; readonly chain: string }
  | { readonly kind: "unknown"; readonly why: string };

export type Operand =
  /** `one`: a value; `list`: values with commas or `|` between; `set`: in braces. */
  | { readonly kind: "keys"; readonly form: "one" | "list" | "set"; readonly keys: readonly Key[] }
  | { readonly kind: "named"; readonly name: string };

export type Operator = "" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "!";

export type Statement =
  | {
      readonly kind: "match";
      /** As nft writes them: `ip saddr`, `ct state`. */
      readonly fields: readonly string[];
      /** `field & mask`: the words of the mask. */
      readonly mask: readonly string[] | null;
      readonly operator: Operator;
      readonly operand: Operand;
    }
  | {
      readonly kind: "vmap";
      readonly fields: readonly string[];
      readonly map:
        | { readonly kind: "named"; readonly name: string }
        | { readonly kind: "pairs"; readonly pairs: readonly (readonly [Key, Verdict])[] };
    }
  | { readonly kind: "verdict"; readonly verdict: Verdict }
  /** It may stop the rule here: a limit, a quota, something the packet model does not hold. */
  | { readonly kind: "doubt"; readonly why: string }
  | { readonly kind: "notrack" }
  /** The rule adds to this set. */
  | { readonly kind: "fills"; readonly set: string };

/** A rule as far as it was understood. */
export interface RuleText {
  readonly statements: readonly Statement[];
  /** What the rest is about, if it was not. */
  readonly wrong: string | null;
}

const only = (field: string, value: string): Statement => ({
  kind: "match",
  fields: [field],
  mask: null,
  operator: "==",
  operand: { kind: "keys", form: "one", keys: [[{ kind: "one", text: value }]] },
});

/** An answer that only one family or protocol has takes that family or protocol for granted, and nft prints no more. */
export function refusal(kind: string): readonly Statement[] {
  const drop: Statement = { kind: "verdict", verdict: { kind: "drop" } };
  if (kind === "icmp") return [only("nfproto", "ipv4"), drop];
  if (kind === "icmpv6") return [only("nfproto", "ipv6"), drop];
  return kind.startsWith("tcp") ? [only("l4proto", "tcp"), drop] : [drop];
}
