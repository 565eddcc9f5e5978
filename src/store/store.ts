/** The store: every run with its evidence, what the catcher received, and the key of the tokens. All SQL lives in this room. */
import type { Arrival, Clock, MailDrop, Random } from "../ports.ts";
import { arrivalDrop } from "./arrivals.ts";
import { type Db, openSqlite } from "./database.ts";
import { type GuardCounts, guardCounts } from "./guard-counts.ts";
import { type Intake, intake } from "./intake.ts";
import { type Leases, leases } from "./leases.ts";
import { type Listings, listings } from "./listings.ts";
import { migrate } from "./migrations.ts";
import { type Replies, replies } from "./replies.ts";
import { type Runs, runs } from "./runs.ts";
import { type Statements, statements } from "./statements.ts";

export interface Store extends AsyncDisposable {
  readonly runs: Runs;
  readonly drop: MailDrop;
  readonly leases: Leases;
  readonly listings: Listings;
  readonly statements: Statements;
  readonly guardCounts: GuardCounts;
  readonly replies: Replies;
  readonly intake: Intake;
  /** The key that signs probe tokens: made once, never leaves the store. */
  tokenKey(random: Random): Promise<Uint8Array>;
  /** How far something has been read that is read in order; 0 at first. A mark never goes back. */
  mark(name: string): Promise<number>;
  setMark(name: string, mark: number): Promise<void>;
}

/** The organisation of a site's own file; a service has many. */
const ownOrg = "site";

/** Opens the store at a path (`:memory:` for none on disk). Throws `StoreTooNew`, or what SQLite says if it is locked. */
export async function openStore(file: string, clock: Clock): Promise<Store> {
  const db = openSqlite(file);
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    runs: runs(db, ownOrg, clock),
    drop: arrivalDrop(db, ownOrg),
    leases: leases(db, ownOrg, clock),
    listings: listings(db, ownOrg, clock),
    statements: statements(db, ownOrg, clock),
    guardCounts: guardCounts(db, ownOrg, clock),
    replies: replies(db, ownOrg, clock),
    intake: intake(db, ownOrg, clock),
    tokenKey: (random) => tokenKey(db, ownOrg, random),
    mark: (name) => markOf(db, ownOrg, name),
    setMark: async (name, mark) => {
      const value = String(Math.max(mark, await markOf(db, ownOrg, name)));
      await db
        .insertInto("meta")
        .values({ org: ownOrg, name: `mark ${name}`, value })
        .onConflict((conflict) => conflict.columns(["org", "name"]).doUpdateSet({ value }))
        .execute();
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

async function markOf(db: Db, org: string, name: string): Promise<number> {
  const row = await db
    .selectFrom("meta")
    .select("value")
    .where("org", "=", org)
    .where("name", "=", `mark ${name}`)
    .executeTakeFirst();
  return row === undefined ? 0 : Number(row.value);
}

async function tokenKey(db: Db, org: string, random: Random): Promise<Uint8Array> {
  const fresh = Buffer.from(random.bytes(32)).toString("hex");
  // Two processes may come first at once: the one that wrote decides for both.
  await db
    .insertInto("meta")
    .values({ org, name: "token-key", value: fresh })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom("meta")
    .select("value")
    .where("org", "=", org)
    .where("name", "=", "token-key")
    .executeTakeFirstOrThrow();
  return Buffer.from(row.value, "hex");
}

/** A drop that forgets: for `--no-store`. */
export function memoryDrop(): MailDrop {
  const arrivals: Arrival[] = [];
  return {
    record: async (arrival) => {
      arrivals.push(arrival);
    },
    since: async (mark) => ({ arrivals: arrivals.slice(Math.min(mark, arrivals.length)), mark: arrivals.length }),
  };
}
