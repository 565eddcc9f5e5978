/** What guards refused, or would have, by the hour: who, which rule, how often. Written in batches, never per message. */
import type { Clock } from "../ports.ts";
import type { Db } from "./database.ts";

export interface GuardCount {
  readonly door: string;
  readonly action: string;
  readonly reason: string;
  /** Null: others, beyond those that were counted one by one. */
  readonly client: string | null;
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

export interface GuardCounts {
  add(counts: readonly GuardCount[]): Promise<void>;
  /** Summed up since then, the most frequent first. */
  since(time: Date, limit: number): Promise<readonly (GuardCount & { readonly last: Date })[]>;
}

const hourMs = 3_600_000;

export function guardCounts(db: Db, org: string, clock: Clock): GuardCounts {
  return {
    async add(counts) {
      if (counts.length === 0) return;
      const hour = Math.floor(clock.now().getTime() / hourMs) * hourMs;
      await db.transaction().execute(async (tx) => {
        for (const { door, action, reason, client, from, to, count } of counts)
          await tx
            .insertInto("guard_count")
            .values({ org, hour, door, action, reason, client: client ?? "", from_domain: from, to_domain: to, count })
            .onConflict((conflict) =>
              conflict
                .columns(["org", "hour", "door", "action", "reason", "client", "from_domain", "to_domain"])
                .doUpdateSet((eb) => ({ count: eb("guard_count.count", "+", count) })),
            )
            .execute();
      });
    },
    async since(time, limit) {
      const columns = ["door", "action", "reason", "client", "from_domain", "to_domain"] as const;
      const rows = await db
        .selectFrom("guard_count")
        .select([...columns])
        .select((eb) => [eb.fn.sum<number>("count").as("count"), eb.fn.max("hour").as("last")])
        .where("org", "=", org)
        .where("hour", ">=", Math.floor(time.getTime() / hourMs) * hourMs)
        .groupBy([...columns])
        .orderBy("count", "desc")
        .orderBy("client")
        .limit(limit)
        .execute();
      return rows.map((row) => ({
        door: row.door,
        action: row.action,
        reason: row.reason,
        client: row.client === "" ? null : row.client,
        from: row.from_domain,
        to: row.to_domain,
        count: Number(row.count),
        last: new Date(Number(row.last)),
      }));
    },
  };
}
