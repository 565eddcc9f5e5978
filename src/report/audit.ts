/** How an audit is printed: a face is told of each configuration as it is done, and of the end of the run. */
import type { AuditDocument, AuditResult } from "../audit/result.ts";
import { assessedConfiguration } from "./assessed.ts";
import type { Document } from "./document.ts";
import { auditResultDocument, auditWords } from "./documents/audit.ts";
import { renderHtml } from "./faces/html.ts";
import { junitXml } from "./faces/junit.ts";
import { sarifLog } from "./faces/sarif.ts";
import { renderText, type TextOptions, textLine } from "./faces/text.ts";
import { jsonLine } from "./json.ts";

export interface AuditFace {
  readonly keepsResults: boolean;
  result(result: AuditResult): string;
  end(document: AuditDocument): string;
}

export interface AuditFaceOptions extends TextOptions {
  /** Of this program. */
  readonly version: string;
}

const nothing = (): string => "";

const faces = {
  text: textFace,
  json: (): AuditFace => ({ keepsResults: true, result: nothing, end: (document) => jsonLine(document) }),
  jsonl: (): AuditFace => ({
    keepsResults: false,
    result: (result) => jsonLine({ kind: "configuration", ...result }),
    end: ({ results: _results, ...summary }) => jsonLine({ kind: "summary", ...summary }),
  }),
  html: (): AuditFace => ({ keepsResults: true, result: nothing, end: htmlPage }),
  sarif: ({ version }): AuditFace => ({
    keepsResults: true,
    result: nothing,
    end: ({ results, ended, startedAt, finishedAt }) =>
      sarifLog({
        command: "audit",
        version,
        assessed: results.map(assessedConfiguration),
        finished: ended === "finished",
        startedAt,
        finishedAt,
      }),
  }),
  junit: (): AuditFace => ({
    keepsResults: true,
    result: nothing,
    end: ({ results }) => junitXml("audit", results.map(assessedConfiguration)),
  }),
} satisfies Record<string, (options: AuditFaceOptions) => AuditFace>;

export type AuditFormat = keyof typeof faces;

export const auditFormats = Object.keys(faces) as readonly AuditFormat[]; // the keys of the table above

export function auditFace(format: AuditFormat, options: AuditFaceOptions): AuditFace {
  return faces[format](options);
}

function textFace(options: TextOptions): AuditFace {
  const seen: AuditResult[] = [];
  return {
    keepsResults: false,
    result(result) {
      const gap = seen.length === 0 ? "" : "\n";
      const text =
        gap +
        (result.unchangedSince === undefined
          ? renderText(auditResultDocument(result), options)
          : unchangedLine(result, options));
      if (seen.length < 1000) seen.push({ ...result, findings: [], listeners: [], files: [] });
      return text;
    },
    end() {
      if (seen.length < 2 || seen.every(({ unchangedSince }) => unchangedSince !== undefined)) return "";
      const lines = seen.map(({ name, verdict }) =>
        textLine([{ text: auditWords[verdict].word.padEnd(12), tone: auditWords[verdict].tone }, name], options),
      );
      return `\n${lines.join("")}`;
    },
  };
}

/** What a hook prints most of the time. */
function unchangedLine({ name, verdict, unchangedSince }: AuditResult, options: TextOptions): string {
  const { word, tone } = auditWords[verdict];
  const when = (unchangedSince ?? "").slice(0, 16).replace("T", " ");
  return textLine([{ text: word.padEnd(12), tone }, `${name}, unchanged since ${when} UTC`], options);
}

function htmlPage(document: AuditDocument): string {
  const words = auditWords[document.verdict];
  const sections: Document[] = document.results.map(auditResultDocument);
  return renderHtml(`Audit of ${document.startedAt.slice(0, 10)}: ${words.word}`, sections);
}
