/**
 * What a reader of one format brings: what the report itself says, each value with where it stands. Readers judge nothing;
 * whose address it is, and what it amounts to, is told by `judge.ts`.
 */
import type { HeaderField } from "../message/header.ts";
import type { Prefix } from "../net/prefix.ts";
import type { Writer } from "./mail.ts";

export const formats = [
  "arf",
  "jmrp",
  "xarf-4",
  "xarf-3",
  "x-arf",
  "spamcop",
  "spamcop-summary",
  "shadowserver",
  "csv",
  "list-notice",
  "bounce",
  "automatic-reply",
  "aggregate",
  "plain",
  "unreadable",
] as const;
export type Format = (typeof formats)[number];

/** What the report is about, by its own words. */
export type Topic =
  | "spam"
  | "open-relay"
  | "stolen-account"
  | "listing"
  | "bounce"
  | "authentication"
  | "opt-out"
  | "not-spam"
  | "exposure"
  | "other-abuse"
  | "automatic-reply"
  | "nothing";

/** An address that the report names, and where. */
export interface Claim {
  readonly network: Prefix;
  /** `Source-IP field`, `subject`, `line "Email from …"`. */
  readonly from: string;
  /** `stated`: in a field made for it; `told`: by words before it; `mentioned`: it stands there, for whatever reason. */
  readonly weight: "stated" | "told" | "mentioned";
}

export interface Reading {
  readonly format: Format;
  readonly topic: Topic;
  /** In its own words: the type of an ARF report, category and type of an XARF one, the kind of a feed. */
  readonly feedbackType: string | null;
  readonly claims: readonly Claim[];
  /** Header section of the offending message. */
  readonly evidence: readonly HeaderField[] | null;
  /** Texts that hold the time, best first, and where they stand. */
  readonly times: readonly { readonly text: string; readonly from: string }[];
  readonly originalMessageId: string | null;
  readonly recipients: readonly string[];
  /** Who complains, where it is not who wrote the mail. */
  readonly reporter: Writer | null;
  readonly reportId: string | null;
  readonly deadline: string | null;
  /** Sent by a program that reads no answers. */
  readonly robot: boolean;
  readonly problems: readonly string[];
}

/** A reading in which nothing is known yet. */
export const nothingRead = {
  feedbackType: null,
  claims: [],
  evidence: null,
  times: [],
  originalMessageId: null,
  recipients: [],
  reporter: null,
  reportId: null,
  deadline: null,
  robot: false,
  problems: [],
} as const satisfies Omit<Reading, "format" | "topic">;
