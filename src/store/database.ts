/** The store's tables as types, and Kysely on Node's own SQLite. One schema serves both engines (portable SQL only). */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { type Generated, Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect } from "kysely";

/** Every table belongs to an organisation, so that a service for many needs no other schema than a site's own file. */
export interface Tables {
  meta: { org: string; name: string; value: string };
  run: {
    id: string;
    org: string;
    tool: string;
    verdict: string;
    profile: string;
    catalogue: number;
    started_at: number;
    finished_at: number | null;
    /** The summary as JSON; null while it runs. */
    summary: string | null;
  };
  target_result: {
    org: string;
    run: string;
    subject: string;
    verdict: string;
    at: number;
    result: string;
  };
  sent_token: { org: string; token: string; run: string; subject: string; instance: string; at: number };
  arrival: { id: Generated<number>; org: string; at: number; arrival: string };
  listing: {
    org: string;
    subject: string;
    list: string;
    code: string;
    first_seen: number;
    last_seen: number;
    /** When it was first seen to be gone again; null: it is there. */
    gone_at: number | null;
  };
  statement: {
    id: Generated<number>;
    org: string;
    kind: string;
    subject: string;
    object: string;
    says: string;
    evidence: string | null;
    at: number;
  };
  guard_count: {
    org: string;
    /** The hour in which it was counted, as its first millisecond. */
    hour: number;
    door: string;
    action: string;
    reason: string;
    /** Empty: others, beyond those that were counted one by one. */
    client: string;
    from_domain: string;
    to_domain: string;
    count: number;
  };
  reply: {
    id: string;
    org: string;
    reporter: string;
    incident: string;
    mailer: string | null;
    cause: string;
    /** The first and the last event of the incident that are known; null: no time is. */
    event_from: number | null;
    event_until: number | null;
    state: string;
    route: string;
    message_id: string;
    /** What is written, and why, as JSON. */
    draft: string;
    /** A person has changed the draft, or looked at it and left it: it is not drafted afresh. */
    touched: number;
    /** The bytes to be sent, set when they are approved; the copy of what was. */
    content: string | null;
    sha256: string | null;
    sent_to: string | null;
    at: number;
    /** When the state was last changed. */
    changed_at: number;
    sent_at: number | null;
    outcome: string | null;
  };
  intake: {
    org: string;
    mailbox: string;
    uid_validity: string;
    uid: number;
    sha256: string;
    at: number;
  };
  lease: { org: string; resource: string; owner: string; until: number };
}

export type Db = Kysely<Tables>;

/**
 * SQLite can undo changes of the schema; Kysely does not rely on it. Here it must: migrations then run inside one
 * transaction, so that of two processes that make the file at once the second finds it made.
 */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class TransactionalDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalAdapter();
  }
}

/** Opens (or makes) the file. Waits up to five seconds for another process that writes. */
export function openSqlite(file: string): Db {
  const raw = new DatabaseSync(file, { timeout: 5000 });
  raw.exec("pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on");
  const prepared = new Map<string, StatementSync>();
  const database: SqliteDatabase = {
    close: () => raw.close(),
    prepare(sql) {
      // A transaction that begins as a reader fails at once when another process writes; one that begins as a writer waits.
      const text = sql === "begin" ? "begin immediate" : sql;
      const statement = prepared.get(text) ?? raw.prepare(text);
      if (prepared.size < 200) prepared.set(text, statement);
      const values = (parameters: ReadonlyArray<unknown>): SQLInputValue[] => parameters as SQLInputValue[];
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      };
    },
  };
  return new Kysely<Tables>({ dialect: new TransactionalDialect({ database }) });
}
