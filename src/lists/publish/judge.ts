/**
 * Which addresses are listed. Only what was proved by delivery, from outside, in the authority's own networks, after notice
 * and grace. A listing ends by expiry, or when a later test of our own replayed the probe that proved it and was refused;
 * a test that could not look ends nothing and prolongs nothing.
 */
import { formatIp, type IpAddress, parseIp } from "../../net/ip.ts";
import { ipSet } from "../../net/ip-set.ts";
import { type Prefix, parsePrefix } from "../../net/prefix.ts";
import type { Declaration } from "./declaration.ts";

/** One test of an address, as far as a listing needs it. */
export interface Tested {
  readonly address: string;
  readonly port: number;
  readonly at: number;
  readonly verdict: string;
  /** Seen from outside, and no rehearsal. */
  readonly counts: boolean;
  /** Probes whose message arrived. */
  readonly proved: readonly string[];
  /** Probes that were answered by a refusal. */
  readonly refused: readonly string[];
}

export type Judgement =
  | { readonly kind: "listed"; readonly address: string; readonly provedAt: number; readonly expires: number }
  | { readonly kind: "held"; readonly address: string; readonly because: string };

const dayMs = 86_400_000;

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Every address that was ever proved open, in order. */
export function judgeListings(tests: readonly Tested[], declaration: Declaration, now: number): readonly Judgement[] {
  const networks = ipSet(declaration.authority.networks.flatMap(prefixesOf));
  const notices = new Map<string, number>();
  for (const { address, sent } of declaration.notices) {
    const key = canonical(address);
    const at = Date.parse(sent);
    // The first notice counts: a reminder does not begin the grace anew.
    if (key !== null) notices.set(key, Math.min(at, notices.get(key) ?? at));
  }
  const byAddress = new Map<string, Tested[]>();
  for (const test of tests) {
    const key = canonical(test.address);
    if (key === null || !test.counts) continue;
    byAddress.set(key, [...(byAddress.get(key) ?? []), test]);
  }
  return [...byAddress]
    .map(([address, of]) => ({ address, ip: ipOf(address), of }))
    .flatMap(({ address, ip, of }) => {
      const judged = ip === null ? null : judgeOne(address, of, networks.has(ip), notices.get(address) ?? null);
      return judged === null || ip === null ? [] : [{ ip, judged }];
    })
    .sort((a, b) => a.ip.family - b.ip.family || (a.ip.bits < b.ip.bits ? -1 : 1))
    .map(({ judged }) => judged);

  function judgeOne(address: string, of: readonly Tested[], ours: boolean, notice: number | null): Judgement | null {
    const proofs = of.filter(({ verdict, proved }) => verdict === "open" && proved.length > 0);
    if (proofs.length === 0) return null;
    const held = (because: string): Judgement => ({ kind: "held", address, because });
    const standing = proofs.filter((proof) => !isClosed(proof, of));
    if (standing.length === 0) return held("closed since: the proving probe was replayed and refused");
    const provedAt = Math.max(...standing.map(({ at }) => at));
    const expires = provedAt + declaration.expiryDays * dayMs;
    if (!ours) return held("outside the networks of the authority");
    if (expires <= now) return held(`expired on ${day(expires)}: not proved again since ${day(provedAt)}`);
    if (notice === null) return held("its owner has had no notice");
    const from = notice + declaration.graceDays * dayMs;
    if (from > now) return held(`in grace until ${day(from)}`);
    return { kind: "listed", address, provedAt, expires };
  }
}

/** Another port may be open still: a proof is undone only where it was made. */
function isClosed(proof: Tested, of: readonly Tested[]): boolean {
  return of.some(
    (later) =>
      later.at > proof.at &&
      later.port === proof.port &&
      later.verdict === "closed" &&
      proof.proved.every((probe) => later.refused.includes(probe)),
  );
}

function ipOf(text: string): IpAddress | null {
  const parsed = parseIp(text);
  return parsed.ok ? parsed.value : null;
}

function canonical(text: string): string | null {
  const ip = ipOf(text);
  return ip === null ? null : formatIp(ip);
}

function prefixesOf(text: string): readonly Prefix[] {
  const parsed = parsePrefix(text);
  return parsed.ok ? [parsed.value] : [];
}
