/**
 * Configure: change what lets strangers through, and have a test from outside show it. An audit derives and a test observes:
 * of the two the newer counts, and an audit alone never settles the step. Pure.
 */
import { staleBy } from "../age.ts";
import { byHand } from "../command.ts";
import { type Known, newest, saidEvidence } from "../known.ts";
import { causeLine, notARelay } from "../not-a-relay.ts";
import type { Action, Evidence } from "../result.ts";
import { type Draft, here } from "./draft.ts";
import { full } from "./test.ts";

export function configure(known: Known): Draft {
  const { stands, records, checks } = known;
  const audit = newest(records.audits.filter(({ at }) => at <= records.now));
  const evidence: readonly Evidence[] = [...checks, ...auditEvidence(known), ...saidEvidence(known, "cause")];
  if (stands.is === "open")
    return {
      state: "open",
      because: `${stands.because}: its configuration lets strangers through`,
      evidence,
      actions: changes(known),
    };
  // A test from outside cannot see every hole that an audit derives; but a newer test has seen what was changed since.
  if (
    audit?.verdict === "open" &&
    stands.is !== "withdrawn" &&
    !(stands.is === "closed" && (stands.at ?? "") >= audit.at)
  )
    return {
      state: "open",
      because: `the newest audit finds a hole: ${audit.because}`,
      evidence,
      actions: changes(known),
    };
  if (stands.is === "closed" || stands.is === "withdrawn") {
    const other = notARelay(known);
    if (other !== null && other.named === null)
      return {
        state: "open",
        because: "it does not relay, and is listed or complained of: the cause is another, and is not named yet",
        evidence,
        actions: [...(other.causes[0]?.actions ?? []), causeLine(known)],
      };
    return stands.is === "closed"
      ? { state: "done", because: stands.because, evidence, actions: [] }
      : { state: "not-applicable", because: "nobody outside reaches it any more", evidence, actions: [] };
  }
  return {
    state: "blocked",
    because:
      audit?.verdict === "closed"
        ? "the audit derives that it is closed; a test from outside has to show it"
        : "what is to be changed is known once it is tested",
    evidence,
    actions: [],
  };
}

function auditEvidence({ records, evidence, line }: Known): readonly Evidence[] {
  const audit = newest(records.audits.filter(({ at }) => at <= records.now));
  return audit === undefined
    ? []
    : [
        evidence("audit", {
          subject: records.mailer.name,
          says: `${audit.verdict}: ${audit.because}`,
          at: audit.at,
          stale: staleBy("audit", audit.at, records.now),
          show: line("history", audit.run),
        }),
      ];
}

/** What the catalogue's dump makes, if it makes a folder of that name. */
const dumped = "fencepost-audit";

function changes(known: Known): readonly Action[] {
  const { line, records } = known;
  const { name, product } = records.mailer;
  const audited = product?.auditedAs !== undefined;
  const dump = audited ? byHand(product.dump ?? [], "Save its configuration for the audit") : [];
  const folder = dump.some(({ run }) => run?.includes(dumped) === true) ? dumped : "PATH";
  const brief = here(line("brief", name), "Print the requirements and the acceptance test for whoever manages it");
  const audit = here(line("audit", `${name}=${folder}`), "With that copy here, find the line at fault, with a patch");
  return [
    // Without a product that is audited, people have to find the setting: the brief tells them what must hold.
    ...(audited ? [...dump, audit, brief] : [brief]),
    ...(product?.reload === undefined
      ? []
      : [
          ...byHand(product.reload.check ?? [], "Check the change"),
          ...byHand(product.reload.apply, "Put it into force"),
        ]),
    full(known, "Show that it is closed now"),
  ];
}
