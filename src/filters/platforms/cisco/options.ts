/** What may stand behind both ends of an entry, and what it means for a packet at the border. */
import type { Parts } from "./parts.ts";
import { portOperators } from "./ports.ts";
import type { Words } from "./words.ts";

export type Option = (words: Words, parts: Parts, all: Options) => void;
export type Options = ReadonlyMap<string, Option>;

/** So many words belong to it; `comparison`: `eq 5`, `range 1 5`, or one word alone; `rest`: all that follow. */
export type Arguments = 0 | 1 | 2 | "comparison" | "rest";

function skip(words: Words, count: Arguments): void {
  if (count === "rest") words.rest();
  else if (count === "comparison") {
    if (words.peek() === "range") words.skip(3);
    else words.skip(portOperators.includes(words.peek()) ? 2 : 1);
  } else words.skip(count);
}

/** It decides nothing: counting, logging. */
export const idle =
  (count: Arguments): Option =>
  (words) =>
    skip(words, count);

/** It looks at something that the model does not hold. */
export const doubtful =
  (what: string, count: Arguments): Option =>
  (words) => {
    words.doubts.push(what);
    skip(words, count);
  };

/** `log` with a word of the writer's own behind it (IOS). */
export const logWithCookie: Option = (words, _parts, all) => {
  if (!words.done && !all.has(words.peek())) words.skip(1);
};

export const laterFragments: Option = (_words, parts) => {
  parts.narrow = { ...parts.narrow, laterFragment: true };
};

/** Only packets with IPv4 options or the extension header that is meant; a packet without any never fits. */
export const withHeader =
  (what: string, count: Arguments): Option =>
  (words, parts) => {
    words.doubts.push(what);
    skip(words, count);
    parts.narrow = { ...parts.narrow, extended: true };
  };

/** Packets whose transport header is not where it is looked for: later fragments, and chains of headers that are too long. */
export const undetermined: Option = (words, parts) => {
  words.doubts.push("whether the transport header is found");
  parts.kinds = [{ laterFragment: true }, { laterFragment: false, extended: true }];
};

export const optionsOf = (table: Readonly<Record<string, Option>>): Options => new Map(Object.entries(table));
