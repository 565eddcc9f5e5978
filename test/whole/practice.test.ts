/**
 * The real check task against every behaviour of the practice mailer, over TCP on loopback: the verdict and the whole
 * set of findings must be what the table says, and no finding besides.
 */
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import type { TargetResult } from "../../src/check/result.ts";
import { waits } from "../../src/check/session.ts";
import { systemClock } from "../../src/io/clock.ts";
import type { Clock } from "../../src/ports.ts";
import { type Behaviour, type BehaviourId, behaviours } from "../../src/practice/behaviours.ts";
import { catalogue, type Rehearsal, rehearse } from "./rehearse.ts";

/** What some behaviours need of the run. */
const plans: Partial<Record<BehaviourId, Rehearsal>> = {
  "ipv6-only": { listen: "::1", also: ["127.0.0.1"] },
  "multi-hop": { listen: "127.0.0.5" },
  submission: { role: "submission" },
  smuggling: { options: { waits } },
  // The usual number of messages must do, though it refuses nearly all of them.
  "trusts-header-from": { options: { maxMessages: 30 } },
};

/** The whole catalogue takes seconds; where a row of it is the point, that row beside the quick ones will do. */
const instead: Partial<Record<BehaviourId, readonly string[]>> = {
  "second-transaction": ["state-second-transaction"],
  "data-after-refusal": ["state-data-after-reject", "state-multi-external-first", "state-pipelined"],
  "recipients-from-header": ["hdr-rcpt-reparse"],
  smuggling: ["smug-lf-dot-lf", "smug-lf-dot-crlf"],
};

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));

const tagsOf = (result: TargetResult): readonly string[] => [...new Set(result.findings.map(({ tag }) => tag))].sort();

async function quickProbes(): Promise<readonly string[]> {
  const quick = (await catalogue()).profiles.find(({ id }) => id === "quick");
  return quick !== undefined && "select" in quick ? quick.select : [];
}

async function expectTold(row: Behaviour, plan: Rehearsal): Promise<TargetResult> {
  const { profile, verdict, findings } = row.expected;
  const more = instead[row.id as BehaviourId];
  const probes = more === undefined ? [] : [...(await quickProbes()), ...more];
  const result = await rehearse([row.id as BehaviourId], { ...plan, options: { profile, probes, ...plan.options } });
  expect({ verdict: result.verdict, tags: tagsOf(result), because: result.because }).toEqual({
    verdict,
    tags: [...findings].sort(),
    because: result.because,
  });
  return result;
}

describe.concurrent("what the tester says of each behaviour", () => {
  for (const row of behaviours as readonly Behaviour[])
    test(`${row.id}: ${row.expected.verdict}`, async ({ skip }) => {
      skip(row.id === "ipv6-only" && !hasIpv6, "this machine has no ::1");
      const result = await expectTold(row, plans[row.id as BehaviourId] ?? {});
      expect(result.practice).toBe(true);
      if (row.expected.verdict !== "open") return;
      // Proof names the class that the table names, and every proof has its way here.
      const relayed = result.probes.filter(({ outcome }) => outcome === "relayed");
      expect(relayed.map((probe) => probe.class)).toContain(row.foundBy);
      for (const { proof } of relayed) expect(proof?.multihop).toBe(row.id === "multi-hop");
    });
});

/** Minutes of greylisting pass within milliseconds. */
const patientClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms >= 60_000 ? 10 : ms, signal),
};

describe.concurrent("behaviours that a careful run sees through", () => {
  test("greylisting that hides an open relay is outwaited", async () => {
    const result = await rehearse(["greylist-then-relay"], {
      clock: patientClock,
      options: { profile: "quick", patient: true },
    });
    expect(result.verdict).toBe("open");
  });

  test("greylisting in front of a closed mailer is outwaited too", async () => {
    const result = await rehearse(["greylist-then-refuse"], {
      clock: patientClock,
      options: { profile: "quick", patient: true },
    });
    expect({ verdict: result.verdict, tags: tagsOf(result) }).toEqual({ verdict: "closed", tags: [] });
  });

  test("two holes are told apart", async () => {
    const result = await rehearse(["percent-hack", "trusts-null-sender"], { options: { profile: "quick" } });
    const classes = new Set(
      result.findings.filter(({ tag }) => tag === "RELAY_DELIVERED").map(({ key }) => key.split("|").at(-1)),
    );
    expect(classes).toEqual(new Set(["routing", "sender"]));
  });

  test("closed to the plain test, open to a forged sender: the remedy is about senders", async () => {
    const result = await rehearse(["trusts-local-sender"], { options: { profile: "quick" } });
    expect(result.probes.find(({ id }) => id === "plain-external")?.outcome).toBe("refused");
    expect(result.findings.map(({ remedy }) => remedy).join(" ")).toMatch(/Anyone can write any sender/);
  });
});
