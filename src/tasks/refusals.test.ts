import { expect, test } from "vitest";
import { inTimeOrder, refusalsTask } from "./refusals.ts";

test.each([
  // What a shell makes of mail.log*.
  [
    ["mail.log", "mail.log.1", "mail.log.10.gz", "mail.log.2.gz"],
    ["mail.log.10.gz", "mail.log.2.gz", "mail.log.1", "mail.log"],
  ],
  [
    ["maillog", "maillog-20261101", "maillog-20261108.gz"],
    ["maillog-20261101", "maillog-20261108.gz", "maillog"],
  ],
  // Different logs keep their order.
  [
    ["exim/mainlog", "queue", "-"],
    ["exim/mainlog", "queue", "-"],
  ],
] as const)("%s", (names, want) => expect(inTimeOrder(names)).toEqual(want));

test("a file that cannot be read on is told, and the others are read", async () => {
  const result = await refusalsTask(
    { files: ["broken", "good"], catalogue: { receivers: [] }, lists: [], progress: () => {} },
    async (path) => ({
      latest: 0,
      chunks: (async function* () {
        if (path === "broken") throw new Error("unexpected end of file");
        yield Buffer.from(
          "2026-11-20T10:00:00Z mx1 postfix/smtp[1]: AAAAAA: to=<a@b.example>, relay=mx.b.example[192.0.2.7]:25, dsn=2.0.0, status=sent (250 ok)\n",
        );
      })(),
    }),
    new AbortController().signal,
  );
  expect([result.verdict, result.sent, result.files.map(({ trouble }) => trouble)]).toEqual([
    "unknown",
    1,
    ["unexpected end of file", null],
  ]);
});
