/** Leases: one test at a mailer at a time, whoever runs it. A lease that is not renewed runs out by itself. */
import type { Clock } from "../ports.ts";
import type { Db } from "./database.ts";

export interface Leases {
  /** Takes or renews a lease; null if it is ours now, else who has it and until when. */
  take(
    resource: string,
    owner: string,
    forMs: number,
  ): Promise<{ readonly owner: string; readonly until: Date } | null>;
  release(resource: string, owner: string): Promise<void>;
  /** Whether this owner has a lease that has not run out. */
  held(owner: string): Promise<boolean>;
}

export function leases(db: Db, org: string, clock: Clock): Leases {
  return {
    async take(resource, owner, forMs) {
      const now = clock.now().getTime();
      const taken = await db
        .insertInto("lease")
        .values({ org, resource, owner, until: now + forMs })
        .onConflict((conflict) =>
          conflict
            .columns(["org", "resource"])
            .doUpdateSet({ owner, until: now + forMs })
            .where((eb) => eb.or([eb("lease.until", "<", now), eb("lease.owner", "=", owner)])),
        )
        .returning("owner")
        .executeTakeFirst();
      if (taken !== undefined) return null;
      const held = await db
        .selectFrom("lease")
        .select(["owner", "until"])
        .where("org", "=", org)
        .where("resource", "=", resource)
        .executeTakeFirst();
      return held === undefined
        ? { owner: "another process", until: new Date(now) }
        : { owner: held.owner, until: new Date(held.until) };
    },
    async release(resource, owner) {
      await db
        .deleteFrom("lease")
        .where("org", "=", org)
        .where("resource", "=", resource)
        .where("owner", "=", owner)
        .execute();
    },
    async held(owner) {
      const row = await db
        .selectFrom("lease")
        .select("resource")
        .where("org", "=", org)
        .where("owner", "=", owner)
        .where("until", ">=", clock.now().getTime())
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}
