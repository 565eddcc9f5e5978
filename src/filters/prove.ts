/**
 * Proves a packet filter against the site: exactly which packets it lets through that it must not, and which it stops
 * that it must not, with a packet and a line for each; or that there is none. Pure.
 */
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { IpSet } from "../net/ip-set.ts";
import { ipSet } from "../net/ip-set.ts";
import { formatPrefix, type Prefix, prefixOf } from "../net/prefix.ts";
import { Compiled, denied, insidesOf, permitted, sidesOf, unknown } from "./compile.ts";
import { type Diagram, Diagrams, no, TooLarge, yes } from "./diagram.ts";
import { judgedOf } from "./judge.ts";
import type { Asked, Crossing, Place, Reading, Rule } from "./model.ts";
import {
  bitsOf,
  type Direction,
  describePacket,
  type Family,
  layout,
  type Packet,
  packetFrom,
  protocolName,
  protocolNumbers,
  tcpFlags,
} from "./packet.ts";
import type { Platform } from "./platform.ts";
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

/** So many packets are shown of each kind. */
const maxShown = 20;

/** So many prefixes are told of what is open or cut off. */
const maxPrefixes = 1000;

/** Throws `NoSuchFilter` if what was asked for is not in the text. */
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
  const verdict = verdictOf(holes.length, overblocks.length, undecided.length);
  return {
    platform: request.platform.id,
    checkedAgainst: request.platform.checkedAgainst,
    verdict,
    because: becauseOf(verdict, holes, overblocks, undecided),
    holes,
    overblocks,
    undecided,
    crossings: parts.map((part) => part.result),
    othersUnchanged: request.baseline === null ? null : parts.every((part) => part.unchanged),
    idle: idleRules(parts),
    troubles: request.reading.troubles.slice(0, 200).map(({ place, says }) => ({ says, where: place })),
    residuals: [...new Set([...parts.flatMap((part) => part.residuals), ...request.platform.residuals])],
  };
}

/** Families the site has, in both directions; for a list alone its own direction. */
function askedOf({ wanted, list, direction, reading, outside }: ProofRequest): readonly Asked[] {
  const families = ([4, 6] as const).filter((family) => wanted.inside.ranges.some((range) => range.family === family));
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
  const { wanted, reading, outside, baseline } = request;
  const diagrams = new Diagrams();
  const compiled = new Compiled(diagrams, reading, asked, sidesOf(reading, outside, insides));
  const shown: Shown = { asked, compiled, crossing, insides, model: modelPacket(wanted, asked) };
  let filter: Diagram;
  try {
    filter = compiled.crossing(crossing);
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return tooLarge(shown, error.message);
  }
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
      open: prefixTexts(diagrams, asked, open, asked.direction === "in" ? "destination" : "source"),
      cut: prefixTexts(diagrams, asked, cut, asked.direction === "in" ? "destination" : "source"),
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
  let any = condition;
  const done = new Map<Diagram, Diagram>();
  const visit = (at: Diagram): Diagram => {
    if (diagrams.variableOf(at) >= first + width) return at;
    const known = done.get(at);
    if (known !== undefined) return known;
    const made = diagrams.or(visit(diagrams.branch(at, 0)), visit(diagrams.branch(at, 1)));
    done.set(at, made);
    return made;
  };
  any = visit(any);
  return any;
}

interface Shown {
  readonly asked: Asked;
  readonly compiled: Compiled;
  readonly crossing: Crossing;
  readonly insides: readonly string[];
  /** What a packet looks like where nothing else is asked for. */
  readonly model: Packet;
}

/** One packet for each line that decides so. */
function packetsOf(shown: Shown, condition: Diagram, why: string): readonly FilterPacket[] {
  const { compiled, crossing, asked } = shown;
  const { diagrams } = compiled;
  const packets: FilterPacket[] = [];
  let left = condition;
  let seen: Diagram = no;
  let atEnd = false;
  while (left !== no && packets.length < maxShown) {
    const packet = somePacket(shown, left);
    if (packet === null) break;
    const { rule, place, why: doubt } = compiled.decide(crossing, packet);
    if (rule !== null || !atEnd)
      packets.push(toldPacket(shown, packet, place, doubt === null ? why : `${why} ${sentence(doubt)}`));
    if (rule === null) {
      // Nothing decides it but the end: what rules decide is still to be shown.
      atEnd = true;
      const ruled = compiled.met.reduce<Diagram>((sum, one) => diagrams.or(sum, compiled.about(one)), no);
      if (compiled.met.length > 2000) break;
      left = diagrams.minus(diagrams.and(left, ruled), seen);
      if (diagrams.at(left, bitsOf(packet)) === yes) break;
    } else {
      const about = compiled.about(rule);
      seen = diagrams.or(seen, about);
      left =
        about === no ? diagrams.minus(left, onePacket(diagrams, asked.family, packet)) : diagrams.minus(left, about);
    }
  }
  return packets;
}

/** A packet for which the condition holds: one that opens a session if there is one, else an answer. */
function somePacket({ compiled: { diagrams }, asked, model }: Shown, condition: Diagram): Packet | null {
  const answer: Packet = {
    ...model,
    sourcePort: smtpPort,
    destinationPort: model.sourcePort,
    flags: 1 << tcpFlags.indexOf("ack"),
    state: "established",
  };
  for (const one of [model, answer]) {
    const bits = diagrams.witness(condition, bitsOf(one));
    if (bits === null) return null;
    const packet = packetFrom(asked.family, bits, one);
    if (one === answer || packet.destinationPort === smtpPort || packet.protocol !== protocolNumbers.tcp) return packet;
    if (packet.sourcePort !== smtpPort && packet.state === "new") return packet;
  }
  return null;
}

/** The packet's addresses, whatever else it bears. */
function onePacket(diagrams: Diagrams, family: Family, packet: Packet): Diagram {
  let made: Diagram = yes;
  for (const field of ["source", "destination"] as const) {
    const { first, width } = layout(family)[field];
    for (let bit = 0; bit < width; bit += 1) {
      const variable = first + width - 1 - bit;
      const one = ((packet[field].bits >> BigInt(bit)) & 1n) === 1n;
      made = one ? diagrams.node(variable, no, made) : diagrams.node(variable, made, no);
    }
  }
  return made;
}

const sentence = (text: string): string => (text === "" ? "" : `${text[0]?.toUpperCase()}${text.slice(1)}.`);

function toldPacket({ asked, insides }: Shown, packet: Packet, place: Place | null, why: string): FilterPacket {
  const hasPorts =
    (packet.protocol === protocolNumbers.tcp || packet.protocol === protocolNumbers.udp) && !packet.laterFragment;
  const inside = packet.inside === 0 ? null : (insides[packet.inside - 1] ?? null);
  return {
    family: familyName(asked.family),
    direction: asked.direction,
    protocol: protocolName(packet.protocol),
    source: formatIp(packet.source),
    sourcePort: hasPorts ? packet.sourcePort : null,
    destination: formatIp(packet.destination),
    destinationPort: hasPorts ? packet.destinationPort : null,
    flags:
      packet.protocol === protocolNumbers.tcp ? tcpFlags.filter((_, bit) => ((packet.flags >> bit) & 1) === 1) : [],
    state: packet.state,
    inside,
    says: `${describePacket(packet)}, ${asked.direction}${inside === null ? "" : ` (inside: ${inside})`}`,
    line: place,
    why,
  };
}

/** Looks like a session that a person would try. */
function modelPacket(wanted: Wanted, { family, direction }: Asked): Packet {
  const stranger = someAddress(
    wanted.strangers,
    family,
    family === 4 ? 0xcb007109n : (0x20010db8000c0000n << 64n) | 9n,
  );
  const insider = someAddress(wanted.inside.subtract(wanted.mailers), family, null);
  return {
    source: direction === "in" ? stranger : insider,
    destination: direction === "in" ? insider : stranger,
    protocol: protocolNumbers.tcp,
    sourcePort: 40_000,
    destinationPort: smtpPort,
    flags: 1 << tcpFlags.indexOf("syn"),
    state: "new",
    laterFragment: false,
    extended: false,
    inside: 0,
  };
}

function someAddress(set: IpSet, family: Family, wish: bigint | null): IpAddress {
  if (wish !== null && set.has({ family, bits: wish })) return { family, bits: wish };
  const range = set.ranges.find((one) => one.family === family);
  if (range === undefined) return { family, bits: 1n };
  return { family, bits: range.last - range.first > 8n ? range.first + 7n : range.first };
}

/** The addresses of one side for which the condition holds, whatever the rest. */
function prefixTexts(
  diagrams: Diagrams,
  { family }: Asked,
  condition: Diagram,
  side: "source" | "destination",
): string[] {
  const { first, width } = layout(family)[side];
  const prefixes: Prefix[] = [];
  const seen = new Set<Diagram>();
  // Down to the bits of the side; what stands behind them matters only as "somehow".
  const starts = new Set<Diagram>();
  const descend = (at: Diagram): void => {
    if (at === no || seen.has(at)) return;
    seen.add(at);
    if (diagrams.variableOf(at) >= first) starts.add(at);
    else {
      descend(diagrams.branch(at, 0));
      descend(diagrams.branch(at, 1));
    }
  };
  descend(condition);
  const walk = (at: Diagram, depth: number, bits: bigint): void => {
    if (at === no || prefixes.length >= maxPrefixes * 4) return;
    const variable = diagrams.variableOf(at);
    if (variable >= first + width) {
      prefixes.push(prefixOf({ family, bits: bits << BigInt(width - depth) }, depth));
      return;
    }
    if (variable > first + depth) {
      // Bits between that are not asked for: both ways, unless nothing more of this side is asked for.
      walk(at, depth + 1, bits << 1n);
      walk(at, depth + 1, (bits << 1n) | 1n);
      return;
    }
    walk(diagrams.branch(at, 0), depth + 1, bits << 1n);
    walk(diagrams.branch(at, 1), depth + 1, (bits << 1n) | 1n);
  };
  for (const start of starts) walk(start, 0, 0n);
  return ipSet(prefixes).toPrefixes().slice(0, maxPrefixes).map(formatPrefix);
}

function residualsOf(
  diagrams: Diagrams,
  { family, direction }: Asked,
  crossing: Crossing,
  { permits, judged }: { permits: Diagram; judged: ReturnType<typeof judgedOf> },
): readonly string[] {
  if (crossing.stages.length === 0) return [];
  const name = `${family === 4 ? "IPv4" : "IPv6"}, ${direction}`;
  const open = diagrams.and(judged.stop, permits);
  return [
    ...(diagrams.minus(diagrams.and(judged.stopLater, permits), no) !== no && open === no
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
  return [...idle]
    .filter(([rule, { count }]) => count === met.get(rule))
    .map(([rule, { because }]) => ({ because, where: rule.place }))
    .sort((a, b) => a.where.line - b.where.line)
    .slice(0, 200);
}

const familyName = (family: Family): "ipv4" | "ipv6" => (family === 4 ? "ipv4" : "ipv6");

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
