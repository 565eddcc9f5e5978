/** What `audit` found in a configuration, as a document. Pure. */
import type { AuditFinding, AuditResult, AuditVerdict, CellState, ListenerResult, Place } from "../../audit/result.ts";
import { type cells, relaying } from "../../relaying/table.ts";
import { describeWitness } from "../../witness/witness.ts";
import { type Block, code, counted, type Document, type Text, type Tone } from "../document.ts";
import { severityTones } from "../tones.ts";

export const auditWords = {
  open: { word: "OPEN RELAY", tone: "bad", says: "This configuration passes on mail from strangers to strangers." },
  unknown: { word: "UNKNOWN", tone: "doubtful", says: "The files do not tell whether strangers can relay." },
  conditional: {
    word: "CONDITIONAL",
    tone: "doubtful",
    says: "Closed only if something holds that the files do not tell.",
  },
  closed: {
    word: "CLOSED",
    tone: "good",
    says: "No session of a stranger was found that this configuration passes on.",
  },
} as const satisfies Record<AuditVerdict, { readonly word: string; readonly tone: Tone; readonly says: string }>;

const cellTones = {
  permit: "good",
  forbid: "good",
  conditional: "doubtful",
  unknown: "doubtful",
} as const satisfies Record<CellState, Tone>;

const checkedWords = {
  running: "compared with the running program",
  parser: "compared with the program's own parser",
  documents: "read after the documentation only, not compared with the program",
} as const;

/** Everything about one configuration. */
export function auditResultDocument(result: AuditResult): Document {
  const words = auditWords[result.verdict];
  const product =
    result.product === null ? "unknown" : [result.product, result.version].filter((part) => part !== null).join(" ");
  return {
    title: result.name,
    blocks: [
      {
        kind: "banner",
        title: result.name,
        word: words.word,
        tone: words.tone,
        says: [
          `${words.says} ${result.because}`,
          ...(result.unchangedSince === undefined
            ? []
            : [` The files are as they were on ${result.unchangedSince.slice(0, 10)}, when this was found.`]),
        ],
      },
      {
        kind: "facts",
        rows: [
          ["Mailer", `${product} (${checkedWords[result.checkedAgainst]})`],
          ["Read", counted(result.files.length, "file")],
          ["Tried", counted(result.sessions, "session")],
        ],
      },
      ...fixedBlocks(result),
      ...listenerBlocks(result.listeners),
      ...assumptionBlocks(result),
      ...findingBlocks(result.findings),
      ...unknownBlocks(result),
    ],
  };
}

function fixedBlocks({ fixed = [], written = [] }: AuditResult): readonly Block[] {
  if (fixed.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "Mended" },
    { kind: "list", items: fixed.map(({ tag, says }) => `${tag}: ${says}`) },
    {
      kind: "table",
      head: ["written", "what it was"],
      rows: written.map(({ file, backup }) => [code(file), code(backup)]),
    },
    {
      kind: "paragraph",
      text: "Let the mailer check its configuration, make its tables anew where one was written, and reload it.",
    },
  ];
}

function listenerBlocks(listeners: readonly ListenerResult[]): readonly Block[] {
  if (listeners.length === 0) return [];
  const worst = listeners.find(({ verdict }) => verdict !== "closed") ?? listeners[0];
  const rows = listeners.map(({ name, bind, port, verdict, families, because }): readonly Text[] => [
    `${name} (${bind.includes(":") ? `[${bind}]` : bind}:${port})`,
    { text: auditWords[verdict].word, tone: auditWords[verdict].tone },
    families.ipv4 === families.ipv6 ? "" : `IPv4 ${families.ipv4}, IPv6 ${families.ipv6}`,
    because,
  ]);
  const seen = (cell: (typeof cells)[number]) => {
    const state = worst?.cells[cell] ?? "unknown";
    const bad = relaying[cell] === "forbid" && state === "permit";
    return { rule: relaying[cell], seen: state, tone: bad ? ("bad" as const) : cellTones[state] };
  };
  return [
    { kind: "heading", level: 2, text: "Listeners" },
    { kind: "table", head: ["listener", "verdict", "family", "why"], rows },
    ...(worst === undefined
      ? []
      : [
          { kind: "paragraph", text: ["What ", code(worst.name), " does:"] } as const,
          {
            kind: "matrix",
            cells: {
              "internal-to-internal": seen("internal-to-internal"),
              "internal-to-external": seen("internal-to-external"),
              "external-to-internal": seen("external-to-internal"),
              "external-to-external": seen("external-to-external"),
            },
          } as const,
        ]),
  ];
}

function assumptionBlocks({ listeners, assumes }: AuditResult): readonly Block[] {
  const conditions = [...new Set(listeners.flatMap((one) => one.conditions.map(({ text }) => text)))];
  return [
    ...(conditions.length === 0
      ? []
      : [{ kind: "heading", level: 2, text: "Conditions" } as const, { kind: "list", items: conditions } as const]),
    ...(assumes.length === 0
      ? []
      : [
          { kind: "heading", level: 2, text: "Taken for granted" } as const,
          { kind: "list", items: [...new Set(assumes.map(({ text }) => text))] } as const,
        ]),
  ];
}

function findingBlocks(findings: readonly AuditFinding[]): readonly Block[] {
  if (findings.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "What to change" },
    ...findings.flatMap((finding): readonly Block[] => [
      {
        kind: "finding",
        finding: {
          severity: finding.severity,
          tone: severityTones[finding.severity],
          says: `${finding.says} [${finding.tag}]`,
          why: finding.why,
          remedy: finding.remedy,
          evidence: finding.where === undefined ? [] : [code(`${finding.where.file}:${finding.where.line}`)],
        },
      },
      ...(finding.where === undefined ? [] : [{ kind: "code", text: firstLines(finding.where.text) } as const]),
      ...(finding.witness === null
        ? []
        : [{ kind: "code", text: describeWitness(finding.witness).join("\n") } as const]),
      ...(finding.patch === null ? [] : [{ kind: "code", text: finding.patch.trimEnd() } as const]),
    ]),
  ];
}

function unknownBlocks({ unknowns }: AuditResult): readonly Block[] {
  if (unknowns.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "What the files do not tell" },
    { kind: "list", items: unknowns.slice(0, 30).map(({ text, where }): Text => [text, at(where)]) },
    ...(unknowns.length > 30 ? [{ kind: "paragraph", text: `and ${unknowns.length - 30} more` } as const] : []),
  ];
}

const at = (place: Place | null): string => (place === null ? "" : ` (${place.file}:${place.line})`);

const firstLines = (text: string): string => text.split("\n").slice(0, 6).join("\n");
