/**
 * What a list's answer means. An A record alone is no listing: it is compared with the table of the list, and what no
 * table knows is said to be unknown. Pure.
 */
import type { ListCode, RefusalReason } from "../knowledge/list.ts";
import { formatIp, type IpAddress, isLoopback } from "../net/ip.ts";
import type { Answer } from "../ports.ts";

/** One code of an answer, by the table. */
export interface Entry {
  /** `127.0.0.3` */
  readonly code: string;
  readonly kind: "listed" | "allowed" | "info";
  readonly means: string;
  readonly part: string | null;
  readonly relay: boolean;
}

type Failure = Extract<Answer<never>, { kind: "failed" }>["cause"];

export type Meaning =
  | { readonly kind: "unlisted" }
  /** `listed` if one of the entries is. */
  | { readonly kind: "listed" | "noted"; readonly entries: readonly Entry[] }
  | { readonly kind: "refused"; readonly because: RefusalReason; readonly says: string }
  /** Not in 127.0.0.0/8: a domain that has lapsed, a portal, or a resolver that makes answers up. */
  | { readonly kind: "outside"; readonly says: string }
  | { readonly kind: "unknown-code"; readonly says: string }
  | { readonly kind: "failed"; readonly cause: Failure };

/** A list has a handful of codes; what sends more records is no list. */
const maxRecords = 16;

type Octets = readonly [number, number, number, number];

/** Compiles a code table; rows that refuse come first, whatever their order. */
export function meaningBy(codes: readonly ListCode[]): (answer: Answer<IpAddress>) => Meaning {
  const rows = [...codes]
    .sort((a, b) => Number(b.kind === "refused") - Number(a.kind === "refused"))
    .map((code) => ({ code, matches: code.answer === undefined ? null : answerMatcher(code.answer) }));
  const bits = codes.filter(({ bit }) => bit !== undefined);

  const read = (octets: Octets): readonly ListCode[] => {
    const row = rows.find(({ matches }) => matches?.(octets) === true);
    if (row !== undefined) return [row.code];
    // Bit masks are the last octet of 127.0.0.x.
    if (octets[1] !== 0 || octets[2] !== 0) return [];
    return bits.filter(({ bit = 0 }) => (octets[3] & bit) !== 0);
  };

  return (answer) => {
    switch (answer.kind) {
      case "failed":
        return { kind: "failed", cause: answer.cause };
      case "nxdomain":
      case "nodata": // the name may hold only TXT, or have names below it
        return { kind: "unlisted" };
      case "answer":
        return ofRecords(answer.records.slice(0, maxRecords), read);
    }
  };
}

function ofRecords(records: readonly IpAddress[], read: (octets: Octets) => readonly ListCode[]): Meaning {
  // RFC 5782 §2.1: entries lie in 127.0.0.0/8. One that does not makes the whole answer somebody else's.
  const stray = records.find((record) => record.family !== 4 || !isLoopback(record));
  if (stray !== undefined) return { kind: "outside", says: formatIp(stray) };
  const entries: Entry[] = [];
  const unknown: string[] = [];
  for (const record of records) {
    const code = formatIp(record);
    const octets = octetsOf(record);
    const rows = read(octets);
    const refusal = rows.find(({ kind }) => kind === "refused");
    if (refusal?.because !== undefined)
      return { kind: "refused", because: refusal.because, says: `${code}: ${refusal.means}` };
    if (rows.length === 0) {
      const general = generalRefusal(octets);
      if (general !== null) return { kind: "refused", because: general, says: code };
      unknown.push(code);
    }
    for (const { kind, means, part = null, relay = false } of rows)
      if (kind !== "refused") entries.push({ code, kind, means: filled(means, octets), part, relay });
  }
  if (entries.length === 0) return { kind: "unknown-code", says: unknown.join(", ") };
  return { kind: entries.some(({ kind }) => kind === "listed") ? "listed" : "noted", entries };
}

/** What several operators use for "I will not tell you", where the table of the list does not say otherwise. */
function generalRefusal([first, second, third, fourth]: Octets): RefusalReason | null {
  // 127.0.0.1: refusals, and what a local blocker makes up.
  if (first === 127 && second === 0 && third === 0 && fourth === 1) return "refused-here";
  if (second !== 255 || third !== 255) return null;
  return fourth === 254
    ? "refuses-resolver"
    : fourth === 255
      ? "over-limit"
      : fourth === 252
        ? "wrong-question"
        : "refused-here";
}

/** Whether an answer fits a pattern of the catalogue: `127.0.0.5-7`, `127.0.1.*`. */
export function answerMatcher(pattern: string): (octets: Octets) => boolean {
  const ranges = pattern.split(".").map((part) => {
    if (part === "*") return [0, 255] as const;
    const [low = "", high = low] = part.split("-");
    return [Number(low), Number(high)] as const;
  });
  return (octets) =>
    octets.every((octet, at) => {
      const [low, high] = ranges[at] ?? [1, 0];
      return octet >= low && octet <= high;
    });
}

export function octetsOf({ bits }: IpAddress): Octets {
  const value = Number(bits & 0xffffffffn);
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

const filled = (means: string, octets: Octets): string =>
  means.replace(/\{([34])\}/g, (_, at: string) => String(octets[Number(at) - 1]));
