/** `master.cf` (master(5)): which services listen, and what each sets for itself with `-o`. */
import { type Span, sourceOf } from "../../../text/source.ts";
import { closing } from "./expand.ts";
import { logicalLines } from "./main-cf.ts";

export interface Service {
  /** `smtp`, `submission`, `127.0.0.1:10025`. */
  readonly name: string;
  readonly type: string;
  readonly command: string;
  readonly overrides: ReadonlyMap<string, { readonly value: string; readonly where: Span }>;
  readonly where: Span;
}

export interface MasterCf {
  readonly services: readonly Service[];
  readonly strange: readonly Span[];
}

export function parseMasterCf(file: string, text: string): MasterCf {
  const services: Service[] = [];
  const strange: Span[] = [];
  for (const line of logicalLines(sourceOf(file, text))) {
    const words = wordsOf(line.text);
    const place = (word: Word): Span => line.source.span(line.offsetOf(word.at), line.offsetOf(word.end - 1) + 1);
    const [name, type] = words;
    const command = words[7];
    if (name === undefined || type === undefined || command === undefined) {
      strange.push(line.span);
      continue;
    }
    const overrides = new Map<string, { readonly value: string; readonly where: Span }>();
    for (let index = 8; index < words.length; index += 1) {
      const word = words[index] as Word; // the index is in bounds
      if (!word.text.startsWith("-o")) continue;
      const setting = word.text === "-o" ? words[(index += 1)] : { ...word, text: word.text.slice(2) };
      if (setting === undefined) break;
      const body = setting.text.startsWith("{") ? setting.text.slice(1, -1) : setting.text;
      const equals = body.indexOf("=");
      if (equals < 0) continue;
      overrides.set(body.slice(0, equals).trim(), { value: body.slice(equals + 1).trim(), where: place(setting) });
    }
    services.push({ name: name.text, type: type.text, command: command.text, overrides, where: line.span });
  }
  return { services, strange };
}

interface Word {
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

/** Words parted by whitespace; `{ … }` is one word. */
function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] as string)) {
      at += 1;
      continue;
    }
    let end = at;
    if (text[at] === "{") {
      const close = closing(text, at);
      end = close < 0 ? text.length : close + 1;
    } else while (end < text.length && !/\s/.test(text[end] as string)) end += 1;
    words.push({ text: text.slice(at, end), at, end });
    at = end;
  }
  return words;
}
