/**
 * Message data on the wire: dot-stuffing (RFC 5321 §4.5.2) and its end, CRLF.CRLF and nothing else. A bare LF never ends
 * a message here: taking `LF . LF` for an end is what makes smuggling possible (CVE-2023-51764 and its siblings).
 */

/** The text with its lines ended by CRLF and leading dots doubled, without the final dot. */
export function stuffed(message: string): string {
  const lines = message.split("\r\n");
  return lines.map((line) => (line.startsWith(".") ? `.${line}` : line)).join("\r\n");
}

/** What counts as the end of data. `lenient` is only for mailers that misbehave on purpose. */
export type EndOfData = "crlf" | "lenient";

/** Takes message bytes off a stream until the end of data. Holds at most five bytes between chunks. */
export class DataDecoder {
  readonly #end: EndOfData;
  #tail = "";
  #lineStart = true;

  constructor(end: EndOfData = "crlf") {
    this.#end = end;
  }

  /** The message bytes in this chunk, and, once the end was seen, what followed it. */
  push(chunk: Uint8Array): { readonly content: string; readonly rest: Uint8Array | null } {
    // Latin-1 keeps one character a byte, so offsets in the text are offsets in the bytes.
    const text = this.#tail + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    this.#tail = "";
    let content = "";
    let at = 0;
    while (at < text.length) {
      if (this.#lineStart && text[at] === ".") {
        const after = text.slice(at + 1, at + 3);
        if (after.startsWith("\r\n")) return { content, rest: Buffer.from(text.slice(at + 3), "latin1") };
        if (this.#end === "lenient" && after.startsWith("\n"))
          return { content, rest: Buffer.from(text.slice(at + 2), "latin1") };
        if (after.length < 2 && (after === "" || after === "\r")) {
          this.#tail = text.slice(at);
          return { content, rest: null };
        }
        at += 1; // the dot that stuffing added
        this.#lineStart = false;
        continue;
      }
      const feed = text.indexOf("\n", at);
      if (feed < 0) {
        content += text.slice(at);
        // A CR at the very end may be half a line end; it is content either way, and the next LF decides.
        this.#lineStart = false;
        this.#endsInCr = text.endsWith("\r");
        return { content, rest: null };
      }
      content += text.slice(at, feed + 1);
      const crlf = feed > at ? text[feed - 1] === "\r" : this.#endsInCr && feed === at;
      this.#lineStart = crlf || this.#end === "lenient";
      this.#endsInCr = false;
      at = feed + 1;
    }
    return { content, rest: null };
  }

  #endsInCr = false;
}
