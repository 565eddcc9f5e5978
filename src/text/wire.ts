/** From bytes to text, for lines that may hold UTF-8 (RFC 6531) and are kept one character a byte until then. */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text that the bytes spell in UTF-8; if they are not UTF-8, the same string, one character a byte. */
export function fromWire(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  try {
    return strict.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1; // 8-bit text of an older kind: nobody can tell which
  }
}
