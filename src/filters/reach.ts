/** Whose addresses a condition on packets is about. Pure. */
import { ipSet } from "../net/ip-set.ts";
import { formatPrefix, type Prefix, prefixOf } from "../net/prefix.ts";
import { type Diagram, type Diagrams, no } from "./diagram.ts";
import { type Family, layout } from "./packet.ts";

/** So many prefixes are told at most. */
const maxPrefixes = 1000;

/** The addresses of one side for which the condition holds, whatever the rest: the fewest prefixes, `maxPrefixes` of them. */
export function prefixTexts(
  diagrams: Diagrams,
  family: Family,
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
