/** Runs of tools and what they found, one row a target. */
import type { Clock } from "../ports.ts";
import type { Db } from "./database.ts";

export interface RunRow {
  readonly id: string;
  readonly tool: string;
  readonly verdict: string;
  readonly profile: string;
  readonly catalogue: number;
  readonly startedAt: Date;
  /** Null: the run is going on, or its process was killed. */
  readonly finishedAt: Date | null;
  readonly targets: number;
  /** The tool's own JSON for the run; null until it has finished. */
  readonly summary: string | null;
}

export interface StoredTarget {
  readonly run: string;
  readonly subject: string;
  readonly verdict: string;
  readonly at: Date;
  /** The tool's own JSON for this target. */
  readonly result: string;
}

export interface Runs {
  begin(run: {
    readonly id: string;
    readonly tool: string;
    readonly profile: string;
    readonly catalogue: number;
  }): Promise<void>;
  addTarget(
    run: string,
    target: {
      readonly subject: string;
      readonly verdict: string;
      readonly result: string;
      readonly sent: readonly { readonly token: string; readonly instance: string }[];
    },
  ): Promise<void>;
  end(run: string, verdict: string, summary: string): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<readonly RunRow[]>;
  get(id: string): Promise<RunRow | null>;
  /** Oldest first; of one subject, or a part of all. */
  targetsOf(
    run: string,
    part?: { readonly subject?: string; readonly offset?: number; readonly limit?: number },
  ): Promise<readonly StoredTarget[]>;
  /** How many targets of a run have each verdict. */
  verdictsOf(run: string): Promise<ReadonlyMap<string, number>>;
  /** The newest result about this subject, other than that of the run named. */
  latest(subject: string, exceptRun: string): Promise<StoredTarget | null>;
  /** Which run and probe an accepted message belonged to. */
  sentBy(token: string): Promise<{ readonly run: string; readonly subject: string; readonly instance: string } | null>;
  /** What was found about subjects that begin so, newest first. */
  ofSubjectsBeginning(text: string, limit: number): Promise<readonly (StoredTarget & { readonly tool: string })[]>;
  /** What was found about this subject, newest first. */
  ofSubject(subject: string, limit: number): Promise<readonly StoredTarget[]>;
  /**
   * Replaces a result that was read before: late mail has changed it. False if it is no longer what was read, because
   * another process came first: then read again.
   */
  revise(target: StoredTarget, verdict: string, result: string): Promise<boolean>;
  /** The same for the run as a whole. Its time of end stays. */
  reviseRun(run: string, before: string | null, verdict: string, summary: string | null): Promise<boolean>;
}

export function runs(db: Db, org: string, clock: Clock): Runs {
  const listed = () =>
    db
      .selectFrom("run")
      .where("run.org", "=", org)
      .select((eb) => [
        "run.id",
        "run.tool",
        "run.verdict",
        "run.profile",
        "run.catalogue",
        "run.started_at",
        "run.finished_at",
        "run.summary",
        eb
          .selectFrom("target_result")
          .whereRef("target_result.run", "=", "run.id")
          .select((inner) => inner.fn.countAll<number>().as("n"))
          .as("targets"),
      ]);
  type Listed = Awaited<ReturnType<ReturnType<typeof listed>["execute"]>>[number];
  const rowOf = (row: Listed): RunRow => ({
    id: row.id,
    tool: row.tool,
    verdict: row.verdict,
    profile: row.profile,
    catalogue: row.catalogue,
    startedAt: new Date(row.started_at),
    finishedAt: row.finished_at === null ? null : new Date(row.finished_at),
    targets: Number(row.targets ?? 0),
    summary: row.summary,
  });
  const targetOf = (row: {
    run: string;
    subject: string;
    verdict: string;
    at: number;
    result: string;
  }): StoredTarget => ({ ...row, at: new Date(row.at) });
  return {
    async begin({ id, tool, profile, catalogue }) {
      await db
        .insertInto("run")
        .values({
          id,
          org,
          tool,
          verdict: "inconclusive",
          profile,
          catalogue,
          started_at: clock.now().getTime(),
          finished_at: null,
          summary: null,
        })
        .execute();
    },
    async addTarget(run, { subject, verdict, result, sent }) {
      const at = clock.now().getTime();
      await db.transaction().execute(async (tx) => {
        await tx.insertInto("target_result").values({ org, run, subject, verdict, at, result }).execute();
        if (sent.length > 0)
          await tx
            .insertInto("sent_token")
            .values(sent.map(({ token, instance }) => ({ org, token, run, subject, instance, at })))
            .onConflict((conflict) => conflict.doNothing())
            .execute();
      });
    },
    async end(run, verdict, summary) {
      await db
        .updateTable("run")
        .set({ verdict, summary, finished_at: clock.now().getTime() })
        .where("id", "=", run)
        .where("org", "=", org)
        .execute();
    },
    async list(limit) {
      return (await listed().orderBy("run.started_at", "desc").limit(limit).execute()).map(rowOf);
    },
    async get(id) {
      const row = await listed().where("run.id", "=", id).executeTakeFirst();
      return row === undefined ? null : rowOf(row);
    },
    async targetsOf(run, { subject, offset = 0, limit = 1_000_000 } = {}) {
      let query = db.selectFrom("target_result").selectAll().where("org", "=", org).where("run", "=", run);
      if (subject !== undefined) query = query.where("subject", "=", subject);
      const rows = await query.orderBy("at").orderBy("subject").limit(limit).offset(offset).execute();
      return rows.map(targetOf);
    },
    async verdictsOf(run) {
      const rows = await db
        .selectFrom("target_result")
        .select((eb) => ["verdict", eb.fn.countAll<number>().as("count")])
        .where("org", "=", org)
        .where("run", "=", run)
        .groupBy("verdict")
        .execute();
      return new Map(rows.map(({ verdict, count }) => [verdict, Number(count)]));
    },
    async latest(subject, exceptRun) {
      const row = await db
        .selectFrom("target_result")
        .selectAll()
        .where("org", "=", org)
        .where("subject", "=", subject)
        .where("run", "!=", exceptRun)
        .orderBy("at", "desc")
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? null : targetOf(row);
    },
    async sentBy(token) {
      const row = await db
        .selectFrom("sent_token")
        .select(["run", "subject", "instance"])
        .where("org", "=", org)
        .where("token", "=", token)
        .executeTakeFirst();
      return row ?? null;
    },
    async ofSubject(subject, limit) {
      const rows = await db
        .selectFrom("target_result")
        .selectAll()
        .where("org", "=", org)
        .where("subject", "=", subject)
        .orderBy("at", "desc")
        .limit(limit)
        .execute();
      return rows.map(targetOf);
    },
    async ofSubjectsBeginning(text, limit) {
      // A range instead of LIKE: it uses no wildcards, and an index where there is one.
      const rows = await db
        .selectFrom("target_result")
        .innerJoin("run", "run.id", "target_result.run")
        .selectAll("target_result")
        .select("run.tool")
        .where("target_result.org", "=", org)
        .where("target_result.subject", ">=", text)
        .where("target_result.subject", "<", `${text}\u{10ffff}`)
        .orderBy("target_result.at", "desc")
        .limit(limit)
        .execute();
      return rows.map((row) => ({ ...targetOf(row), tool: row.tool }));
    },
    async revise(target, verdict, result) {
      const done = await db
        .updateTable("target_result")
        .set({ verdict, result })
        .where("org", "=", org)
        .where("run", "=", target.run)
        .where("subject", "=", target.subject)
        .where("result", "=", target.result)
        .executeTakeFirst();
      return done.numUpdatedRows > 0n;
    },
    async reviseRun(run, before, verdict, summary) {
      const done = await db
        .updateTable("run")
        .set({ verdict, summary })
        .where("org", "=", org)
        .where("id", "=", run)
        .where("summary", before === null ? "is" : "=", before)
        .executeTakeFirst();
      return done.numUpdatedRows > 0n;
    },
  };
}
