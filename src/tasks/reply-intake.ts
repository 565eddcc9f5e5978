/**
 * New messages of a mailbox on a server: those that were not taken in yet, by their number, or by their content where the server
 * has numbered anew. They count as taken in once their answers are drafted, so that a crash in between loses none.
 */
import type { ImapMessage } from "../io/imap.ts";
import type { Store } from "../store/store.ts";

export interface Inbox {
  readonly name: string;
  readonly read: (
    skip: (uidValidity: string) => Promise<ReadonlySet<number>>,
    maxBytes: number,
    signal: AbortSignal,
  ) => AsyncIterable<ImapMessage>;
  /** False: the server keeps no mark. */
  readonly mark: (uidValidity: string, uids: readonly number[]) => Promise<boolean>;
}

export class InboxIntake {
  readonly #inbox: Inbox;
  readonly #store: Store;
  readonly #seen: Pick<ImapMessage, "uidValidity" | "uid" | "sha256">[] = [];

  constructor(inbox: Inbox, store: Store) {
    this.#inbox = inbox;
    this.#store = store;
  }

  async *fresh(maxBytes: number, signal: AbortSignal): AsyncGenerator<ImapMessage> {
    const { name } = this.#inbox;
    const known = (uidValidity: string): Promise<ReadonlySet<number>> => this.#store.intake.known(name, uidValidity);
    for await (const message of this.#inbox.read(known, maxBytes, signal)) {
      const { uidValidity, uid, sha256 } = message;
      this.#seen.push({ uidValidity, uid, sha256 });
      if (!(await this.#store.intake.has(name, sha256))) yield message;
    }
  }

  /** On record first: the mark is for people, the record is what counts. Returns whether the server keeps the mark. */
  async done(): Promise<boolean> {
    await this.#store.intake.add(this.#inbox.name, this.#seen);
    const [first] = this.#seen;
    return (
      first === undefined ||
      this.#inbox.mark(
        first.uidValidity,
        this.#seen.map(({ uid }) => uid),
      )
    );
  }
}
