/** How loudly each severity speaks, in every document. */
import type { Severity } from "../finding/finding.ts";
import type { Tone } from "./document.ts";

export const severityTones = {
  critical: "bad",
  high: "bad",
  medium: "doubtful",
  low: "strong",
  info: "faint",
} as const satisfies Record<Severity, Tone>;
