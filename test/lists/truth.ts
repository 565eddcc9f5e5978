// A world of lists of which the truth is known: who is on which, and which of them lie, refuse, fail or are gone.
import type { ListCode } from "../../src/knowledge/list.ts";
import type { Asking } from "../../src/lists/plan.ts";
import type { UnknownReason } from "../../src/lists/reasons.ts";
import type { RblZone } from "./rbldnsd.ts";
import type { Behaviour } from "./resolver.ts";

/** How a zone behaves, and what must be said of it: its entries, or why nothing is known. */
export interface Part {
  readonly name: string;
  readonly behaviour: (good: Behaviour) => Behaviour;
  /** Null: as a list that tells the truth. */
  readonly reason: UnknownReason | null;
}

const liar = (name: string, behaviour: Behaviour, reason: UnknownReason): Part => ({
  name,
  behaviour: () => behaviour,
  reason,
});

export const parts: readonly Part[] = [
  { name: "good", behaviour: (good) => good, reason: null },
  { name: "only over TCP", behaviour: (good) => ({ kind: "truncated", over: good }), reason: null },
  {
    name: "somebody guesses answers",
    behaviour: (good) => ({ kind: "wrong-id", lie: "127.0.0.2", truth: good }),
    reason: null,
  },
  {
    name: "SERVFAIL at first",
    behaviour: (good) => ({ kind: "turns", after: 1, first: { kind: "rcode", rcode: "servfail" }, truth: good }),
    reason: null,
  },
  liar("wildcard", { kind: "wildcard", records: ["127.0.0.2"] }, "lists-everything"),
  liar("lapsed", { kind: "wildcard", records: ["198.51.100.80"] }, "lapsed"),
  liar("lapsed, with a code beside", { kind: "wildcard", records: ["127.0.0.2", "198.51.100.80"] }, "lapsed"),
  liar("refuses the resolver", { kind: "wildcard", records: ["127.255.255.254"] }, "refuses-resolver"),
  liar("too many questions", { kind: "wildcard", records: ["127.255.255.255"] }, "over-limit"),
  liar("REFUSED", { kind: "rcode", rcode: "refused" }, "refused"),
  liar("SERVFAIL", { kind: "rcode", rcode: "servfail" }, "servfail"),
  liar("no such zone", { kind: "rcode", rcode: "nxdomain" }, "dead"),
  liar("an empty zone", { kind: "nodata" }, "dead"),
  liar("silent", { kind: "silent" }, "timeout"),
  liar("nonsense", { kind: "bytes", bytes: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]) }, "garbled"),
];

/** Repeatable chance, from 0 to 1, by a text: FNV-1a. */
export function chance(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return ((hash ^ (hash >>> 13)) % 10_000) / 10_000;
}

/** An answer of the list that accuses, or that says something good where it never does. */
function answerOf(codes: readonly ListCode[]): string {
  const row = codes.find(({ kind }) => kind === "listed") ?? codes.find(({ kind }) => kind !== "refused");
  if (row?.answer !== undefined) return row.answer.replace(/(\d+)-\d+/g, "$1").replaceAll("*", "5");
  return `127.0.0.${row?.bit ?? 2}`;
}

/** The zone as rbldnsd serves it: its test entries, and the subjects that are on it. */
export function zoneData({ list, row, zone, kind }: Asking, listed: readonly string[]): RblZone {
  const answer = answerOf(row.codes ?? list.codes);
  const head = `:${answer}:${list.id} says: $\n`;
  const test = row.test?.answers === undefined ? "" : ` :${row.test.answers.replaceAll("*", "5")}:test`;
  switch (kind) {
    case "ip4":
      return { zone, type: "ip4set", data: `${head}127.0.0.2${test}\n${listed.join("\n")}\n` };
    case "ip6":
      return {
        zone,
        type: "ip6trie",
        data: `${head}0:0:0:0:0:ffff:7f00:2/128${test}\n${listed.map((one) => `${one}/128`).join("\n")}\n`,
      };
    case "domain":
      return { zone, type: "dnset", data: `${head}${row.test?.listed ?? "test"}${test}\n${listed.join("\n")}\n` };
  }
}
