/**
 * Mend fences: whoever reported it gets an answer. It says "corrected" only once that is true, so an open relay is closed
 * first. Pure.
 */
import { staleBy } from "../age.ts";
import { abuseEvidence, type Known, latestTime, saidEvidence } from "../known.ts";
import type { Action, Evidence } from "../result.ts";
import { type Draft, here } from "./draft.ts";

export function mend(known: Known): Draft {
  const { stands, records, abuses, abusedAt, lastOpen, said } = known;
  const evidence = [...readEvidence(known), ...abuseEvidence(known), ...saidEvidence(known, "answered")];
  const settled = stands.is === "closed" || stands.is === "withdrawn";
  if (abuses.length > 0) {
    const seen = latestTime(abuses.map(({ seenAt }) => seenAt)) ?? "";
    const answered = said("answered");
    if (answered !== null && answered.at > seen)
      return { state: "done", because: `the reports were answered: ${answered.says}`, evidence, actions: [] };
    const reports = abuses.reduce((sum, one) => sum + one.reports, 0);
    const because = `${reports} ${reports === 1 ? "report is" : "reports are"} on record, and that they were answered is not`;
    return stands.is === "open"
      ? {
          state: "blocked",
          because: `${because}; close it first, so that the answer can say so`,
          evidence,
          actions: [],
        }
      : {
          state: "open",
          because,
          evidence,
          actions: [mailbox(known, "Read them again, with who is to be answered"), answer(known)],
        };
  }
  if (records.reportsRead !== null)
    return {
      state: "done",
      because: "the mailbox was read, and no report in it is about this mailer",
      evidence,
      actions: [],
    };
  if (lastOpen === null && abusedAt === null)
    return settled
      ? { state: "not-applicable", because: "nothing on record says that anybody was troubled", evidence, actions: [] }
      : { state: "blocked", because: "whether anybody was troubled is known once it is tested", evidence, actions: [] };
  return {
    state: "open",
    because: "people may have written, and no abuse mailbox was read",
    evidence,
    actions: [mailbox(known, "Read the abuse mailbox: put its path in the place of MAILBOX")],
  };
}

/** When the mailbox was read, if it was. Watching asks it, too. */
export function readEvidence({ records, evidence }: Known): readonly Evidence[] {
  const { reportsRead: at, now } = records;
  return at === null
    ? []
    : [evidence("reports", { subject: "abuse mailbox", says: "it was read", at, stale: staleBy("reports", at, now) })];
}

const mailbox = ({ line }: Known, says: string): Action => here(line("complaints", "read", "MAILBOX"), says);

const answer = ({ line, records }: Known): Action =>
  here(
    line("status", "--mailer", records.mailer.name, "--answered", "by WHO"),
    "Once they are answered, say so: put a name in the place of WHO",
  );
