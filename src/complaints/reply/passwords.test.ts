import { expect, test } from "vitest";
import { passwordIn } from "./passwords.ts";

for (const [text, submit, mailbox] of [
  ["secret\n", "secret", "secret"],
  // A password may hold anything, also what looks like a name.
  ["a=b", "a=b", "a=b"],
  ["submit=s1\nabuseMailbox=m=1\n", "s1", "m=1"],
  ["submit=s1", "s1", null],
  ["one\ntwo\n", null, null],
  ["", null, null],
] as const)
  test(`passwords in ${JSON.stringify(text)}`, () => {
    expect([passwordIn(text, "submit"), passwordIn(text, "abuseMailbox")]).toEqual([submit, mailbox]);
  });
