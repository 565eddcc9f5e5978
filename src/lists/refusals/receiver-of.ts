/** Whose host it is that refused: a receiver of the catalogue, else the domain that the host belongs to. */
import type { Receiver } from "../../knowledge/receiver.ts";

export interface ReceiverKey {
  readonly known: Receiver | null;
  /** The catalogue's name, or a domain. */
  readonly name: string;
}

export type ReceiverOf = (host: string | null, recipientDomain: string | null) => ReceiverKey;

/** Hosts seen at most; beyond, the same is worked out again. */
const maxRemembered = 50_000;

export function receiverOf(receivers: readonly Receiver[]): ReceiverOf {
  const byHost = new Map(receivers.flatMap((one) => one.hosts.map((host) => [host, one] as const)));
  const byDomain = new Map(receivers.flatMap((one) => one.domains.map((domain) => [domain, one] as const)));
  const remembered = new Map<string, ReceiverKey>();
  const work = (host: string | null, domain: string | null): ReceiverKey => {
    const name = host?.toLowerCase().replace(/\.$/, "") ?? null;
    const named = name !== null && /[a-z]/.test(name) && name.includes(".") ? name : null;
    const known =
      (named === null ? undefined : belowAny(byHost, named)) ?? (domain === null ? undefined : byDomain.get(domain));
    if (known !== undefined) return { known, name: known.name };
    return { known: null, name: named === null ? (domain ?? host ?? "unknown") : organisation(named) };
  };
  return (host, domain) => {
    const key = `${host} ${domain}`;
    const before = remembered.get(key);
    if (before !== undefined) return before;
    const found = work(host, domain);
    if (remembered.size < maxRemembered) remembered.set(key, found);
    return found;
  };
}

function belowAny(map: ReadonlyMap<string, Receiver>, name: string): Receiver | undefined {
  for (let at = 0; ; ) {
    const found = map.get(name.slice(at));
    if (found !== undefined) return found;
    const dot = name.indexOf(".", at);
    if (dot < 0) return undefined;
    at = dot + 1;
  }
}

/** Labels under which countries give out names (`co.uk`, `ac.at`, `edu.au`). */
const second = new Set(
  "ac co com edu gob gov gouv go gv or org ne net nom mil sch k12 ltd plc res nhs police".split(" "),
);

/** What a host's owner registered, by rule of thumb: the last two labels, three below `co.uk` and its like. */
export function organisation(host: string): string {
  const labels = host.split(".");
  const country = labels.at(-1)?.length === 2 && second.has(labels.at(-2) ?? "");
  return labels.slice(country ? -3 : -2).join(".");
}

/** The domain of an address, in lower case; null: it has none. */
export function domainOf(address: string): string | null {
  const at = address.lastIndexOf("@");
  const domain =
    at < 0
      ? ""
      : address
          .slice(at + 1)
          .toLowerCase()
          .replace(/[>.]$/, "");
  return domain === "" || domain.length > 255 ? null : domain;
}
