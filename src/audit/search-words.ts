/** Strangers who say something special: a sender, a HELO name, a way of writing the recipient, or two of them together. */
import type { IpAddress } from "../net/ip.ts";
import { type IpSet, ipSet, ipSetOfRanges } from "../net/ip-set.ts";
import { hasWide, listed, namedClients, plainStranger, strangers } from "./client-space.ts";
import { type Disguise, gatewayIn } from "./deployment/disguise.ts";
import { sharedSpace } from "./grounds.ts";
import type { HoleKind } from "./hole.ts";
import type { Session } from "./rules.ts";
import type { SearchContext } from "./search-context.ts";
import { clientNamesToTry, helosToTry, recipientsToTry, sendersToTry, type Wording } from "./strings.ts";
import { type Violation, violation } from "./violation.ts";

const maxPairs = 4000;
const maxReverseNames = 200;

export function searchWords(context: SearchContext): void {
  const {
    request: { configuration, listener, grounds, follow },
    vocabulary,
  } = context;
  const recipients = recipientsToTry(configuration, listener, vocabulary);
  const senders = sendersToTry(configuration, vocabulary);
  const helos = helosToTry(configuration, vocabulary);
  const names = clientNamesToTry(vocabulary);
  for (const { family, address, disguise } of [...seatsOf(context, 4), ...seatsOf(context, 6)]) {
    const plain = context.plain(address);
    const clients = ipSet([{ address: { family, bits: 0n }, length: 0 }]);
    const explore = (session: Session, kind: HoleKind, condition = ""): boolean => {
      const decision = context.ask(session);
      const relays = violation(session, decision, grounds, disguise?.real ?? session.client.address);
      if (relays === null) return false;
      // What the mailer behind makes of it is known where that one is audited too.
      const chain = relays.kind === "passed-on" && follow !== null ? follow(session, decision.recipient) : null;
      if (chain?.certainty === "closed") return false;
      if (chain !== null && chain.certainty !== "conditional") {
        context.holes.add({ kind: "passed-on", session, decision, clients, ...chain, certainty: chain.certainty });
        return false;
      }
      const certainty = relays.certainty === "open" && condition !== "" ? "conditional" : relays.certainty;
      context.holes.add({
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
    // Whoever owns an address names it in reverse DNS as he likes, as long as nobody asks whether the name leads back.
    for (const reverseName of vocabulary.seeds["client-reverse-name"].slice(0, maxReverseNames))
      if (explore({ ...plain, client: { ...plain.client, reverseName } }, "client-name")) break;
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
  }
}

/**
 * Clients that the rules name by address without trusting them, who say something special: strangers who may look like
 * them, and whoever has such an address.
 */
export function searchNamedClients(context: SearchContext): void {
  const { configuration, listener, grounds } = context.request;
  const { vocabulary, trusted, unclear, veiled } = context;
  const known = trusted.union(unclear).union(grounds.inside);
  const recipients = recipientsToTry(configuration, listener, vocabulary).filter(({ kind }) => kind !== "backup-mx");
  const sessionsOf = (plain: Session): readonly { readonly kind: HoleKind; readonly session: Session }[] => [
    ...sendersToTry(configuration, vocabulary).map((reversePath) => ({
      kind: "sender" as const,
      session: { ...plain, reversePath },
    })),
    ...helosToTry(configuration, vocabulary).map((helo) => ({ kind: "helo" as const, session: { ...plain, helo } })),
    ...recipients.map((recipient) => ({ kind: kindOf(recipient), session: withRecipient(plain, recipient) })),
  ];
  const search = (space: IpSet, certaintyOf: (clients: IpSet) => Pick<Violation, "certainty" | "condition">): void => {
    for (const { address, clients } of namedClients(vocabulary.ranges, space))
      for (const { kind, session } of sessionsOf(context.plain(address)).slice(0, maxPairs)) {
        const decision = context.ask(session);
        const relays = violation(session, decision, grounds, address);
        if (relays === null || relays.kind !== null) continue;
        const { certainty, condition } = relays.certainty === "open" ? certaintyOf(clients) : relays;
        context.holes.add({ kind, session, decision, certainty, condition, clients });
      }
  };
  if (veiled)
    search(sharedSpace.subtract(known), (clients) => ({
      certainty: "conditional",
      condition: `unless strangers appear as ${listed(clients)}`,
    }));
  const seats = [...seatsOf(context, 4), ...seatsOf(context, 6)].filter(({ disguise }) => disguise === undefined);
  for (const { family, address: seat } of seats) {
    const all = ipSet([{ address: { family, bits: 0n }, length: 0 }]);
    // The stretch in which the stranger sits was searched with him.
    const others = vocabulary.ranges.filter(
      (range) => range.family === family && !(range.first <= seat.bits && seat.bits <= range.last),
    );
    const space = ipSetOfRanges(others).intersect(all).subtract(sharedSpace).subtract(known);
    search(space, (clients) => {
      const theirs = grounds.hasSite || hasWide(clients);
      return theirs
        ? { certainty: "open", condition: "" }
        : { certainty: "conditional", condition: `unless all of ${listed(clients)} is yours` };
    });
  }
}

const kindOf = ({ kind }: Wording): HoleKind => (kind === "plain" ? "everyone" : kind === "seed" ? "recipient" : kind);

const withRecipient = (session: Session, recipient: Wording): Session => ({
  ...session,
  forwardPath: recipient.text,
  backupMx: recipient.kind === "backup-mx",
});

/** A stranger as the rules see him. */
export interface Seat {
  readonly family: 4 | 6;
  readonly address: IpAddress;
  readonly disguise: Disguise | undefined;
}

/**
 * Strangers of a family as the rules see them, with addresses that are not trusted. None: all of them get through,
 * nobody can tell, or they do not come at all, which is said already.
 */
export function seatsOf(context: SearchContext, family: 4 | 6): readonly Seat[] {
  const {
    request: { grounds },
    trusted,
    unclear,
  } = context;
  const known = trusted.union(unclear);
  const itself = strangers[family].find((one) => !known.has(one) && !grounds.inside.has(one));
  const other = context.disguised().flatMap(({ way, to, usually, because }): readonly Seat[] => {
    const rest = to.subtract(known);
    const seen = gatewayIn(rest.intersect(usually)) ?? gatewayIn(rest.intersect(sharedSpace));
    const disguise: Disguise = { real: plainStranger(family), way, because };
    return way.family === family && seen !== null ? [{ family, address: seen, disguise }] : [];
  });
  return [
    ...(itself === undefined || !context.asThemselves(family)
      ? []
      : [{ family, address: itself, disguise: undefined }]),
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
