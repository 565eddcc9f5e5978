/** What an abuse mailbox holds, as a document. Pure. */
import type { ComplaintsDocument, Report } from "../../complaints/result.ts";
import {
  type Block,
  code,
  counted,
  type Document,
  type MapKind,
  type MapRow,
  type Text,
  type Tone,
  toned,
} from "../document.ts";

const complaintsWords = {
  ours: { word: "ABOUT US", tone: "bad" },
  unknown: { word: "UNKNOWN", tone: "doubtful" },
  none: { word: "NOT ABOUT US", tone: "good" },
} as const satisfies Record<ComplaintsDocument["verdict"], { readonly word: string; readonly tone: Tone }>;

/** So many reports are told one by one. */
const maxReports = 200;

/** Days that the picture shows. */
const maxDays = 120;

export function complaintsDocument(result: ComplaintsDocument): Document {
  const { verdict, because, reports, incidents, statistics, messages } = result;
  const { word, tone } = complaintsWords[verdict];
  const title = "Abuse reports";
  const ours = reports.filter((report) => report.ours === "yes");
  const unknown = reports.filter((report) => report.ours === "unknown");
  const others = reports.filter((report) => report.ours === "no");
  return {
    title,
    blocks: [
      { kind: "banner", title, word, tone, says: because },
      {
        kind: "facts",
        rows: [
          [
            "Messages",
            `${messages}: ${counted(reports.length, "report")}, ${ours.length} about us, ${unknown.length} not told, ${others.length} set aside`,
          ],
          ["Kinds", named(statistics.kinds)],
          ["Formats", named(statistics.formats)],
          ["Reporters", named(statistics.reporters.slice(0, 8))],
        ],
      },
      ...result.findings.map(
        ({ severity, says, why, remedy, evidence }): Block => ({
          kind: "finding",
          finding: {
            severity,
            tone: severity === "critical" || severity === "high" ? "bad" : severity === "medium" ? "doubtful" : "faint",
            says,
            why,
            remedy,
            evidence: evidence.map(({ kind, ref }) => code(`${kind} ${ref}`)),
          },
        }),
      ),
      ...(incidents.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: "Incidents" } as const,
            {
              kind: "table",
              head: ["incident", "from", "until", "reports", "reporters"],
              rows: incidents.map(({ id, from, until, reports: count, reporters }): readonly Text[] => [
                code(id),
                shortTime(from),
                shortTime(until),
                String(count),
                String(reporters),
              ]),
            } as const,
          ]),
      ...volumeBlocks(statistics.days),
      ...section("About us", ours, ({ mailer, sourceIp }) => mailer ?? sourceIp ?? ""),
      ...section("Not told", unknown, ({ sourceIp }) => sourceIp ?? ""),
      ...section("Set aside", others, ({ sourceIp }) => sourceIp ?? ""),
    ],
  };
}

function section(title: string, reports: readonly Report[], whose: (report: Report) => string): readonly Block[] {
  if (reports.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: title },
    { kind: "events", events: reports.slice(0, maxReports).map((report) => reportEvent(report, whose(report))) },
    ...(reports.length > maxReports
      ? [{ kind: "paragraph", text: `and ${reports.length - maxReports} more (--json has all)` } as const]
      : []),
  ];
}

function reportEvent(report: Report, whose: string): Extract<Block, { kind: "events" }>["events"][number] {
  const {
    kind,
    sourceIp,
    sourceIpFrom,
    confidence,
    because,
    eventTime,
    eventTimeFrom,
    reporter,
    entry,
    reply,
    source,
  } = report;
  const lines: readonly (Text | null)[] = [
    because,
    sourceIp === null ? null : [`${sourceIp}: ${confidence} confidence, by ${sourceIpFrom}`],
    entry === null
      ? null
      : `it came in ${entryWords[entry.way]}${entry.client === null ? "" : ` from ${entry.client}`}${entry.queueId === null ? "" : `, queue id ${entry.queueId}`}`,
    report.claimedIps.length === 0
      ? null
      : `only claimed: ${report.claimedIps
          .slice(0, 5)
          .map(({ ip, from }) => `${ip} (${from})`)
          .join(", ")}`,
    eventTime === null ? null : `${shortTime(eventTime)} (${eventTimeFrom})`,
    report.repeats === null ? null : `repeats report ${report.repeats + 1}`,
    reply.should === false
      ? `no answer: ${reply.why}`
      : `answer to ${reply.to}${reply.should === "review" ? ", if a person says so" : ""}: ${reply.why}`,
    ...report.problems.slice(0, 3).map((problem) => toned(problem, "faint")),
    toned(`${source.file}, message ${source.message}; ${report.format}`, "faint"),
  ];
  return {
    word: kind,
    tone: report.ours === "yes" ? "bad" : report.ours === "unknown" ? "doubtful" : "faint",
    title: [whose === "" ? "" : `${whose} `, reporter === null ? "" : `by ${reporter}`],
    lines: lines.filter((line) => line !== null),
  };
}

const entryWords = {
  stranger: "without a login",
  login: "with a login",
  inside: "from one of our own machines",
  local: "from a program on the mailer itself",
} as const satisfies Record<NonNullable<Report["entry"]>["way"], string>;

const volumeKinds: readonly MapKind[] = [
  { name: "about us", sign: "#", tone: "bad", quiet: false },
  { name: "not told", sign: "?", tone: "doubtful", quiet: false },
  { name: "set aside", sign: "·", tone: "faint", quiet: true },
];

/** A row for each day that had reports, as long as there were many: the longest takes the whole width. */
function volumeBlocks(days: ComplaintsDocument["statistics"]["days"]): readonly Block[] {
  if (days.length < 2) return [];
  const shown = days.slice(-maxDays);
  const most = Math.max(...shown.map(({ ours, unknown, others }) => ours + unknown + others));
  const perCell = Math.max(1, Math.ceil(most / 60));
  const rows = shown.map(
    ({ day, ours, unknown, others }): MapRow => ({
      label: day,
      runs: [ours, unknown, others]
        .map((count, kind) => [kind, Math.ceil(count / perCell)] as const)
        .filter(([, count]) => count > 0),
    }),
  );
  return [
    {
      kind: "map",
      title: perCell === 1 ? "Reports a day" : `Reports a day, ${perCell} a cell`,
      legend: volumeKinds,
      rows,
    },
  ];
}

const shortTime = (at: string): string => `${at.slice(0, 16).replace("T", " ")} UTC`;

function named(counts: readonly { readonly name: string; readonly count: number }[]): string {
  return counts.map(({ name, count }) => `${count} ${name}`).join(", ");
}
