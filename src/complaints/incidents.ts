/**
 * Reports that belong together: the same mailer, the same cause, and times no further apart than a day. Reports come weeks
 * after the mail they are about, so the time of the event counts, never the time of the report. Pure.
 */
import type { ComplaintIncident, Kind, Report } from "./result.ts";
import { type OpenWindow, windowAt } from "./windows.ts";

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

/** What an open relay shows itself as. */
const ofRelay: ReadonlySet<Kind> = new Set(["open-relay", "spam"]);

interface Placed {
  readonly report: Report;
  readonly at: number;
  readonly place: number;
}

interface Group {
  readonly mailer: string;
  readonly cause: Kind;
  /** The tester proved that it was open then: whatever falls into that time is one incident. */
  readonly window: OpenWindow | null;
  readonly placed: Placed[];
}

export function withIncidents(
  reports: readonly Report[],
  windows: readonly OpenWindow[],
): { readonly reports: readonly Report[]; readonly incidents: readonly ComplaintIncident[] } {
  const groups = new Map<string, Group>();
  const alarms = new Set<number>();
  for (const [place, report] of reports.entries()) {
    const kind = causes[report.kind];
    if (report.ours !== "yes" || kind === undefined || report.eventTime === null) continue;
    const mailer = report.mailer ?? report.sourceIp ?? "";
    const found = ofRelay.has(kind) ? windowAt(windows, mailer, report.eventTime) : null;
    if (found === "after") alarms.add(place);
    const window = found === "after" ? null : found;
    const cause = window === null ? kind : "open-relay";
    const key = JSON.stringify([mailer, cause, window?.provedAt ?? null]);
    const group: Group = groups.get(key) ?? { mailer, cause, window, placed: [] };
    group.placed.push({ report, at: Date.parse(report.eventTime), place });
    groups.set(key, group);
  }
  const incidents: ComplaintIncident[] = [];
  const names = new Map<number, string>();
  for (const group of groups.values())
    for (const placed of runsOf(group)) {
      const incident = incidentOf(group, placed);
      incidents.push(incident);
      for (const { place } of placed) names.set(place, incident.id);
    }
  return {
    reports: reports.map((report, place) => ({
      ...report,
      incident: names.get(place) ?? null,
      problems: alarms.has(place) ? [...report.problems, afterRepair] : report.problems,
    })),
    incidents: incidents.sort((a, b) => a.from.localeCompare(b.from) || a.id.localeCompare(b.id)),
  };
}

const afterRepair = "It happened after the mailer was proved closed: test it again.";

/** Parted where nothing happened for longer than the gap; a proved window is not parted. */
function runsOf({ window, placed }: Group): readonly (readonly Placed[])[] {
  const sorted = [...placed].sort((a, b) => a.at - b.at || a.place - b.place);
  if (window !== null) return [sorted];
  const runs: Placed[][] = [];
  for (const one of sorted) {
    const open = runs.at(-1);
    const last = open?.at(-1);
    if (open === undefined || last === undefined || one.at - last.at > gapMs) runs.push([one]);
    else open.push(one);
  }
  return runs;
}

function incidentOf({ mailer, cause, window }: Group, placed: readonly Placed[]): ComplaintIncident {
  const times = placed.map(({ at }) => at);
  const from = new Date(times[0] ?? 0).toISOString();
  const counted = placed.filter(({ report }) => report.repeats === null);
  return {
    id: `${mailer}/${cause}/${(window?.provedAt ?? from).slice(0, 10)}`,
    mailer,
    cause,
    from,
    until: new Date(times.at(-1) ?? 0).toISOString(),
    provedAt: window?.provedAt ?? null,
    reports: counted.length,
    reporters: new Set(counted.map(({ report }) => report.reporter)).size,
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
