/**
 * Searches the sessions that a stranger can have with a listener for those that the configuration permits and the rule
 * forbids. Clients: every stretch of addresses that the rules tell apart, IPv4 and IPv6 each for itself. Senders, HELO
 * names and recipients: what the configuration's own tables and patterns suggest, and the forms that lead mailers
 * outside. First one thing is out of the ordinary, then two, then three; the plainest session is the witness.
 */
import { formatIp, type IpAddress, widthOf } from "../net/ip.ts";
import { type IpSet, ipSet, ipSetOfRanges } from "../net/ip-set.ts";
import type { IpRange } from "../net/prefix.ts";
import { readForwardPath, readReversePath } from "../smtp/path.ts";
import type { Witness } from "../witness/witness.ts";
import { type Decision, decide } from "./evaluate.ts";
import { fixedIp, type Grounds, isPrivateDoor, loopback, sharedSpace } from "./grounds.ts";
import type { Configuration, Listener, Session, Unknown } from "./rules.ts";
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
}

export interface ListenerSearch {
  readonly listener: Listener;
  /** Clients that may send anywhere by their address alone. */
  readonly trusted: IpSet;
  /** Clients of which it cannot be told. */
  readonly unclear: IpSet;
  readonly holes: readonly Hole[];
  readonly sessions: number;
  /** The search was cut short: nothing may be called closed. */
  readonly cut: string | null;
}

const maxStretches = 60_000;
const maxPairs = 4000;
const maxHoles = 40;

/** Candidates for "any stranger": public addresses, of which one that the rules do not single out is taken. */
const strangers: Readonly<Record<4 | 6, readonly IpAddress[]>> = {
  4: ["203.0.113.7", "198.51.100.7", "192.0.2.7", "233.252.0.7", "90.130.70.73"].map(fixedIp),
  6: ["2001:db8:ffff::7", "2001:db8:1234:5678::7", "2a0a:e5c0::7"].map(fixedIp),
};

export function searchListener(configuration: Configuration, listener: Listener, grounds: Grounds): ListenerSearch {
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
  const done = (): ListenerSearch => ({ listener, trusted, unclear, holes: [...holes.values()], sessions, cut });
  if (isPrivateDoor(listener.address)) return done();

  const found = (hole: Omit<Hole, "listener">): void => {
    const by = hole.decision.trace.findLast(({ result }) => result === "permit" || result === "unknown") ?? null;
    const place = by?.where ?? placeOfEnd(hole.decision);
    // A defect of one line is one finding, whatever else could be said to it; of equals the first is the plainest.
    const key = `${hole.kind}|${hole.certainty === "unknown"}|${place?.file}:${place?.start.line}:${by?.rule}`;
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
    const everyone = strangers[family].every((address) => trusted.has(address));
    const shared = strange.intersect(sharedSpace);
    const open = strange.subtract(sharedSpace);
    const witness = (set: IpSet): Session => base(pickFrom(set, family));
    if (everyone) {
      const session = base(strangers[family][0] as IpAddress); // the list is not empty
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
        condition: `unless strangers appear as ${listed(around(trusted, shared))} (behind a NAT, a proxy, a container bridge, or as neighbours)`,
        clients: shared,
      });
    }
    const doubt = unclear.intersect(ofFamily).subtract(grounds.inside);
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

  // 3. A stranger who says something special.
  const recipients = recipientsToTry(configuration, listener, vocabulary);
  const senders = sendersToTry(configuration, vocabulary);
  const helos = helosToTry(configuration, vocabulary);
  const names = clientNamesToTry(vocabulary);
  for (const family of [4, 6] as const) {
    const address = strangers[family].find((one) => !trusted.has(one) && !unclear.has(one) && !grounds.inside.has(one));
    if (address === undefined) continue; // all of them get through, or nobody can tell: said above
    const plain = base(address);
    const clients = ipSet([{ address: { family, bits: 0n }, length: 0 }]);
    const explore = (session: Session, kind: HoleKind, condition = ""): boolean => {
      const decision = ask(session);
      const relays = violation(session, decision, grounds);
      if (relays === null) return false;
      const certainty = relays.certainty === "open" && condition !== "" ? "conditional" : relays.certainty;
      found({
        kind: relays.kind ?? kind,
        session,
        decision,
        certainty,
        condition: condition || relays.condition,
        clients,
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
    if (listener.impersonators?.set.has(address) === true) {
      const decision = trusted.isEmpty ? null : ask(base(pickFrom(trusted, trusted.ranges[0]?.family ?? 4)));
      if (decision !== null)
        found({ kind: "impersonation", session: plain, decision, certainty: "open", condition: "", clients });
    }
  }
  const { impersonators } = listener;
  if (impersonators !== null && !trusted.isEmpty) {
    const shared = impersonators.set.intersect(sharedSpace).subtract(grounds.inside);
    const all =
      strangers[4].some((one) => impersonators.set.has(one)) || strangers[6].some((one) => impersonators.set.has(one));
    if (!all && !shared.isEmpty) {
      const session = base(pickFrom(shared, shared.ranges[0]?.family ?? 4));
      found({
        kind: "impersonation",
        session,
        decision: ask(base(pickFrom(trusted, trusted.ranges[0]?.family ?? 4))),
        certainty: "conditional",
        condition: `unless strangers appear as ${listed(shared)}`,
        clients: shared,
      });
    }
  }
  return done();

  /** Tries combinations within a budget, the first of each kind first. */
  function pairs<A, B>(as: readonly A[], bs: readonly B[], tryOne: (a: A, b: B) => unknown): void {
    const side = Math.ceil(Math.sqrt(maxPairs));
    const aCount = Math.min(as.length, bs.length < side ? Math.floor(maxPairs / Math.max(1, bs.length)) : side);
    const bCount = Math.min(bs.length, Math.floor(maxPairs / Math.max(1, aCount)));
    for (const a of as.slice(0, aCount)) for (const b of bs.slice(0, bCount)) tryOne(a, b);
  }
}

interface Violation {
  readonly certainty: Hole["certainty"];
  readonly condition: string;
  /** What the session is about, where it is not what was varied. */
  readonly kind: HoleKind | null;
}

/** Whether the configuration lets a stranger's session through that the rule forbids; `null`: no. */
function violation(session: Session, decision: Decision, grounds: Grounds): Violation | null {
  const { outcome, recipient } = decision;
  if (outcome === "refuse" || outcome === "defer" || recipient.kind !== "address") return null;
  const unknown = outcome === "unknown";
  const because = words(decision.unknowns);
  if (recipient.onward !== null)
    return { kind: "copied-destination", certainty: unknown ? "unknown" : "open", condition: because };
  const ruled = grounds.rule({
    client: {
      address: session.client.address,
      authenticated: session.client.authenticated ? "yes" : "no",
      managed: false,
    },
    reversePath: readReversePath(session.reversePath),
    forwardPath: readForwardPath(session.forwardPath),
    recipient: "unknown",
  });
  if (ruled.action === "permit") return null;
  if (typeof recipient.end !== "string")
    return { kind: null, certainty: "unknown", condition: words([recipient.end, ...decision.unknowns]) };
  if (unknown && recipient.end !== "local") return { kind: null, certainty: "unknown", condition: because };
  switch (recipient.end) {
    case "outside":
      return { kind: null, certainty: "open", condition: "" };
    case "listed": {
      // Judged again as it will be passed on: the domain may be ours, and only the local-part lead outside.
      const inner = grounds.rule(strangerTo(session, recipient.domain));
      if (inner.action === "refuse") return { kind: null, certainty: "open", condition: "" };
      return {
        kind: "passed-on",
        certainty: "conditional",
        condition: `unless the mailer for ${recipient.domain} acts on routing in the local-part`,
      };
    }
    case "local":
      // It stays here: no relaying, unless for a domain that is nobody's here.
      if (grounds.rule(strangerTo(session, recipient.domain)).action === "permit") return null;
      return {
        kind: "swallowed",
        certainty: unknown ? "unknown" : "conditional",
        condition: because || "it is taken in, and delivered here or bounced",
      };
  }
}

/** The plainest mail from this client to a domain. */
function strangerTo({ client }: Session, domain: string): Parameters<Grounds["rule"]>[0] {
  return {
    client: { address: client.address, authenticated: "no", managed: false },
    reversePath: { kind: "null" },
    forwardPath: readForwardPath(`<probe@${domain}>`),
    recipient: "unknown",
  };
}

const words = (unknowns: readonly Unknown[]): string =>
  unknowns.length === 0
    ? ""
    : `it depends on ${[...new Set(unknowns.map(({ unknown }) => unknown))].slice(0, 3).join(", and on ")}`;

function placeOfEnd({ recipient }: Decision) {
  return recipient.kind === "address" ? recipient.where : null;
}

/** Where stretches of addresses begin that the rules may treat alike. */
function startsOf(family: 4 | 6, ranges: readonly IpRange[]): readonly bigint[] {
  const all = (1n << BigInt(widthOf(family))) - 1n;
  const starts = new Set<bigint>([0n]);
  const fixed = [...loopback.ranges, ...sharedSpace.ranges];
  for (const range of [...ranges, ...fixed]) {
    if (range.family !== family) continue;
    starts.add(range.first);
    if (range.last < all) starts.add(range.last + 1n);
  }
  return [...starts].sort((a, b) => (a < b ? -1 : 1));
}

/** A network no single organisation of our users has: shorter than /12, or /24 of IPv6. */
function hasWide(set: IpSet): boolean {
  return set.toPrefixes().some(({ address, length }) => length < (address.family === 4 ? 12 : 24));
}

/** The stretches of `all` in which some of `part` lies: as they were written, before ours was taken out. */
function around(all: IpSet, part: IpSet): IpSet {
  return ipSetOfRanges(
    all.intersect(sharedSpace).ranges.filter((range) => !ipSetOfRanges([range]).intersect(part).isEmpty),
  );
}

function pickFrom(set: IpSet, family: 4 | 6): IpAddress {
  const range = set.ranges.find((one) => one.family === family) ?? set.ranges[0];
  if (range === undefined) return strangers[family][0] as IpAddress; // the list is not empty
  const size = range.last - range.first;
  return { family: range.family, bits: range.first + (size > 16n ? 9n : size / 2n) };
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
export function witnessOf(listener: Listener, session: Session, address: IpAddress | null): Witness {
  return {
    client: { address: address === null ? null : formatIp(address), authenticated: session.client.authenticated },
    listener: { address: listener.address === null ? null : formatIp(listener.address), port: listener.port },
    helo: session.helo,
    reversePath: session.reversePath,
    forwardPath: session.forwardPath,
    previousRecipients: [...session.previousRecipients],
    tls: session.tls,
  };
}
