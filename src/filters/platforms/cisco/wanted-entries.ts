/** The entries that a filter for port 25 needs, in no platform's words yet. All are about TCP to port 25. */
import { type IpSet, ipSet } from "../../../net/ip-set.ts";
import type { Prefix } from "../../../net/prefix.ts";
import type { Direction } from "../../packet.ts";
import type { FamilyJob } from "../../platform.ts";

export interface WantedEntry {
  readonly action: "permit" | "deny";
  /** Null: any. */
  readonly source: Prefix | null;
  readonly destination: Prefix | null;
}

/**
 * A whole list's entries (shape A), but for what becomes of all the rest. Null: nothing is to be filtered. Where the rest
 * is permitted and nothing denied, no mailer needs a permit of its own.
 */
export function wholeList(
  job: FamilyJob,
  direction: Direction,
  { rest }: { readonly rest: "permit" | "deny" },
): readonly WantedEntry[] | null {
  if (direction === "out" && job.senders === null) return null;
  const permits: readonly WantedEntry[] =
    direction === "in"
      ? job.reachable.flatMap(({ mailers, from }) =>
          mailers.flatMap((destination) =>
            (from ?? [null]).map((source) => ({ action: "permit", source, destination }) as const),
          ),
        )
      : (job.senders ?? []).map((source) => ({ action: "permit", source, destination: null }));
  const open =
    direction === "in"
      ? job.reachable.flatMap(({ mailers, from }) => (from === null ? mailers : []))
      : (job.senders ?? []);
  const denies = notWithin(job.site, ipSet(open)).map((site) =>
    direction === "in" ? deny(null, site) : deny(site, null),
  );
  return denies.length === 0 && rest === "permit" ? [] : [...permits, ...denies];
}

/** A network that is permitted as a whole needs no deny. */
const notWithin = (site: readonly Prefix[], open: IpSet): readonly Prefix[] =>
  site.filter((prefix) => !open.includes(ipSet([prefix])));

const deny = (source: Prefix | null, destination: Prefix | null): WantedEntry => ({
  action: "deny",
  source,
  destination,
});

/**
 * Denies alone (shape C), for a list of someone else's: what is allowed is left to that list. A mailer that some may
 * reach is denied to all addresses but theirs.
 */
export function deniesAlone(job: FamilyJob, direction: Direction): readonly WantedEntry[] {
  if (direction === "out") return job.denied.out.map((source) => deny(source, null));
  return [
    ...job.denied.in.map((destination) => deny(null, destination)),
    ...job.reachable.flatMap(({ mailers, from }) => {
      if (from === null) return [];
      const others = ipSet(from)
        .complement()
        .toPrefixes()
        .filter(({ address }) => address.family === job.family);
      return mailers.flatMap((mailer) => others.map((source) => deny(source, mailer)));
    }),
  ];
}

/** Numbers with room between them: permits from 1000 on, denies from 5000 on, the rest last. */
export function numbersOf(entries: readonly WantedEntry[]): {
  readonly numbers: readonly number[];
  readonly tail: number;
} {
  const permits = entries.filter(({ action }) => action === "permit").length;
  const step = permits > 390 || entries.length - permits > 390 ? 1 : 10;
  const firstDeny = Math.max(5000, 1000 + permits * step);
  const numbers = entries.map((_, index) =>
    index < permits ? 1000 + index * step : firstDeny + (index - permits) * step,
  );
  return { numbers, tail: Math.max(9000, (numbers.at(-1) ?? 0) + step) };
}
