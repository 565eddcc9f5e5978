/** From what the site wants to what a platform's writer needs: prefixes, fewest and in a stable order. */
import { createHash } from "node:crypto";
import { type IpSet, ipSet } from "../net/ip-set.ts";
import { formatPrefix, type Prefix } from "../net/prefix.ts";
import type { Family } from "./packet.ts";
import type { FamilyJob, RenderJob } from "./platform.ts";
import type { Wanted } from "./wanted.ts";

/** Groups of mailers with the same senders come in the order of their first address, so that diffs stay small. */
export function renderJob(
  wanted: Wanted,
  { outside, insides, into }: Pick<RenderJob, "outside" | "insides" | "into">,
): RenderJob {
  const families = ([4, 6] as const)
    .filter((family) => prefixesOf(wanted.inside, family).length > 0)
    .map((family) => familyJob(wanted, family));
  const wish = families.map(({ family, site, reachable, senders }) => ({ family, site, reachable, senders }));
  const revision = createHash("sha256").update(JSON.stringify(wish, numbersAsText)).digest("hex").slice(0, 8);
  return {
    ...{ site: wanted.site, revision, families },
    outside: oneLine(outside),
    insides: insides.map(oneLine),
    into: into === null ? null : oneLine(into),
  };
}

/** A name with a line end in it would write lines of its own. */
const oneLine = (name: string): string => name.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, "_");

function familyJob({ inside, reachable, senders }: Wanted, family: Family): FamilyJob {
  const groups = reachable
    .map((group) => ({
      mailers: prefixesOf(group.mailers, family),
      from: group.from === null ? null : prefixesOf(group.from, family),
    }))
    // A mailer whose senders have no address in this family is reached by nobody in it.
    .filter((group) => group.mailers.length > 0 && group.from?.length !== 0)
    .sort((a, b) => compare(a.mailers[0], b.mailers[0]));
  const reached = ipSet(groups.flatMap(({ mailers }) => mailers));
  let denied: FamilyJob["denied"] | null = null;
  return {
    family,
    site: prefixesOf(inside, family),
    reachable: groups,
    senders: senders === null ? null : prefixesOf(senders, family),
    // Made only for whom asks: a network without thousands of hosts is very many prefixes.
    get denied() {
      denied ??= {
        in: prefixesOf(inside.subtract(reached), family),
        out: senders === null ? [] : prefixesOf(inside.subtract(senders), family),
      };
      return denied;
    },
  };
}

const prefixesOf = (set: IpSet, family: Family): readonly Prefix[] =>
  set.toPrefixes().filter(({ address }) => address.family === family);

function compare(a: Prefix | undefined, b: Prefix | undefined): number {
  const x = a?.address.bits ?? 0n;
  const y = b?.address.bits ?? 0n;
  return x < y ? -1 : x > y ? 1 : 0;
}

const numbersAsText = (_key: string, value: unknown): unknown =>
  typeof value === "bigint"
    ? String(value)
    : value !== null && typeof value === "object" && "address" in value && "length" in value
      ? formatPrefix(value as Prefix)
      : value;
