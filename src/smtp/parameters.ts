/**
 * The argument of MAIL and RCPT, split into path and parameters (RFC 5321 §4.1.1.11):
 *
 *     Mail-parameters  = esmtp-param *( SP esmtp-param )
 *     esmtp-param      = esmtp-keyword [ "=" esmtp-value ]
 */
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";

/** Keywords are in upper case; `value` is `null` where there is no `=`. */
export interface Parameter {
  readonly keyword: string;
  readonly value: string | null;
}

export interface PathAndParameters {
  /** As it was written, for `parseReversePath` or `parseForwardPath`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
}

/**
 * Splits what follows `MAIL FROM:` or `RCPT TO:`. Leading spaces are skipped (many clients write one); the path ends at
 * the `>` that is not quoted or, if it has no brackets, at the first space that is not quoted.
 */
export function splitPathAndParameters(text: string): Parsed<PathAndParameters> {
  const start = text.search(/[^ ]/);
  if (start < 0) return notParsed(text.length, "expected a path");
  const end = endOfPath(text, start);
  if (end < 0) return notParsed(text.length, 'expected ">" at the end of the path');
  if (end < text.length && text[end] !== " ") return notParsed(end, "expected a space after the path");

  const parameters: Parameter[] = [];
  for (let at = end; at < text.length; ) {
    if (text[at] === " ") {
      at += 1;
      continue;
    }
    const space = text.indexOf(" ", at);
    const next = space < 0 ? text.length : space;
    const parameter = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\u0080-\uffff]+))?$/.exec(
      text.slice(at, next),
    );
    const keyword = parameter?.[1];
    if (keyword === undefined) return notParsed(at, "expected a parameter: KEYWORD or KEYWORD=value");
    parameters.push({ keyword: keyword.toUpperCase(), value: parameter?.[2] ?? null });
    at = next;
  }
  return parsed({ path: text.slice(start, end), parameters });
}

function endOfPath(text: string, start: number): number {
  const close = text[start] === "<" ? ">" : " ";
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (quoted && char === "\\") at += 1;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === close) return close === ">" ? at + 1 : at;
  }
  return close === ">" ? -1 : text.length;
}
