/**
 * The journey of one mailer: contain, test, configure, block, off the lists, mend, watch. Every state is derived from what is on
 * record and nothing else, so that it cannot be out of step with it. Pure.
 */
import { type Known, known } from "./known.ts";
import { notARelay } from "./not-a-relay.ts";
import type { Recorded } from "./recorded.ts";
import { type Action, type MailerStatus, type StepName, type StepResult, type StepState, stepNames } from "./result.ts";
import { block } from "./steps/block.ts";
import { configure } from "./steps/configure.ts";
import { contain } from "./steps/contain.ts";
import type { Draft } from "./steps/draft.ts";
import { lists } from "./steps/lists.ts";
import { mend } from "./steps/mend.ts";
import { test } from "./steps/test.ts";
import { watch } from "./steps/watch.ts";

const steps = { contain, test, configure, block, lists, mend, watch } as const satisfies Record<
  StepName,
  (known: Known) => Draft
>;

/** Nothing is to be done about such a step. */
export const isSettled = (state: StepState): boolean =>
  state === "done" || state === "not-applicable" || state === "waived";

export function journey(records: Recorded): MailerStatus {
  const all = known(records);
  const taken = stepNames.map((step) => waivable(step, steps[step](all), all));
  // A step that waits for another is not where it stands.
  const left = taken.filter(({ state }) => !isSettled(state));
  const at = left.find(({ state }) => state !== "blocked") ?? left[0] ?? null;
  const { name, listeners, product, practice } = records.mailer;
  return {
    mailer: name,
    listeners: [...listeners],
    product: product?.id ?? null,
    practice,
    verdict: verdictOf(all, taken),
    at: at?.step ?? null,
    because: at === null ? "every step is done, not applicable or waived" : at.because,
    stands: { ...all.stands },
    steps: taken,
    notARelay: notARelay(all),
    next: [...nextOf(taken)],
  };
}

function verdictOf({ stands }: Known, taken: readonly StepResult[]): MailerStatus["verdict"] {
  // No waiver closes a relay.
  if (stands.is === "open") return "open";
  if (taken.every(({ state }) => isSettled(state))) return "done";
  if (taken.some(({ state }) => state === "unknown") || stands.is === "unknown" || stands.is === "disputed")
    return "unknown";
  return "under-way";
}

function waivable(step: StepName, draft: Draft, { waiver }: Known): StepResult {
  const base = { step, ...draft, evidence: [...draft.evidence], actions: [...draft.actions], waiver: null };
  const found = isSettled(draft.state) ? null : waiver(step);
  if (found === null) return base;
  const { by, says, until } = found;
  return { ...base, state: "waived", waiver: { by, because: says, until } };
}

/** So many commands are shown as the next. */
export const nextCommands = 3;

/**
 * Two lines of the first step that is not settled, then one of each that follows: whoever has just done the first finds the
 * second here, although nothing on record can tell.
 */
function nextOf(taken: readonly StepResult[]): readonly Action[] {
  const waiting = taken.filter(({ state }) => state === "open" || state === "unknown");
  const lines = waiting.map(({ actions }) => actions.filter(({ run }) => run !== null));
  const [first = [], ...others] = lines;
  const inOrder = [
    ...first.slice(0, 2),
    ...others.flatMap((one) => one.slice(0, 1)),
    ...first.slice(2),
    ...others.flat(),
  ];
  const seen = new Set<string | null>();
  const once = inOrder.filter(({ run }) => !seen.has(run) && seen.add(run));
  return once.slice(0, nextCommands);
}
