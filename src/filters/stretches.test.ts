import fc from "fast-check";
import { expect, test } from "vitest";
import { ipSet } from "../net/ip-set.ts";
import { parsePrefix } from "../net/prefix.ts";
import { Compiled } from "./compile.ts";
import { Diagrams } from "./diagram.ts";
import type { Action, Match, Reading, Rule } from "./model.ts";
import { stretchesOf } from "./stretches.ts";

const place = { file: "x", line: 1, text: "" };
const addresses = (text: string) => {
  const read = parsePrefix(text);
  if (!read.ok) throw new Error(text);
  return { set: ipSet([read.value]), masked: [] };
};

interface Made {
  readonly permits: boolean;
  readonly third: number;
  readonly fourth: number;
  readonly wide: boolean;
  readonly port: number;
  readonly unsure: boolean;
}

function ruleOf({ permits, third, fourth, wide, port, unsure }: Made, quick: boolean): Rule {
  const destination = addresses(wide ? `10.0.${third}.0/24` : `10.0.${third}.${fourth}/32`);
  const match: Match = {
    destination,
    protocols: [{ first: 6, last: 6 }],
    destinationPorts: [{ first: port, last: port }],
  };
  const matches: readonly Match[] = unsure
    ? [match, { destination, laterFragment: true, unsure: "a later fragment" }]
    : [match];
  const action: Action = { kind: permits ? "permit" : "deny" };
  return { matches, action, place, ...(quick ? { quick: true } : {}) };
}

function readingOf(rules: readonly Rule[], otherwise: "permit" | "deny"): Reading {
  const nothing = (): never => {
    throw new Error("not asked");
  };
  return {
    chains: new Map([["a", { name: "a", rules, otherwise, place: null }]]),
    troubles: [],
    lists: [],
    interfaces: [],
    interfaceNamed: () => null,
    aliases: () => [],
    crossing: nothing,
    list: nothing,
  };
}

const crossing = { stages: [{ chain: "a", stateful: false }], attachment: "", place: null };

/** What becomes of every packet, which rules are idle and which are met; by their number. */
function compiled(diagrams: Diagrams, rules: readonly Rule[], otherwise: "permit" | "deny") {
  const made = new Compiled(
    diagrams,
    readingOf(rules, otherwise),
    { family: 4, direction: "in" },
    { outside: [], inside: [[]] },
  );
  const diagram = made.crossing(crossing);
  return {
    diagram,
    idle: made.idle.map(({ rule, because }) => `${rules.indexOf(rule)} ${because}`).sort(),
    met: made.met.map((rule) => rules.indexOf(rule)).sort((a, b) => a - b),
  };
}

const rule = (few: boolean): fc.Arbitrary<Made> =>
  fc.record({
    permits: fc.boolean(),
    third: fc.integer({ min: 0, max: few ? 1 : 3 }),
    fourth: fc.integer({ min: 0, max: 255 }),
    wide: fc.constant(false),
    port: fc.constantFrom(25, 25, 25, 587),
    unsure: fc.constant(false),
  });

/** A long run of rules that mostly say the same, with others around it. */
const list = fc
  .record({
    before: fc.array(fc.record({ ...parts(), wide: fc.boolean() }), { maxLength: 4 }),
    run: fc.uniqueArray(fc.integer({ min: 0, max: 1023 }), { minLength: 12, maxLength: 60 }),
    repeats: fc.boolean(),
    permits: fc.boolean(),
    unsure: fc.boolean(),
    after: fc.array(fc.record({ ...parts(), wide: fc.boolean() }), { maxLength: 6 }),
  })
  .map(({ before, run, repeats, permits, unsure, after }) => [
    ...before,
    ...(repeats ? [...run, ...run.slice(0, 2)] : run).map(
      (number): Made => ({ permits, unsure, third: number >> 8, fourth: number & 255, wide: false, port: 25 }),
    ),
    ...after,
  ]);

function parts() {
  return {
    permits: fc.boolean(),
    third: fc.integer({ min: 0, max: 3 }),
    fourth: fc.integer({ min: 0, max: 255 }),
    port: fc.constantFrom(25, 587),
    unsure: fc.boolean(),
  };
}

test("taken together or one by one, rules do the same, and the same ones are idle", () => {
  let together = 0;
  fc.assert(
    fc.property(list, fc.constantFrom("permit", "deny"), (made, otherwise) => {
      const diagrams = new Diagrams();
      const joined = made.map((one) => ruleOf(one, false));
      // `quick` says nothing where the first match decides, and keeps rules from being joined.
      const apart = made.map((one) => ruleOf(one, true));
      together += stretchesOf(joined, 4).filter((one) => one.together !== null).length;
      expect(stretchesOf(apart, 4).every((one) => one.together === null)).toBe(true);
      expect(compiled(diagrams, joined, otherwise)).toEqual(compiled(diagrams, apart, otherwise));
    }),
    { numRuns: 150 },
  );
  expect(together).toBeGreaterThan(50);
});

test("any rules at all", () => {
  fc.assert(
    fc.property(fc.array(rule(true), { maxLength: 60 }), fc.constantFrom("permit", "deny"), (made, otherwise) => {
      const diagrams = new Diagrams();
      const of = (quick: boolean) =>
        compiled(
          diagrams,
          made.map((one) => ruleOf(one, quick)),
          otherwise,
        );
      expect(of(false)).toEqual(of(true));
    }),
    { numRuns: 60 },
  );
});
