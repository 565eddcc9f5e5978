/** What the catcher received. Catchers write it before they say 250; `check` reads it there, in this process or another. */
import type { Arrival, MailDrop } from "../ports.ts";
import type { Db } from "./database.ts";

export function arrivalDrop(db: Db, org: string): MailDrop {
  return {
    async record(arrival) {
      await db
        .insertInto("arrival")
        .values({ org, at: Date.parse(arrival.at), arrival: JSON.stringify(arrival) })
        .execute();
    },
    async since(mark) {
      const rows = await db
        .selectFrom("arrival")
        .select(["id", "arrival"])
        .where("org", "=", org)
        .where("id", ">", mark)
        .orderBy("id")
        .limit(1000)
        .execute();
      if (rows.length > 0)
        return { arrivals: rows.map((row) => JSON.parse(row.arrival) as Arrival), mark: rows.at(-1)!.id };
      const last = await db
        .selectFrom("arrival")
        .select((eb) => eb.fn.max("id").as("id"))
        .where("org", "=", org)
        .executeTakeFirst();
      return { arrivals: [], mark: Math.min(mark, last?.id ?? 0) };
    },
  };
}
