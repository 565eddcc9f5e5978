import { expect, test } from "vitest";
import { probeSchema } from "../knowledge/probe.ts";
import { elsewhere, outsidePath, strangersHelo, strangersReversePath } from "../witness/strangers.ts";
import { parseWitness, type Witness } from "../witness/witness.ts";
import { witnessProbe } from "./witness-probe.ts";

const plain: Witness = {
  client: { address: null, authenticated: false },
  helo: strangersHelo,
  reversePath: strangersReversePath,
  forwardPath: outsidePath,
  previousRecipients: [],
  tls: "none",
};

function rowOf(witness: Partial<Witness>) {
  const made = witnessProbe({ ...plain, ...witness }, 1);
  if (!made.ok) throw new Error(made.reason);
  // Whatever a witness holds, the row is one that the catalogue could hold.
  return probeSchema.parse(made.probe);
}

test("what stands for a stranger becomes the tester's own", () => {
  expect(rowOf({}).steps).toEqual([{ ehlo: "{helo}" }, { mail: "<{sender}>" }, { rcpt: "<{pl}@{pd}>" }]);
  expect(rowOf({}).class).toBe("plain");
});

test("what the configuration looked at stays", () => {
  const row = rowOf({
    helo: "friend",
    reversePath: "<boss@ours.example>",
    forwardPath: `<probe%${elsewhere}@ours.example>`,
    previousRecipients: ["<postmaster@ours.example>"],
    tls: "starttls",
  });
  expect(row.steps).toEqual([
    { ehlo: "friend" },
    { starttls: {} },
    { ehlo: "friend" },
    { mail: "<boss@ours.example>" },
    { rcpt: "<postmaster@ours.example>" },
    { rcpt: "<{pl}%{pd}@ours.example>" },
  ]);
  expect([row.class, row.judge]).toEqual(["routing", "routing"]);
  expect(rowOf({ reversePath: "<>" }).class).toBe("sender");
  expect(rowOf({ helo: "friend" }).class).toBe("helo");
});

test("who claims to be another does so in the replay", () => {
  expect(rowOf({ claims: { by: "proxy", address: "192.0.2.1" } }).steps[0]).toEqual({
    preface: { text: "PROXY TCP4 192.0.2.1 127.0.0.1 65000 25\r\n" },
  });
  const row = rowOf({ claims: { by: "xclient", address: "192.0.2.1" } });
  expect(row.steps.slice(1, 3)).toEqual([
    { raw: { text: "XCLIENT ADDR=192.0.2.1\r\n", replies: 1 } },
    { ehlo: "{helo}" },
  ]);
  expect([row.class, row.judge]).toEqual(["trust", "injection"]);
});

test("where the local-part is the point, the token goes into the domain", () => {
  expect(rowOf({ forwardPath: `<postmaster@${elsewhere}>` }).steps.at(-1)).toEqual({
    rcpt: "<postmaster@{token}.{pd}>",
  });
});

for (const [why, witness] of [
  ["a recipient that is not the catcher's", { forwardPath: "<someone@partner.example>" }],
  ["a login", { client: { address: null, authenticated: true } }],
  ["braces", { helo: "{probe}" }],
] as const)
  test(`${why} is not replayed`, () => {
    const made = witnessProbe({ ...plain, ...witness }, 1);
    expect(made.ok).toBe(false);
  });

test("a witness that was written down is read back first", () => {
  const read = parseWitness(JSON.stringify(plain));
  expect(read.ok && witnessProbe(read.value, 3)).toMatchObject({ ok: true, probe: { id: "witness-3" } });
});
