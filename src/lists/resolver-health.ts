/**
 * Whether the resolver tells the truth about names that do not exist. Some answer with the address of a portal; then
 * every list seems to list everything. Pure.
 */
import { formatIp, type IpAddress, isLoopback } from "../net/ip.ts";
import type { Answer } from "../ports.ts";

export type ResolverHealth =
  | { readonly verdict: "sound" }
  /** It answers these in place of "no such name". */
  | { readonly verdict: "rewrites"; readonly with: ReadonlySet<string>; readonly imitatesLists: boolean }
  | { readonly verdict: "silent" };

/** Names that nobody has registered, in domains where portals are put up, and in one that cannot exist (RFC 6761 §6.4). */
export function unregisteredNames(random: Uint8Array): readonly string[] {
  const label = `fp${Buffer.from(random.subarray(0, 12)).toString("hex")}`;
  return [`${label}.com`, `${label}.org`, `${label}.invalid`];
}

export function judgeResolver(answers: readonly Answer<IpAddress>[]): ResolverHealth {
  const made = answers.flatMap((answer) => (answer.kind === "answer" ? answer.records : []));
  if (made.length > 0)
    return { verdict: "rewrites", with: new Set(made.map(formatIp)), imitatesLists: made.some(isLoopback) };
  return answers.every((answer) => answer.kind === "failed" && answer.cause === "timeout")
    ? { verdict: "silent" }
    : { verdict: "sound" };
}

/** The answer with what the resolver made up taken out of it. */
export function unrewritten(answer: Answer<IpAddress>, health: ResolverHealth): Answer<IpAddress> {
  if (health.verdict !== "rewrites" || answer.kind !== "answer") return answer;
  return answer.records.every((record) => health.with.has(formatIp(record))) ? { kind: "nxdomain" } : answer;
}
