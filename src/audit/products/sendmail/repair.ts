/**
 * Edits that may mend a hole, the smallest first. Whether one does is found out by auditing what it makes. Where both
 * files are there, an edit of `sendmail.cf` comes with the one of `sendmail.mc` that keeps it from coming back.
 */
import type { ConfigTree } from "../../../ports.ts";
import type { Span } from "../../../text/source.ts";
import type { Hole } from "../../hole.ts";
import { decidingRule, holePlace } from "../../holes.ts";
import type { FileEdit } from "../../product.ts";
import { type SendmailTag, tagOf } from "./explain.ts";
import { mainFile, policyOfTree } from "./sendmail.ts";

export function repairsOf(hole: Hole, tree: ConfigTree): readonly (readonly FileEdit[])[] {
  const tag = tagOf(hole);
  const all: (readonly FileEdit[])[] = [];
  const add = (...edits: readonly (FileEdit | null)[]): void => {
    const made = edits.filter((edit) => edit !== null);
    if (made.length > 0) all.push(made);
  };
  const rule = decidingRule(hole);
  const place = rule?.where ?? holePlace(hole);
  const feature = features[tag];
  const mc = mainFile(tree, "mc");
  const inMc = mc === null || feature === undefined ? null : withoutFeature(mc.file, mc.text, feature);
  const cf = mainFile(tree, "cf");
  if (cf === null) add(inMc);
  else if (feature === "loose_relay_check") add(strict(tree), inMc);
  // Whoever takes the domain away stops its mail too.
  if (tag === "SM_PASS_ON") return all;
  if (place !== null && place.file !== "") {
    const word = /^(?:class \w+|access): (\S+)/.exec(rule?.rule ?? "")?.[1] ?? "";
    const isTable = rule?.rule.startsWith("access: ") === true;
    if (tag === "SM_CLIENT_NAME") for (const edits of onlyTowards(place, word, isTable, tree)) add(...edits);
    if (!isTable && word !== "") add(withoutWord(place, word));
    if (place.file === cf?.file) add(isRule(place) ? removed(place) : null, inMc ?? sameRuleIn(mc, place));
    else if (isTable || isRule(place) || tag === "SM_MAP_COPY") add(removed(place));
  }
  if (tag === "SM_PROMISCUOUS" && cf !== null) add(guarded(tree), inMc);
  return all;
}

/** What a feature is to be blamed for. */
const features: Partial<Readonly<Record<SendmailTag, string>>> = {
  SM_PROMISCUOUS: "promiscuous_relay",
  SM_LOCAL_FROM: "relay_local_from",
  SM_MAIL_FROM: "relay_mail_from",
  SM_MX: "relay_based_on_MX",
  SM_ENTIRE_DOMAIN: "relay_entire_domain",
  SM_PASS_ON: "loose_relay_check",
  SM_ROUTE: "loose_relay_check",
};

const put = (span: Span, lines: readonly string[]): FileEdit => ({
  path: span.file,
  edit: { from: span.start.line, to: span.end.line, with: lines },
});
const removed = (span: Span): FileEdit => put(span, []);
const isRule = ({ text }: Span): boolean => /^R/.test(text);

/** The line of a feature taken out, if nothing else stands on it. */
function withoutFeature(file: string, text: string, name: string): FileEdit | null {
  const lines = text.split("\n");
  const pattern = new RegExp(`^\\s*FEATURE\\(\\s*\`?${name}'?\\s*(?:,[^)]*)?\\)\\s*(?:dnl\\b.*)?$`);
  const index = lines.findIndex((line) => pattern.test(line));
  return index < 0 ? null : { path: file, edit: { from: index + 1, to: index + 1, with: [] } };
}

/** The same rule where it was written, in the file that the other is made of. */
function sameRuleIn(mc: { readonly file: string; readonly text: string } | null, { text }: Span): FileEdit | null {
  if (mc === null || !isRule({ text } as Span)) return null;
  const index = mc.text.split("\n").indexOf(text);
  return index < 0 ? null : { path: mc.file, edit: { from: index + 1, to: index + 1, with: [] } };
}

/** A word of a class taken out of its line; the line too, if no other is on it. */
function withoutWord(place: Span, word: string): FileEdit | null {
  if (place.start.line !== place.end.line) return null;
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const rest = place.text.replace(new RegExp(`(^|[\\s\`,}Rw])${escaped}(?=$|[\\s',])`, "i"), "$1");
  if (rest === place.text) return null;
  const empty = /^\s*(?:#.*)?$|^C(?:\{\w+\}|.)\s*$|^\w+\(`?\s*'?\)\s*(?:dnl.*)?$/.test(rest);
  return put(place, empty ? [] : [rest]);
}

/** Relaying towards a domain kept, and taken from clients that have a name below it. */
function* onlyTowards(
  place: Span,
  word: string,
  isTable: boolean,
  tree: ConfigTree,
): Generator<readonly (FileEdit | null)[]> {
  if (isTable) {
    const rest = /^\s*\S+(\s+.*)$/.exec(place.text)?.[1];
    if (rest !== undefined && !word.includes(":")) yield [put(place, [`To:${word}${rest}`])];
    return;
  }
  const entry = policyOfTree(tree)?.policy.machine.maps.get("access")?.entries.at(-1)?.where ?? null;
  if (entry === null) return;
  const line = entry.end.line + 1;
  yield [
    withoutWord(place, word),
    { path: entry.file, edit: { from: line, to: line - 1, with: [`To:${word}\tRELAY`] } },
  ];
}

/** The check of recipients that follows routes, in place of the loose one: both rulesets are in every file. */
function strict(tree: ConfigTree): FileEdit | null {
  const ruleset = policyOfTree(tree)?.policy.machine.rulesets.get("rcpt_ok");
  const first = ruleset !== undefined && "rules" in ruleset ? ruleset.rules[0]?.where : undefined;
  if (first == null || !first.text.includes("$>CanonAddr")) return null;
  return put(first, first.text.replace("$>CanonAddr", "$>ParseRecipient").split("\n"));
}

/** Where check_rcpt refuses nothing: what is ours is let through, and the rest refused, behind its last rule. */
function guarded(tree: ConfigTree): FileEdit | null {
  const machine = policyOfTree(tree)?.policy.machine;
  const ruleset = machine?.rulesets.get("basic_check_rcpt");
  const last = ruleset !== undefined && "rules" in ruleset ? ruleset.rules.at(-1)?.where : undefined;
  if (machine === undefined || last == null) return null;
  const line = last.end.line + 1;
  const clients = machine.rulesets.has("a")
    ? ["R$*\t\t\t$: $>A <$1> <?> <+ Connect> <$1>", "R<RELAY> $*\t\t$@ RELAY"]
    : [];
  const rules = [
    "R$* $| @ $+ < @ $=w >\t$@ RELAY",
    "R$* $| @ $+ < @ $* $=R >\t$@ RELAY",
    "R$* $| @ $-\t\t$@ RELAY",
    "R$*\t\t\t$: $&{client_addr}",
    "R127.0.0.1\t\t$@ RELAY",
    "R$=R $*\t\t\t$@ RELAY",
    ...clients,
    'R$*\t\t\t$#error $@ 5.7.1 $: "550 Relaying denied"',
  ];
  return { path: last.file, edit: { from: line, to: line - 1, with: rules } };
}
