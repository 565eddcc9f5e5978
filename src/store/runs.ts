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
  get(id: string): Promise<(RunRow & { readonly summary: string | null }) | null>;
  targetsOf(run: string): Promise<readonly StoredTarget[]>;
  /** The newest result about this subject, other than that of the run named. */
  latest(subject: string, exceptRun: string): Promise<StoredTarget | null>;
  /** Which run and probe an accepted message belonged to. */
  sentBy(token: string): Promise<{ readonly run: string; readonly subject: string; readonly instance: string } | null>;
  /** Replaces what is stored about a target: late mail has changed it. */
  revise(run: string, subject: string, verdict: string, result: string): Promise<void>;
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
      return row === undefined ? null : { ...rowOf(row), summary: row.summary };
    },
    async targetsOf(run) {
      const rows = await db
        .selectFrom("target_result")
        .selectAll()
        .where("org", "=", org)
        .where("run", "=", run)
        .orderBy("at")
        .execute();
      return rows.map(targetOf);
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
    async revise(run, subject, verdict, result) {
      await db
        .updateTable("target_result")
        .set({ verdict, result })
        .where("org", "=", org)
        .where("run", "=", run)
        .where("subject", "=", subject)
        .execute();
    },
  };
}
