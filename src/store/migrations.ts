/** The schema, as steps that are only ever added. */
import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { Db } from "./database.ts";

const migrations: Record<string, Migration> = {
  "0001-runs": {
    async up(db: Kysely<unknown>) {
      const text = "text" as const;
      await db.schema
        .createTable("meta")
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("name", text, (c) => c.notNull())
        .addColumn("value", text, (c) => c.notNull())
        .addPrimaryKeyConstraint("meta_key", ["org", "name"])
        .execute();
      await db.schema
        .createTable("run")
        .addColumn("id", text, (c) => c.primaryKey())
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("tool", text, (c) => c.notNull())
        .addColumn("verdict", text, (c) => c.notNull())
        .addColumn("profile", text, (c) => c.notNull())
        .addColumn("catalogue", "integer", (c) => c.notNull())
        .addColumn("started_at", "bigint", (c) => c.notNull())
        .addColumn("finished_at", "bigint")
        .addColumn("summary", text)
        .execute();
      await db.schema.createIndex("run_by_time").on("run").columns(["org", "started_at"]).execute();
      await db.schema
        .createTable("target_result")
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("run", text, (c) => c.notNull().references("run.id").onDelete("cascade"))
        .addColumn("subject", text, (c) => c.notNull())
        .addColumn("verdict", text, (c) => c.notNull())
        .addColumn("at", "bigint", (c) => c.notNull())
        .addColumn("result", text, (c) => c.notNull())
        .execute();
      await db.schema
        .createIndex("target_result_by_subject")
        .on("target_result")
        .columns(["org", "subject", "at"])
        .execute();
      await db.schema.createIndex("target_result_by_run").on("target_result").columns(["run"]).execute();
      await db.schema
        .createTable("sent_token")
        .addColumn("token", text, (c) => c.primaryKey())
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("run", text, (c) => c.notNull())
        .addColumn("subject", text, (c) => c.notNull())
        .addColumn("instance", text, (c) => c.notNull())
        .addColumn("at", "bigint", (c) => c.notNull())
        .execute();
      await db.schema
        .createTable("arrival")
        // The one difference between the engines.
        .addColumn("id", sql`integer`, (c) => c.primaryKey().autoIncrement())
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("at", "bigint", (c) => c.notNull())
        .addColumn("arrival", text, (c) => c.notNull())
        .execute();
      await db.schema
        .createTable("lease")
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("resource", text, (c) => c.notNull())
        .addColumn("owner", text, (c) => c.notNull())
        .addColumn("until", "bigint", (c) => c.notNull())
        .addPrimaryKeyConstraint("lease_key", ["org", "resource"])
        .execute();
    },
  },
  "0002-listings": {
    async up(db: Kysely<unknown>) {
      const text = "text" as const;
      await db.schema
        .createTable("listing")
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("subject", text, (c) => c.notNull())
        .addColumn("list", text, (c) => c.notNull())
        .addColumn("code", text, (c) => c.notNull())
        .addColumn("first_seen", "bigint", (c) => c.notNull())
        .addColumn("last_seen", "bigint", (c) => c.notNull())
        .addColumn("gone_at", "bigint")
        .addPrimaryKeyConstraint("listing_key", ["org", "subject", "list"])
        .execute();
      await db.schema
        .createTable("statement")
        .addColumn("id", sql`integer`, (c) => c.primaryKey().autoIncrement())
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("kind", text, (c) => c.notNull())
        .addColumn("subject", text, (c) => c.notNull())
        .addColumn("object", text, (c) => c.notNull())
        .addColumn("says", text, (c) => c.notNull())
        .addColumn("evidence", text)
        .addColumn("at", "bigint", (c) => c.notNull())
        .execute();
      await db.schema.createIndex("statement_by_subject").on("statement").columns(["org", "subject", "at"]).execute();
    },
  },
  "0003-guard": {
    async up(db: Kysely<unknown>) {
      const text = "text" as const;
      const key = ["org", "hour", "door", "action", "reason", "client", "from_domain", "to_domain"] as const;
      await db.schema
        .createTable("guard_count")
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("hour", "bigint", (c) => c.notNull())
        .addColumn("door", text, (c) => c.notNull())
        .addColumn("action", text, (c) => c.notNull())
        .addColumn("reason", text, (c) => c.notNull())
        .addColumn("client", text, (c) => c.notNull())
        .addColumn("from_domain", text, (c) => c.notNull())
        .addColumn("to_domain", text, (c) => c.notNull())
        .addColumn("count", "bigint", (c) => c.notNull())
        .addPrimaryKeyConstraint("guard_count_key", [...key])
        .execute();
    },
  },
  "0004-replies": {
    async up(db: Kysely<unknown>) {
      const text = "text" as const;
      await db.schema
        .createTable("reply")
        .addColumn("id", text, (c) => c.notNull())
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("reporter", text, (c) => c.notNull())
        .addColumn("incident", text, (c) => c.notNull())
        .addColumn("mailer", text)
        .addColumn("cause", text, (c) => c.notNull())
        .addColumn("event_from", "bigint")
        .addColumn("event_until", "bigint")
        .addColumn("state", text, (c) => c.notNull())
        .addColumn("route", text, (c) => c.notNull())
        .addColumn("message_id", text, (c) => c.notNull())
        .addColumn("draft", text, (c) => c.notNull())
        .addColumn("touched", "integer", (c) => c.notNull())
        .addColumn("content", text)
        .addColumn("sha256", text)
        .addColumn("sent_to", text)
        .addColumn("at", "bigint", (c) => c.notNull())
        .addColumn("changed_at", "bigint", (c) => c.notNull())
        .addColumn("sent_at", "bigint")
        .addColumn("outcome", text)
        .addPrimaryKeyConstraint("reply_key", ["org", "id"])
        // The promise: one answer for each reporter and incident, whatever dies in between.
        .addUniqueConstraint("reply_once", ["org", "reporter", "incident"])
        .execute();
      await db.schema.createIndex("reply_by_state").on("reply").columns(["org", "state"]).execute();
      await db.schema
        .createTable("intake")
        .addColumn("org", text, (c) => c.notNull())
        .addColumn("mailbox", text, (c) => c.notNull())
        .addColumn("uid_validity", text, (c) => c.notNull())
        .addColumn("uid", "bigint", (c) => c.notNull())
        .addColumn("sha256", text, (c) => c.notNull())
        .addColumn("at", "bigint", (c) => c.notNull())
        .addPrimaryKeyConstraint("intake_key", ["org", "mailbox", "uid_validity", "uid"])
        .execute();
      await db.schema.createIndex("intake_by_content").on("intake").columns(["org", "mailbox", "sha256"]).execute();
    },
  },
};

/** The store was written by a newer program. */
export class StoreTooNew extends Error {
  override readonly name = "StoreTooNew";
}

/** Brings the schema up to date. Throws `StoreTooNew` if the file knows migrations that this program does not. */
export async function migrate(db: Db): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // Kysely names a migration it has run but was not given: a file from the future.
  if (error instanceof Error && /previously executed migration .* is missing/i.test(error.message))
    throw new StoreTooNew(
      "the store was written by a newer version of Fencepost; use that version, or another --store FILE",
    );
  throw error;
}
