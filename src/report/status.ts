/** How the status is printed. */
import type { StatusDocument } from "../repair/result.ts";
import { statusPage, stepCounts } from "./documents/status.ts";
import { renderHtml } from "./faces/html.ts";
import { renderText, type TextOptions } from "./faces/text.ts";
import { jsonLine } from "./json.ts";
import { shown } from "./shown.ts";

/** Steps that are left are a warning: nothing is broken, and somebody has to go on. */
export const nagiosStatusStates = {
  open: { code: 2, word: "CRITICAL" },
  unknown: { code: 3, word: "UNKNOWN" },
  "under-way": { code: 1, word: "WARNING" },
  done: { code: 0, word: "OK" },
} as const satisfies Record<StatusDocument["verdict"], { readonly code: 0 | 1 | 2 | 3; readonly word: string }>;

const faces = {
  text: (options: TextOptions) => (status: StatusDocument) => renderText(statusPage(status), options),
  json: () => jsonLine,
  html: () => (status: StatusDocument) =>
    renderHtml(`Status, ${status.at.slice(0, 10)}: ${status.verdict}`, [statusPage(status)]),
  nagios: () => nagiosLine,
} satisfies Record<string, (options: TextOptions) => (status: StatusDocument) => string>;

export type StatusFormat = keyof typeof faces;

export const statusFormats = Object.keys(faces) as readonly StatusFormat[]; // the keys of the table above

export function statusFace(format: StatusFormat, options: TextOptions): (status: StatusDocument) => string {
  return faces[format](options);
}

/** Longer lines are cut by some versions of NRPE. */
const maxWords = 600;

function nagiosLine(status: StatusDocument): string {
  const { verdict, because, mailers } = status;
  const { open, unknown } = stepCounts(status);
  const openNow = mailers.filter((one) => one.verdict === "open").length;
  const words = shown(because).replaceAll("|", "/").slice(0, maxWords);
  return `REPAIR ${nagiosStatusStates[verdict].word} - ${words} | mailers=${mailers.length};;;0 open=${openNow};;0;0 todo=${open};0;;0 unknown=${unknown};0;;0\n`;
}
