import { expect, test } from "vitest";
import { formatPrefix } from "../net/prefix.ts";
import { type SpfTerm, spfRecordOf } from "./spf.ts";

function termsOf(text: string): readonly SpfTerm[] {
  const record = spfRecordOf([text]);
  if (record.kind !== "record") throw new Error(record.kind);
  return record.terms;
}
const words = (term: SpfTerm): string =>
  [
    term.kind,
    "prefix" in term ? formatPrefix(term.prefix) : "",
    "domain" in term ? (term.domain ?? "") : "",
    "qualifier" in term ? term.qualifier : "",
  ]
    .filter((part) => part !== "")
    .join(" ");

for (const [term, want] of [
  ["ip4:192.0.2.1", "network 192.0.2.1/32 +"],
  ["ip4:192.0.2.77/24", "network 192.0.2.0/24 +"], // host bits may be set
  ["IP6:2001:db8::/32", "network 2001:db8::/32 +"],
  ["-ip4:192.0.2.0/24", "network 192.0.2.0/24 -"],
  ["a", "a +"],
  ["a:mail.example.org/28//64", "a mail.example.org +"],
  ["~mx", "mx ~"],
  ["include:_spf.example.net", "include _spf.example.net +"],
  ["redirect=_spf.example.net", "redirect _spf.example.net"],
  ["?all", "all ?"],
  ["exists:%{i}.example.net", "exists +"],
  // Not readable: never guessed at.
  ["ip4:192.0.2.0/33", "other"],
  ["ip4:2001:db8::1", "other"],
  ["ip6:192.0.2.1", "other"],
  ["ip4:", "other"],
  ["include:", "other"],
  ["exp=explain.example.net", "other"],
  ["\u001b[31mall", "other"],
] as const)
  test(JSON.stringify(term), () => expect(termsOf(`v=spf1 ${term}`).map(words)).toEqual([want]));

test("one record counts, several are an error, others are none", () => {
  expect(spfRecordOf(["google-site-verification=x", "v=spf10 -all"])).toEqual({ kind: "none" });
  expect(spfRecordOf(["v=spf1 -all", "V=SPF1 mx"])).toEqual({ kind: "several" });
  expect(termsOf("v=spf1")).toEqual([]);
  expect(termsOf("v=spf1  mx   -all").map(words)).toEqual(["mx +", "all -"]);
});
