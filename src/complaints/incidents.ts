/**
 * Reports that belong together: the same mailer, the same cause, and times no further apart than a day. Reports come weeks
 * after the mail they are about, so the time of the event counts, never the time of the report. Pure.
 */
import type { ComplaintIncident, Kind, Report } from "./result.ts";

/** A gap longer than this starts another incident. */
const gapMs = 24 * 60 * 60 * 1000;

/** Causes that a person would mend alike. Refused mail and listings follow from what was sent. */
const causes: Readonly<Partial<Record<Kind, Kind>>> = {
  "open-relay": "open-relay",
  "stolen-account": "stolen-account",
  "infected-host": "infected-host",
  spam: "spam",
  "list-notice": "list-notice",
  exposure: "exposure",
  "other-abuse": "other-abuse",
};

export function withIncidents(reports: readonly Report[]): {
  readonly reports: readonly Report[];
  readonly incidents: readonly ComplaintIncident[];
} {
  const groups = new Map<string, { report: Report; at: number; place: number }[]>();
  for (const [place, report] of reports.entries()) {
    const cause = causes[report.kind];
    if (report.ours !== "yes" || cause === undefined || report.eventTime === null) continue;
    const key = `${report.mailer ?? report.sourceIp}|${cause}`;
    const group = groups.get(key) ?? [];
    group.push({ report, at: Date.parse(report.eventTime), place });
    groups.set(key, group);
  }
  const incidents: ComplaintIncident[] = [];
  const names = new Map<number, string>();
  for (const [key, group] of groups) {
    group.sort((a, b) => a.at - b.at || a.place - b.place);
    let open: typeof group = [];
    const close = (): void => {
      const [first] = open;
      if (first === undefined) return;
      const [mailer = "", cause = "spam"] = key.split("|") as [string, Kind]; // as it was put together above
      const from = new Date(first.at).toISOString();
      const id = `${mailer}/${cause}/${from.slice(0, 10)}`;
      const counted = open.filter(({ report }) => report.repeats === null);
      incidents.push({
        id,
        mailer,
        cause,
        from,
        until: new Date(open.at(-1)?.at ?? first.at).toISOString(),
        reports: counted.length,
        reporters: new Set(counted.map(({ report }) => report.reporter)).size,
      });
      for (const { place } of open) names.set(place, id);
      open = [];
    };
    for (const one of group) {
      const last = open.at(-1);
      if (last !== undefined && one.at - last.at > gapMs) close();
      open.push(one);
    }
    close();
  }
  return {
    reports: reports.map((report, place) => ({ ...report, incident: names.get(place) ?? null })),
    incidents: incidents.sort((a, b) => a.from.localeCompare(b.from) || a.id.localeCompare(b.id)),
  };
}

/** One answer for each reporter and incident, for good: the others are covered by it. */
export function withOneReply(reports: readonly Report[]): readonly Report[] {
  const answered = new Map<string, number>();
  return reports.map((report, place) => {
    if (report.reply.should === false) return report;
    const key = `${report.reply.to}|${report.incident ?? report.mailer ?? report.source.file}`;
    const first = answered.get(key);
    if (first === undefined && report.repeats === null) {
      answered.set(key, place);
      return report;
    }
    const why =
      report.repeats !== null
        ? "It repeats another report."
        : "Another report of the same reporter and incident is answered.";
    return { ...report, reply: { should: false, to: null, why } };
  });
}
