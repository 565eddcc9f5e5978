/** Listings as they come and go: since when each is known, so that evidence of a repair can be newer than it. */
import type { Clock } from "../ports.ts";
import type { Db } from "./database.ts";

export interface StoredListing {
  readonly subject: string;
  readonly list: string;
  /** `127.0.0.3`; several, separated by a space. */
  readonly code: string;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  /** Null: it was there when it was last asked for. */
  readonly goneAt: Date | null;
}

/** What a check of the lists says of one subject. A list of which nothing is known is in neither. */
export interface SeenListings {
  readonly subject: string;
  readonly listed: readonly { readonly list: string; readonly code: string }[];
  /** Lists that were asked and do not hold it. */
  readonly clean: readonly string[];
}

export interface ListingChange {
  readonly kind: "appeared" | "gone";
  readonly subject: string;
  readonly list: string;
  readonly code: string;
  /** Since when it was known; of one that appeared, now. */
  readonly firstSeen: Date;
}

export interface Listings {
  /** Takes in what was seen now, and says what has changed. A listing that comes back is a new one. */
  saw(seen: SeenListings): Promise<readonly ListingChange[]>;
  /** Those that were there when they were last asked for, and those that are gone, oldest first. */
  of(subject: string): Promise<readonly StoredListing[]>;
}

export function listings(db: Db, org: string, clock: Clock): Listings {
  return {
    async saw({ subject, listed, clean }) {
      const now = clock.now().getTime();
      return db.transaction().execute(async (tx) => {
        const before = await tx
          .selectFrom("listing")
          .selectAll()
          .where("org", "=", org)
          .where("subject", "=", subject)
          .execute();
        const known = new Map(before.map((row) => [row.list, row]));
        const changes: ListingChange[] = [];
        for (const { list, code } of listed) {
          const old = known.get(list);
          const stays = old !== undefined && old.gone_at === null;
          const first = stays ? old.first_seen : now;
          const row = { code, first_seen: first, last_seen: now, gone_at: null };
          await tx
            .insertInto("listing")
            .values({ org, subject, list, ...row })
            .onConflict((conflict) => conflict.columns(["org", "subject", "list"]).doUpdateSet(row))
            .execute();
          if (!stays) changes.push({ kind: "appeared", subject, list, code, firstSeen: new Date(now) });
        }
        for (const list of clean) {
          const old = known.get(list);
          if (old === undefined || old.gone_at !== null) continue;
          await tx
            .updateTable("listing")
            .set({ gone_at: now })
            .where("org", "=", org)
            .where("subject", "=", subject)
            .where("list", "=", list)
            .execute();
          changes.push({ kind: "gone", subject, list, code: old.code, firstSeen: new Date(old.first_seen) });
        }
        return changes;
      });
    },
    async of(subject) {
      const rows = await db
        .selectFrom("listing")
        .selectAll()
        .where("org", "=", org)
        .where("subject", "=", subject)
        .orderBy("first_seen")
        .orderBy("list")
        .execute();
      return rows.map((row) => ({
        subject: row.subject,
        list: row.list,
        code: row.code,
        firstSeen: new Date(row.first_seen),
        lastSeen: new Date(row.last_seen),
        goneAt: row.gone_at === null ? null : new Date(row.gone_at),
      }));
    },
  };
}
