/** Test: how it stands is known, of every address and port, by a full test from outside. Being open is known, too. Pure. */
import { latestChecks } from "../../finding/assessment.ts";
import { type Known, newest } from "../known.ts";
import type { Action } from "../result.ts";
import { type Draft, here } from "./draft.ts";

export function test(known: Known): Draft {
  const { stands, records, untested, checks } = known;
  const { now, assessments } = records;
  const because = stands.because;
  const draft = (state: Draft["state"], why: string, ...actions: readonly Action[]): Draft => ({
    state,
    because: why,
    evidence: checks,
    actions,
  });
  if (stands.is === "open") return draft("done", `it is known to be open: ${because}`);
  if (stands.is === "closed" || stands.is === "withdrawn") return draft("done", because);
  if (stands.is === "disputed") return draft("open", because, full(known, "Test again, in full and from outside"));
  const past = assessments.filter(({ at }) => at <= now);
  const unsure = latestChecks(past).find(({ verdict }) => verdict === "suspect" || verdict === "unreachable");
  if (unsure !== undefined)
    return draft(
      "unknown",
      because,
      unsure.verdict === "suspect"
        ? patient(known)
        : here(known.line("doctor"), "See whether this machine can test at all"),
      ...(unsure.verdict === "unreachable"
        ? [here(known.line("sweep"), "See from outside whether it is reachable")]
        : []),
      full(known, "Test again"),
    );
  const inconclusive = newest(past.filter(({ tool, verdict }) => tool === "check" && verdict === "inconclusive"));
  if (inconclusive !== undefined && untested.length > 0)
    return draft(
      "unknown",
      `${inconclusive.subject} was tested, and it could not be told`,
      here(known.line("doctor"), "See whether this machine can test at all"),
      full(known, "Test again, from outside"),
    );
  return draft("open", because, full(known, "Test every address and port, from outside"));
}

/** The mailer's name stands for all of its addresses and ports. */
export function full({ line, records }: Known, says: string): Action {
  return here(line("check", records.mailer.name, "--profile", "full"), says);
}

/** What was accepted may still arrive, and greylisting clears. */
const patient = ({ line, records }: Known): Action =>
  here(
    line("check", records.mailer.name, "--profile", "full", "--patient", "--wait", "600"),
    "Test again, and wait longer for what was accepted",
  );
