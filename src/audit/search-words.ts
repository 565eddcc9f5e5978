/** Strangers who say something special: a sender, a HELO name, a way of writing the recipient, or two of them together. */
import type { IpAddress } from "../net/ip.ts";
import { ipSet } from "../net/ip-set.ts";
import { innerClients, listed, plainStranger, strangers } from "./client-space.ts";
import { type Disguise, gatewayIn } from "./deployment/disguise.ts";
import { sharedSpace } from "./grounds.ts";
import type { HoleKind } from "./hole.ts";
import type { Session } from "./rules.ts";
import type { SearchContext } from "./search-context.ts";
import { clientNamesToTry, helosToTry, recipientsToTry, sendersToTry, type Wording } from "./strings.ts";
import { violation } from "./violation.ts";

const maxPairs = 4000;

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
  }
}

/** Who comes from inside, for all that is known, and says something special. */
export function searchInnerWords(context: SearchContext): void {
  const {
    request: { configuration, grounds },
    vocabulary,
    trusted,
    unclear,
    veiled,
  } = context;
  if (!veiled) return;
  const senders = sendersToTry(configuration, vocabulary);
  const helos = helosToTry(configuration, vocabulary);
  for (const { address, clients } of innerClients(vocabulary.ranges, trusted.union(unclear).union(grounds.inside))) {
    const plain = context.plain(address);
    const sessions = [
      ...senders.map((reversePath) => ({ kind: "sender" as const, session: { ...plain, reversePath } })),
      ...helos.map((helo) => ({ kind: "helo" as const, session: { ...plain, helo } })),
    ];
    for (const { kind, session } of sessions) {
      const decision = context.ask(session);
      const relays = violation(session, decision, grounds, address);
      if (relays === null || relays.kind !== null) continue;
      const certainty = relays.certainty === "open" ? "conditional" : relays.certainty;
      const condition = relays.condition || `unless strangers appear as ${listed(clients)}`;
      context.holes.add({ kind, session, decision, certainty, condition, clients });
    }
  }
}

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
