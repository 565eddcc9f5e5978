import { expect, test } from "vitest";
import type { Judge, ProbeClass } from "../knowledge/probe.ts";
import type { ControlResult, ProbeOutcome } from "./result.ts";
import { notTried, type Tried } from "./tried.ts";
import { type VerdictFacts, verdictOf } from "./verdict.ts";

const tried = (
  probeClass: ProbeClass,
  outcome: ProbeOutcome,
  over: Partial<Tried> & { id?: string; judge?: Judge; pass?: "ext" | "null" } = {},
): Tried => {
  const { id = probeClass, judge = probeClass === "trust" ? "injection" : "relay", pass = "ext", ...rest } = over;
  const probe = {
    id,
    since: 1,
    title: id,
    why: id,
    class: probeClass,
    era: "current",
    safety: "envelope",
    judge,
    needs: [],
    passes: [],
    steps: [],
    remedy: "F1",
    references: ["x"],
    verified: "2026-11-24",
  } as const;
  return {
    ...notTried(
      {
        probe: { ...probe, needs: [], passes: [], steps: [{ ehlo: "x" }], references: ["x"] },
        name: `${id}/${pass}`,
        pass,
        identity: null,
        steps: [],
        judged: null,
        token: id,
        mask: "",
        also: [],
      },
      "",
    ),
    stage: "rcpt",
    outcome,
    ...rest,
  };
};
const passed: ControlResult = {
  id: "ctl-local-accept",
  at: "start",
  expected: "that a valid recipient is accepted",
  passed: true,
  reply: { code: 250, text: "ok" },
  transcript: "",
};
const allRefused = (["plain", "sender", "routing", "helo", "trust"] as const).map((one) => tried(one, "refused"));
const facts = (over: Partial<VerdictFacts> = {}): VerdictFacts => ({
  tried: allRefused,
  controls: [passed, { ...passed, at: "end" }],
  vantage: "external",
  profile: "quick",
  canCatch: "yes",
  ended: "finished",
  ...over,
});

test("closed needs controls, a catch domain, an end, and an answer in each class of the rule", () => {
  expect(verdictOf(facts()).verdict).toBe("closed");
  expect(verdictOf(facts({ canCatch: "no" })).verdict).toBe("inconclusive");
  expect(verdictOf(facts({ controls: [] })).verdict).toBe("inconclusive");
  expect(verdictOf(facts({ controls: [{ ...passed, passed: false }] })).verdict).toBe("inconclusive");
  expect(verdictOf(facts({ ended: "deadline" })).verdict).toBe("inconclusive");
  for (const left of allRefused)
    expect(verdictOf(facts({ tried: allRefused.filter((one) => one !== left) })).verdict).toBe("inconclusive");
});

test("if the catch domain could not be looked up, only a refusal that speaks of relaying counts", () => {
  const unknown = facts({ canCatch: "unknown" });
  expect(verdictOf(unknown).verdict).toBe("inconclusive");
  const denied = tried("plain", "refused", { reply: { code: 454, enhanced: "4.7.1", text: "Relay access denied" } });
  const unfound = tried("plain", "refused", { reply: { code: 550, enhanced: "5.1.2", text: "Domain not found" } });
  expect(verdictOf({ ...unknown, tried: [...allRefused, denied] }).verdict).toBe("closed");
  expect(verdictOf({ ...unknown, tried: [...allRefused, unfound] }).verdict).toBe("inconclusive");
});

for (const outcome of ["deferred", "tester-refused", "error"] as const)
  test(`one probe that ended ${outcome} keeps a mailer from being closed`, () =>
    expect(verdictOf(facts({ tried: [...allRefused, tried("state", outcome)] })).verdict).toBe("inconclusive"));

test("open wins over everything, but only from outside", () => {
  const open = facts({ tried: [...allRefused, tried("sender", "relayed")], controls: [] });
  expect(verdictOf(open).verdict).toBe("open");
  expect(verdictOf({ ...open, vantage: "neighbour" }).verdict).toBe("open");
  for (const vantage of ["internal", "unknown"] as const)
    expect(verdictOf({ ...open, vantage }).verdict).toBe("inconclusive");
});

test("accepted or silent is suspect", () => {
  for (const outcome of ["accepted", "silent"] as const)
    expect(verdictOf(facts({ tried: [...allRefused, tried("plain", outcome, { id: "x" })] })).verdict).toBe("suspect");
});

test("a silent routing form is accounted for when its twin came back", () => {
  const silent = tried("routing", "silent", { id: "pct", judge: "routing", pass: "null" });
  const bounced = tried("routing", "bounced", {
    id: "pct",
    judge: "routing",
    bounce: { how: "report", exit: "192.0.2.25" },
  });
  expect(verdictOf(facts({ tried: [...allRefused, silent] })).verdict).toBe("suspect");
  expect(verdictOf(facts({ tried: [...allRefused, silent, bounced] })).verdict).toBe("closed");
  // Only for routing forms, whose recipient may be an odd local mailbox; a plain outside recipient is none.
  const plain = [
    tried("plain", "silent", { id: "p", pass: "null" }),
    tried("plain", "bounced", { id: "p", bounce: { how: "report", exit: "x" } }),
  ];
  expect(verdictOf(facts({ tried: [...allRefused, ...plain] })).verdict).toBe("suspect");
});

test("greylisting of an outside recipient that is otherwise refused at once is suspect; of all of them, inconclusive", () => {
  expect(verdictOf(facts({ tried: [...allRefused, tried("plain", "deferred", { id: "grey" })] })).verdict).toBe(
    "suspect",
  );
  const all = allRefused.map((one) => ({ ...one, outcome: "deferred" as const }));
  expect(verdictOf(facts({ tried: all })).verdict).toBe("inconclusive");
});

test("made-up trust that was believed is never closed", () => {
  for (const shows of ["login-believed", "injection-believed"] as const)
    expect(verdictOf(facts({ tried: [...allRefused, tried("auth", "refused", { shows })] })).verdict).toBe("suspect");
});

test("what cannot be run here does not count; what was left out by an accident does", () => {
  const left = (reason: string) => facts({ tried: [...allRefused, tried("transport", "not-run", { reason })] });
  expect(verdictOf(left("STARTTLS is not offered")).verdict).toBe("closed");
  expect(verdictOf(left("the target stopped answering")).verdict).toBe("inconclusive");
});
