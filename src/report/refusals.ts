/** How refusals are printed. */
import type { RefusalsDocument } from "../lists/refusals/result.ts";
import { refusalsDocument } from "./documents/refusals.ts";
import { renderHtml } from "./faces/html.ts";
import { renderText, type TextOptions } from "./faces/text.ts";
import { jsonLine } from "./json.ts";

const faces = {
  text: (result: RefusalsDocument, options: TextOptions) => renderText(refusalsDocument(result), options),
  json: (result: RefusalsDocument) => jsonLine(result),
  html: (result: RefusalsDocument) => renderHtml("Who refuses our mail", [refusalsDocument(result)]),
} satisfies Record<string, (result: RefusalsDocument, options: TextOptions) => string>;

export type RefusalsFormat = keyof typeof faces;

export const refusalsFormats = Object.keys(faces) as readonly RefusalsFormat[]; // the keys of the table above

export function renderRefusals(result: RefusalsDocument, format: RefusalsFormat, options: TextOptions): string {
  return faces[format](result, options);
}
