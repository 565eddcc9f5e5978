/**
 * Contain: stop taking strangers' mail, hold the queue, look at what is in it. Commands of the product are shown, never run.
 * Nothing can be measured about a queue from outside, so that somebody has looked is said by a person. Pure.
 */
import { byHand } from "../command.ts";
import { abuseEvidence, type Known, latestTime, saidEvidence } from "../known.ts";
import type { Action } from "../result.ts";
import { type Draft, here } from "./draft.ts";

export function contain(known: Known): Draft {
  const { stands, lastOpen, abusedAt, said, checks } = known;
  const evidence = [...checks, ...abuseEvidence(known), ...saidEvidence(known, "queue-clean")];
  if (stands.is === "open")
    return {
      state: "open",
      because: `${stands.because}: what comes in is passed on`,
      evidence,
      actions: [...stop(known), ...queue(known)],
    };
  const troubledAt = latestTime([lastOpen, abusedAt].filter((at) => at !== null));
  if (troubledAt === null) {
    if (stands.is === "closed" || stands.is === "withdrawn")
      return {
        state: "not-applicable",
        because: "nothing on record says that it passed on strangers' mail",
        evidence,
        actions: [],
      };
    return {
      state: "blocked",
      because: "whether there is anything to contain is known once it is tested",
      evidence,
      actions: [],
    };
  }
  const clean = said("queue-clean");
  // Newer, not as old as: who looked before the last misuse did not see it.
  if (clean !== null && clean.at > troubledAt)
    return { state: "done", because: `somebody has looked at the queue since: ${clean.says}`, evidence, actions: [] };
  return {
    state: "open",
    because:
      troubledAt === lastOpen
        ? "it was open, and nobody has said since that the queue holds nothing of what was abused"
        : "it is listed or complained of, and nobody has said since that the queue is clean",
    evidence,
    actions: queue(known),
  };
}

function stop({ records }: Known): readonly Action[] {
  const { product } = records.mailer;
  return product === null
    ? [
        {
          on: "mailer",
          run: null,
          says: "Stop the mailer's listener, or block port 25 to it at the router. With `product` in site.yaml the commands stand here.",
        },
      ]
    : byHand(product.listener.stop, "Stop taking mail from outside");
}

function queue({ records, line }: Known): readonly Action[] {
  const { name, product } = records.mailer;
  const { queue: commands } = product ?? {};
  return [
    ...(commands === undefined
      ? [{ on: "mailer", run: null, says: "Hold the queue, and look at what is in it." } as const]
      : [
          ...byHand(commands.hold, "Hold what is queued"),
          ...byHand(commands.look, "Look at it"),
          ...byHand(commands.release, "Delete what was abused, and let the rest go"),
        ]),
    here(
      line("status", "--mailer", name, "--queue-clean", "emptied and looked at by WHO"),
      "Then say so: put a name in the place of WHO",
    ),
  ];
}
