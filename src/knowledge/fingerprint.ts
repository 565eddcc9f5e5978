/** Guesses the product behind a dialogue from what it said. A wrong guess is worse than none: a tie is none. */
import { searchPattern } from "./pattern.ts";
import type { Product } from "./product.ts";

/** What a mailer said, as text. */
export interface Said {
  /** The lines of the greeting, without codes. */
  readonly banner: string | null;
  /** The lines of the EHLO reply, without codes. */
  readonly ehlo: readonly string[];
  /** Other replies, with their codes: `550 5.7.1 Relaying denied`. */
  readonly replies: readonly string[];
  readonly help: string | null;
}

export interface Fingerprint {
  readonly product: string;
  readonly version?: string;
  readonly confidence: "high" | "medium" | "low";
  /** The words that told it, where they were said: `reply: 554 5.7.1 <a@b>: Relay access denied`. */
  readonly evidence: readonly string[];
}

/** How many lines of one kind are looked at. */
const maxLines = 64;

/** Less is said by many products. */
const leastWeight = 3;

export function fingerprint(said: Said, products: readonly Product[]): Fingerprint | null {
  const lines = {
    banner: said.banner === null ? [] : [said.banner],
    ehlo: said.ehlo.slice(0, maxLines),
    reply: [...new Set(said.replies)].slice(0, maxLines),
    help: said.help === null ? [] : [said.help],
  };
  const scores = products
    .map((product) => {
      let weight = 0;
      let version: string | undefined;
      const evidence: string[] = [];
      for (const print of product.fingerprints) {
        for (const line of lines[print.in]) {
          const match = searchPattern(print.pattern, line);
          if (match === null) continue;
          weight += print.weight;
          version ??= match.groups?.version;
          evidence.push(`${print.in}: ${line.slice(0, 200)}`);
          break;
        }
      }
      return { product: product.id, weight, version, evidence };
    })
    .sort((a, b) => b.weight - a.weight);
  const [best, second] = scores;
  if (best === undefined || best.weight < leastWeight || best.weight === second?.weight) return null;
  return {
    product: best.product,
    ...(best.version !== undefined && { version: best.version }),
    confidence: best.weight >= 10 ? "high" : best.weight >= 5 ? "medium" : "low",
    evidence: [...new Set(best.evidence)],
  };
}
