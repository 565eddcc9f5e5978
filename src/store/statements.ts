/** What people said and vouch for: kept with its time, never changed, and shown wherever it counts. */
import type { Clock } from "../ports.ts";
import type { Db } from "./database.ts";

export interface Statement {
  readonly kind: string;
  /** What it is about: an address, a mailer. */
  readonly subject: string;
  /** Towards whom, such as a list; empty: in general. */
  readonly object: string;
  readonly says: string;
  /** The text of what was handed in with it. */
  readonly evidence: string | null;
  readonly at: Date;
}

export interface Statements {
  add(statement: Omit<Statement, "at">): Promise<void>;
  /** Oldest first. */
  about(subject: string): Promise<readonly Statement[]>;
}

export function statements(db: Db, org: string, clock: Clock): Statements {
  return {
    async add(statement) {
      await db
        .insertInto("statement")
        .values({ org, ...statement, at: clock.now().getTime() })
        .execute();
    },
    async about(subject) {
      const rows = await db
        .selectFrom("statement")
        .selectAll()
        .where("org", "=", org)
        .where("subject", "=", subject)
        .orderBy("at")
        .orderBy("id")
        .execute();
      return rows.map(({ kind, subject: of, object, says, evidence, at }) => ({
        kind,
        subject: of,
        object,
        says,
        evidence,
        at: new Date(at),
      }));
    },
  };
}
