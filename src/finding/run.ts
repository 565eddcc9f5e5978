/** The shape of every tool's run: progress, steps as they are done, findings, and exactly one result, last. */
import type { Finding } from "./finding.ts";

export type RunEvent<Step, Result> =
  | { readonly kind: "progress"; readonly done: number; readonly total: number | null; readonly doing: string }
  | { readonly kind: "step"; readonly step: Step }
  | { readonly kind: "finding"; readonly finding: Finding }
  | { readonly kind: "result"; readonly result: Result };

/** How a run came to its end: an abort is no error, it keeps what is known. */
export type Ending = "finished" | "interrupted" | "deadline";
