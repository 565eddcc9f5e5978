/** What a step says of itself, before waivers. */
import type { Action, Evidence, StepState } from "../result.ts";

export interface Draft {
  readonly state: Exclude<StepState, "waived">;
  readonly because: string;
  readonly evidence: readonly Evidence[];
  /** What to do, in order. A step that is open has at least one line for the shell. */
  readonly actions: readonly Action[];
}

/** A line to be typed where Fencepost runs. */
export const here = (run: string, says: string): Action => ({ on: "here", run, says });
