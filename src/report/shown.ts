/**
 * Text from outside made harmless before anyone sees it: escape sequences could steer a terminal, and invisible or
 * right-to-left characters could make a line read otherwise than it is.
 */

/** Controls, format characters (among them the bidirectional ones), private use, surrogates, line and paragraph separators. */
const unshown = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029]/gu;

/** One line of text with everything that is no visible character written out: `\x1b`, `\u{202e}`. */
export function shown(text: string): string {
  return text.replace(unshown, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return point < 0x100 ? `\\x${point.toString(16).padStart(2, "0")}` : `\\u{${point.toString(16)}}`;
  });
}

/** The same, line by line: line feeds stay. */
export function shownLines(text: string): readonly string[] {
  return text.split("\n").map(shown);
}
