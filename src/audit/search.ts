/**
 * Searches the sessions that a stranger can have with a listener for those that the configuration permits and the rule
 * forbids. Clients: every stretch of addresses that the rules tell apart, IPv4 and IPv6 each for itself. Senders, HELO
 * names and recipients: what the configuration's own tables and patterns suggest, and the forms that lead mailers
 * outside. First one thing is out of the ordinary, then two, then three; the plainest session is the witness.
 */
import { formatIp, type IpAddress, widthOf } from "../net/ip.ts";
import { type IpSet, ipSet, ipSetOfRanges } from "../net/ip-set.ts";
import type { IpRange } from "../net/prefix.ts";
import type { Witness } from "../witness/witness.ts";
import type { Follow, Hop } from "./chains.ts";
import { around, hasWide, innerClients, none, pickFrom, plainStranger, startsOf, strangers } from "./client-space.ts";
import { type Approaches, describeDoor } from "./deployment/approach.ts";
import {
  type Disguise,
  gatewayIn,
  isFew,
  isShut,
  permittedBy,
  trustsOwnNetwork,
  whyVeiled,
} from "./deployment/disguise.ts";
import { type Decision, decide } from "./evaluate.ts";
import { type Grounds, isPrivateDoor, sharedSpace } from "./grounds.ts";
import type { Configuration, Listener, Session } from "./rules.ts";
import {
  clientNamesToTry,
  elsewhere,
  helosToTry,
  recipientsToTry,
  sendersToTry,
  strangersDomain,
  vocabularyOf,
  type Wording,
} from "./strings.ts";
import { violation, words } from "./violation.ts";

/** What of a session lets it through, where a plain stranger is refused. */
export type HoleKind =
  | "everyone"
  | "network"
  | "sender"
  | "helo"
  | "recipient"
  | "routing"
  | "copied-destination"
  | "passed-on"
  | "swallowed"
  | "certificate"
  | "client-name"
  | "backup-mx"
  | "impersonation"
  | "combination";

export interface Hole {
  readonly kind: HoleKind;
  readonly listener: Listener;
  readonly session: Session;
  readonly decision: Decision;
  /** `open`: any stranger can; `conditional`: if something holds that the files cannot tell; `unknown`: it cannot be told. */
  readonly certainty: "open" | "conditional" | "unknown";
  /** The condition in words, and the clients it is about. */
  readonly condition: string;
  readonly clients: IpSet;
  /** How the deployment makes a stranger look like somebody else; `null`: he comes as himself, as far as is known. */
  readonly disguise: Disguise | null;
  /** Where the mailers behind took it; empty: it ends here, or nobody knows them. */
  readonly hops: readonly Hop[];
  /** Whom the client claims to be, where that is believed; the decision is about that client. */
  readonly claimed: IpAddress | null;
}

/** What most holes have nothing to say of. */
type Unsaid = "disguise" | "hops" | "claimed";

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

/** A stranger as the rules see him. */
interface Seat {
  readonly family: 4 | 6;
  readonly address: IpAddress;
  readonly disguise: Disguise | undefined;
}

const maxStretches = 60_000;
const maxPairs = 4000;
const maxHoles = 40;

export function searchListener(
  configuration: Configuration,
  listener: Listener,
  grounds: Grounds,
  approaches: Approaches | null,
  follow: Follow | null,
): ListenerSearch {
  const ways = approaches?.ways ?? [];
  /** Whether the rules see strangers of this family with addresses of their own. */
  const asThemselves = (family: 4 | 6): boolean =>
    approaches?.complete !== true || ways.some((way) => way.family === family && way.seen.as !== "other");
  /** Whether strangers may look like anybody inside, for all that is known. */
  const veiled = approaches === null || ways.some(({ seen }) => seen.as === "unknown");
  const disguised = ways.flatMap((way) => (way.seen.as === "other" ? [{ way, ...way.seen }] : []));
  let sessions = 0;
  const ask = (session: Session): Decision => {
    sessions += 1;
    return decide(listener, session);
  };
  const vocabulary = vocabularyOf(listener);
  const holes = new Map<string, Hole>();
  let cut: string | null = null;

  const base = (address: IpAddress): Session => ({
    client: { address, name: null, reverseName: null, authenticated: false, certificate: "none" },
    tls: listener.tls === "implicit" ? "implicit" : listener.tls === "required" ? "starttls" : "none",
    helo: `client.${strangersDomain}`,
    reversePath: `<stranger@${strangersDomain}>`,
    forwardPath: `<probe@${elsewhere}>`,
    previousRecipients: [],
    backupMx: false,
  });

  // 1. Which addresses may relay with nothing else to say for themselves?
  const trustedRanges: IpRange[] = [];
  const unclearRanges: IpRange[] = [];
  for (const family of [4, 6] as const) {
    const starts = startsOf(family, vocabulary.ranges);
    if (starts.length > maxStretches) cut = `the rules tell ${starts.length} stretches of IPv${family} addresses apart`;
    const last = (1n << BigInt(widthOf(family))) - 1n;
    const looked = Math.min(starts.length, maxStretches);
    for (let index = 0; index < looked; index += 1) {
      const first = starts[index] as bigint; // the index is in bounds
      const range: IpRange = { family, first, last: (starts[index + 1] ?? last + 1n) - 1n };
      const { outcome, recipient } = ask(base({ family, bits: first }));
      if (recipient.kind === "address" && recipient.end === "local") continue;
      if (outcome === "permit") trustedRanges.push(range);
      else if (outcome === "unknown") unclearRanges.push(range);
    }
  }
  const trusted = ipSetOfRanges(trustedRanges);
  const unclear = ipSetOfRanges(unclearRanges);
  const done = (): ListenerSearch => ({
    listener,
    approaches,
    trusted,
    unclear,
    holes: [...holes.values()],
    sessions,
    cut,
  });
  if (isPrivateDoor(listener.address) || isShut(approaches)) return done();

  const found = (seen: Omit<Hole, "listener" | Unsaid> & Partial<Pick<Hole, Unsaid>>): void => {
    const hole: Omit<Hole, "listener"> = {
      ...seen,
      disguise: seen.disguise ?? null,
      hops: seen.hops ?? [],
      claimed: seen.claimed ?? null,
    };
    const by = hole.decision.trace.findLast(({ result }) => result === "permit" || result === "unknown") ?? null;
    const place = by?.where ?? placeOfEnd(hole.decision);
    // A defect of one line is one finding, whatever else could be said to it; of equals the first is the plainest.
    const hidden = hole.disguise === null ? "" : `|${hole.disguise.way.family}|${describeDoor(hole.disguise.way.door)}`;
    const key = `${hole.kind}|${hole.certainty === "unknown"}|${place?.file}:${place?.start.line}:${by?.rule}${hidden}`;
    const known = holes.get(key);
    if (known === undefined) {
      if (holes.size < maxHoles) holes.set(key, { ...hole, listener });
      return;
    }
    // The same line may let in clients of the other family too, or for certain what it let in only on a condition.
    const worse = known.certainty === "conditional" && hole.certainty === "open" ? { ...hole, listener } : known;
    holes.set(key, { ...worse, clients: known.clients.union(hole.clients) });
  };

  // 2. Networks: strangers among the trusted.
  for (const family of [4, 6] as const) {
    const ofFamily = ipSet([{ address: { family, bits: 0n }, length: 0 }]);
    const strange = trusted.intersect(ofFamily).subtract(grounds.inside);
    const everyone = asThemselves(family) && strangers[family].every((address) => trusted.has(address));
    const shared = veiled ? strange.intersect(sharedSpace) : none;
    const open = asThemselves(family) ? strange.subtract(sharedSpace) : none;
    const witness = (set: IpSet): Session => base(pickFrom(set, family));
    if (everyone) {
      const session = base(plainStranger(family));
      found({ kind: "everyone", session, decision: ask(session), certainty: "open", condition: "", clients: open });
      continue;
    }
    if (!open.isEmpty) {
      const session = witness(open);
      // A network that is written out may well be the owner's; only a site file can tell.
      const theirs = grounds.hasSite || hasWide(open);
      found({
        kind: "network",
        session,
        decision: ask(session),
        certainty: theirs ? "open" : "conditional",
        condition: theirs ? "" : `unless all of ${listed(open)} is yours`,
        clients: open,
      });
    }
    if (!shared.isEmpty) {
      const session = witness(shared);
      found({
        kind: "network",
        session,
        decision: ask(session),
        certainty: "conditional",
        condition: `unless strangers appear as ${listed(around(trusted, shared))} (${approaches === null ? "behind a NAT, a proxy, a container bridge, or as neighbours" : whyVeiled(ways)})`,
        clients: shared,
      });
    }
    const unseen = veiled ? none : sharedSpace;
    const doubt = asThemselves(family) ? unclear.intersect(ofFamily).subtract(grounds.inside).subtract(unseen) : none;
    if (!doubt.isEmpty) {
      const session = strangers[family].map(base).find((one) => doubt.has(one.client.address)) ?? witness(doubt);
      const decision = ask(session);
      found({
        kind: "everyone",
        session,
        decision,
        certainty: "unknown",
        condition: words(decision.unknowns),
        clients: doubt,
      });
    }
  }

  // Strangers whom the deployment gives another address, which may be one of those, or even one of ours.
  for (const { way, to, usually, because } of disguised) {
    const hit = trusted.intersect(to);
    const doubt = unclear.intersect(to);
    const disguise: Disguise = { real: plainStranger(way.family), way, because };
    const bySubnet = hit.isEmpty && way.door.mailer !== null ? trustsOwnNetwork(listener) : null;
    if (hit.isEmpty && doubt.isEmpty && bySubnet === null) continue;
    const among = hit.isEmpty ? (doubt.isEmpty ? to : doubt) : hit;
    const session = base(gatewayIn(among) ?? disguise.real);
    const decision = ask(session);
    const sure =
      bySubnet !== null ||
      (!usually.isEmpty && trusted.includes(usually)) ||
      (isFew(usually) && !trusted.intersect(usually).isEmpty);
    found({
      kind: "network",
      session,
      decision: bySubnet === null ? decision : permittedBy(decision, bySubnet),
      certainty: hit.isEmpty && bySubnet === null ? "unknown" : sure ? "open" : "conditional",
      condition: hit.isEmpty
        ? words(decision.unknowns)
        : sure
          ? ""
          : `unless strangers appear as ${listed(hit)} (${because})`,
      clients: among,
      disguise,
    });
  }

  // 3. A stranger who says something special.
  const recipients = recipientsToTry(configuration, listener, vocabulary);
  const senders = sendersToTry(configuration, vocabulary);
  const helos = helosToTry(configuration, vocabulary);
  const names = clientNamesToTry(vocabulary);
  const known = trusted.union(unclear);
  for (const { family, address, disguise } of [...seatsOf(4), ...seatsOf(6)]) {
    const plain = base(address);
    const clients = ipSet([{ address: { family, bits: 0n }, length: 0 }]);
    const explore = (session: Session, kind: HoleKind, condition = ""): boolean => {
      const decision = ask(session);
      const relays = violation(session, decision, grounds, disguise?.real ?? session.client.address);
      if (relays === null) return false;
      // What the mailer behind makes of it is known where that one is audited too.
      const chain = relays.kind === "passed-on" && follow !== null ? follow(session, decision.recipient) : null;
      if (chain?.certainty === "closed") return false;
      if (chain !== null && chain.certainty !== "conditional") {
        found({ kind: "passed-on", session, decision, clients, ...chain, certainty: chain.certainty });
        return false;
      }
      const certainty = relays.certainty === "open" && condition !== "" ? "conditional" : relays.certainty;
      found({
        kind: relays.kind ?? kind,
        session,
        decision,
        certainty,
        condition: condition || relays.condition,
        clients,
        ...(disguise === undefined ? {} : { disguise }),
      });
      return relays.certainty === "open" && relays.kind === null;
    };
    const kindOf = ({ kind }: Wording): HoleKind =>
      kind === "plain" ? "everyone" : kind === "seed" ? "recipient" : kind;
    const withRecipient = (session: Session, recipient: Wording): Session => ({
      ...session,
      forwardPath: recipient.text,
      backupMx: recipient.kind === "backup-mx",
    });

    const openRecipients = new Set<Wording>();
    for (const recipient of recipients) {
      const alone = explore(
        withRecipient(plain, recipient),
        kindOf(recipient),
        recipient.kind === "backup-mx" ? "for every domain whose owner names this mailer as a later MX" : "",
      );
      if (alone) openRecipients.add(recipient);
    }
    const openSenders = new Set(senders.filter((text) => explore({ ...plain, reversePath: text }, "sender")));
    const openHelos = new Set(helos.filter((helo) => explore({ ...plain, helo }, "helo")));
    for (const { name, anybodys } of names) {
      const session: Session = { ...plain, client: { ...plain.client, name, reverseName: name } };
      if (explore(session, "client-name", anybodys ? "" : `for whoever controls the DNS of ${name}`)) break;
    }
    // A recipient of ours first: what was decided for it must not hold for the next.
    if (grounds.ourDomain !== null)
      explore({ ...plain, previousRecipients: [`<postmaster@${grounds.ourDomain}>`] }, "combination");
    if (listener.tls !== "none")
      explore(
        {
          ...plain,
          tls: plain.tls === "none" ? "starttls" : plain.tls,
          client: { ...plain.client, certificate: "public-ca" },
        },
        "certificate",
      );
    // Two or three things together; what one alone achieves needs no second.
    const restSenders = senders.filter((text) => !openSenders.has(text));
    const restHelos = helos.filter((text) => !openHelos.has(text));
    const hard = recipients.filter((one) => one.kind !== "backup-mx" && !openRecipients.has(one));
    pairs(restSenders, hard, (sender, recipient) =>
      explore(withRecipient({ ...plain, reversePath: sender }, recipient), "combination"),
    );
    pairs(restHelos, hard, (helo, recipient) => explore(withRecipient({ ...plain, helo }, recipient), "combination"));
    pairs(restSenders, restHelos, (reversePath, helo) => explore({ ...plain, reversePath, helo }, "combination"));
    const direct = approaches === null || ways.some((way) => way.family === family && way.direct);
    if (listener.impersonators?.set.has(address) === true && (direct || approaches?.complete === false)) {
      const decision = trusted.isEmpty ? null : ask(base(trustedOne()));
      if (decision !== null)
        found({
          kind: "impersonation",
          claimed: trustedOne(),
          session: plain,
          decision,
          certainty: direct ? "open" : "conditional",
          condition: direct ? "" : `unless strangers reach port ${listener.port} past the proxy`,
          clients,
        });
    }
  }
  // Who comes from inside, for all that is known, and says something special.
  if (veiled)
    for (const { address, clients } of innerClients(vocabulary.ranges, known.union(grounds.inside))) {
      const plain = base(address);
      const sessions = [
        ...senders.map((reversePath) => ({ kind: "sender" as const, session: { ...plain, reversePath } })),
        ...helos.map((helo) => ({ kind: "helo" as const, session: { ...plain, helo } })),
      ];
      for (const { kind, session } of sessions) {
        const decision = ask(session);
        const relays = violation(session, decision, grounds, address);
        if (relays === null || relays.kind !== null) continue;
        const certainty = relays.certainty === "open" ? "conditional" : relays.certainty;
        const condition = relays.condition || `unless strangers appear as ${listed(clients)}`;
        found({ kind, session, decision, certainty, condition, clients });
      }
    }
  const { impersonators } = listener;
  if (impersonators !== null && !trusted.isEmpty) {
    for (const { way, to, because } of disguised) {
      const believed = impersonators.set.intersect(to);
      if (!way.direct || believed.isEmpty) continue;
      found({
        kind: "impersonation",
        claimed: trustedOne(),
        session: base(pickFrom(believed, believed.ranges[0]?.family ?? 4)),
        decision: ask(base(trustedOne())),
        certainty: "open",
        condition: "",
        clients: believed,
        disguise: { real: plainStranger(way.family), way, because },
      });
    }
    const shared = impersonators.set.intersect(sharedSpace).subtract(grounds.inside);
    const all =
      strangers[4].some((one) => impersonators.set.has(one)) || strangers[6].some((one) => impersonators.set.has(one));
    if (
      !all &&
      !shared.isEmpty &&
      (approaches === null || ways.some(({ direct, seen }) => direct && seen.as === "unknown"))
    ) {
      const session = base(pickFrom(shared, shared.ranges[0]?.family ?? 4));
      found({
        kind: "impersonation",
        claimed: trustedOne(),
        session,
        decision: ask(base(trustedOne())),
        certainty: "conditional",
        condition: `unless strangers appear as ${listed(shared)}`,
        clients: shared,
      });
    }
  }
  return done();

  /** An address that may send anywhere; there is one. */
  function trustedOne(): IpAddress {
    return pickFrom(trusted, trusted.ranges[0]?.family ?? 4);
  }

  /**
   * Strangers of a family as the rules see them, with addresses that are not trusted. None: all of them get through,
   * nobody can tell, or they do not come at all, which is said already.
   */
  function seatsOf(family: 4 | 6): readonly Seat[] {
    const itself = strangers[family].find((one) => !known.has(one) && !grounds.inside.has(one));
    const other = disguised.flatMap(({ way, to, usually, because }): readonly Seat[] => {
      const rest = to.subtract(known);
      const seen = gatewayIn(rest.intersect(usually)) ?? gatewayIn(rest.intersect(sharedSpace));
      const disguise: Disguise = { real: plainStranger(family), way, because };
      return way.family === family && seen !== null ? [{ family, address: seen, disguise }] : [];
    });
    return [
      ...(itself === undefined || !asThemselves(family) ? [] : [{ family, address: itself, disguise: undefined }]),
      ...other.slice(0, 1),
    ];
  }

  /** Tries combinations within a budget, the first of each kind first. */
  function pairs<A, B>(as: readonly A[], bs: readonly B[], tryOne: (a: A, b: B) => unknown): void {
    const side = Math.ceil(Math.sqrt(maxPairs));
    const aCount = Math.min(as.length, bs.length < side ? Math.floor(maxPairs / Math.max(1, bs.length)) : side);
    const bCount = Math.min(bs.length, Math.floor(maxPairs / Math.max(1, aCount)));
    for (const a of as.slice(0, aCount)) for (const b of bs.slice(0, bCount)) tryOne(a, b);
  }
}

function placeOfEnd({ recipient }: Decision) {
  return recipient.kind === "address" ? recipient.where : null;
}

/** A few of the ranges, as people write them. */
export function listed(set: IpSet): string {
  const prefixes = set.toPrefixes();
  const texts = prefixes
    .slice(0, 4)
    .map(({ address, length }) =>
      length === widthOf(address.family) ? formatIp(address) : `${formatIp(address)}/${length}`,
    );
  return prefixes.length > 4 ? `${texts.join(", ")} and ${prefixes.length - 4} more` : texts.join(", ");
}

/** The session as a value that `check --witness` replays. */
export function witnessOf(
  listener: Listener,
  session: Session,
  address: IpAddress | null,
  claimed: IpAddress | null = null,
): Witness {
  const by = listener.impersonators?.by;
  return {
    client: { address: address === null ? null : formatIp(address), authenticated: session.client.authenticated },
    ...(claimed === null || by === undefined ? {} : { claims: { by, address: formatIp(claimed) } }),
    listener: { address: listener.address === null ? null : formatIp(listener.address), port: listener.port },
    helo: session.helo,
    reversePath: session.reversePath,
    forwardPath: session.forwardPath,
    previousRecipients: [...session.previousRecipients],
    tls: session.tls,
  };
}
