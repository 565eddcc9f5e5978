import { expect, test } from "vitest";
import { runM4 } from "./m4.ts";

const told = (text: string, files: Readonly<Record<string, string>> = {}) =>
  runM4("x.mc", text, new Set(["FEATURE", "LOCAL_RULESETS"]), new Map([["DIR", "/etc/mail/"]]), (path) =>
    path.endsWith("cf.m4") ? null : files[path] === undefined ? undefined : { file: path, text: files[path] },
  );

/** Features with their arguments, or definitions. */
const features = (text: string, files: Readonly<Record<string, string>> = {}): string =>
  told(text, files)
    .calls.filter(({ name }) => name === "FEATURE")
    .map(({ args, where }) => `${args.join("|")}@${where.start.line}`)
    .join(" ");

for (const [what, text, want] of [
  ["a feature and its line", "\nFEATURE(`a', `b c')dnl\n", "a|b c@2"],
  ["without quotes", "FEATURE(a)", "a@1"],
  ["dnl hides the rest of the line", "dnl FEATURE(`a')\nFEATURE(`b')dnl FEATURE(`c')\n", "b@2"],
  ["a number sign hides it too", "# FEATURE(`a')\nFEATURE(`b')\n", "b@2"],
  ["before cf.m4 it is a word", "FEATURE(`a')\ninclude(`/x/cf.m4')\nFEATURE(`b')\n", "b@3"],
  ["diverted text still counts", "divert(-1)\nFEATURE(`a')\ndivert(0)\n", "a@2"],
  ["quoted text does not", "define(`x', `FEATURE(`a')')dnl\n", ""],
  ["until it is used", "define(`x', `FEATURE(`a')')dnl\nx\n", "a@2"],
  ["a condition that holds", "define(`x')ifdef(`x', `FEATURE(`a')', `FEATURE(`b')')", "a@1"],
  ["and one that does not", "ifdef(`x', `FEATURE(`a')', `FEATURE(`b')')", "b@1"],
  ["words compared", "ifelse(`a', `b', `FEATURE(`x')', `FEATURE(`y')')", "y@1"],
  ["numbers compared", "ifelse(eval(3 >= 2), `1', `FEATURE(`x')')", "x@1"],
  ["a name put in", "define(`D', `partner.example')dnl\nFEATURE(`x', `D')", "x|partner.example@2"],
  ["arguments of its own", "define(`on', `FEATURE(`$1')')dnl\non(`y')", "y@2"],
  ["lines of one call", "FEATURE(`a',\n  `b')\nFEATURE(`c')", "a|b@1 c@3"],
] as const)
  test(what, () => expect(features(text)).toBe(want));

test("an included file is read, and its place is its own", () => {
  expect(
    told("include(`/etc/mail/more.m4')", { "/etc/mail/more.m4": "\nFEATURE(`a')\n" }).calls[0]?.where,
  ).toMatchObject({
    file: "/etc/mail/more.m4",
    start: { line: 2 },
  });
});

test("a file that was not given is told, unless it may be missing", () => {
  expect(told("include(`/x')sinclude(`/y')").strange.map(({ says }) => says)).toEqual([
    "the included file /x, which was not given",
  ]);
});

test("definitions are put in where they are used", () => {
  const { defined } = told("define(`confCR_FILE', `-o DIR`'relay-domains')dnl\n");
  expect(defined.get("confCR_FILE")?.value).toBe("-o /etc/mail/relay-domains");
});

test("lines go to the place that was asked for, each with its own", () => {
  const { lines } = told("LOCAL_RULESETS\nSone\nR$*\t$@ OK\n");
  expect(lines.get(9)?.map(({ text, where }) => `${where.start.line} ${text}`)).toEqual(["2 Sone", "3 R$*\t$@ OK"]);
});

for (const [what, text] of [
  ["a circle of macros", "define(`a', `b')define(`b', `a')a"],
  ["one that doubles itself", "define(`a', `a a')a"],
  ["a file that includes itself", "include(`/etc/mail/self')"],
  ["a parenthesis that is not closed", "FEATURE(".repeat(3000)],
  ["a quote that is not closed", "`".repeat(3000)],
] as const)
  test(`${what} ends`, () => expect(told(text, { "/etc/mail/self": "include(`/etc/mail/self')" })).toBeDefined());
