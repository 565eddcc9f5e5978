import { expect, test } from "vitest";
import { treeOf } from "../../tree.ts";
import { readCf } from "./cf.ts";
import { mailFiles } from "./files.ts";
import { newMemory, Rewriting, Untold } from "./rewrite.ts";
import { addressTokens, shown } from "./tokens.ts";

const host = { name: "mx1.ourcollege.ac.uk", addresses: ["[127.0.0.1]"] };
const tables = {
  "/etc/mail/sendmail.cf": "",
  "/etc/mail/table": "ourcollege.ac.uk\tRELAY\nAlice@ourcollege.ac.uk\tfound %1 of %0\n",
};

/** What a ruleset `t` makes of an input. */
function rewritten(rules: string, input: string, macros: Readonly<Record<string, string>> = {}): string {
  const text = `V10\nO OperatorChars=.:%@!^/[]+\nDxfixed.example\nCwourcollege.ac.uk\nC{two}one two.three\nKtable hash /etc/mail/table\nKmacro macro\nKarith arith\nKdigits regex -a@yes ^[0-9]+$\nSt\n${rules}\n`;
  const { machine } = readCf("sendmail.cf", text, host, mailFiles(treeOf("/etc/mail", tables)));
  const run = new Rewriting(machine, new Map(Object.entries(macros)), newMemory());
  try {
    return shown(run.call("t", addressTokens(input, machine.operators) ?? ["not", "balanced"]));
  } catch (error) {
    if (error instanceof Untold) return "unknown";
    throw error;
  }
}

for (const [what, rules, input, want] of [
  // The guide's §5.1.1: the least that fits, from left to right.
  ["$* takes the least", "R$* @ $*\t$: <$1> <$2>", "a@b@c", "<a><b@c>"],
  ["$+ takes one at least", "R$+ @ $+\t$: <$1> <$2>", "@a@b", "<@a><b>"],
  ["$- is one token", "R$- . $-\t$: $2 $1", "a.b", "ba"],
  ["$- is not two", "R$-\t$: no", "a.b", "a.b"],
  ["$@ is nothing", "R$@\t$: empty", "", "empty"],
  ["a class of phrases", "R$* $={two}\t$: $1 : $2", "a.two.three", "a.:two.three"],
  ["not in a class", "R$~{two} . $+\t$: $1", "x.one", "x"],
  ["words are compared without case", "Rabc $*\t$: $1", "ABCd", "ABCd"],
  ["the same word in capitals", "RABC . $*\t$: $1", "abc.d", "d"],
  ["a rule is repeated", "R$* a $*\t$1 b $2", "a a.a", "bb.b"],
  ["$: is done once", "R$*\t$: x $1", "a.b", "xa.b"],
  ["$@ ends the ruleset", "R$*\t$@ done\nR$*\t$: more", "a", "done"],
  ["$# ends it too", "R$*\t$#error $: no\nR$*\t$: more", "a", "$#error$:no"],
  ["a macro of the file", "R$*\t$: $x", "a", "fixed.example"],
  ["a macro of the session", "R$*\t$: $&{name}", "a", "now.example"],
  ["a macro compared", "R$&{name} $*\t$: same", "now.example", "same"],
  ["a map", "R$*\t$: $(table $1 $: none $)", "ourcollege.ac.uk", "RELAY"],
  ["a key in capitals", "R$*\t$: $(table $1 $: none $)", "OURCOLLEGE.ac.uk", "RELAY"],
  ["what a map does not hold", "R$*\t$: $(table $1 $: none $)", "x.example", "none"],
  ["without another word the key stays", "R$*\t$: $(table $1 $)", "x.example", "x.example"],
  [
    "arguments of a map",
    "R$*\t$: $(table $1 $@ first $)",
    "alice@ourcollege.ac.uk",
    "foundfirstofalice@ourcollege.ac.uk",
  ],
  ["a map that is not there finds nothing", "R$*\t$: $(nowhere $1 $: none $)", "a", "none"],
  ["a macro that is set", "R$*\t$: $(macro {m} $@ v $) $1\nR$*\t$: $&{m}", "a", "v"],
  ["counting", "R$- $-\t$: $(arith + $@ $1 $@ $2 $)", "2 3", "5"],
  ["a regular expression", "R$*\t$: $(digits $1 $: no $)", "12", "@yes"],
  ["names of strangers exist", "R$*\t$: $[ $1 $]", "a.example", "a.example."],
  ["rulesets that call one another", "R$*\t$: $>one $>two $1\nSone\nR$*\t$@ <$1>\nStwo\nR$*\t$@ ($1)", "a", "<(a)>"],
  ["a ruleset that is nowhere changes nothing", "R$*\t$: $>nowhere $1", "a", "a"],
  ["a circle", "R$*\t$: $>t $1", "a", "unknown"],
  ["a rule that is repeated for ever", "R$*\tx $1", "a", "unknown"],
  ["a conditional", "R$*\t$: $?x yes $| no $.", "a", "unknown"],
  ["quotes keep together", "R$-\t$: one", '"a b@c"', "one"],
  ["comments are taken out", "R$*\t$: $1", "a(b(c)d)e", "ae"],
  ["what does not balance", "R$*\t$: $1", "<a", "notbalanced"],
] as const)
  test(what, () => expect(rewritten(rules, input, { name: "now.example" })).toBe(want));
