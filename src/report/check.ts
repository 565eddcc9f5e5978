/** The faces of a check: how its targets, changes and end are printed in each format. */
import { type CheckDocument, type TargetResult, verdicts } from "../check/result.ts";
import { assessedTarget } from "./assessed.ts";
import type { Block, Document, Text } from "./document.ts";
import {
  type CheckDocumentOptions,
  endDocument,
  type Row,
  rowOf,
  targetBrief,
  targetColumns,
  targetDocument,
} from "./documents/check.ts";
import { renderHtml } from "./faces/html.ts";
import { junitXml } from "./faces/junit.ts";
import { nagiosLine } from "./faces/nagios.ts";
import { sarifLog } from "./faces/sarif.ts";
import { renderText, type TextOptions, textLine } from "./faces/text.ts";
import { jsonLine } from "./json.ts";
import { verdictWords } from "./verdict.ts";

export interface CheckFace {
  /** Whether the end needs all results: then they are kept, and nothing is printed before. */
  readonly keepsResults: boolean;
  /** Something about the run as a whole, before its targets. */
  note(text: Text): string;
  /** @param total how many targets the run has, if that is known. */
  target(result: TargetResult, total: number | null): string;
  change(subject: string, text: string): string;
  end(document: CheckDocument): string;
}

export interface CheckFaceOptions extends CheckDocumentOptions, TextOptions {
  /** Of this program. */
  readonly version: string;
}

const nothing = (): string => "";

/** Up to so many targets each get a full report; of more, only those that want attention do. */
const fullReports = 4;

/** Rows that the table at the end may hold: memory stays the same for ten targets and for ten thousand. */
const maxRows = 100;

const faces = {
  text: textFace,
  json: () => atTheEnd(jsonLine),
  jsonl: () => ({
    keepsResults: false,
    note: nothing,
    target: (result) => jsonLine({ kind: "target", ...result }),
    change: (subject, text) => jsonLine({ kind: "change", subject, text }),
    end: ({ results: _results, findings: _findings, ...summary }) => jsonLine({ kind: "summary", ...summary }),
  }),
  html: htmlFace,
  nagios: nagiosFace,
  sarif: ({ version }) =>
    atTheEnd(({ results, ended, startedAt, finishedAt }) =>
      sarifLog({
        command: "check",
        version,
        assessed: results.map(assessedTarget),
        finished: ended === "finished",
        startedAt,
        finishedAt,
      }),
    ),
  junit: () => atTheEnd(({ results }) => junitXml("check", results.map(assessedTarget))),
} satisfies Record<string, (options: CheckFaceOptions) => CheckFace>;

export type CheckFormat = keyof typeof faces;

export const checkFormats = Object.keys(faces) as readonly CheckFormat[]; // the keys of the table above

/** A face for one run: it may remember what it has shown. */
export function checkFace(format: CheckFormat, options: CheckFaceOptions): CheckFace {
  return faces[format](options);
}

/** All in one document. */
function atTheEnd(end: CheckFace["end"]): CheckFace {
  return { keepsResults: true, note: nothing, target: nothing, change: nothing, end };
}

/**
 * Few targets get a report each; of many one line each as they are done, a short report where something is wrong, and a
 * table at the end. Results are not kept.
 */
function textFace(options: CheckFaceOptions): CheckFace {
  const rows: Row[] = [];
  let printed = 0;
  const gap = (): string => (printed++ === 0 ? "" : "\n");
  return {
    keepsResults: false,
    note: (text) => gap() + renderText({ title: "", blocks: [{ kind: "paragraph", text }] }, options),
    target(result, total) {
      if (total === null || total <= fullReports) {
        rows.push(rowOf(result));
        return gap() + renderText(targetDocument(result, options), options);
      }
      const attention = result.verdict === "open" || result.verdict === "suspect";
      if (rows.length < maxRows && (result.verdict !== "closed" || total <= maxRows)) rows.push(rowOf(result));
      printed += 1;
      const line = textLine(targetColumns(result), options);
      return attention ? `${line}\n${renderText(targetBrief(result, options), options)}\n` : line;
    },
    change: (subject, text) => gap() + textLine([{ text: "CHANGED", tone: "strong" }, `${subject}: ${text}`], options),
    end(document) {
      const text = renderText(endDocument({ summary: document, rows, stored: options.stored }), options);
      return text === "" ? "" : gap() + text;
    },
  };
}

/** The overview first, then every target with its evidence. */
function htmlFace(options: CheckFaceOptions): CheckFace {
  const notes: Text[] = [];
  return {
    keepsResults: true,
    note(text) {
      notes.push(text);
      return "";
    },
    target: nothing,
    change: nothing,
    end(document) {
      const { verdict, results, changes = [] } = document;
      const words = verdictWords[verdict];
      const overview: Block[] = [
        {
          kind: "banner",
          title: "Relay test",
          word: words.word,
          tone: words.tone,
          says: results.length === 1 ? words.says : `The worst of ${results.length} targets counts. ${words.says}`,
        },
        ...notes.map((text): Block => ({ kind: "paragraph", text })),
        ...(changes.length === 0
          ? []
          : [
              { kind: "heading", level: 2, text: "Changed since the last run" } as const,
              { kind: "list", items: changes.map(({ subject, text }) => `${subject}: ${text}`) } as const,
            ]),
        ...endDocument({ summary: document, rows: results.map(rowOf), stored: false }).blocks,
      ];
      const targets = results.map((result) => targetDocument(result, { ...options, stored: false, unfolds: true }));
      // One target is its own overview, unless there is something to say about the run.
      const plain = notes.length === 0 && changes.length === 0 && document.ended === "finished";
      const sections: Document[] = [
        ...(targets.length === 1 && plain ? [] : [{ title: "Overview", blocks: overview }]),
        ...targets,
      ];
      return renderHtml(`Relay test of ${document.startedAt.slice(0, 10)}: ${words.word}`, sections);
    },
  };
}

function nagiosFace(): CheckFace {
  let worst: { readonly row: Row; readonly practice: boolean } | null = null;
  return {
    keepsResults: false,
    note: nothing,
    target(result) {
      if (worst === null || verdicts.indexOf(result.verdict) < verdicts.indexOf(worst.row.verdict))
        worst = { row: rowOf(result), practice: result.practice };
      return "";
    },
    change: nothing,
    end({ verdict, targets, coverage, startedAt, finishedAt }) {
      const why =
        worst === null
          ? "no target"
          : `${worst.practice ? "(practice) " : ""}${worst.row.subject} ${worst.row.verdict}: ${worst.row.because}`;
      return nagiosLine({
        verdict,
        targets,
        answered: coverage.answered,
        applicable: coverage.applicable,
        seconds: Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000),
        worst: why,
      });
    },
  };
}
