/**
 * What every parser of text answers. An unreadable text is an expected outcome, so it is a value, not an exception.
 */

/** The value, or where reading stopped and what was wrong there. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | ParseFailure;

/**
 * `at` counts UTF-16 units from the start of the text. `expected` is readable after the text and a colon:
 * `10.1.1.2/23: host bits are set. Did you mean 10.1.0.0/23?`.
 */
export interface ParseFailure {
  readonly ok: false;
  readonly at: number;
  readonly expected: string;
}

/** The text was read. */
export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** The text was not read. */
export function notParsed(at: number, expected: string): ParseFailure {
  return { ok: false, at, expected };
}
