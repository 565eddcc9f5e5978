/**
 * From the bytes of a body to text: transfer encodings (RFC 2045 §6), character sets, and HTML without its markup. Lenient:
 * what cannot be decoded is replaced, and said. Never throws.
 */
import { limits } from "./limits.ts";

/** The bytes that the transfer encoding stands for; at most `most` of them. */
export function decodeTransfer(body: Buffer, encoding: string, most: number): { bytes: Buffer; cut: boolean } {
  switch (encoding) {
    case "base64": {
      // RFC 2045 §6.8: characters outside the alphabet are passed over. Line ends are 2 of 78.
      const raw = body.subarray(0, Math.ceil((most * 4) / 3) * 1.1);
      const bytes = Buffer.from(raw.toString("latin1").replace(/[^A-Za-z0-9+/]/g, ""), "base64");
      return { bytes: bytes.subarray(0, most), cut: raw.length < body.length || bytes.length > most };
    }
    case "quoted-printable": {
      const raw = body.subarray(0, most * 3);
      const bytes = unquoted(raw);
      return { bytes: bytes.subarray(0, most), cut: raw.length < body.length || bytes.length > most };
    }
    default:
      return { bytes: body.subarray(0, most), cut: body.length > most };
  }
}

/** RFC 2045 §6.7. What is no escape stands for itself. */
function unquoted(body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(body.length);
  let length = 0;
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]!;
    if (byte !== 0x3d) {
      out[length++] = byte;
      continue;
    }
    const high = nibble(body[at + 1]);
    const low = nibble(body[at + 2]);
    if (high >= 0 && low >= 0) {
      out[length++] = high * 16 + low;
      at += 2;
      continue;
    }
    let end = at + 1;
    while (body[end] === 0x20 || body[end] === 0x09) end += 1;
    if (body[end] === 0x0d) end += 1;
    if (body[end] === 0x0a)
      at = end; // a soft line break
    else out[length++] = byte;
  }
  return out.subarray(0, length);
}

function nibble(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** The text in this character set; in UTF-8, else Windows-1252, where none is named or nobody knows the name. */
export function decodeText(bytes: Buffer, charset: string | null): { readonly text: string; readonly known: boolean } {
  // Seen in the wild: `charset=charset=ISO-8859-1; format=flowed` within quotes.
  const label = /^\W*(?:charset=)?"?([\w.:-]*)/i.exec(charset?.trim() ?? "")?.[1]?.toLowerCase() ?? "";
  if (label !== "" && label !== "us-ascii" && label !== "utf-8") {
    try {
      return { text: new TextDecoder(label).decode(bytes), known: true };
    } catch {
      return { text: guessed(bytes), known: false };
    }
  }
  return { text: guessed(bytes), known: true };
}

function guessed(bytes: Buffer): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/** The words of an HTML text, a line for each block. Nothing of it is shown as HTML anywhere, so this need not be exact. */
export function htmlWords(html: string): string {
  const out: string[] = [];
  const source = html.slice(0, limits.textBytes);
  for (let at = 0; at < source.length; ) {
    const open = source.indexOf("<", at);
    if (open < 0) {
      out.push(source.slice(at));
      break;
    }
    out.push(source.slice(at, open).replace(/[\r\n]+/g, " "));
    const close = source.indexOf(">", open);
    if (close < 0) break;
    const tag = /^<\/?([a-z0-9]{1,12})/i.exec(source.slice(open, open + 16))?.[1]?.toLowerCase() ?? "";
    at = close + 1;
    if (tag === "style" || tag === "script") {
      if (source[open + 1] === "/") continue;
      const end = source.indexOf(`</${tag}`, at);
      if (end < 0) break; // all that follows is within it; looking again for each would take for ever
      at = end;
    } else if (/^(br|p|div|tr|li|h[1-6]|pre|table|blockquote|hr)$/.test(tag)) out.push("\n");
    else if (tag === "td" || tag === "th") out.push(" ");
  }
  return out.join("").replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? whole : String.fromCodePoint(point);
  });
}
