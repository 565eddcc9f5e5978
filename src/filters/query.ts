/** Answers like the router would: what becomes of one packet, and by which line. Pure. */
import { Compiled, type Decided, insidesOf, sidesOf } from "./compile.ts";
import { Diagrams, TooLarge } from "./diagram.ts";
import type { Crossing, Reading } from "./model.ts";
import { type Direction, describePacket, type Packet } from "./packet.ts";
import type { Platform } from "./platform.ts";
import type { QueryDocument } from "./result.ts";

export interface QueryRequest {
  readonly platform: Platform;
  readonly reading: Reading;
  readonly outside: string | null;
  readonly list: string | null;
  readonly direction: Direction;
  readonly packet: Packet;
}

export function query({ platform, reading, outside, list, direction, packet }: QueryRequest): QueryDocument {
  const asked = { family: packet.source.family, direction };
  const crossing = list === null ? reading.crossing(outside, asked) : reading.list(list, asked);
  const about = {
    schema: "fencepost/filters-query/1",
    platform: platform.id,
    packet: `${describePacket(packet)}, ${direction}`,
  } as const;
  if (crossing === null)
    return {
      ...about,
      action: "unknown",
      line: null,
      text: null,
      file: null,
      why: `The list ${list} says nothing of IPv${asked.family}.`,
      attachment: `list ${list}`,
    };
  const insides = insidesOf([reading], outside);
  const compiled = new Compiled(new Diagrams(), reading, asked, sidesOf(reading, outside, insides));
  const { outcome, place, why } = withinBounds(() => somewhere(compiled, crossing, packet, insides));
  const written = place !== null && place.line > 0;
  return {
    ...about,
    action: outcome,
    line: written ? place.line : null,
    text: place?.text ?? null,
    file: written ? place.file : null,
    why:
      why ??
      (place === null
        ? crossing.stages.length === 0
          ? crossing.attachment
          : "No rule matches."
        : written
          ? "This line decides."
          : "No rule matches; this is what the platform does then."),
    attachment: crossing.attachment,
  };
}

/** What cannot be decided within bounds is unknown. */
function withinBounds(decided: () => Decided): Decided {
  try {
    return decided();
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    return { outcome: "unknown", rule: null, place: null, why: `It could not be decided: ${error.message}.` };
  }
}

/**
 * Behind which interface the inside end is, nobody says: it passes if it passes at one of them, as in the proof. What
 * the interfaces do alike is told without naming one.
 */
function somewhere(compiled: Compiled, crossing: Crossing, packet: Packet, insides: readonly string[]): Decided {
  const unnamed = compiled.decide(crossing, packet);
  if (packet.inside !== 0) return unnamed;
  const named = insides.map((name, index) => ({
    name,
    decided: compiled.decide(crossing, { ...packet, inside: index + 1 }),
  }));
  const best =
    named.find(({ decided }) => decided.outcome === "permit") ??
    named.find(({ decided }) => decided.outcome === "unknown") ??
    named.find(({ decided }) => decided.place !== null && decided.place.line > 0);
  if (best === undefined) return unnamed;
  const alike = named.every(({ decided }) => decided.outcome === best.decided.outcome);
  const { decided, name } = best;
  return alike || decided.why !== null ? decided : { ...decided, why: `So it is at the inside interface ${name}.` };
}
