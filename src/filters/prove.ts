/**
 * Proves a packet filter against the site: exactly which packets it lets through that it must not, and which it stops
 * that it must not, with a packet and a line for each; or that there is none. Pure.
 */
import { Compiled, denied, insidesOf, permitted, sidesOf, unknown } from "./compile.ts";
import { modelPacket, packetsOf, type Shown, toldPacket } from "./counterexample.ts";
import { type Diagram, Diagrams, no, TooLarge } from "./diagram.ts";
import { judgedOf } from "./judge.ts";
import type { Asked, Crossing, Reading, Rule } from "./model.ts";
import { type Direction, type Family, familyName, layout, protocolNumbers, tcpFlags } from "./packet.ts";
import type { Platform } from "./platform.ts";
import { prefixTexts } from "./reach.ts";
import type { CrossingResult, FilterPacket, FilterVerdict, ProofResult } from "./result.ts";
import { smtpPort, type Wanted } from "./wanted.ts";

export interface ProofRequest {
  readonly platform: Platform;
  readonly reading: Reading;
  readonly wanted: Wanted;
  /** The outside interface or zone; null: the one that there is. */
  readonly outside: string | null;
  /** This list alone, wherever it is attached. */
  readonly list: string | null;
  /** Of a list alone: the direction it is meant for; null: the one in which it is attached, else `in`. */
  readonly direction: Direction | null;
  /** The filter as it was: all but port 25 must be as under it. */
  readonly baseline: Reading | null;
}

/** Judges every packet of the site's families; what cannot be decided within bounds is unknown. */
export function prove(request: ProofRequest): ProofResult {
  const insides = insidesOf(
    [request.reading, ...(request.baseline === null ? [] : [request.baseline])],
    request.outside,
  );
  const parts = askedOf(request).flatMap((asked) => {
    const crossing = crossingOf(request, request.reading, asked);
    return crossing === null ? [] : [proveCrossing(request, asked, crossing, insides)];
  });
  const holes = parts.flatMap((part) => part.holes);
  const overblocks = parts.flatMap((part) => part.overblocks);
  const undecided = parts.flatMap((part) => part.undecided);
  // A list that says nothing of the site's families proves nothing.
  const verdict = parts.length === 0 ? "unknown" : verdictOf(holes.length, overblocks.length, undecided.length);
  return {
    platform: request.platform.id,
    checkedAgainst: request.platform.checkedAgainst,
    verdict,
    because:
      parts.length === 0
        ? `The list ${request.list} says nothing of ${familiesOf(request.wanted).map(familyTitle).join(" or ")}, which the site has.`
        : becauseOf(verdict, holes, overblocks, undecided),
    holes,
    overblocks,
    undecided,
    crossings: parts.map((part) => part.result),
    othersUnchanged: request.baseline === null ? null : parts.every((part) => part.unchanged),
    idle: idleRules(parts),
    troubles: request.reading.troubles.slice(0, 200).map(({ place, says }) => ({ says, where: place })),
    residuals: [
      ...new Set([
        ...parts.flatMap((part) => part.residuals),
        ...unjudged(request, parts),
        ...request.platform.residuals,
      ]),
    ],
  };
}

/** A family that the site has and the list says nothing of. */
function unjudged({ wanted, list }: ProofRequest, parts: readonly Part[]): readonly string[] {
  const judged = new Set(parts.map((part) => part.result.family));
  return familiesOf(wanted)
    .filter((family) => parts.length > 0 && !judged.has(familyName(family)))
    .map((family) => `${familyTitle(family)} was not judged: the list ${list} says nothing of it.`);
}

/** Families the site has, in both directions; for a list alone its own direction. */
function askedOf({ wanted, list, direction, reading, outside }: ProofRequest): readonly Asked[] {
  const families = familiesOf(wanted);
  if (list === null)
    return families.flatMap((family) => [{ family, direction: "in" } as const, { family, direction: "out" } as const]);
  const attached = (["in", "out"] as const).filter((way) =>
    families.some((family) =>
      reading.crossing(outside, { family, direction: way }).stages.some(({ chain }) => chain === list),
    ),
  );
  const ways = direction !== null ? [direction] : attached.length > 0 ? attached : (["in"] as const);
  return families.flatMap((family) => ways.map((way) => ({ family, direction: way })));
}

const familiesOf = ({ inside }: Wanted): readonly Family[] =>
  ([4, 6] as const).filter((family) => inside.ranges.some((range) => range.family === family));

const familyTitle = (family: Family): string => (family === 4 ? "IPv4" : "IPv6");

/** Null: a list alone says nothing of this family. */
function crossingOf({ list, outside }: ProofRequest, reading: Reading, asked: Asked): Crossing | null {
  return list === null ? reading.crossing(outside, asked) : reading.list(list, asked);
}

interface Part {
  readonly result: CrossingResult;
  readonly holes: readonly FilterPacket[];
  readonly overblocks: readonly FilterPacket[];
  readonly undecided: readonly FilterPacket[];
  readonly unchanged: boolean;
  readonly residuals: readonly string[];
  readonly met: readonly Rule[];
  readonly idle: Compiled["idle"];
}

function proveCrossing(request: ProofRequest, asked: Asked, crossing: Crossing, insides: readonly string[]): Part {
  const { wanted, reading, outside } = request;
  const compiled = new Compiled(new Diagrams(), reading, asked, sidesOf(reading, outside, insides));
  const shown: Shown = { asked, compiled, crossing, insides, model: modelPacket(wanted, asked) };
  try {
    return judgedCrossing(request, shown);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return tooLarge(shown, error.message);
  }
}

/** Throws `TooLarge`. */
function judgedCrossing(request: ProofRequest, shown: Shown): Part {
  const { wanted, reading, baseline } = request;
  const { asked, compiled, crossing, insides } = shown;
  const { diagrams } = compiled;
  const filter = compiled.crossing(crossing);
  const judged = judgedOf(wanted, asked, compiled);
  const permits = diagrams.where(filter, permitted);
  const denies = diagrams.where(filter, denied);
  const unsure = diagrams.where(filter, unknown);

  const old = baseline === null ? null : baselineOf(request, baseline, asked, diagrams, insides);
  const mustPass = old === null ? judged.pass : diagrams.and(judged.pass, diagrams.where(old, permitted));
  // A mailer stands behind one inside interface, and which one is not told: cut off is what is stopped at all of them.
  const reaches = anyInside(diagrams, asked.family, diagrams.and(mustPass, diagrams.not(denies)));
  const cut = diagrams.minus(diagrams.and(mustPass, denies), reaches);
  const open = diagrams.and(judged.stop, permits);

  const changed =
    old === null ? { more: no, less: no, unsure: no } : changesOf(diagrams, filter, old, judged.ours, request);
  const nothingElse =
    old === null && crossing.stages.length > 0 && crossing.stages.every(({ stateful }) => !stateful)
      ? onlySmtpPasses(diagrams, compiled, wanted, asked, permits, unsure)
      : no;
  const doubtful = diagrams.or(
    diagrams.and(judged.stop, unsure),
    diagrams.minus(diagrams.and(mustPass, unsure), anyInside(diagrams, asked.family, diagrams.and(mustPass, permits))),
  );
  return {
    result: {
      family: familyName(asked.family),
      direction: asked.direction,
      attachment: crossing.attachment,
      where: crossing.place,
      open: prefixTexts(diagrams, asked.family, open, asked.direction === "in" ? "destination" : "source"),
      cut: prefixTexts(diagrams, asked.family, cut, asked.direction === "in" ? "destination" : "source"),
      rules: crossing.stages.reduce((sum, { chain }) => sum + (reading.chains.get(chain)?.rules.length ?? 0), 0),
    },
    holes: [
      ...packetsOf(
        shown,
        open,
        asked.direction === "in"
          ? "It reaches a host that is no managed mailer."
          : "It leaves from a host that is no managed mailer.",
      ),
      ...packetsOf(shown, changed.more, "Under the baseline it was stopped, and it is not port 25."),
    ],
    overblocks: [
      ...packetsOf(shown, cut, "It belongs to the mail of a managed mailer, or to sessions that stay allowed."),
      ...packetsOf(shown, changed.less, "Under the baseline it passed, and it is not port 25."),
      ...packetsOf(shown, nothingElse, "Nothing but port 25 passes: all other traffic is cut off.").slice(0, 1),
    ],
    undecided: packetsOf(shown, diagrams.or(doubtful, changed.unsure), "The text does not tell what becomes of it."),
    unchanged: changed.more === no && changed.less === no && changed.unsure === no,
    residuals: residualsOf(diagrams, asked, crossing, { permits, judged }),
    met: compiled.met,
    idle: compiled.idle,
  };
}

function tooLarge(shown: Shown, why: string): Part {
  const packet = shown.model;
  return {
    result: {
      family: familyName(shown.asked.family),
      direction: shown.asked.direction,
      attachment: shown.crossing.attachment,
      where: shown.crossing.place,
      open: [],
      cut: [],
      rules: 0,
    },
    holes: [],
    overblocks: [],
    undecided: [toldPacket(shown, packet, null, `The filter could not be decided: ${why}.`)],
    unchanged: false,
    residuals: [],
    met: [],
    idle: [],
  };
}

function baselineOf(
  request: ProofRequest,
  baseline: Reading,
  asked: Asked,
  diagrams: Diagrams,
  insides: readonly string[],
): Diagram {
  const crossing = crossingOf(request, baseline, asked);
  if (crossing === null) return permitted;
  return new Compiled(diagrams, baseline, asked, sidesOf(baseline, request.outside, insides)).crossing(crossing);
}

/** What fares otherwise than under the baseline, the filter's own packets left aside. */
function changesOf(
  diagrams: Diagrams,
  filter: Diagram,
  old: Diagram,
  ours: Diagram,
  { reading, baseline }: ProofRequest,
): { more: Diagram; less: Diagram; unsure: Diagram } {
  const texts = (one: Reading | null): string => (one?.troubles ?? []).map(({ place }) => place.text.trim()).join("\n");
  // What is unknown in both for the same unread lines is the same unknown.
  const same = texts(reading) === texts(baseline);
  const change = diagrams.combine(old, filter, (before, after) =>
    before === after && (before !== unknown || same)
      ? 0
      : before === denied && after === permitted
        ? 1
        : before === permitted && after === denied
          ? 2
          : 3,
  );
  const of = (kind: number): Diagram => diagrams.minus(diagrams.where(change, kind), ours);
  return { more: of(1), less: of(2), unsure: of(3) };
}

/**
 * A list without state that lets nothing pass but port 25 cuts off the site: the permit of the rest was forgotten. What
 * else a filter stops is its owner's business.
 */
function onlySmtpPasses(
  diagrams: Diagrams,
  compiled: Compiled,
  wanted: Wanted,
  asked: Asked,
  permits: Diagram,
  unsure: Diagram,
): Diagram {
  const smtp = compiled.match({
    protocols: [{ first: protocolNumbers.tcp, last: protocolNumbers.tcp }],
    destinationPorts: [{ first: smtpPort, last: smtpPort }],
  });
  // Cisco's lists let neighbour discovery pass by themselves, and later fragments of what they permit.
  const besides = diagrams.or(
    compiled.match({
      protocols: [protocolNumbers.icmp, protocolNumbers.icmp6].map((one) => ({ first: one, last: one })),
    }),
    compiled.match({ laterFragment: true }),
  );
  if (diagrams.minus(diagrams.or(permits, unsure), diagrams.or(smtp, besides)) !== no) return no;
  return compiled.match({
    protocols: [{ first: protocolNumbers.tcp, last: protocolNumbers.tcp }],
    destinationPorts: [{ first: 443, last: 443 }],
    sourcePorts: [{ first: 1024, last: 65535 }],
    flags: [{ mask: 0b111111, value: 1 << tcpFlags.indexOf("syn") }],
    states: ["new"],
    laterFragment: false,
    extended: false,
    [asked.direction === "in" ? "destination" : "source"]: { set: wanted.inside, masked: [] },
  });
}

/** Where the condition holds for one inside interface at least. */
function anyInside(diagrams: Diagrams, family: Family, condition: Diagram): Diagram {
  const { first, width } = layout(family).inside;
  const done = new Map<Diagram, Diagram>();
  const visit = (at: Diagram): Diagram => {
    if (diagrams.variableOf(at) >= first + width) return at;
    const known = done.get(at);
    if (known !== undefined) return known;
    const made = diagrams.or(visit(diagrams.branch(at, 0)), visit(diagrams.branch(at, 1)));
    done.set(at, made);
    return made;
  };
  return visit(condition);
}

function residualsOf(
  diagrams: Diagrams,
  { family, direction }: Asked,
  crossing: Crossing,
  { permits, judged }: { permits: Diagram; judged: ReturnType<typeof judgedOf> },
): readonly string[] {
  if (crossing.stages.length === 0) return [];
  const name = `${familyTitle(family)}, ${direction}`;
  const open = diagrams.and(judged.stop, permits);
  return [
    ...(open === no && diagrams.and(judged.stopLater, permits) !== no
      ? [`${name}: sessions to port 25 that are open already are not cut (packets with ACK pass); clear them by hand.`]
      : []),
    ...(family === 6 && open === no && diagrams.and(judged.stopExtended, permits) !== no
      ? [`${name}: a packet with an extension header before TCP passes: this filter looks at the first header only.`]
      : []),
  ];
}

function idleRules(parts: readonly Part[]): ProofResult["idle"] {
  const met = new Map<Rule, number>();
  for (const part of parts) for (const rule of part.met) met.set(rule, (met.get(rule) ?? 0) + 1);
  const idle = new Map<Rule, { count: number; because: "shadowed" | "redundant" }>();
  for (const part of parts)
    for (const { rule, because } of part.idle) {
      const known = idle.get(rule);
      idle.set(rule, {
        count: (known?.count ?? 0) + 1,
        because: known?.because === "redundant" ? "redundant" : because,
      });
    }
  return (
    [...idle]
      // What a platform does by itself nobody can take away.
      .filter(([rule, { count }]) => rule.place.line > 0 && count === met.get(rule))
      .map(([rule, { because }]) => ({ because, where: rule.place }))
      .sort((a, b) => a.where.line - b.where.line)
      .slice(0, 200)
  );
}

function verdictOf(holes: number, overblocks: number, undecided: number): FilterVerdict {
  if (holes > 0) return overblocks > 0 ? "both" : "holes";
  if (overblocks > 0) return "overblocks";
  return undecided > 0 ? "unknown" : "exact";
}

function becauseOf(
  verdict: FilterVerdict,
  holes: readonly FilterPacket[],
  overblocks: readonly FilterPacket[],
  undecided: readonly FilterPacket[],
): string {
  switch (verdict) {
    case "exact":
      return "Port 25 is open to the managed mailers and to nothing else.";
    case "holes":
      return `A packet passes that must not: ${holes[0]?.says}.`;
    case "overblocks":
      return `A packet is stopped that must pass: ${overblocks[0]?.says}.`;
    case "both":
      return `A packet passes that must not: ${holes[0]?.says}. And one is stopped that must pass: ${overblocks[0]?.says}.`;
    case "unknown":
      return `It cannot be told what becomes of ${undecided[0]?.says}.`;
  }
}
