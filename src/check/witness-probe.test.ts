import { expect, test } from "vitest";
import { probeSchema } from "../knowledge/probe.ts";
import { parseWitness, type Witness } from "../witness/witness.ts";
import { witnessProbe } from "./witness-probe.ts";

const plain: Witness = {
  client: { address: null, authenticated: false },
  helo: "client.isp.example",
  reversePath: "<stranger@isp.example>",
  forwardPath: "<probe@elsewhere.example>",
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
    forwardPath: "<probe%elsewhere.example@ours.example>",
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
