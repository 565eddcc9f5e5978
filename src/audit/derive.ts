/** From a configuration to verdicts: searches each listener, and says of each cell of the matrix what it does. */

import { formatIp, type IpAddress } from "../net/ip.ts";
import type { IpSet } from "../net/ip-set.ts";
import { formatPrefix, type IpRange } from "../net/prefix.ts";
import type { Cell } from "../relaying/table.ts";
import type { Site } from "../site/model.ts";
import type { Span } from "../text/source.ts";
import { outsidePath, strangersHelo, strangersReversePath } from "../witness/strangers.ts";
import type { Follow } from "./chains.ts";
import { listed } from "./client-space.ts";
import { approachesTo } from "./deployment/approach.ts";
import type { Deployment } from "./deployment/arrival.ts";
import { caveatsThrough, isShut, throughDeployment } from "./deployment/disguise.ts";
import { type Decision, decide } from "./evaluate.ts";
import { fixedIp, type Grounds, groundsOf, isPrivateDoor, loopback } from "./grounds.ts";
import type { Hole } from "./hole.ts";
import type { Assumption, AuditVerdict, CellState, ListenerResult, Place } from "./result.ts";
import { worstVerdict } from "./result.ts";
import type { Configuration, Listener, Session } from "./rules.ts";
import { type ListenerSearch, searchListener } from "./search.ts";

export interface DerivedListener {
  readonly search: ListenerSearch;
  readonly result: ListenerResult;
  /** Mail that should get through, and what becomes of it. */
  readonly plain: {
    readonly local: Asked;
    /** The role address of RFC 2142 §4; null where no domain of ours is known. */
    readonly abuse: Asked | null;
    readonly nobody: Asked | null;
    /** From each of the site's networks to somebody outside; none where no site file names any. */
    readonly insiders: readonly Asked[];
  };
}

/** Of so many of the site's networks it is asked whether their clients may send. */
const maxAskedNetworks = 32;

interface Asked {
  readonly session: Session;
  readonly decision: Decision;
}

/** Searches all listeners of a configuration, as strangers come to them through the deployment. */
export function deriveListeners(
  configuration: Configuration,
  site: Site | null,
  deployment: Deployment | null = null,
  follow: Follow | null = null,
): readonly DerivedListener[] {
  const grounds = groundsOf(configuration, site);
  return configuration.listeners.map((listener) => {
    const approaches = approachesTo(deployment, configuration, listener);
    const search = searchListener({ configuration, listener, grounds, approaches, follow });
    const local = ask(listener, stranger, ours(grounds), false);
    const atOurs = (user: string): Asked | null =>
      grounds.ourDomain === null ? null : ask(listener, stranger, `<${user}@${grounds.ourDomain}>`, false);
    const networks = grounds.hasSite ? grounds.inside.subtract(loopback).ranges.slice(0, maxAskedNetworks) : [];
    const insiders = networks.map((range) => ask(listener, inner(range), outsidePath, false));
    return {
      search,
      result: resultOf(listener, search, grounds, configuration),
      plain: { local, abuse: atOurs("abuse"), nobody: atOurs(noSuchUser), insiders },
    };
  });
}

function resultOf(
  listener: Listener,
  search: ListenerSearch,
  grounds: Grounds,
  { checkedAgainst, product }: Configuration,
): ListenerResult {
  const { holes, trusted, cut, approaches } = search;
  const caveats = caveatsThrough(approaches, listener.caveats);
  const conditions: Assumption[] = holes
    .filter(({ certainty, kind }) => certainty === "conditional" && kind !== "swallowed")
    .map(({ condition, clients }) => ({ text: `closed, ${condition}`, clients: prefixTexts(clients) }));
  for (const { text } of caveats) conditions.push({ text: `closed, ${text}`, clients: [] });
  const swallowed = holes.filter(({ kind }) => kind === "swallowed");
  for (const { condition } of swallowed.slice(0, 1))
    conditions.push({ text: `mail for domains of others is accepted: ${condition}`, clients: [] });
  const verdictOf = (some: readonly Hole[]): AuditVerdict => {
    if (some.some(({ certainty }) => certainty === "open")) return "open";
    if (cut !== null || some.some(({ certainty }) => certainty === "unknown")) return "unknown";
    return some.length > 0 || caveats.length > 0 ? "conditional" : "closed";
  };
  const verdict = verdictOf(holes);
  const family = (wanted: 4 | 6): AuditVerdict =>
    verdictOf(
      holes.filter(
        ({ clients, session, disguise }) =>
          disguise?.way.family === wanted ||
          (disguise === null &&
            (session.client.address.family === wanted || clients.ranges.some((range) => range.family === wanted))),
      ),
    );
  const unknown = holes.find(({ certainty }) => certainty === "unknown");
  const inside = trusted.intersect(grounds.inside).subtract(loopback);
  const shut = isShut(approaches);
  const door = isPrivateDoor(listener.address) || shut;
  const assumes: Assumption[] = shut
    ? [{ text: `nobody but your own machines and containers comes to port ${listener.port}`, clients: [] }]
    : door
      ? [{ text: "nothing on this machine hands strangers' connections on to this port", clients: [] }]
      : approaches?.ways.every(({ seen }) => seen.as !== "unknown") === true
        ? throughDeployment(approaches, listener, trusted).map((text) => ({ text, clients: prefixTexts(trusted) }))
        : trusted.isEmpty
          ? []
          : [
              {
                text: `no stranger appears as ${listed(inside.isEmpty ? trusted.intersect(loopback) : inside)}, which may send anywhere`,
                clients: prefixTexts(trusted.intersect(grounds.inside)),
              },
            ];
  if (listener.offersAuth !== "no" && !door)
    assumes.push({
      text: `the login service${listener.authBackend === null ? "" : ` (${listener.authBackend})`} lets nobody in but your users`,
      clients: [],
    });
  if (checkedAgainst === "documents") assumes.push({ text: fromDocuments(product), clients: [] });
  return {
    name: listener.name,
    bind: listener.address === null ? "*" : formatIp(listener.address),
    port: listener.port,
    role: shut ? "internal" : listener.role, // nobody expects mail from the world there
    verdict,
    because: becauseOf(verdict, holes, cut, unknown, shut ? "shut" : door ? "private" : "public", conditions),
    cells: cellsOf(listener, search, grounds, verdict),
    families: { ipv4: family(4), ipv6: family(6) },
    conditions: verdict === "open" ? [] : conditions,
    assumes: verdict === "open" ? [] : assumes,
    where: placeOf(listener.where),
  };
}

/** What stands beside every verdict on a product that was never compared with the running program. */
const fromDocuments = (product: string): string =>
  `${product} does as its documents say: this reading was not compared with the running program`;

function becauseOf(
  verdict: AuditVerdict,
  holes: readonly Hole[],
  cut: string | null,
  unknown: Hole | undefined,
  door: "public" | "private" | "shut",
  conditions: readonly Assumption[],
): string {
  switch (verdict) {
    case "open": {
      const open = holes.filter(({ certainty }) => certainty === "open");
      return open.some(({ kind, disguise }) => kind === "everyone" || (kind === "network" && disguise !== null))
        ? "Strangers can send to strangers."
        : "Strangers who know how can send to strangers.";
    }
    case "unknown":
      return cut === null ? `The files cannot tell: ${unknown?.condition ?? ""}.` : `The search was cut short: ${cut}.`;
    case "conditional":
      return `${conditions[0]?.text ?? "It depends on something that the files cannot tell"}.`.replace(/^./, (first) =>
        first.toUpperCase(),
      );
    case "closed":
      return {
        public: "No session of a stranger was found that leads outside.",
        private: "Only this machine can connect.",
        shut: "The deployment lets nobody outside connect.",
      }[door];
  }
}

/** Nobody is called so. */
const noSuchUser = "fencepost-no-such-user";

const stranger = fixedIp("203.0.113.7");

const ours = ({ ourDomain }: Grounds): string => (ourDomain === null ? "<postmaster>" : `<postmaster@${ourDomain}>`);

/** An address in the range that looks like any host. */
function inner({ family, first, last }: IpRange): IpAddress {
  return { family, bits: first + (last - first > 8n ? 7n : 0n) };
}

/** A plain session, and what the listener decides. */
function ask(listener: Listener, address: IpAddress, forwardPath: string, authenticated: boolean): Asked {
  const session: Session = {
    client: { address, name: null, reverseName: null, authenticated, certificate: "none" },
    tls: listener.tls === "implicit" ? "implicit" : listener.tls === "none" ? "none" : "starttls",
    helo: strangersHelo,
    reversePath: strangersReversePath,
    forwardPath,
    previousRecipients: [],
    backupMx: false,
  };
  return { session, decision: decide(listener, session) };
}

/** What each cell does, by a plain session of it. */
function cellsOf(
  listener: Listener,
  { trusted, approaches }: ListenerSearch,
  grounds: Grounds,
  verdict: AuditVerdict,
): Record<Cell, CellState> {
  const inside = grounds.inside.subtract(loopback).intersect(trusted);
  const range =
    inside.ranges[0] ?? trusted.intersect(grounds.inside).ranges[0] ?? grounds.inside.subtract(loopback).ranges[0];
  const insider = range === undefined ? fixedIp("127.0.0.1") : inner(range);
  const state = (address: IpAddress, forwardPath: string): CellState => {
    const { outcome, recipient } = ask(
      listener,
      address,
      forwardPath,
      listener.role === "submission" && address === insider,
    ).decision;
    if (outcome === "unknown" || (recipient.kind === "address" && typeof recipient.end !== "string")) return "unknown";
    return outcome === "permit" ? "permit" : "forbid";
  };
  return {
    "internal-to-internal": state(insider, ours(grounds)),
    "internal-to-external": state(insider, outsidePath),
    "external-to-internal":
      isPrivateDoor(listener.address) || isShut(approaches) ? "forbid" : state(stranger, ours(grounds)),
    "external-to-external": (
      { open: "permit", closed: "forbid", conditional: "conditional", unknown: "unknown" } as const
    )[verdict],
  };
}

export function prefixTexts(set: IpSet): string[] {
  return set.toPrefixes().slice(0, 64).map(formatPrefix);
}

export function placeOf(span: Span | null): Place | null {
  return span === null ? null : { file: span.file, line: span.start.line, text: span.text.slice(0, 400) };
}

/** The verdict of a whole configuration: of its worst listener. Without a listener there is nothing that could relay. */
export function verdictOfListeners(listeners: readonly ListenerResult[]): AuditVerdict {
  return worstVerdict(listeners.map(({ verdict }) => verdict));
}
