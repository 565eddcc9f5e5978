/**
 * The gate that message data passes on its way to the upstream: finds the end of data, CRLF.CRLF and nothing else
 * (RFC 5321 §4.1.1.4), and lets no other line end through. What the upstream might take for an end (`LF . CRLF`,
 * `CR . CR`, a NUL before the dot; CVE-2023-51764 and its siblings) would have it read mail for commands that nobody
 * judged. Works on bytes as they come, dots still stuffed; keeps at most two between chunks.
 */

/** What a chunk holds: bytes that may go on now, and whether the message has ended or is spoilt. */
export interface Passed {
  /** Bytes kept back of the chunk before: they go first. */
  readonly held: Uint8Array;
  /** How many bytes of this chunk may go on. */
  readonly pass: number;
  /** Where the message ended in this chunk; what follows are commands. Null: not yet. */
  readonly end: number | null;
  /** It has a bare CR, a bare LF or a NUL: nothing more of it may go on. */
  readonly spoilt: boolean;
}

// Within a line; after its CR; at the start of a line; after a dot there; after that dot's CR.
const inLine = 0;
const afterCr = 1;
const lineStart = 2;
const afterDot = 3;
const afterDotCr = 4;

const nothing = new Uint8Array(0);
/** What has not gone on yet in each state: it may be half of an end. */
const heldIn: readonly Uint8Array[] = [nothing, Buffer.from("\r"), nothing, Buffer.from("."), Buffer.from(".\r")];

const cr = 0x0d;
const lf = 0x0a;
const dot = 0x2e;

export class DataGate {
  // The line that DATA itself was on has just ended.
  #state = lineStart;
  #spoilt = false;

  push(chunk: Uint8Array): Passed {
    const held = heldIn[this.#state] ?? nothing;
    let state = this.#state;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (state === inLine) {
        // Almost all bytes end here.
        if (byte !== cr && byte !== lf && byte !== 0) continue;
        if (byte === cr) state = afterCr;
        else this.#spoilt = true;
        continue;
      }
      if (byte === lf) {
        if (state === afterDotCr) {
          this.#state = lineStart;
          return { held, pass: this.#spoilt ? 0 : at + 1, end: at + 1, spoilt: this.#spoilt };
        }
        if (state === afterCr) state = lineStart;
        else {
          this.#spoilt = true;
          state = inLine;
        }
        continue;
      }
      if (state === afterCr || state === afterDotCr || byte === 0) this.#spoilt = true;
      if (byte === dot) state = state === lineStart ? afterDot : inLine;
      else if (byte === cr) state = state === afterDot ? afterDotCr : afterCr;
      else state = inLine;
    }
    this.#state = state;
    // What is kept back may have begun in an earlier chunk.
    const kept = (heldIn[state] ?? nothing).length;
    const pass = Math.max(0, chunk.length - kept);
    const stillHeld = kept > chunk.length;
    return {
      held: stillHeld ? held.subarray(0, held.length - (kept - chunk.length)) : held,
      pass: this.#spoilt ? 0 : pass,
      end: null,
      spoilt: this.#spoilt,
    };
  }
}
