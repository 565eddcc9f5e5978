import { once } from "node:events";
import net from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCatcher } from "../../src/check/catcher.ts";
import { tokens } from "../../src/check/token.ts";
import { systemClock, systemRandom } from "../../src/io/clock.ts";
import { tcpListener } from "../../src/io/tcp.ts";
import type { Arrival, Listening } from "../../src/ports.ts";
import { fakeClock } from "../fakes/clock.ts";

const key = Buffer.alloc(32, 9);
const made = tokens(key, systemClock, systemRandom);
const recorded: Arrival[] = [];
let refuseToRecord = false;
let catcher: Listening;

beforeAll(async () => {
  catcher = await startCatcher({ address: { family: 4, bits: 0x7f000001n }, port: 0 }, "catch.example.net", {
    listener: tcpListener(),
    tokens: made,
    clock: systemClock,
    drop: {
      record: async (arrival) => {
        if (refuseToRecord) throw new Error("the disk is full");
        recorded.push(arrival);
      },
      since: async () => ({ arrivals: [], mark: 0 }),
    },
  });
});
afterAll(() => catcher[Symbol.asyncDispose]());

/** Writes all lines at once (PIPELINING) and gives back the reply codes until the connection ends. */
async function dialogue(...lines: readonly string[]): Promise<readonly string[]> {
  const socket = net.connect(catcher.local.port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  socket.write(`${[...lines, "QUIT"].join("\r\n")}\r\n`, "latin1");
  await once(socket, "close");
  return text
    .split("\r\n")
    .filter((line) => /^\d{3} /.test(line))
    .map((line) => line.slice(0, 3));
}

test("mail for a token of ours is recorded, with peer, envelope and header", async () => {
  const token = made.issue("long");
  const codes = await dialogue(
    "EHLO mx1",
    "MAIL FROM:<a@b.example>",
    `RCPT TO:<fp-${token}@catch.example.net>`,
    "DATA",
    "Subject: x",
    "",
    "..dot",
    ".",
  );
  expect(codes).toEqual(["220", "250", "250", "250", "354", "250", "221"]);
  expect(recorded.at(-1)).toMatchObject({
    peer: "127.0.0.1",
    helo: "mx1",
    reversePath: "<a@b.example>",
    recipients: [{ path: `<fp-${token}@catch.example.net>`, token }],
    head: "Subject: x\r\n\r\n.dot\r\n",
  });
});

test("whatever the recipient, without a valid token it is refused", async () => {
  const expired = tokens(key, fakeClock("2020-01-01T00:00:00Z"), systemRandom).issue("long");
  const forged = tokens(Buffer.alloc(32, 1), systemClock, systemRandom).issue("long");
  const before = recorded.length;
  for (const path of [
    "postmaster",
    "someone@catch.example.net",
    "",
    `fp-${expired}@catch.example.net`,
    `fp-${forged}@catch.example.net`,
  ])
    expect(await dialogue("EHLO x", "MAIL FROM:<>", `RCPT TO:<${path}>`, "DATA")).toEqual([
      "220",
      "250",
      "250",
      "550",
      "554",
      "221",
    ]);
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[!-~]{1,80}$/), async (text) => {
      const codes = await dialogue("EHLO x", "MAIL FROM:<>", `RCPT TO:<${text}>`);
      expect(codes[3]).not.toBe("250");
    }),
    { numRuns: 40 },
  );
  expect(recorded.length).toBe(before);
});

test("what cannot be recorded is not acknowledged", async () => {
  refuseToRecord = true;
  const codes = await dialogue(
    "EHLO x",
    "MAIL FROM:<>",
    `RCPT TO:<fp-${made.issue("long")}@catch.example.net>`,
    "DATA",
    "x",
    ".",
  );
  refuseToRecord = false;
  expect(codes.slice(0, 5)).toEqual(["220", "250", "250", "250", "354"]);
  expect(codes[5]).not.toBe("250");
});

for (const end of ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r"])
  test(`nothing can be smuggled in by ${JSON.stringify(end)}`, async () => {
    const token = made.issue("long");
    const inner = `MAIL FROM:<evil@x.example>\r\nRCPT TO:<fp-${token}@catch.example.net>\r\nDATA`;
    const before = recorded.length;
    await dialogue(
      "EHLO x",
      "MAIL FROM:<>",
      `RCPT TO:<fp-${token}@catch.example.net>`,
      "DATA",
      `body${end}${inner}`,
      "inner",
      ".",
    );
    expect(recorded.slice(before).map((arrival) => arrival.reversePath)).toEqual(["<>"]);
  });

test("too large a message is refused and not kept in memory", async () => {
  const token = made.issue("long");
  const before = recorded.length;
  const codes = await dialogue(
    "EHLO x",
    "MAIL FROM:<>",
    `RCPT TO:<fp-${token}@catch.example.net>`,
    "DATA",
    "x".repeat(3_000_000),
    ".",
  );
  expect(codes).toContain("552");
  expect(recorded.length).toBe(before);
});

test("a client that only errs is sent away", async () => {
  const codes = await dialogue(...Array.from({ length: 50 }, () => "NONSENSE"));
  expect(codes.filter((code) => code === "500").length).toBeLessThan(20);
  expect(codes.at(-1)).toBe("421");
});

test("an endless line is cut off, and the session goes on or ends, bounded", async () => {
  const codes = await dialogue(`EHLO ${"x".repeat(500_000)}`, "NOOP");
  expect(codes.slice(0, 3)).toEqual(["220", "500", "250"]);
});
