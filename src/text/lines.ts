/**
 * Splits a byte stream into lines with a bound on their length. SMTP lines end in CRLF (RFC 5321 §2.3.8); a bare LF is
 * accepted as an end because real peers send it, and reported so that nobody mistakes it for CRLF. A bare CR is content.
 */

/** One character a byte, so that nothing a peer sends is lost or repaired. */
export const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

/** The bytes of a string whose characters are all below U+0100. */
export const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");

export type Line =
  | { readonly kind: "line"; readonly text: string; readonly bareLf: boolean }
  /** The bound was reached before a line end; `text` is what was read so far, and the rest of the line is dropped. */
  | { readonly kind: "too-long"; readonly text: string };

/** A line splitter that is fed chunks and asked for lines. Holds at most `maxLine` + one chunk of bytes. */
export class LineBuffer {
  readonly #maxLine: number;
  #pending: Uint8Array = new Uint8Array(0);
  #dropping = false;

  constructor(maxLine: number) {
    this.#maxLine = maxLine;
  }

  push(chunk: Uint8Array): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
  }

  /** How many bytes wait to be read. */
  get waiting(): number {
    return this.#pending.length;
  }

  /** All bytes that wait, as they came: for message data, which is not made of commands. */
  takeAll(): Uint8Array {
    const all = this.#pending;
    this.#pending = new Uint8Array(0);
    return all;
  }

  /** The next line, or `null` if none is complete yet. */
  next(): Line | null {
    for (;;) {
      const end = this.#pending.indexOf(0x0a);
      if (this.#dropping) {
        if (end < 0) {
          this.#pending = new Uint8Array(0);
          return null;
        }
        this.#pending = this.#pending.subarray(end + 1);
        this.#dropping = false;
        continue;
      }
      if (end < 0 || end > this.#maxLine) {
        if (this.#pending.length <= this.#maxLine) return null;
        const text = latin1(this.#pending.subarray(0, this.#maxLine));
        this.#pending = this.#pending.subarray(this.#maxLine);
        this.#dropping = true;
        return { kind: "too-long", text };
      }
      const crlf = end > 0 && this.#pending[end - 1] === 0x0d;
      const text = latin1(this.#pending.subarray(0, crlf ? end - 1 : end));
      this.#pending = this.#pending.subarray(end + 1);
      return { kind: "line", text, bareLf: !crlf };
    }
  }
}
