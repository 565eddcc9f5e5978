/** How the reading of an abuse mailbox is printed. */
import type { ComplaintsDocument } from "../complaints/result.ts";
import { complaintsDocument } from "./documents/complaints.ts";
import { renderHtml } from "./faces/html.ts";
import { renderText, type TextOptions } from "./faces/text.ts";
import { jsonLine } from "./json.ts";
import { shown } from "./shown.ts";

type Face = (document: ComplaintsDocument) => string;

/** What a monitoring system makes of a verdict (0 OK, 1 WARNING, 2 CRITICAL). */
export const nagiosComplaintsStates = {
  none: { code: 0, word: "OK" },
  unknown: { code: 1, word: "WARNING" },
  ours: { code: 2, word: "CRITICAL" },
} as const satisfies Record<ComplaintsDocument["verdict"], { readonly code: 0 | 1 | 2; readonly word: string }>;

const faces = {
  text:
    (options: TextOptions): Face =>
    (document) =>
      renderText(complaintsDocument(document), options),
  json: (): Face => jsonLine,
  jsonl:
    (): Face =>
    ({ reports, ...summary }) =>
      [
        // What a report amounts to is its own `kind`: the kind of the line is `line`.
        ...reports.map((report) => ({ line: "report", ...report })),
        { line: "summary", ...summary },
      ]
        .map(jsonLine)
        .join(""),
  html: (): Face => (document) =>
    renderHtml(`Abuse reports of ${document.startedAt.slice(0, 10)}: ${document.verdict}`, [
      complaintsDocument(document),
    ]),
  nagios:
    (): Face =>
    ({ verdict, because, reports, incidents }) =>
      `COMPLAINTS ${nagiosComplaintsStates[verdict].word} - ${shown(because).replaceAll("|", "/").slice(0, 800)} | reports=${reports.length};;;0 ours=${reports.filter(({ ours }) => ours === "yes").length};;0;0 incidents=${incidents.length};;;0\n`,
} satisfies Record<string, (options: TextOptions) => Face>;

export type ComplaintsFormat = keyof typeof faces;

export const complaintsFormats = Object.keys(faces) as readonly ComplaintsFormat[]; // the keys of the table above

export function complaintsFace(format: ComplaintsFormat, options: TextOptions): Face {
  return faces[format](options);
}
