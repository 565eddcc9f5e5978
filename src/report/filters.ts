/** How a proof of a packet filter is printed. */
import type { FilterDocument } from "../filters/result.ts";
import { filterDocument } from "./documents/filters.ts";
import { renderHtml } from "./faces/html.ts";
import { renderText, type TextOptions } from "./faces/text.ts";
import { jsonLine } from "./json.ts";
import { shown } from "./shown.ts";

const faces = {
  text: (file: string, result: FilterDocument, options: TextOptions): string =>
    renderText(filterDocument(file, result), options),
  json: (_file: string, result: FilterDocument): string => jsonLine(result),
  jsonl: (_file: string, { findings, ...summary }: FilterDocument): string =>
    [...findings.map((finding) => ({ kind: "finding", ...finding })), { kind: "summary", ...summary }]
      .map(jsonLine)
      .join(""),
  html: (file: string, result: FilterDocument): string =>
    renderHtml(`Port 25 filter: ${result.verdict}`, [filterDocument(file, result)]),
  nagios: (_file: string, { verdict, because, holes, overblocks }: FilterDocument): string =>
    `FILTER ${nagiosFilterStates[verdict].word} - ${shown(because).replaceAll("|", "/").slice(0, 800)} | holes=${holes.length};;0;0 overblocks=${overblocks.length};0;;0\n`,
} as const;

/** What a monitoring system makes of a verdict (0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN). */
export const nagiosFilterStates = {
  exact: { code: 0, word: "OK" },
  overblocks: { code: 1, word: "WARNING" },
  holes: { code: 2, word: "CRITICAL" },
  both: { code: 2, word: "CRITICAL" },
  unknown: { code: 3, word: "UNKNOWN" },
} as const satisfies Record<FilterDocument["verdict"], { readonly code: 0 | 1 | 2 | 3; readonly word: string }>;

export type FilterFormat = keyof typeof faces;

export const filterFormats = Object.keys(faces) as readonly FilterFormat[]; // the keys of the table above

export function filterFace(format: FilterFormat, file: string, result: FilterDocument, options: TextOptions): string {
  return faces[format](file, result, options);
}
