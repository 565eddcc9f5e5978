/**
 * What one tool once said of one thing, and what all of it together means for a mailer: all that lists, complaints and
 * the journey of a repair may know of the other tools. Pure.
 */

export interface Assessment {
  /** `192.0.2.25:25` of a check or a dispute; an address of what agrees that nobody reaches it. */
  readonly subject: string;
  /** `check` tests, `sweep` and `filters` say that an address is not to be reached, `dispute` that a verdict is contested. */
  readonly tool: "check" | "sweep" | "filters" | "dispute";
  /**
   * Of a check its verdict, with `not-listening` for a port that is shut beside one that answered; of the others
   * `unreachable`, `reachable` and `disputed`.
   */
  readonly verdict: string;
  /** ISO, when the evidence was complete. */
  readonly at: string;
  readonly vantage: "external" | "neighbour" | "internal" | "unknown";
  /** Of probes; empty where there is none. */
  readonly profile: string;
  /** Serial of the catalogue; 0 where there is none. */
  readonly catalogue: number;
  /** The controls held: what did not answer is not there, rather than not to be seen from where we looked. */
  readonly answered: boolean;
}

export interface Standing {
  readonly is: "open" | "closed" | "withdrawn" | "disputed" | "unknown";
  /** ISO; since when the evidence holds: the oldest piece that is needed. Null where there is none. */
  readonly at: string | null;
  readonly because: string;
}

/** Verdicts that settle something; an inconclusive look leaves standing what an earlier one saw. */
const telling = new Set(["open", "suspect", "unreachable", "not-listening", "closed"]);

/**
 * How a mailer stands at a time, by what is known of all of its addresses and ports. One open port makes it open;
 * `closed` takes the profile `full` on each, `withdrawn` takes that nobody outside reaches any, seen by two tools.
 */
export function standing(assessments: readonly Assessment[], at: string): Standing {
  const past = assessments.filter((one) => one.at <= at);
  const latest = latestChecks(past);
  if (latest.length === 0) return { is: "unknown", at: null, because: "it was not tested" };
  const open = latest.find(({ verdict }) => verdict === "open");
  if (open !== undefined) return { is: "open", at: open.at, because: `${open.subject} was open` };
  const disputes = past.filter(
    ({ tool, subject, at: when }) =>
      tool === "dispute" && latest.some((one) => one.subject === subject && one.at <= when),
  );
  // By subject first: of two at one time the same one is told, in whatever order they were read.
  const dispute = newest([...disputes].sort((a, b) => (a.subject < b.subject ? -1 : 1)));
  if (dispute !== undefined)
    return { is: "disputed", at: dispute.at, because: `that ${dispute.subject} is closed is disputed` };
  const answering = latest.filter(({ verdict }) => verdict !== "not-listening");
  const since = earliest(latest);
  if (answering.length > 0 && answering.every(({ verdict }) => verdict === "unreachable"))
    return withdrawal(latest, past);
  const short = answering.find(({ verdict, profile }) => verdict !== "closed" || profile !== "full");
  if (short === undefined && answering.length > 0)
    return { is: "closed", at: since, because: "every port that answers was tested in full, and refused strangers" };
  return {
    is: "unknown",
    at: since,
    because:
      short === undefined
        ? "no port answered"
        : short.verdict === "closed"
          ? `${short.subject} was closed, tested with the profile ${short.profile || "unknown"} and not with full`
          : `${short.subject} was ${short.verdict}`,
  };
}

/** Of each address and port the newest test that settled something, by subject. */
export function latestChecks(assessments: readonly Assessment[]): readonly Assessment[] {
  return newestBySubject(assessments.filter((one) => one.tool === "check" && telling.has(one.verdict)));
}

/** Unreachable from a working place outside, and another tool agrees. */
function withdrawal(latest: readonly Assessment[], past: readonly Assessment[]): Standing {
  const unproved = latest.find(({ vantage, answered }) => vantage !== "external" || !answered);
  if (unproved !== undefined)
    return {
      is: "unknown",
      at: unproved.at,
      because: `${unproved.subject} was not reached, but nothing shows that others could be from there`,
    };
  const agreeing: Assessment[] = [];
  for (const { subject } of latest) {
    const address = addressOf(subject);
    const second = newest(
      past.filter(({ tool, subject: of }) => (tool === "sweep" || tool === "filters") && of === address),
    );
    if (second?.verdict !== "unreachable")
      return {
        is: "unknown",
        at: earliest(latest),
        because: `${address} was not reached; no sweep from outside and no proof of a filter agrees`,
      };
    agreeing.push(second);
  }
  return { is: "withdrawn", at: earliest([...latest, ...agreeing]), because: "nobody outside reaches it any more" };
}

function newestBySubject(assessments: readonly Assessment[]): readonly Assessment[] {
  const found = new Map<string, Assessment>();
  for (const one of assessments) {
    const before = found.get(one.subject);
    if (before === undefined || before.at <= one.at) found.set(one.subject, one);
  }
  return [...found.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

const newest = (assessments: readonly Assessment[]): Assessment | undefined =>
  assessments.reduce<Assessment | undefined>((a, b) => (a === undefined || a.at <= b.at ? b : a), undefined);

const earliest = (assessments: readonly Assessment[]): string =>
  assessments.reduce((first, { at }) => (at < first ? at : first), assessments[0]?.at ?? "");

/** `192.0.2.25:25` → `192.0.2.25`, `[2001:db8::25]:25` → `2001:db8::25`. */
const addressOf = (subject: string): string => subject.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
