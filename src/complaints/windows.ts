/**
 * When a mailer was open, by what the tester proved: complaints about mail of such a time belong to it, however late they come;
 * one about mail sent after the mailer was proved closed is an alarm. Pure.
 */

/** A verdict of the tester on one address and port of a mailer: another that is closed says nothing of this one. */
export interface Assessment {
  readonly mailer: string;
  readonly listener: string;
  readonly verdict: "open" | "closed";
  /** ISO 8601. */
  readonly at: string;
}

/** From the last time it was proved closed (null: never) to the next one (null: not yet). */
export interface OpenWindow {
  readonly mailer: string;
  readonly from: string | null;
  readonly provedAt: string;
  readonly until: string | null;
}

export function openWindows(assessments: readonly Assessment[]): readonly OpenWindow[] {
  const windows: OpenWindow[] = [];
  const sorted = [...assessments].sort((a, b) => a.at.localeCompare(b.at));
  for (const listener of new Set(sorted.map((one) => one.listener))) {
    const own = sorted.filter((one) => one.listener === listener);
    const mailer = own[0]?.mailer ?? "";
    let closed: string | null = null;
    let open: string | null = null;
    for (const { verdict, at } of own) {
      if (verdict === "open") open ??= at;
      else {
        if (open !== null) windows.push({ mailer, from: closed, provedAt: open, until: at });
        open = null;
        closed = at;
      }
    }
    if (open !== null) windows.push({ mailer, from: closed, provedAt: open, until: null });
  }
  return windows;
}

/** The window in which this happened; else whether it happened after the last one was closed. */
export function windowAt(windows: readonly OpenWindow[], mailer: string, at: string): OpenWindow | "after" | null {
  const own = windows.filter((window) => window.mailer === mailer);
  const within = own.find(({ from, until }) => (from === null || from <= at) && (until === null || at <= until));
  if (within !== undefined) return within;
  return own.some(({ until }) => until !== null && at > until) ? "after" : null;
}
