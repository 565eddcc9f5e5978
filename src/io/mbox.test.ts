import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readMailbox } from "./mailbox.ts";
import { MboxSplitter } from "./mbox.ts";

const from = "From ann@victim.example Tue Nov 24 07:00:00 2026";

function split(text: string, sizes: readonly number[] = [], maxBytes = 1000): string[] {
  const splitter = new MboxSplitter(maxBytes);
  const found: string[] = [];
  let rest = Buffer.from(text, "latin1");
  for (const size of sizes) {
    found.push(...splitter.push(rest.subarray(0, size)).map(({ bytes }) => bytes.toString("latin1")));
    rest = rest.subarray(size);
  }
  found.push(...[...splitter.push(rest), ...splitter.end()].map(({ bytes }) => bytes.toString("latin1")));
  return found;
}

for (const [name, text, want] of [
  ["two messages", `${from}\nA: 1\n\nx\n\n${from}\nB: 2\n\ny\n`, ["A: 1\n\nx\n\n", "B: 2\n\ny\n"]],
  ["CRLF", `${from}\r\nA: 1\r\n\r\nx\r\n\r\n${from}\r\nB: 2\r\n`, ["A: 1\r\n\r\nx\r\n\r\n", "B: 2\r\n"]],
  // mboxcl2 does not mark them: neither an empty line before nor a date makes a body line a separator
  [
    "body lines that begin with From",
    `${from}\nA: 1\n\nx\nFrom ${"here on it went"}\n\nFrom now on all is well\n`,
    ["A: 1\n\nx\nFrom here on it went\n\nFrom now on all is well\n"],
  ],
  // the dialects' marks stay: they are text
  [
    "marked lines",
    `${from}\nA: 1\n\n>From x Tue Nov 24 07:00:00 2026\n`,
    ["A: 1\n\n>From x Tue Nov 24 07:00:00 2026\n"],
  ],
  [
    "no mbox",
    "Subject: x\n\nFrom ann@victim.example Tue Nov 24 07:00:00 2026\n",
    ["Subject: x\n\nFrom ann@victim.example Tue Nov 24 07:00:00 2026\n"],
  ],
  ["nothing", "\n\n", []],
] as const)
  test(`mbox: ${name}`, () => expect(split(text)).toEqual(want));

test("how the stream is cut into chunks does not matter", () => {
  const piece = fc.constantFrom(`${from}\n`, "\n", "From x\n", "\r\n", "Subject: y\n", "x".repeat(1500), ">From \n");
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 40 }),
      (pieces, sizes) => {
        const text = pieces.join("");
        expect(split(text, sizes)).toEqual(split(text));
      },
    ),
  );
});

test("a message beyond the bound is cut, and the next one is whole", () => {
  const splitter = new MboxSplitter(100);
  const found = [...splitter.push(Buffer.from(`${from}\n${"x".repeat(5000)}\n\n${from}\nA: 1\n`)), ...splitter.end()];
  expect(found.map(({ bytes, cut }) => [bytes.length, cut])).toEqual([
    [100, true],
    [5, false],
  ]);
});

test("a Maildir is read with its sub-folders, without what is not complete", async () => {
  const folder = await mkdtemp(join(tmpdir(), "maildir-"));
  try {
    for (const name of ["cur", "new", "tmp", ".Junk/cur", ".Junk/new"])
      await mkdir(join(folder, name), { recursive: true });
    for (const name of ["cur/1:2,S", "new/2", "tmp/3", ".Junk/cur/4:2,", "dovecot-uidlist"])
      await writeFile(join(folder, name), `Subject: ${name}\n\n`);
    const subjects: string[] = [];
    for await (const { bytes } of readMailbox(folder, 1000, new AbortController().signal))
      subjects.push(bytes.toString().trim());
    expect(subjects.sort()).toEqual(["Subject: .Junk/cur/4:2,", "Subject: cur/1:2,S", "Subject: new/2"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("a path that is not there is told", async () => {
  await expect(readMailbox("/nowhere/at/all", 1000, new AbortController().signal).next()).rejects.toThrow(/nowhere/);
});
