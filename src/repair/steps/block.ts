/**
 * Block: port 25 of all addresses but the managed mailers' is closed at the router. A proof reads the filter, a sweep from
 * outside knocks; either settles the step unless the newest of the other speaks against it. Pure.
 */
import { staleBy } from "../age.ts";
import { type Known, newest, order } from "../known.ts";
import type { ProofRecord, SweepRecord } from "../recorded.ts";
import type { Action, Evidence } from "../result.ts";
import { type Draft, here } from "./draft.ts";

export function block(known: Known): Draft {
  const { records, line } = known;
  const proofs = newestProofs(records.proofs.filter(({ at }) => at <= records.now));
  const sweep = newest(records.sweeps.filter(({ at }) => at <= records.now));
  const evidence = blockEvidence(known);
  const hole = proofs.find(({ verdict }) => verdict !== "exact" && verdict !== "unknown");
  if (hole !== undefined)
    return {
      state: "open",
      because: `the filter in ${hole.file} is not exact (${hole.verdict}): ${hole.because}`,
      evidence,
      actions: [
        here(line("filters", "render", "--platform", hole.platform), "Write an exact one, with its rollback"),
        here(
          line("filters", "prove", hole.file, "--platform", hole.platform),
          "Prove it once it is loaded and saved again",
        ),
        ...swept(known),
      ],
    };
  if (sweep?.verdict === "unexpected")
    return {
      state: "open",
      because: `a sweep from outside reached what it must not: ${sweep.because}`,
      evidence,
      actions: [...written(known, proofs), ...swept(known)],
    };
  if (sweep?.verdict === "as-declared")
    return { state: "done", because: `a sweep from outside found it so: ${sweep.because}`, evidence, actions: [] };
  const exact = proofs.find(({ verdict }) => verdict === "exact");
  if (exact !== undefined)
    return { state: "done", because: `the filter in ${exact.file} was proved exact`, evidence, actions: [] };
  const [unread] = [...proofs, ...(sweep === undefined ? [] : [sweep])];
  return {
    state: unread === undefined ? "open" : "unknown",
    because:
      unread === undefined
        ? "no filter was proved, and no sweep from outside is on record"
        : `it could not be told: ${unread.because}`,
    evidence,
    actions: [...written(known, proofs), ...swept(known)],
  };
}

/** What the step rests on. Watching asks it, too. */
export function blockEvidence({ records, evidence, line }: Known): readonly Evidence[] {
  const { now } = records;
  const sweep = newest(records.sweeps.filter(({ at }) => at <= now));
  return [
    ...newestProofs(records.proofs.filter(({ at }) => at <= now)).map(({ file, verdict, because, at, run }) =>
      evidence("filters", {
        subject: file,
        says: `${verdict}: ${because}`,
        at,
        stale: staleBy("filters", at, now),
        show: line("history", run),
      }),
    ),
    ...(sweep === undefined ? [] : [sweepEvidence(sweep)]),
  ];

  function sweepEvidence({ verdict, because, at, run }: SweepRecord): Evidence {
    return evidence("sweep", {
      subject: "port 25, from outside",
      says: `${verdict}: ${because}`,
      at,
      stale: staleBy("sweep", at, now),
      show: line("history", run),
    });
  }
}

/** Of each file the newest: a site may have several routers. */
function newestProofs(proofs: readonly ProofRecord[]): readonly ProofRecord[] {
  const files = [...new Set(proofs.map(({ file }) => file))].sort(order);
  return files.flatMap((file) => newest(proofs.filter((one) => one.file === file)) ?? []);
}

function written({ line }: Known, proofs: readonly ProofRecord[]): readonly Action[] {
  const platform = proofs[0]?.platform;
  return platform === undefined
    ? [
        here(
          line("filters", "render", "--all", "filters"),
          "Write the filter for every platform into the folder filters",
        ),
      ]
    : [here(line("filters", "render", "--platform", platform), "Write the filter, with its rollback")];
}

const swept = ({ line }: Known): readonly Action[] => [
  here(line("sweep"), "See from outside that only the managed mailers answer"),
];
