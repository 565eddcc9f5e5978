/** What proving, writing and asking a packet filter brought, as documents. Pure. */
import type { Conditions } from "../../filters/conditions.ts";
import type {
  CrossingResult,
  FilterDocument,
  FilterPacket,
  FilterVerdict,
  QueryDocument,
} from "../../filters/result.ts";
import { type Block, code, counted, type Document, type Text, type Tone } from "../document.ts";
import { severityTones } from "../tones.ts";

export const filterWords = {
  exact: { word: "EXACT", tone: "good" },
  holes: { word: "HOLES", tone: "bad" },
  overblocks: { word: "OVERBLOCKS", tone: "bad" },
  both: { word: "HOLES AND OVERBLOCKS", tone: "bad" },
  unknown: { word: "UNKNOWN", tone: "doubtful" },
} as const satisfies Record<FilterVerdict, { readonly word: string; readonly tone: Tone }>;

const checkedWords = {
  running: "compared with the running filter",
  parser: "compared with the platform's own parser",
  documents: "read after the documentation only, not compared with a device",
} as const;

/** So many prefixes are told in the table. */
const fewPrefixes = 4;

export function filterDocument(file: string, result: FilterDocument): Document {
  const { word, tone } = filterWords[result.verdict];
  return {
    title: file,
    blocks: [
      { kind: "banner", title: file, word, tone, says: result.because },
      { kind: "facts", rows: [["Platform", `${result.platform} (${checkedWords[result.checkedAgainst]})`]] },
      { kind: "heading", level: 2, text: "What stands there" },
      {
        kind: "table",
        head: ["", "filter", "rules", "open and must not be", "cut off and must not be"],
        rows: result.crossings.map((one): readonly Text[] => [
          `${one.family === "ipv4" ? "IPv4" : "IPv6"} ${one.direction}`,
          one.attachment,
          String(one.rules),
          prefixesOf(one.open, "bad"),
          prefixesOf(one.cut, "bad"),
        ]),
      },
      ...packetBlocks("Passes, and must not", result.holes),
      ...packetBlocks("Is stopped, and must pass", result.overblocks),
      ...packetBlocks("Cannot be told", result.undecided),
      ...(result.othersUnchanged === null
        ? []
        : [
            {
              kind: "paragraph",
              text: result.othersUnchanged
                ? "Every packet but those to port 25 fares as under the baseline."
                : "Not only port 25 fares otherwise than under the baseline: see above.",
            } as const,
          ]),
      ...troubleBlocks(result),
      ...idleBlocks(result),
      ...(result.residuals.length === 0
        ? []
        : [
            { kind: "heading", level: 2, text: "What this does not show" } as const,
            { kind: "list", items: result.residuals } as const,
          ]),
      ...adviceBlocks(result),
    ],
  };
}

const prefixesOf = (prefixes: CrossingResult["open"], tone: Tone): Text =>
  prefixes.length === 0
    ? "none"
    : {
        text: `${prefixes.slice(0, fewPrefixes).join(", ")}${prefixes.length > fewPrefixes ? ` and ${prefixes.length - fewPrefixes} more` : ""}`,
        tone,
      };

function packetBlocks(title: string, packets: readonly FilterPacket[]): readonly Block[] {
  if (packets.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: title },
    {
      kind: "table",
      head: ["packet", "line", "why"],
      rows: packets.map((packet): readonly Text[] => [
        code(packet.says),
        packet.line === null
          ? "no line"
          : packet.line.line === 0
            ? packet.line.text
            : `${packet.line.line}: ${packet.line.text.trim()}`,
        packet.why,
      ]),
    },
  ];
}

function troubleBlocks({ troubles }: FilterDocument): readonly Block[] {
  if (troubles.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "Lines that were not understood" },
    {
      kind: "list",
      items: troubles.slice(0, 30).map(({ says, where }) => `${where.line}: ${where.text.trim()} (${says})`),
    },
    ...(troubles.length > 30 ? [{ kind: "paragraph", text: `and ${troubles.length - 30} more` } as const] : []),
  ];
}

function idleBlocks({ idle }: FilterDocument): readonly Block[] {
  if (idle.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "Lines without effect" },
    {
      kind: "list",
      items: idle.slice(0, 30).map(({ because, where }) => `${where.line}: ${where.text.trim()} (${because})`),
    },
    ...(idle.length > 30 ? [{ kind: "paragraph", text: `and ${idle.length - 30} more` } as const] : []),
  ];
}

/** Each remedy once. */
function adviceBlocks({ findings }: FilterDocument): readonly Block[] {
  const remedies = new Map(findings.map((one) => [one.remedy, one]));
  const worth = [...remedies.values()].filter(({ severity }) => severity !== "info");
  if (worth.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: "What to do" },
    {
      kind: "list",
      items: worth.map(({ remedy, severity }): Text => ({ text: remedy, tone: severityTones[severity] })),
    },
  ];
}

export function queryDocument(result: QueryDocument): Document {
  const tone = ({ permit: "good", deny: "strong", unknown: "doubtful" } as const)[result.action];
  return {
    title: result.packet,
    blocks: [
      { kind: "banner", title: result.packet, word: result.action.toUpperCase(), tone, says: result.why },
      {
        kind: "facts",
        rows: [
          ["Filter", result.attachment],
          ...(result.text === null
            ? []
            : [[result.line === null ? "Default" : `Line ${result.line}`, code(result.text.trim())] as const]),
        ],
      },
    ],
  };
}

/** A filter that was written, for one row of a table. */
export interface WrittenFilter {
  readonly platform: string;
  readonly title: string;
  readonly rules: number;
  readonly verdict: FilterVerdict;
  readonly files: readonly string[];
  readonly notes: number;
}

export function writtenDocument(site: string, written: readonly WrittenFilter[]): Document {
  return {
    title: `Filters for ${site}`,
    blocks: [
      { kind: "heading", level: 1, text: `Filters for ${site}` },
      {
        kind: "table",
        head: ["platform", "rules", "proved", "notes", "files"],
        rows: written.map(({ title, rules, verdict, files, notes }): readonly Text[] => [
          title,
          String(rules),
          { text: filterWords[verdict].word.toLowerCase(), tone: filterWords[verdict].tone },
          notes === 0 ? "" : counted(notes, "note"),
          files.join(", "),
        ]),
      },
    ],
  };
}

export function conditionsDocument({ title, sections }: Conditions): Document {
  return {
    title,
    blocks: [
      { kind: "heading", level: 1, text: title },
      ...sections.flatMap((section): Block[] => [
        { kind: "heading", level: 2, text: section.title },
        ...section.paragraphs.map((text): Block => ({ kind: "paragraph", text })),
        ...(section.items.length === 0 ? [] : [{ kind: "list", items: section.items } as const]),
      ]),
    ],
  };
}
