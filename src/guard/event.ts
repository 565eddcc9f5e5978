/** What a guard logs, one JSON line each. */

export const doors = ["policy", "milter", "proxy"] as const;
export type Door = (typeof doors)[number];

export interface DecisionEvent {
  readonly event: "decision";
  readonly door: Door;
  readonly action: "pass" | "refuse" | "would-refuse";
  readonly cell: string;
  readonly reason: string;
  readonly client: string | null;
  readonly reversePath: string;
  readonly forwardPath: string;
}

/** What did not go as it should: mail is put off then, never let through. */
export interface FaultEvent {
  readonly event: "fault";
  readonly door: Door;
  readonly says: string;
}

/** What a person should know about the mailer behind the guard. */
export interface WarningEvent {
  readonly event: "warning";
  readonly door: Door;
  readonly says: string;
}

export type GuardEvent = DecisionEvent | FaultEvent;
