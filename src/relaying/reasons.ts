/** Why a decision was made: a closed set, each refusal with the reply that says so to the client. */

export const permitReasons = ["inside-client", "logged-in", "managed-mailer", "our-recipient"] as const;
export type PermitReason = (typeof permitReasons)[number];

/** A reply: RFC 5321 §4.2 code, RFC 3463 enhanced status, text. */
export interface RefusalReply {
  readonly code: 550 | 553;
  readonly enhanced: `5.${number}.${number}`;
  readonly text: string;
}

/** The client learns what to do, and nothing about the inside. */
export const refusals = {
  /** External to external, plainly. */
  "relaying-denied": {
    code: 550,
    enhanced: "5.7.1",
    text: "Relaying denied: the recipient is not ours and you are neither in our networks nor logged in",
  },
  /** The recipient looks ours, but its routing syntax leads outside. */
  "routing-denied": {
    code: 550,
    enhanced: "5.7.1",
    text: "Relaying denied: the address is routed to a recipient that is not ours",
  },
  /** Nobody can tell where the forward-path leads, so it counts as external. */
  "unclear-recipient": {
    code: 553,
    enhanced: "5.1.3",
    text: "Relaying denied: the recipient address is not understood",
  },
  /** No backscatter: what cannot be delivered is refused now, not bounced later. */
  "unknown-recipient": { code: 550, enhanced: "5.1.1", text: "No such recipient here" },
  /** `policy.internalToInternal: managed-only`. */
  "unmanaged-client": {
    code: 550,
    enhanced: "5.7.1",
    text: "Send mail for our own domains through one of our mail servers",
  },
  /** `policy.internalToInternal: refuse`. */
  "internal-mail": { code: 550, enhanced: "5.7.1", text: "This server takes no mail from inside for our own domains" },
  /** `policy.internalSenderOnly`. */
  "outside-sender": { code: 550, enhanced: "5.7.1", text: "Mail to outside needs a sender address in our domains" },
} as const satisfies Record<string, RefusalReply>;
export type RefuseReason = keyof typeof refusals;

export type Reason = PermitReason | RefuseReason;

/** The reply for a reason, or `null` for one that permits. */
export function replyFor(reason: Reason): RefusalReply | null {
  // Widened: a permit reason is no key of the table.
  return (refusals as Readonly<Record<string, RefusalReply>>)[reason] ?? null;
}
