/** What drafting, reviewing and sending answers bring, as the JSON document's schema. */
import { z } from "zod";
import { draftSchema } from "./draft.ts";

/**
 * `drafted`: waits for a person. `approved`: read by one, waits to be sent. `sending`: its text is under way. `sent`: the
 * server took it. `unknown`: it may have been sent, and nobody knows. `refused`: the server, or the reporter's, would not have
 * it. `skipped`: a person decided against an answer.
 */
export const replyStates = ["drafted", "approved", "sending", "sent", "unknown", "refused", "skipped"] as const;
export type ReplyState = (typeof replyStates)[number];

/** `submit`: the site's own mailer. `alternative`: an account elsewhere. `csirt`: they are asked to pass it on. */
export const replyRoutes = ["submit", "alternative", "csirt"] as const;
export type ReplyRoute = (typeof replyRoutes)[number];

export const replySchema = z.strictObject({
  id: z.string(),
  state: z.enum(replyStates),
  reporter: z.string(),
  incident: z.string(),
  mailer: z.string().nullable(),
  route: z.enum(replyRoutes),
  messageId: z.string(),
  draft: draftSchema,
  /** Of the bytes that were, or are to be, sent; null: not yet approved. */
  sha256: z.string().nullable(),
  sentAt: z.string().nullable(),
  /** What the server said, or why it waits. */
  outcome: z.string().nullable(),
});
export type Reply = z.infer<typeof replySchema>;

export const repliesDocumentSchema = z.strictObject({
  schema: z.literal("fencepost/complaints-replies/1"),
  /** `waiting`: answers wait for a person, or to be sent. `unknown`: of one it is not known whether it was sent. */
  verdict: z.enum(["done", "waiting", "unknown"]),
  because: z.string(),
  replies: z.array(replySchema),
  /** Since the command began. */
  counts: z.strictObject({
    drafted: z.int(),
    /** Reports whose reporter has, or had, an answer about the incident already. */
    covered: z.int(),
    sent: z.int(),
    refused: z.int(),
    /** Held back: too many at once, no longer true, or put off by the server. */
    held: z.int(),
  }),
  at: z.string(),
});
export type RepliesDocument = z.infer<typeof repliesDocumentSchema>;
