/** What all parts of a search look at: the listener, how strangers come to it, and who may send by address alone. */
import { type IpAddress, widthOf } from "../net/ip.ts";
import { type IpSet, ipSetOfRanges } from "../net/ip-set.ts";
import type { IpRange } from "../net/prefix.ts";
import { outsidePath, strangersHelo, strangersReversePath } from "../witness/strangers.ts";
import type { Follow } from "./chains.ts";
import { pickFrom, startsOf } from "./client-space.ts";
import type { Approaches } from "./deployment/approach.ts";
import { type Decision, decide } from "./evaluate.ts";
import type { Grounds } from "./grounds.ts";
import { Holes } from "./hole.ts";
import type { Configuration, Listener, Session } from "./rules.ts";
import { type Vocabulary, vocabularyOf } from "./strings.ts";

export interface SearchRequest {
  readonly configuration: Configuration;
  readonly listener: Listener;
  readonly grounds: Grounds;
  /** How strangers come to it; `null`: nobody told. */
  readonly approaches: Approaches | null;
  /** What the mailers behind make of what is passed on; `null`: nobody says which they are. */
  readonly follow: Follow | null;
}

type Ways = NonNullable<SearchRequest["approaches"]>["ways"];

const maxStretches = 60_000;

export class SearchContext {
  readonly request: SearchRequest;
  readonly vocabulary: Vocabulary;
  readonly holes: Holes;
  readonly ways: Ways;
  /** Whether strangers may look like anybody inside, for all that is known. */
  readonly veiled: boolean;
  /** Clients that may send anywhere by their address alone. */
  readonly trusted: IpSet;
  /** Clients of which it cannot be told. */
  readonly unclear: IpSet;
  /** The search was cut short: nothing may be called closed. */
  readonly cut: string | null;
  #sessions = 0;

  constructor(request: SearchRequest) {
    this.request = request;
    this.vocabulary = vocabularyOf(request.listener);
    this.holes = new Holes(request.listener);
    this.ways = request.approaches?.ways ?? [];
    this.veiled = request.approaches === null || this.ways.some(({ seen }) => seen.as === "unknown");
    const { trusted, unclear, cut } = this.#clients();
    this.trusted = trusted;
    this.unclear = unclear;
    this.cut = cut;
  }

  /** How many were decided so far. */
  get sessions(): number {
    return this.#sessions;
  }

  ask(session: Session): Decision {
    this.#sessions += 1;
    return decide(this.request.listener, session);
  }

  /** The plainest session of a client: a stranger to a stranger. */
  plain(address: IpAddress): Session {
    const { tls } = this.request.listener;
    return {
      client: { address, name: null, reverseName: null, authenticated: false, certificate: "none" },
      tls: tls === "implicit" ? "implicit" : tls === "required" ? "starttls" : "none",
      helo: strangersHelo,
      reversePath: strangersReversePath,
      forwardPath: outsidePath,
      previousRecipients: [],
      backupMx: false,
    };
  }

  /** Whether the rules see strangers of this family with addresses of their own. */
  asThemselves(family: 4 | 6): boolean {
    return (
      this.request.approaches?.complete !== true ||
      this.ways.some((way) => way.family === family && way.seen.as !== "other")
    );
  }

  /** Strangers whom the deployment gives another address. */
  disguised() {
    return this.ways.flatMap((way) => (way.seen.as === "other" ? [{ way, ...way.seen }] : []));
  }

  /** An address that may send anywhere; ask only where there is one. */
  trustedOne(): IpAddress {
    return pickFrom(this.trusted, this.trusted.ranges[0]?.family ?? 4);
  }

  /** Which addresses may relay with nothing else to say for themselves. */
  #clients(): { readonly trusted: IpSet; readonly unclear: IpSet; readonly cut: string | null } {
    let cut: string | null = null;
    const trustedRanges: IpRange[] = [];
    const unclearRanges: IpRange[] = [];
    for (const family of [4, 6] as const) {
      const starts = startsOf(family, this.vocabulary.ranges);
      if (starts.length > maxStretches)
        cut = `the rules tell ${starts.length} stretches of IPv${family} addresses apart`;
      const last = (1n << BigInt(widthOf(family))) - 1n;
      const looked = Math.min(starts.length, maxStretches);
      for (let index = 0; index < looked; index += 1) {
        const first = starts[index] as bigint; // the index is in bounds
        const range: IpRange = { family, first, last: (starts[index + 1] ?? last + 1n) - 1n };
        const { outcome, recipient } = this.ask(this.plain({ family, bits: first }));
        if (recipient.kind === "address" && recipient.end === "local") continue;
        if (outcome === "permit") trustedRanges.push(range);
        else if (outcome === "unknown") unclearRanges.push(range);
      }
    }
    return { trusted: ipSetOfRanges(trustedRanges), unclear: ipSetOfRanges(unclearRanges), cut };
  }
}
