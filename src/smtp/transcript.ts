/**
 * What was said on a connection, as evidence: the one small text format of reports, fixtures and the store.
 *
 *     0.012 S: 220 mx.example ESMTP        the server said
 *     0.013 C: EHLO probe.example          the client said
 *     0.020 *: connection reset            what happened otherwise
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

/** The transcript as text, each line with the seconds since the connection was asked for. */
export function formatTranscript(transcript: Transcript): string {
  return transcript.map((line) => `${(line.at / 1000).toFixed(3)} ${line.side}: ${line.text}`).join("\n");
}
