/**
 * Answers to people who complained: one for each reporter and incident, for good. Every change of state names the state that it
 * comes from, so that of two processes only one makes it, and what was taken in hand is on record before it is done.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../ports.ts";
import type { Db, Tables } from "./database.ts";

export interface StoredReply {
  readonly id: string;
  readonly reporter: string;
  readonly incident: string;
  readonly mailer: string | null;
  readonly state: string;
  readonly route: string;
  readonly messageId: string;
  /** The draft's own JSON. */
  readonly draft: string;
  readonly content: string | null;
  readonly sha256: string | null;
  /** Whose address the envelope names: not the reporter's where another passes it on. */
  readonly sentTo: string | null;
  readonly changedAt: Date;
  readonly sentAt: Date | null;
  readonly outcome: string | null;
}

export interface NewReply {
  readonly reporter: string;
  readonly incident: string;
  readonly mailer: string | null;
  readonly cause: string;
  readonly from: Date | null;
  readonly until: Date | null;
  readonly route: string;
  readonly messageId: string;
  readonly draft: string;
}

export interface ReplyChange {
  readonly route?: string;
  readonly messageId?: string;
  readonly draft?: string;
  readonly content?: string | null;
  readonly sentTo?: string;
  readonly sentAt?: Date;
  readonly outcome?: string | null;
}

export interface Replies {
  /**
   * `added`; `refreshed`: it waited untouched and is drafted afresh; `covered`: there is, or was, an answer to this reporter
   * about this incident, also where later reports have moved the incident's beginning.
   */
  add(reply: NewReply): Promise<"added" | "refreshed" | "covered">;
  /** In these states, in order of reporters; all states if none is named. */
  list(states?: readonly string[]): Promise<readonly StoredReply[]>;
  get(id: string): Promise<StoredReply | null>;
  /** False: it is no longer in that state, because somebody else came first; then nothing was changed. */
  move(id: string, from: string, to: string, change?: ReplyChange): Promise<boolean>;
  /** What was, or may have been, sent since then. */
  sentSince(time: Date): Promise<readonly { readonly to: string; readonly at: Date }[]>;
  /** Whose sending began before then and never ended is `unknown`: its process is dead. Returns how many. */
  settle(before: Date): Promise<number>;
  byMessageId(messageId: string): Promise<StoredReply | null>;
}

/** Reports about one mailer and cause no further apart than this are about one incident. */
const gapMs = 24 * 60 * 60 * 1000;

export function replies(db: Db, org: string, clock: Clock): Replies {
  return {
    async add(reply) {
      const now = clock.now().getTime();
      const from = reply.from?.getTime() ?? null;
      const until = reply.until?.getTime() ?? null;
      return db.transaction().execute(async (tx) => {
        const own = await tx
          .selectFrom("reply")
          .selectAll()
          .where("org", "=", org)
          .where("reporter", "=", reply.reporter)
          .execute();
        const known = own.find((row) => row.incident === reply.incident) ?? own.find((row) => touches(row, reply));
        if (known === undefined) {
          await tx
            .insertInto("reply")
            .values({
              id: idOf(reply),
              org,
              reporter: reply.reporter,
              incident: reply.incident,
              mailer: reply.mailer,
              cause: reply.cause,
              event_from: from,
              event_until: until,
              state: "drafted",
              route: reply.route,
              message_id: reply.messageId,
              draft: reply.draft,
              touched: 0,
              content: null,
              sha256: null,
              sent_to: null,
              at: now,
              changed_at: now,
              sent_at: null,
              outcome: null,
            })
            .execute();
          return "added";
        }
        const fresh = known.state === "drafted" && known.touched === 0;
        await tx
          .updateTable("reply")
          .set({
            event_from: least(known.event_from, from),
            event_until: most(known.event_until, until),
            ...(fresh ? { draft: reply.draft } : {}),
          })
          .where("org", "=", org)
          .where("id", "=", known.id)
          .execute();
        return fresh ? "refreshed" : "covered";
      });
    },
    async list(states) {
      let query = db.selectFrom("reply").selectAll().where("org", "=", org);
      if (states !== undefined) query = query.where("state", "in", [...states]);
      return (await query.orderBy("reporter").orderBy("at").orderBy("id").execute()).map(replyOf);
    },
    async get(id) {
      const row = await db
        .selectFrom("reply")
        .selectAll()
        .where("org", "=", org)
        .where("id", "=", id)
        .executeTakeFirst();
      return row === undefined ? null : replyOf(row);
    },
    async move(id, from, to, { route, messageId, draft, content, sentTo, sentAt, outcome } = {}) {
      const done = await db
        .updateTable("reply")
        .set({
          state: to,
          touched: 1,
          changed_at: clock.now().getTime(),
          ...(route === undefined ? {} : { route }),
          ...(messageId === undefined ? {} : { message_id: messageId }),
          ...(draft === undefined ? {} : { draft }),
          ...(content === undefined ? {} : { content, sha256: content === null ? null : sha256(content) }),
          ...(sentTo === undefined ? {} : { sent_to: sentTo }),
          ...(sentAt === undefined ? {} : { sent_at: sentAt.getTime() }),
          ...(outcome === undefined ? {} : { outcome }),
        })
        .where("org", "=", org)
        .where("id", "=", id)
        .where("state", "=", from)
        .executeTakeFirst();
      return done.numUpdatedRows > 0n;
    },
    async sentSince(time) {
      const rows = await db
        .selectFrom("reply")
        .select(["sent_to", "changed_at", "sent_at"])
        .where("org", "=", org)
        .where("state", "in", ["sending", "sent", "unknown", "refused"])
        .where("sent_to", "is not", null)
        .where("changed_at", ">=", time.getTime())
        .execute();
      return rows.map((row) => ({ to: row.sent_to ?? "", at: new Date(row.sent_at ?? row.changed_at) }));
    },
    async settle(before) {
      const done = await db
        .updateTable("reply")
        .set({
          state: "unknown",
          changed_at: clock.now().getTime(),
          outcome: "the program ended while its text was being sent: it may have arrived",
        })
        .where("org", "=", org)
        .where("state", "=", "sending")
        .where("changed_at", "<", before.getTime())
        .executeTakeFirst();
      return Number(done.numUpdatedRows);
    },
    async byMessageId(messageId) {
      const row = await db
        .selectFrom("reply")
        .selectAll()
        .where("org", "=", org)
        .where("message_id", "=", messageId)
        .executeTakeFirst();
      return row === undefined ? null : replyOf(row);
    },
  };
}

/** Of the same mailer and cause, and no further apart than what makes one incident. */
function touches(row: Tables["reply"], { mailer, cause, from, until }: NewReply): boolean {
  if (mailer === null || from === null || until === null) return false;
  if (row.mailer !== mailer || row.cause !== cause || row.event_from === null || row.event_until === null) return false;
  return from.getTime() <= row.event_until + gapMs && until.getTime() >= row.event_from - gapMs;
}

/** Short enough to type, the same for the same reporter and incident. */
function idOf({ reporter, incident }: NewReply): string {
  return createHash("sha256")
    .update(JSON.stringify([reporter, incident]))
    .digest("hex")
    .slice(0, 10);
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

const least = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.min(a, b));
const most = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : Math.max(a, b));

function replyOf(row: Tables["reply"]): StoredReply {
  const { id, reporter, incident, mailer, state, route, draft, content, outcome } = row;
  return {
    id,
    reporter,
    incident,
    mailer,
    state,
    route,
    messageId: row.message_id,
    draft,
    content,
    sha256: row.sha256,
    sentTo: row.sent_to,
    changedAt: new Date(row.changed_at),
    sentAt: row.sent_at === null ? null : new Date(row.sent_at),
    outcome,
  };
}
