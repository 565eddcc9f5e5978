/**
 * Searches the sessions that a stranger can have with a listener for those that the configuration permits and the rule
 * forbids. Clients: every stretch of addresses that the rules tell apart, IPv4 and IPv6 each for itself. Senders, HELO
 * names and recipients: what the configuration's own tables and patterns suggest, and the forms that lead mailers
 * outside. First one thing is out of the ordinary, then two, then three; the plainest session is the witness.
 */
import type { IpSet } from "../net/ip-set.ts";
import type { Approaches } from "./deployment/approach.ts";
import { isShut } from "./deployment/disguise.ts";
import { isPrivateDoor } from "./grounds.ts";
import type { Hole } from "./hole.ts";
import type { Listener } from "./rules.ts";
import { searchClaims } from "./search-claims.ts";
import { SearchContext, type SearchRequest } from "./search-context.ts";
import { searchDisguises, searchNetworks } from "./search-networks.ts";
import { searchNamedClients, searchWords } from "./search-words.ts";

export interface ListenerSearch {
  readonly listener: Listener;
  /** How strangers come to it; `null`: nobody told. */
  readonly approaches: Approaches | null;
  /** Clients that may send anywhere by their address alone. */
  readonly trusted: IpSet;
  /** Clients of which it cannot be told. */
  readonly unclear: IpSet;
  readonly holes: readonly Hole[];
  readonly sessions: number;
  /** The search was cut short: nothing may be called closed. */
  readonly cut: string | null;
}

export function searchListener(request: SearchRequest): ListenerSearch {
  const context = new SearchContext(request);
  const { listener, approaches } = request;
  if (!isPrivateDoor(listener.address) && !isShut(approaches)) {
    searchNetworks(context);
    searchDisguises(context);
    searchWords(context);
    searchNamedClients(context);
    searchClaims(context);
  }
  const { trusted, unclear, sessions, cut } = context;
  return { listener, approaches, trusted, unclear, holes: context.holes.all(), sessions, cut };
}
