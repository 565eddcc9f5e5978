/**
 * Off the lists. To be listed is no reason to ask at once: as in `lists removal`, asking before the mailer is mended and the
 * queue is clean costs goodwill, and waits. Pure.
 */
import { staleBy } from "../age.ts";
import { abuseEvidence, type Known, latestTime, newest, saidEvidence } from "../known.ts";
import type { AskedRecord } from "../recorded.ts";
import type { Evidence } from "../result.ts";
import { type Draft, here } from "./draft.ts";

export function lists(known: Known): Draft {
  const { records, listed, line } = known;
  const { sendsFrom } = records.mailer;
  const asked = newestAsked(known);
  const evidence = [...listsEvidence(known), ...abuseEvidence(known), ...saidEvidence(known, "queue-clean")];
  if (sendsFrom.length === 0)
    return { state: "not-applicable", because: "no list can know its addresses", evidence, actions: [] };
  if (listed.length > 0) return listedNow(known, evidence);
  const never = sendsFrom.filter((address) => !asked.some(({ subject }) => subject === address));
  const again = here(line("lists", "check", ...sendsFrom), "Ask every living list");
  if (never.length > 0)
    return { state: "open", because: `the lists were not asked about ${never.join(", ")}`, evidence, actions: [again] };
  const unsure = asked.filter(({ verdict }) => verdict === "unknown");
  if (unsure.length > 0)
    return {
      state: "unknown",
      because: `lists that matter could not be asked about ${unsure.map(({ subject }) => subject).join(", ")}`,
      evidence,
      actions: [
        here(line("lists", "check", ...sendsFrom), "Ask again, if need be through a resolver of your own (--resolver)"),
      ],
    };
  return { state: "done", because: "no list that somebody should heed holds it", evidence, actions: [] };
}

function listedNow(known: Known, evidence: readonly Evidence[]): Draft {
  const { listed, stands, said, line } = known;
  const since = latestTime(listed.map(({ firstSeen }) => firstSeen)) ?? "";
  const newer = (at: string | null | undefined): boolean => at !== null && at !== undefined && at > since;
  const mended = (stands.is === "closed" || stands.is === "withdrawn") && newer(stands.at);
  const otherwise = stands.is !== "open" && newer(said("cause")?.at);
  const holders = [...new Set(listed.map(({ name }) => name))].sort();
  const names = `${holders.slice(0, 5).join(", ")}${holders.length > 5 ? `, and ${holders.length - 5} more` : ""}`;
  const subjects = [...new Set(listed.map(({ subject }) => subject))].sort();
  const plan = subjects.map((subject) => here(line("lists", "removal", subject), "What to do, list by list, in order"));
  if ((mended || otherwise) && newer(said("queue-clean")?.at))
    return {
      state: "open",
      because: `listed by ${names}; nothing speaks against asking for removal`,
      evidence,
      actions: plan,
    };
  const missing = [
    ...(mended || otherwise
      ? []
      : ["a test newer than the listing that finds it closed, or another cause that is named"]),
    ...(newer(said("queue-clean")?.at) ? [] : ["that somebody has looked at the queue"]),
  ];
  return {
    state: "blocked",
    because: `listed by ${names}; before anybody is asked for removal it takes ${missing.join(", and ")}`,
    evidence,
    actions: plan,
  };
}

function newestAsked({ records }: Known): readonly AskedRecord[] {
  return records.mailer.sendsFrom.flatMap(
    (address) => newest(records.asked.filter(({ subject, at }) => subject === address && at <= records.now)) ?? [],
  );
}

/** When the lists were last asked about each address. Watching asks it, too. */
export function listsEvidence(known: Known): readonly Evidence[] {
  const { records, evidence } = known;
  return newestAsked(known).map(({ subject, verdict, at }) =>
    evidence("lists", {
      subject,
      says: `the lists were asked: ${verdict}`,
      at,
      stale: staleBy("lists", at, records.now),
    }),
  );
}
