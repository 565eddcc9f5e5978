/** The faces of a check: how its targets, changes and end are printed in each format. */
import type { CheckDocument, TargetResult } from "../check/result.ts";
import {
  type CheckDocumentOptions,
  endDocument,
  type Row,
  rowOf,
  targetBrief,
  targetColumns,
  targetDocument,
} from "./documents/check.ts";
import { renderText, type TextOptions, textLine } from "./faces/text.ts";

export interface CheckFace {
  /** Whether the end needs all results: then they are kept, and nothing is printed before. */
  readonly keepsResults: boolean;
  /** @param total how many targets the run has, if that is known. */
  target(result: TargetResult, total: number | null): string;
  change(subject: string, text: string): string;
  end(document: CheckDocument): string;
}

export interface CheckFaceOptions extends CheckDocumentOptions, TextOptions {}

const nothing = (): string => "";

/** Up to so many targets each get a full report; of more, only those that want attention do. */
const fullReports = 4;

/** Rows that the table at the end may hold: memory stays the same for ten targets and for ten thousand. */
const maxRows = 100;

const faces = {
  text: textFace,
  json: () => ({
    keepsResults: true,
    target: nothing,
    change: nothing,
    end: (document) => `${JSON.stringify(document)}\n`,
  }),
  jsonl: () => ({
    keepsResults: false,
    target: (result) => `${JSON.stringify({ kind: "target", ...result })}\n`,
    change: (subject, text) => `${JSON.stringify({ kind: "change", subject, text })}\n`,
    end: ({ results: _results, findings: _findings, ...summary }) =>
      `${JSON.stringify({ kind: "summary", ...summary })}\n`,
  }),
} satisfies Record<string, (options: CheckFaceOptions) => CheckFace>;

export type CheckFormat = keyof typeof faces;

export const checkFormats = Object.keys(faces) as readonly CheckFormat[]; // the keys of the table above

/** A face for one run: it may remember what it has shown. */
export function checkFace(format: CheckFormat, options: CheckFaceOptions): CheckFace {
  return faces[format](options);
}

/** Few targets get a report each; of many one line each as they are done, a short report where something is wrong, and a table. */
function textFace(options: CheckFaceOptions): CheckFace {
  const rows: Row[] = [];
  let printed = 0;
  const gap = (): string => (printed++ === 0 ? "" : "\n");
  return {
    keepsResults: false,
    target(result, total) {
      const attention = result.verdict === "open" || result.verdict === "suspect";
      if (total !== null && total > fullReports) {
        if (rows.length < maxRows && (result.verdict !== "closed" || total <= maxRows)) rows.push(rowOf(result));
        printed += 1;
        const line = textLine(targetColumns(result), options);
        return attention ? `${line}\n${renderText(targetBrief(result, options), options)}\n` : line;
      }
      rows.push(rowOf(result));
      return gap() + renderText(targetDocument(result, options), options);
    },
    change: (subject, text) => gap() + textLine([{ text: "CHANGED", tone: "strong" }, `${subject}: ${text}`], options),
    end(document) {
      const text = renderText(endDocument({ summary: document, rows, stored: options.stored }), options);
      return text === "" ? "" : gap() + text;
    },
  };
}
