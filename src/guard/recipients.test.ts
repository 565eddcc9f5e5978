import { expect, test } from "vitest";
import { parseMailbox } from "../smtp/path.ts";
import { readRecipients } from "./recipients.ts";

const { recipients, count, problems } = readRecipients(`# ours
alice@ourcollege.example
Bob@OurCollege.example   # any case
"b c"@ourcollege.example
@open.example
not an address
@
`);

for (const [address, want] of [
  ["alice@ourcollege.example", "valid"],
  ["ALICE@ourcollege.EXAMPLE", "valid"],
  ["bob@ourcollege.example", "valid"],
  ['"b c"@ourcollege.example', "valid"],
  ["alice+lists@ourcollege.example", "valid"],
  ["mallory@ourcollege.example", "invalid"],
  ["anyone@open.example", "valid"],
  // A domain that the list does not speak of.
  ["alice@dept.ourcollege.example", "unknown"],
] as const)
  test(`${address}: ${want}`, () => {
    const mailbox = parseMailbox(address);
    expect(mailbox.ok ? recipients(mailbox.value) : "unreadable").toBe(want);
  });

test("lines that are no addresses are named", () => {
  expect(count).toBe(3);
  expect(problems).toEqual([
    { line: 6, text: "not an address" },
    { line: 7, text: "@" },
  ]);
});
