/** How a check of the lists is printed: a face is told of each subject as it is done, and of the end. */
import type { ListsDocument, SubjectResult } from "../lists/result.ts";
import { listsDocument } from "./documents/lists.ts";
import { renderHtml } from "./faces/html.ts";
import { renderText, type TextOptions } from "./faces/text.ts";
import { jsonLine } from "./json.ts";
import { shown } from "./shown.ts";

export interface ListsFace {
  subject(subject: SubjectResult): string;
  end(document: ListsDocument): string;
}

const nothing = (): string => "";

export const nagiosListsStates = {
  clean: { code: 0, word: "OK" },
  listed: { code: 2, word: "CRITICAL" },
  unknown: { code: 3, word: "UNKNOWN" },
} as const satisfies Record<ListsDocument["verdict"], { readonly code: 0 | 2 | 3; readonly word: string }>;

const faces = {
  text: (options: TextOptions): ListsFace => ({
    subject: nothing,
    end: (document) => renderText(listsDocument(document), options),
  }),
  json: (): ListsFace => ({ subject: nothing, end: jsonLine }),
  jsonl: (): ListsFace => ({
    subject: (result) => jsonLine({ kind: "subject", result }),
    end: ({ subjects: _subjects, ...summary }) => jsonLine({ kind: "summary", ...summary }),
  }),
  html: (): ListsFace => ({
    subject: nothing,
    end: (document) =>
      renderHtml(`DNS lists, ${document.startedAt.slice(0, 10)}: ${document.verdict}`, [listsDocument(document)]),
  }),
  nagios: (): ListsFace => ({
    subject: nothing,
    end: ({ verdict, because, subjects }) =>
      `LISTS ${nagiosListsStates[verdict].word} - ${shown(because).replaceAll("|", "/")} | subjects=${subjects.length};;;0 listed=${subjects.filter((one) => one.verdict === "listed").length};;0;0\n`,
  }),
} satisfies Record<string, (options: TextOptions) => ListsFace>;

export type ListsFormat = keyof typeof faces;

export const listsFormats = Object.keys(faces) as readonly ListsFormat[]; // the keys of the table above

export function listsFace(format: ListsFormat, options: TextOptions): ListsFace {
  return faces[format](options);
}
