/** How a sweep is printed: a face is told of each listener as it is heard, and of the end. */
import type { FoundListener, SweepDocument } from "../sweep/result.ts";
import { sweepDocument } from "./documents/sweep.ts";
import { renderHtml } from "./faces/html.ts";
import { renderText, type TextOptions } from "./faces/text.ts";
import { jsonLine } from "./json.ts";
import { shown } from "./shown.ts";

export interface SweepFace {
  listener(listener: FoundListener): string;
  end(document: SweepDocument): string;
}

const nothing = (): string => "";

export const nagiosSweepStates = {
  "as-declared": { code: 0, word: "OK" },
  unexpected: { code: 2, word: "CRITICAL" },
  unknown: { code: 3, word: "UNKNOWN" },
} as const satisfies Record<SweepDocument["verdict"], { readonly code: 0 | 2 | 3; readonly word: string }>;

const faces = {
  text: (options: TextOptions): SweepFace => ({
    listener: nothing,
    end: (document) => renderText(sweepDocument(document), options),
  }),
  json: (): SweepFace => ({ listener: nothing, end: jsonLine }),
  jsonl: (): SweepFace => ({
    listener: (listener) => jsonLine({ kind: "listener", ...listener }),
    end: ({ listeners: _listeners, ...summary }) => jsonLine({ kind: "summary", ...summary }),
  }),
  html: (): SweepFace => ({
    listener: nothing,
    end: (document) =>
      renderHtml(`Sweep of ${document.startedAt.slice(0, 10)}: ${document.verdict}`, [sweepDocument(document)]),
  }),
  nagios: (): SweepFace => ({
    listener: nothing,
    end: ({ verdict, because, listeners }) =>
      `SWEEP ${nagiosSweepStates[verdict].word} - ${shown(because).replaceAll("|", "/")} | listeners=${listeners.length};;;0 unexpected=${listeners.filter(({ speaks, expected }) => speaks === "smtp" && !expected).length};;0;0\n`,
  }),
} satisfies Record<string, (options: TextOptions) => SweepFace>;

export type SweepFormat = keyof typeof faces;

export const sweepFormats = Object.keys(faces) as readonly SweepFormat[]; // the keys of the table above

export function sweepFace(format: SweepFormat, options: TextOptions): SweepFace {
  return faces[format](options);
}
