/**
 * The face for Nagios and what reads its plugins: one line, then performance data. Monitoring reads the exit code first,
 * so this face has Nagios' own: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (`cli/exit.ts`).
 */
import { type Verdict, verdicts } from "../../check/result.ts";
import { shown } from "../shown.ts";

export const nagiosStates = {
  open: { code: 2, word: "CRITICAL" },
  suspect: { code: 1, word: "WARNING" },
  // What could not be told is neither well nor broken.
  inconclusive: { code: 3, word: "UNKNOWN" },
  unreachable: { code: 3, word: "UNKNOWN" },
  closed: { code: 0, word: "OK" },
} as const satisfies Record<Verdict, { readonly code: 0 | 1 | 2 | 3; readonly word: string }>;

export interface NagiosFacts {
  readonly verdict: Verdict;
  readonly targets: Readonly<Partial<Record<Verdict, number>>>;
  readonly answered: number;
  readonly applicable: number;
  readonly seconds: number;
  /** The worst target, and why. */
  readonly worst: string;
}

/** Longer lines are cut by some versions of NRPE. */
const maxLength = 900;

export function nagiosLine({ verdict, targets, answered, applicable, seconds, worst }: NagiosFacts): string {
  const counts = verdicts.map(
    (one) => `${one}=${targets[one] ?? 0}${one === "open" ? ";;0;0" : one === "suspect" ? ";0;;0" : ";;;0"}`,
  );
  const data = [...counts, `answered=${answered};;;0;${applicable}`, `time=${seconds}s;;;0`].join(" ");
  return `RELAY ${nagiosStates[verdict].word} - ${words(worst).slice(0, maxLength - data.length)} | ${data}\n`;
}

/** What to print when nothing could be tested. */
export function nagiosFailure(text: string): string {
  return `RELAY UNKNOWN - ${words(text.split("\n")[0] ?? "").slice(0, maxLength)}\n`;
}

/** A bar would begin the performance data, a line end more text. */
function words(text: string): string {
  return shown(text.replaceAll("\n", " ").replaceAll("|", "/"));
}
