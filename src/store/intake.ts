/**
 * Which messages of a mailbox on a server have been taken in. A message is known by UIDVALIDITY and UID (RFC 3501 §2.3.1.1); if the
 * server numbers anew, by its content.
 */
import type { Clock } from "../ports.ts";
import type { Db } from "./database.ts";

export interface TakenIn {
  readonly uidValidity: string;
  readonly uid: number;
  readonly sha256: string;
}

export interface Intake {
  /** The UIDs of this numbering that are taken in. */
  known(mailbox: string, uidValidity: string): Promise<ReadonlySet<number>>;
  /** Whether these bytes were taken in under whatever number. */
  has(mailbox: string, sha256: string): Promise<boolean>;
  add(mailbox: string, messages: readonly TakenIn[]): Promise<void>;
}

export function intake(db: Db, org: string, clock: Clock): Intake {
  return {
    async known(mailbox, uidValidity) {
      const rows = await db
        .selectFrom("intake")
        .select("uid")
        .where("org", "=", org)
        .where("mailbox", "=", mailbox)
        .where("uid_validity", "=", uidValidity)
        .execute();
      return new Set(rows.map(({ uid }) => Number(uid)));
    },
    async has(mailbox, sha256) {
      const row = await db
        .selectFrom("intake")
        .select("uid")
        .where("org", "=", org)
        .where("mailbox", "=", mailbox)
        .where("sha256", "=", sha256)
        .executeTakeFirst();
      return row !== undefined;
    },
    async add(mailbox, messages) {
      const at = clock.now().getTime();
      await db.transaction().execute(async (tx) => {
        for (const { uidValidity, uid, sha256 } of messages)
          await tx
            .insertInto("intake")
            .values({ org, mailbox, uid_validity: uidValidity, uid, sha256, at })
            .onConflict((conflict) => conflict.doNothing())
            .execute();
      });
    },
  };
}
