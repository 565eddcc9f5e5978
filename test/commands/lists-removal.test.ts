// The order of removal as a person meets it: held back, freed by evidence of each kind, overridden with a reason.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/io/clock.ts";
import { disputeDocumentSchema } from "../../src/lists/dispute-result.ts";
import { type RemovalDocument, removalDocumentSchema } from "../../src/lists/removal-result.ts";
import { openStore } from "../../src/store/store.ts";
import { startResolver } from "../lists/resolver.ts";
import { target } from "../results/check.ts";
import { fencepost, newFolder } from "./run.ts";

vi.setConfig({ testTimeout: 90_000 });

const site = `name: Our College
domains: [ourcollege.example]
networks: [192.0.2.0/24]
mailers:
  - { name: mx1, host: mx1.ourcollege.example, addresses: [192.0.2.25], ports: [25] }
contacts: { postmaster: postmaster@ourcollege.example, tester: relaytest@nren.example }
`;

const names = (zone: string, address: string, code: string) => ({
  kind: "names" as const,
  names: { [`2.0.0.127.${zone}`]: ["127.0.0.2"], [`${address.split(".").reverse().join(".")}.${zone}`]: [code] },
});

const zones = {
  "bl.spamcop.net": names("bl.spamcop.net", "192.0.2.25", "127.0.0.2"),
  "psbl.surriel.com": names("psbl.surriel.com", "192.0.2.25", "127.0.0.2"),
  "b.barracudacentral.org": names("b.barracudacentral.org", "192.0.2.25", "127.0.0.2"),
} as const;
const lists = ["spamcop", "psbl", "barracuda"].flatMap((id) => ["--list", id]);

async function world() {
  const dns = await startResolver({ zones });
  const cwd = newFolder();
  writeFileSync(join(cwd, "site.yaml"), site);
  const plan = async (...more: readonly string[]): Promise<RemovalDocument> => {
    const ran = await fencepost(
      ["lists", "removal", "192.0.2.25", "--resolver", dns.address, ...lists, "--json", ...more],
      { cwd },
    );
    expect([ran.code, ran.err]).toEqual([1, ""]);
    return removalDocumentSchema.parse(JSON.parse(ran.out));
  };
  const store = () => openStore(join(cwd, "fencepost", "our-college.sqlite"), systemClock);
  return { dns, cwd, plan, store };
}

const states = ({ steps }: RemovalDocument) => Object.fromEntries(steps.map(({ list, state }) => [list, state]));

test("what is risky is held back until a newer full test and a clean queue", async () => {
  const { dns, cwd, plan, store } = await world();
  await using _dns = dns;
  const first = await plan();
  expect(first.verdict).toBe("held");
  // SpamCop's entries expire by themselves: there is nobody to ask.
  expect(states(first)).toEqual({ spamcop: "free", psbl: "held", barracuda: "held" });
  expect(first.steps.map(({ list }) => list)).toEqual(["barracuda", "spamcop", "psbl"]); // high, high, medium
  expect(first.first.map(({ command }) => command)).toEqual([
    "fencepost check 192.0.2.25 --profile full",
    expect.stringContaining("--queue-clean"),
    expect.stringContaining("--cause"),
  ]);
  expect(first.steps.every(({ letter }) => letter === null)).toBe(true);

  // A quick test is no proof, whatever it says.
  const closed = (profile: string) =>
    target("closed", {
      coverage: { profile, catalogue: 1, applicable: 6, answered: 6 },
      finishedAt: new Date().toISOString(),
    });
  const record = async (profile: string) => {
    await using opened = await store();
    const id = `r-${profile}`;
    await opened.runs.begin({ id, tool: "check", profile, catalogue: 1 });
    const result = JSON.stringify(closed(profile));
    await opened.runs.addTarget(id, { subject: "192.0.2.25:25", verdict: "closed", result, sent: [] });
  };
  await record("quick");
  expect((await plan()).verdict).toBe("held");
  await record("full");
  const tested = await plan();
  expect([tested.standing.is, tested.verdict]).toEqual(["closed", "held"]);
  expect(tested.steps.find(({ list }) => list === "psbl")?.missing).toEqual(["queue-clean"]);

  const clean = await plan("--queue-clean", "emptied, J. Doe");
  expect(clean.verdict).toBe("free");
  expect(states(clean)).toEqual({ spamcop: "free", psbl: "free", barracuda: "free" });
  const letter = clean.steps.find(({ list }) => list === "barracuda")?.letter;
  expect(letter?.body).toMatch(/refuses strangers[\s\S]*emptied, J\. Doe[\s\S]*postmaster@ourcollege\.example/);

  // An operator says otherwise: nothing is free any more.
  writeFileSync(join(cwd, "evidence"), "They are open.\n");
  const dispute = await fencepost(["lists", "dispute", "192.0.2.25", "psbl", "--evidence", "evidence", "--json"], {
    cwd,
  });
  expect(dispute.code).toBe(2);
  const { verdict, letter: bundle } = disputeDocumentSchema.parse(JSON.parse(dispute.out));
  expect([verdict, bundle?.to]).toEqual(["nothing-to-replay", "relaytest@nren.example"]);
  expect(bundle?.body).toContain("> They are open.");
  const after = await plan();
  expect([after.standing.is, after.verdict]).toEqual(["disputed", "held"]);

  const text = await fencepost(["lists", "removal", "192.0.2.25", "--resolver", dns.address, ...lists], { cwd });
  expect(text.out).toMatch(/NOT YET[\s\S]*disputed[\s\S]*emptied, J\. Doe[\s\S]*Held back:/);
});

test("another cause frees as well, and a reason overrides, for one list alone", async () => {
  const { dns, plan } = await world();
  await using _dns = dns;
  await plan();
  const because = await plan("--list", "psbl", "--because", "they asked us to");
  expect(because.steps.find(({ list }) => list === "psbl")).toMatchObject({
    state: "overridden",
    because: "they asked us to",
  });
  const caused = await plan("--cause", "a stolen login", "--queue-clean", "by hand");
  expect(caused.verdict).toBe("free");
  expect(caused.said.map(({ kind, object }) => `${kind} ${object}`)).toContain("because psbl");
});
