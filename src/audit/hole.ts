/** A hole: a session that the configuration permits and the rule forbids, and what lets it through. */
import { formatIp, type IpAddress } from "../net/ip.ts";
import type { IpSet } from "../net/ip-set.ts";
import type { Witness } from "../witness/witness.ts";
import type { Hop } from "./chains.ts";
import { describeDoor } from "./deployment/approach.ts";
import type { Disguise } from "./deployment/disguise.ts";
import type { Decision } from "./evaluate.ts";
import type { Listener, Session } from "./rules.ts";

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

/** A hole as the search sees it; what is left out is nothing. */
export type Sighting = Omit<Hole, "listener" | Unsaid> & Partial<Pick<Hole, Unsaid>>;

const maxHoles = 40;

/** The holes of one listener, each defect once. */
export class Holes {
  readonly #listener: Listener;
  readonly #holes = new Map<string, Hole>();

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  all(): readonly Hole[] {
    return [...this.#holes.values()];
  }

  /** A defect of one line is one hole, whatever else could be said to it; of equals the first is the plainest. */
  add(seen: Sighting): void {
    const hole: Hole = {
      ...seen,
      listener: this.#listener,
      disguise: seen.disguise ?? null,
      hops: seen.hops ?? [],
      claimed: seen.claimed ?? null,
    };
    const by = hole.decision.trace.findLast(({ result }) => result === "permit" || result === "unknown") ?? null;
    const place = by?.where ?? placeOfEnd(hole.decision);
    const hidden = hole.disguise === null ? "" : `|${hole.disguise.way.family}|${describeDoor(hole.disguise.way.door)}`;
    const key = `${hole.kind}|${hole.certainty === "unknown"}|${place?.file}:${place?.start.line}:${by?.rule}${hidden}`;
    const known = this.#holes.get(key);
    if (known === undefined) {
      if (this.#holes.size < maxHoles) this.#holes.set(key, hole);
      return;
    }
    // The same line may let in clients of the other family too, or for certain what it let in only on a condition.
    const worse = known.certainty === "conditional" && hole.certainty === "open" ? hole : known;
    this.#holes.set(key, { ...worse, clients: known.clients.union(hole.clients) });
  }
}

function placeOfEnd({ recipient }: Decision) {
  return recipient.kind === "address" ? recipient.where : null;
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
