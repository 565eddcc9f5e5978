/**
 * Whether a zone may be believed, by its test points (RFC 5782 §5) in both senses: what must be listed is, and what
 * cannot be listed is not. A list that has died often says yes to everything, and one that refuses us no. Pure.
 */
import type { List, ListZone } from "../knowledge/list.ts";
import { type IpAddress, ipFromBits } from "../net/ip.ts";
import type { Answer } from "../ports.ts";
import { answerMatcher, type Meaning, octetsOf } from "./meaning.ts";
import { reversed, type SubjectKind } from "./question.ts";
import type { UnknownReason } from "./reasons.ts";

export type Health =
  | { readonly verdict: "healthy" }
  /** It lists nothing it must not, and has nothing that it must: its listings count, its silence does not. */
  | { readonly verdict: "no-test-entry" }
  | { readonly verdict: "unfit"; readonly reason: UnknownReason; readonly says: string };

export interface TestPoint {
  /** `stranger`: an address nobody can have. `nonsense`: a name that is no entry of any list, for wildcards in the zone. */
  readonly purpose: "listed" | "unlisted" | "stranger" | "nonsense";
  /** In front of the zone. */
  readonly labels: string;
}

/** RFC 5782 §5; domain lists are asked in lower case. */
const standard: Readonly<Record<SubjectKind, { readonly listed: string; readonly unlisted: string }>> = {
  ip4: { listed: "2.0.0.127", unlisted: "1.0.0.127" },
  // ::FFFF:7F00:2, an IPv4-mapped address that is written as IPv6 here and nowhere else.
  ip6: { listed: nibbles(0xffff_7f00_0002n), unlisted: nibbles(0xffff_7f00_0001n) },
  domain: { listed: "test", unlisted: "invalid" },
};

/** @param random at least 8 bytes: a name that nobody can have prepared an answer for. */
export function testPoints(zone: ListZone, kind: SubjectKind, random: Uint8Array): readonly TestPoint[] {
  const { listed, unlisted } = zone.test ?? {};
  const nonsense = `fp${Buffer.from(random.subarray(0, 8)).toString("hex")}`;
  const points: TestPoint[] = [];
  if (listed !== null) points.push({ purpose: "listed", labels: labelsOf(listed) ?? standard[kind].listed });
  if (unlisted !== null) points.push({ purpose: "unlisted", labels: labelsOf(unlisted) ?? standard[kind].unlisted });
  points.push({ purpose: "nonsense", labels: kind === "domain" ? `${nonsense}.invalid` : nonsense });
  if (kind !== "domain") points.push({ purpose: "stranger", labels: reversed(stranger(kind, random)) });
  return points;
}

/** Addresses in a row are written as people write them. */
function labelsOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9.]+$/.test(text) ? text.split(".").reverse().join(".") : text;
}

/** An address of 240.0.0.0/4 (RFC 1112 §4) or 100::/64 (RFC 6666): no mail comes from there. */
function stranger(kind: "ip4" | "ip6", random: Uint8Array): IpAddress {
  let bits = 0n;
  for (const byte of random.subarray(0, kind === "ip4" ? 3 : 8)) bits = (bits << 8n) | BigInt(byte);
  return kind === "ip4" ? ipFromBits(4, (0xf1n << 24n) | bits) : ipFromBits(6, (0x100n << 112n) | bits);
}

function nibbles(bits: bigint): string {
  return [...bits.toString(16).padStart(32, "0")].reverse().join(".");
}

export interface TestAnswer {
  readonly purpose: TestPoint["purpose"];
  readonly answer: Answer<IpAddress>;
  readonly meaning: Meaning;
}

export function judgeHealth(list: List, zone: ListZone, tested: readonly TestAnswer[]): Health {
  const unfit = (reason: UnknownReason, says: string): Health => ({ verdict: "unfit", reason, says });
  const answers = zone.test?.answers === undefined ? null : answerMatcher(zone.test.answers);
  let positive: "yes" | "no" | "none" = "none";
  // Refusals and strays first: what else such a zone says means nothing.
  for (const { purpose, answer, meaning } of tested) {
    const expected = purpose === "listed" && answers !== null && answer.kind === "answer";
    if (expected && answer.records.every((record) => record.family === 4 && answers(octetsOf(record)))) {
      positive = "yes";
      continue;
    }
    if (meaning.kind === "refused") return unfit(meaning.because, meaning.says);
    if (meaning.kind === "outside") return unfit("lapsed", meaning.says);
    if (purpose === "listed" && meaning.kind !== "failed") positive = meaning.kind === "unlisted" ? "no" : "yes";
  }
  for (const { purpose, meaning } of tested)
    if (purpose !== "listed" && meaning.kind !== "unlisted" && meaning.kind !== "failed")
      return unfit("lists-everything", `it lists ${purposeWords[purpose]}`);
  for (const { purpose, meaning } of tested)
    if (meaning.kind === "failed" && !(purpose === "listed" && positive === "yes"))
      return unfit(meaning.cause, `asked for ${purposeWords[purpose]}`);
  if (positive === "yes") return { verdict: "healthy" };
  if (positive === "none") return { verdict: "no-test-entry" };
  return list.status === "registration" ? unfit("needs-registration", "") : unfit("dead", "");
}

const purposeWords: Readonly<Record<TestPoint["purpose"], string>> = {
  listed: "its test entry",
  unlisted: "what RFC 5782 says must not be listed",
  stranger: "an address that nobody can have",
  nonsense: "a name made up a moment ago",
};
