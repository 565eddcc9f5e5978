/**
 * What was said on a connection, as evidence: the one small text format of reports, fixtures and the store.
 *
 *     S: 220 mx.example ESMTP        the server said
 *     C: EHLO probe.example          the client said
 *     *: connection reset            what happened otherwise
 *
 * Octets that are not printable ASCII are written \xHH, so that evidence can be shown anywhere without harm.
 */

export interface TranscriptLine {
  /** Milliseconds since the connection was opened. */
  readonly at: number;
  readonly side: "S" | "C" | "*";
  readonly text: string;
}

export type Transcript = readonly TranscriptLine[];

/** The text with every octet outside printable ASCII escaped; the backslash too, so that it can be read back. */
export function printable(text: string): string {
  return text.replace(/[^ -[\]-~]/g, (character) =>
    character === "\t" ? "\\t" : `\\x${(character.charCodeAt(0) & 0xff).toString(16).padStart(2, "0")}`,
  );
}

/** The transcript as text; with `times`, each line begins with seconds since the connection. */
export function formatTranscript(transcript: Transcript, options: { readonly times?: true } = {}): string {
  return transcript
    .map(
      (line) =>
        `${options.times === true ? `${(line.at / 1000).toFixed(3).padStart(8)} ` : ""}${line.side}: ${line.text}`,
    )
    .join("\n");
}

/** Reads the text form (without times). Lines of another form are left out: fixtures carry comments. */
export function parseTranscript(text: string): Transcript {
  return text.split("\n").flatMap((line) => {
    const match = /^([SC*]): ?(.*)$/.exec(line);
    return match === null ? [] : [{ at: 0, side: match[1] as TranscriptLine["side"], text: match[2] ?? "" }];
  });
}
