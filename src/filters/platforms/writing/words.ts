/** Words that writers share: what goes into comments, and addresses in the forms of devices. */
import { formatIp, widthOf } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import { type Prefix, prefixOf } from "../../../net/prefix.ts";
import type { FamilyJob, RenderJob } from "../../platform.ts";

/** A site's name is any text; comments of devices take printable ASCII without quotes and brackets. */
export function plainText(text: string, longest: number): string {
  return text
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9 ._-]+/g, " ")
    .replace(/ {2,}/g, " ")
    .trim()
    .slice(0, longest)
    .trim();
}

/** `fencepost rev=1a2b3c4d site=Our College`. */
export const stamp = ({ site, revision }: RenderJob, longest = 80): string =>
  `fencepost rev=${revision} site=${plainText(site, 40)}`.slice(0, longest).trim();

/** `0.0.0.255`. */
export function inverseMask(length: number): string {
  return formatIp({ family: 4, bits: (1n << BigInt(32 - length)) - 1n });
}

export const isHost = ({ address, length }: Prefix): boolean => length === widthOf(address.family);

/** First and last addresses of each run: far fewer than prefixes where a platform takes ranges. */
export function runsOf(prefixes: readonly Prefix[]): readonly { readonly first: string; readonly last: string }[] {
  return ipSet(prefixes).ranges.map(({ family, first, last }) => ({
    first: formatIp({ family, bits: first }),
    last: formatIp({ family, bits: last }),
  }));
}

/** The senders of a mailer that not everyone may reach. */
export interface Limited {
  readonly mailers: readonly Prefix[];
  readonly from: readonly Prefix[];
}

/** Mailers that only some may reach, and those that all may. A `from` that is everyone is no limit. */
export function limitsOf({ family, reachable }: FamilyJob): {
  readonly limited: readonly Limited[];
  readonly open: readonly Prefix[];
} {
  const everyone = prefixOf({ family, bits: 0n }, 0);
  const isLimit = (from: readonly Prefix[] | null): from is readonly Prefix[] =>
    from !== null && !ipSet(from).includes(ipSet([everyone]));
  return {
    limited: reachable.flatMap(({ mailers, from }) => (isLimit(from) ? [{ mailers, from }] : [])),
    open: reachable.flatMap(({ mailers, from }) => (isLimit(from) ? [] : mailers)),
  };
}
