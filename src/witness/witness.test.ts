import fc from "fast-check";
import { expect, test } from "vitest";
import { describeWitness, formatWitness, parseWitness, type Witness } from "./witness.ts";

const plain: Witness = {
  client: { address: "203.0.113.7", authenticated: false },
  listener: { address: "192.0.2.25", port: 587 },
  helo: "mx1.ours.example",
  reversePath: "<a@ours.example>",
  forwardPath: "<b%out.example@ours.example>",
  previousRecipients: ["<postmaster@ours.example>"],
  tls: "starttls",
};

test("a witness reads as a dialogue", () => {
  expect(describeWitness(plain)).toEqual([
    "# 203.0.113.7 connects to 192.0.2.25 port 587",
    "C: EHLO mx1.ours.example",
    "C: STARTTLS",
    "C: EHLO mx1.ours.example",
    "C: MAIL FROM:<a@ours.example>",
    "C: RCPT TO:<postmaster@ours.example>",
    "C: RCPT TO:<b%out.example@ours.example>",
  ]);
  expect(
    describeWitness({
      client: { address: null, authenticated: true },
      helo: "x",
      reversePath: "<>",
      forwardPath: "<a\x1b[2J@b.example>",
      previousRecipients: [],
      tls: "none",
    }),
  ).toEqual([
    "# any stranger connects to any listener",
    "C: EHLO x",
    "C: AUTH (any account of the mailer)",
    "C: MAIL FROM:<>",
    "C: RCPT TO:<a\\x1b[2J@b.example>",
  ]);
});

test("a client that claims to be another says so in a proxy's words", () => {
  const { listener: _, ...rest } = plain;
  const base: Witness = { ...rest, tls: "none", previousRecipients: [] };
  expect(describeWitness({ ...base, claims: { by: "proxy", address: "192.0.2.1" } }).slice(1, 3)).toEqual([
    "C: PROXY TCP4 192.0.2.1 127.0.0.1 65000 25",
    "C: EHLO mx1.ours.example",
  ]);
  expect(describeWitness({ ...base, claims: { by: "xclient", address: "2001:db8::1" } }).slice(1, 4)).toEqual([
    "C: EHLO mx1.ours.example",
    "C: XCLIENT ADDR=IPV6:2001:db8::1",
    "C: EHLO mx1.ours.example",
  ]);
});

test("addresses are canonical once read", () => {
  const read = parseWitness(JSON.stringify({ ...plain, client: { address: "2001:DB8:0::1", authenticated: false } }));
  expect(read.ok && read.value.client.address).toBe("2001:db8::1");
});

for (const [why, text] of [
  ["no JSON", "{"],
  ["no object", "[]"],
  ["a missing field", JSON.stringify({ ...plain, helo: undefined })],
  ["an unknown field", JSON.stringify({ ...plain, sender: "x" })],
  ["no address", JSON.stringify({ ...plain, client: { address: "stranger", authenticated: false } })],
  // One line of a file must not become two commands.
  ["a second command", JSON.stringify({ ...plain, forwardPath: "<a@b.example>\r\nDATA" })],
  ["a bare LF", JSON.stringify({ ...plain, helo: "x\nMAIL" })],
  ["too much text", " ".repeat(600_000)],
] as const) {
  test(`${why} is refused`, () => expect(parseWitness(text).ok).toBe(false));
}

test("parse(format(w)) is w", () => {
  const line = fc.string({ unit: "binary", maxLength: 40 }).filter((text) => !/[\0\r\n]/.test(text));
  const address = fc.constantFrom("203.0.113.7", "2001:db8::1");
  const witness = fc.record(
    {
      client: fc.record({ address: fc.option(address), authenticated: fc.boolean() }),
      claims: fc.record({ by: fc.constantFrom("xclient", "proxy"), address }),
      listener: fc.record({ address: fc.option(address), port: fc.integer({ min: 1, max: 65535 }) }),
      helo: line.filter((text) => text !== ""),
      reversePath: line,
      forwardPath: line,
      previousRecipients: fc.array(line, { maxLength: 3 }),
      tls: fc.constantFrom("none", "starttls", "implicit"),
    },
    {
      requiredKeys: ["client", "helo", "reversePath", "forwardPath", "previousRecipients", "tls"],
      noNullPrototype: true,
    },
  );
  fc.assert(
    fc.property(witness, (value) => {
      expect(parseWitness(formatWitness(value as Witness))).toEqual({ ok: true, value });
    }),
  );
});
