/**
 * Which line let a recipient through: the word of a class, the entry of a map or the rule that first said RELAY or OK.
 * What only passes such an answer on is not it.
 */
import type { Span } from "../../../text/source.ts";
import type { Entry, Member } from "./machine.ts";
import type { Happened, Rewriting } from "./rewrite.ts";
import type { Part, RewriteRule } from "./template.ts";
import { sign, type Tokens } from "./tokens.ts";

export type Grant = {
  readonly where: Span | null;
  /** The ruleset in which it happened. */
  readonly ruleset: string;
} & (
  | { readonly kind: "member"; readonly member: Member; readonly of: string; readonly rule: RewriteRule | null }
  | { readonly kind: "entry"; readonly entry: Entry; readonly map: string }
  | { readonly kind: "rule"; readonly says: string }
  /** Nothing refused. */
  | { readonly kind: "nothing" }
);

/** For a person, and the same for all sessions that it lets through. */
export function saysOf(grant: Grant): string {
  switch (grant.kind) {
    case "member":
      return `class ${grant.of}: ${grant.member.word} (${grant.ruleset})`;
    case "entry":
      return `${grant.map}: ${grant.entry.key} ${grant.entry.value}`;
    case "rule":
      return `${grant.ruleset}: ${grant.says}`;
    case "nothing":
      return `${grant.ruleset} refuses nothing`;
  }
}

/** Rulesets that decide on recipients alone, where the check of a recipient also repeats the earlier ones (`delay_checks`). */
const inner: readonly string[] = ["checkrcpt", "basic_check_rcpt"];

export function grantOf(run: Rewriting, ruleset: string, given: Tokens, result: Tokens): Grant {
  let happened: readonly Happened[] = run.happened;
  let said = result;
  const own = ruleset === "check_rcpt" ? inner.find((name) => run.machine.rulesets.has(name)) : undefined;
  if (own === "checkrcpt") {
    const from = run.happened.length;
    said = run.call(own, given);
    happened = run.happened.slice(from);
  }
  const set = run.machine.rulesets.get(own ?? ruleset);
  const nothing: Grant = { kind: "nothing", ruleset: set?.name ?? ruleset, where: set?.where ?? null };
  const name = nothing.ruleset;
  if (said.join("") === "deferred")
    return { kind: "rule", says: "DeliveryMode=deferred checks nothing", ruleset: name, where: nothing.where };
  if (!says(said)) return nothing;
  for (let index = happened.length - 1; index >= 0; index -= 1) {
    const one = happened[index] as Happened; // the index is in bounds
    const entry = one.entries.findLast(({ value }) => /^(?:OK|RELAY)\b/i.test(value));
    if (entry !== undefined) return { kind: "entry", entry, map: entry.map, ruleset: one.ruleset, where: entry.where };
    if (one.rule !== null && !begins(one.rule)) continue;
    const member = one.members.at(-1);
    // Our own names are right; what is at fault is the rule that goes by them.
    if (member !== undefined && member.of !== "w" && member.of !== "m")
      return {
        kind: "member",
        member,
        of: member.of,
        rule: one.rule,
        ruleset: one.ruleset,
        where: member.where ?? one.where,
      };
    return { kind: "rule", says: one.says, ruleset: one.ruleset, where: one.where };
  }
  return nothing;
}

/** Whether a result is a word of consent, or the order to stop checking. */
const says = (tokens: Tokens): boolean => tokens[0] === sign.mailer || /^(?:OK|RELAY)$/i.test(tokens.join(""));

/** Whether a rule says so of itself: it puts in what it did not find. */
function begins({ left, right }: RewriteRule): boolean {
  const spoken = (part: Part | undefined): boolean =>
    part?.kind === "text" && (part.token === sign.mailer || /^(?:OK|RELAY)$/i.test(part.token));
  return spoken(right[0]) && !left.some(spoken);
}
