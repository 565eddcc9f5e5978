/**
 * What mail logs and queue listings tell of deliveries to others, in one shape for all mailers. Times are milliseconds
 * since 1970; null: the line does not say.
 */

export const logProducts = ["postfix", "exim", "sendmail", "opensmtpd", "exchange"] as const;
export type LogProduct = (typeof logProducts)[number];

export type Outcome = "sent" | "deferred" | "bounced";

/** One attempt to hand a message to a receiver's host. */
export interface Attempt {
  readonly kind: "attempt";
  readonly at: number | null;
  readonly product: LogProduct;
  readonly queueId: string | null;
  /** Addresses; none where a line tells of a host only, and another line of the recipients. */
  readonly recipients: readonly string[];
  readonly host: string | null;
  readonly ip: string | null;
  /** The address that we called from, where the log says. */
  readonly local: string | null;
  readonly outcome: Outcome;
  /** What the receiver's host replied; where it said nothing, what our mailer says of it. */
  readonly text: string;
  /** It is a reply of the host, and not a word of our mailer. */
  readonly answered: boolean;
  /** RFC 3463; where the log has it apart from the text. */
  readonly enhanced: string | null;
}

/** The message is no longer in our queue. */
export interface Left {
  readonly kind: "left";
  readonly product: LogProduct;
  readonly queueId: string;
}

/** A message in a queue listing. */
export interface Waiting {
  readonly kind: "waiting";
  readonly product: LogProduct;
  readonly queueId: string;
  /** When it came into the queue. */
  readonly since: number | null;
  /** Why it waits; null: the listing does not say. */
  readonly text: string | null;
  readonly recipients: readonly string[];
}

export type LogEvent = Attempt | Left | Waiting;

/** Makes sense of one line after another; may remember what a listing or a header line said before. */
export type LineReader = (line: string) => readonly LogEvent[];

export const nothing: readonly LogEvent[] = [];

/** More recipients of one line are not read: real mailers stay far below (RFC 5321 §4.5.3.1.8 asks for 100). */
export const maxRecipients = 1000;

/** So much of a reply is kept (replies may have many lines; RFC 5321 §4.5.3.1.5 allows 512 octets each). */
export const maxText = 2000;

/** An address of this machine: what is handed to a filter there has not met a receiver. */
export const isOwnMachine = (ip: string | null): boolean => ip !== null && (ip.startsWith("127.") || ip === "::1");
