/** Counts over reports: who complains, of what, and when. Pure. */
import type { ComplaintsDocument, Report } from "./result.ts";

const maxNames = 50;
const maxDays = 3700;

export function statisticsOf(reports: readonly Report[]): ComplaintsDocument["statistics"] {
  const days = new Map<string, { ours: number; unknown: number; others: number }>();
  for (const { eventTime, ours } of reports) {
    if (eventTime === null) continue;
    const day = eventTime.slice(0, 10);
    const counts = days.get(day) ?? { ours: 0, unknown: 0, others: 0 };
    counts[ours === "yes" ? "ours" : ours === "unknown" ? "unknown" : "others"] += 1;
    days.set(day, counts);
  }
  return {
    formats: countsOf(reports.map(({ format }) => format)),
    kinds: countsOf(reports.map(({ kind }) => kind)),
    reporters: countsOf(
      reports.flatMap(({ reporter, kind }) => (reporter === null || kind === "not-a-report" ? [] : [reporter])),
    ),
    days: [...days]
      .map(([day, counts]) => ({ day, ...counts }))
      .sort((a, b) => a.day.localeCompare(b.day))
      .slice(-maxDays),
  };
}

function countsOf(names: readonly string[]): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name))
    .slice(0, maxNames);
}
