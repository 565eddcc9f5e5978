/**
 * Watch: what was shown is shown again before it is stale, and when the catalogue learns new tests. Evidence that was never
 * there is no better than evidence that is stale, or whoever looks once would be worse off. Pure.
 */
import { freshDays } from "../age.ts";
import type { Known } from "../known.ts";
import type { Action, Evidence } from "../result.ts";
import { blockEvidence } from "./block.ts";
import { type Draft, here } from "./draft.ts";
import { listsEvidence } from "./lists.ts";
import { full } from "./test.ts";

export function watch(known: Known): Draft {
  const { stands, checks, records } = known;
  const blocks = blockEvidence(known);
  const lists = listsEvidence(known);
  const evidence = [...checks, ...blocks, ...lists];
  if (stands.is !== "closed" && stands.is !== "withdrawn")
    return { state: "blocked", because: "it is watched once it is closed", evidence, actions: [] };
  const due = [...testsDue(known), ...blockDue(known, blocks), ...listsDue(known, lists)];
  if (due.length > 0)
    return {
      state: "open",
      because: `not fresh: ${due.map(({ says }) => says).join("; ")}`,
      evidence,
      actions: due.map(({ action }) => action),
    };
  return { state: "done", because: `all evidence is fresh; ${soonest(evidence, records.now)}`, evidence, actions: [] };
}

interface Due {
  readonly says: string;
  readonly action: Action;
}

function testsDue(known: Known): readonly Due[] {
  const stale = known.checks.find((one) => one.stale !== null);
  return stale === undefined
    ? []
    : [{ says: `the test of ${stale.subject} (${stale.stale})`, action: full(known, "Test again, from outside") }];
}

/** A fresh sweep makes good for a proof of last year, and the other way round. */
function blockDue({ line, waiver }: Known, evidence: readonly Evidence[]): readonly Due[] {
  if (waiver("block") !== null || evidence.some(({ stale }) => stale === null)) return [];
  const [first] = evidence;
  return [
    {
      says:
        first === undefined
          ? "port 25 at the router (never looked at)"
          : `port 25 at the router (${first.kind} ${first.stale})`,
      action: here(line("sweep"), "See from outside that only the managed mailers answer"),
    },
  ];
}

function listsDue({ line, waiver, records }: Known, evidence: readonly Evidence[]): readonly Due[] {
  const { sendsFrom } = records.mailer;
  if (waiver("lists") !== null || sendsFrom.length === 0) return [];
  const action = here(line("lists", "check", ...sendsFrom), "Ask the lists again");
  const stale = evidence.find((one) => one.stale !== null);
  if (stale !== undefined) return [{ says: `the lists about ${stale.subject} (${stale.stale})`, action }];
  return evidence.length < sendsFrom.length ? [{ says: "the lists (never asked)", action }] : [];
}

/** When the next piece gets stale. */
function soonest(evidence: readonly Evidence[], now: string): string {
  const ends = evidence.flatMap(
    ({ kind, at, stale }) =>
      stale !== null || !(kind in freshDays)
        ? []
        : [new Date(Date.parse(at) + freshDays[kind as keyof typeof freshDays] * 86_400_000).toISOString()], // looked for just now
  );
  const [first = now] = ends.sort();
  return `the first piece is to be renewed by ${first.slice(0, 10)}`;
}
