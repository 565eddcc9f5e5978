import { expect, test } from "vitest";
import type { Receiver } from "../../knowledge/receiver.ts";
import { LogBroken, refusals } from "./refusals.ts";
import { type RefusalsDocument, refusalsSchema } from "./result.ts";

const latest = Date.UTC(2026, 10, 24, 12);

const receiver: Receiver = {
  id: "big",
  name: "Big Mail",
  hosts: ["big.example"],
  domains: ["bigmail.example"],
  says: ["big block list"],
  criteria: "x",
  removal: "ask",
  ask: [{ mail: "delist@big.example" }],
  time: "a day",
  weight: "high",
  confidence: "H",
  sources: ["x"],
  verified: "2026-11-24",
};

async function* bytes(text: string, breaks: boolean): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  if (breaks) throw new LogBroken("unexpected end of file");
}

async function run(texts: readonly string[], breaks = false): Promise<RefusalsDocument> {
  const document = await refusals(
    {
      files: texts.map((text, at) => ({ name: `file${at}`, latest, chunks: bytes(text, breaks) })),
      lists: [],
      receivers: [receiver],
      progress: () => {},
    },
    new AbortController().signal,
  );
  return refusalsSchema.parse(document);
}

const line = (time: string, id: string, to: string, host: string, rest: string) =>
  `2026-11-${time}:00Z mx1 postfix/smtp[1]: ${id}: to=<${to}>, relay=${host}[192.0.2.7]:25, delay=1, ${rest}\n`;
const deferred = (host: string, text: string) =>
  `dsn=4.7.1, status=deferred (host ${host}[192.0.2.7] said: ${text} (in reply to MAIL FROM command))`;
const sent = "dsn=2.0.0, status=sent (250 ok)";
const blocked = "450 4.7.1 [198.51.100.9] is on the big block list";

test("per receiver: the words, since when, how many wait, whom to ask", async () => {
  const { verdict, refusals: all } = await run([
    line("20T10:00", "AAAAAA", "a@one.example", "mx1.big.example", deferred("mx1.big.example", blocked)) +
      line("20T11:00", "AAAAAA", "a@one.example", "mx2.big.example", deferred("mx2.big.example", blocked)) +
      line("20T12:00", "BBBBBB", "b@two.example", "mx1.big.example", deferred("mx1.big.example", blocked)),
  ]);
  expect(verdict).toBe("refused");
  expect(all).toMatchObject([
    {
      receiver: { id: "big", domains: ["one.example", "two.example"], hosts: ["mx1.big.example", "mx2.big.example"] },
      cause: "private",
      state: "refusing",
      code: 450,
      enhanced: "4.7.1",
      since: "2026-11-20T10:00:00.000Z",
      last: "2026-11-20T12:00:00.000Z",
      attempts: 3,
      waiting: 2,
      bounced: 0,
      ours: ["198.51.100.9"],
      ask: [{ kind: "mail", at: "delist@big.example", from: "catalogue" }],
    },
  ]);
});

test("later mail that got through ends it, whatever the order of the files", async () => {
  const old = line("20T10:00", "AAAAAA", "a@one.example", "mx.big.example", deferred("mx.big.example", blocked));
  const newer =
    line("21T10:00", "AAAAAA", "a@one.example", "mx.big.example", sent) +
    line("22T10:00", "CCCCCC", "c@one.example", "mx.big.example", sent);
  for (const texts of [
    [old, newer],
    [newer, old],
  ]) {
    const { verdict, refusals: all } = await run(texts);
    expect([verdict, all[0]?.state]).toEqual(["accepted", "accepted-again"]);
    expect(all[0]?.acceptedSince).toMatch(/^2026-11-2[12]T10/);
  }
});

test("a refusal after mail that got through counts", async () => {
  const { verdict } = await run([
    line("21T10:00", "CCCCCC", "c@one.example", "mx.big.example", sent) +
      line("22T10:00", "AAAAAA", "a@one.example", "mx.big.example", deferred("mx.big.example", blocked)),
  ]);
  expect(verdict).toBe("refused");
});

test("what was returned or has left the queue does not wait", async () => {
  const at = (id: string) =>
    line("20T10:00", id, "a@one.example", "mx.big.example", deferred("mx.big.example", blocked));
  const { refusals: all } = await run([
    at("AAAAAA") +
      at("BBBBBB") +
      at("CCCCCC") +
      line(
        "20T11:00",
        "AAAAAA",
        "a@one.example",
        "mx.big.example",
        `dsn=4.7.1, status=expired (host mx.big.example[192.0.2.7] said: ${blocked})`,
      ) +
      "2026-11-20T11:00:00Z mx1 postfix/qmgr[1]: BBBBBB: removed\n",
  ]);
  expect([all[0]?.waiting, all[0]?.bounced]).toEqual([1, 1]);
});

test("a queue listing knows better than the log, and takes reasons from it", async () => {
  const log = line("20T10:00", "AAAAAA", "a@one.example", "mx.big.example", deferred("mx.big.example", blocked));
  const queue = (id: string) =>
    `${id}      550 Fri Nov 20 05:02:07  x@y.example\n                                         a@one.example\n\n`;
  const { waitingFrom, waitingUnexplained, refusals: all } = await run([log, queue("AAAAAA") + queue("BBBBBB")]);
  expect([waitingFrom, waitingUnexplained, all[0]?.waiting]).toEqual(["queue", 1, 1]);
});

test("nobody known: the postmaster of the recipient's domain (RFC 5321 §4.5.1), or whom they name", async () => {
  const { refusals: all } = await run([
    line("20T10:00", "AAAAAA", "a@one.example", "mx.one.example", deferred("mx.one.example", "554 5.7.1 blacklisted")) +
      line(
        "20T10:00",
        "BBBBBB",
        "a@two.example",
        "mx.two.example",
        deferred(
          "mx.two.example",
          "554 5.7.1 blacklisted, see https://two.example/why?ip=198.51.100.9 or write to abuse@two.example",
        ),
      ),
  ]);
  expect(all.map(({ ask }) => ask.map(({ at, from }) => [at, from]))).toEqual([
    [["postmaster@one.example", "rfc5321"]],
    [
      ["https://two.example/why?ip=198.51.100.9", "refusal"],
      ["abuse@two.example", "refusal"],
    ],
  ]);
});

test.each([
  ["nothing of a mail log", ["a,b,c\n1,2,3\n"], "unknown"],
  ["a picture", [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0a, 0xff, 0x0a]).toString("latin1")], "unknown"],
  ["a log without a delivery", ["2026-11-20T10:00:00Z mx1 postfix/qmgr[1]: start\n"], "accepted"],
  ["an empty file", [""], "accepted"],
  ["an empty queue", ["Mail queue is empty\n"], "accepted"],
  [
    "user unknown only",
    [
      line(
        "20T10:00",
        "AAAAAA",
        "a@one.example",
        "mx.one.example",
        "dsn=5.1.1, status=bounced (host mx.one.example[192.0.2.7] said: 550 5.1.1 User unknown)",
      ),
    ],
    "accepted",
  ],
  [
    "policy, and no word which",
    [line("20T10:00", "AAAAAA", "a@one.example", "mx.one.example", deferred("mx.one.example", "554 5.7.1 No."))],
    "unknown",
  ],
  [
    "CRLF, and no line end at the end",
    [
      line("20T10:00", "AAAAAA", "a@one.example", "mx.big.example", deferred("mx.big.example", blocked)).replace(
        "\n",
        "\r",
      ),
    ],
    "refused",
  ],
] as const)("%s", async (_why, texts, verdict) => expect((await run(texts)).verdict).toBe(verdict));

test("a file that ends in the middle: what it told counts, and silence is no answer", async () => {
  const good = await run([line("20T10:00", "AAAAAA", "a@one.example", "mx.one.example", sent)], true);
  expect([good.verdict, good.files[0]?.trouble]).toEqual(["unknown", "unexpected end of file"]);
  const bad = await run(
    [line("20T10:00", "AAAAAA", "a@one.example", "mx.big.example", deferred("mx.big.example", blocked))],
    true,
  );
  expect(bad.verdict).toBe("refused");
});
