/** Exit codes: the worst of what was found, or why nothing could be. */
import type { Verdict } from "../check/result.ts";
import { DataError, InputMissing, SiteError, Unavailable, UsageError } from "../tasks/errors.ts";

export const exitCodes = {
  well: 0,
  proved: 1,
  unsure: 2,
  usage: 64,
  data: 65,
  missing: 66,
  unavailable: 69,
  bug: 70,
  site: 78,
  interrupted: 130,
} as const;

/** The run was asked to stop before it had anything to tell. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
  }
}

export function exitOfVerdict(verdict: Verdict): number {
  return verdict === "open" ? exitCodes.proved : verdict === "closed" ? exitCodes.well : exitCodes.unsure;
}

/** What to print for an error, and the code to end with. */
export function exitOfError(error: unknown): { readonly code: number; readonly text: string } {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof Interrupted) return { code: exitCodes.interrupted, text };
  if (error instanceof UsageError) return { code: exitCodes.usage, text };
  if (error instanceof DataError) return { code: exitCodes.data, text };
  if (error instanceof InputMissing) return { code: exitCodes.missing, text };
  if (error instanceof Unavailable) return { code: exitCodes.unavailable, text };
  if (error instanceof SiteError) return { code: exitCodes.site, text };
  const detail = error instanceof Error ? (error.stack ?? text) : text;
  return {
    code: exitCodes.bug,
    text: `${detail}\nThis is a bug in Fencepost; please report it with the command you typed.`,
  };
}
