/**
 * The parts of a message (RFC 2045-2046), as they lie in its bytes: nothing is merged, decoded or copied before someone asks.
 * Bounded in depth, parts and header bytes; what lies beyond is left out and named in `problems`. Never throws.
 *
 * Not done by a library because the evidence is in the structure: postal-mime 4.0 joins texts of several parts (the report
 * of an X-ARF mail becomes part of its greeting), throws away a whole message that is nested too deep, and knows no bound
 * on parts. Its readers of addresses and encoded words are used (`mail.ts`).
 */
import { fieldOf, type HeaderField, parseHeader } from "../message/header.ts";
import { fromWire } from "../text/wire.ts";
import { decodeText, decodeTransfer, htmlWords } from "./decode.ts";
import { limits } from "./limits.ts";

export interface Part {
  readonly header: readonly HeaderField[];
  /** In lower case: `text/plain`. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** The file name that the sender gave it: a label, never a path. */
  readonly name: string | null;
  readonly encoding: string;
  /** As it lies in the message. */
  readonly body: Buffer;
  readonly children: readonly Part[];
}

/** What is left to spend on one message, embedded ones included. */
export interface Budget {
  parts: number;
  readonly problems: Set<string>;
}

export const budget = (): Budget => ({ parts: limits.parts, problems: new Set() });

/** Reads a message or a part: a header section, an empty line, a body. */
export function readPart(bytes: Buffer, left: Budget, depth = 0, fallback = "text/plain"): Part {
  left.parts -= 1;
  const { head, body } = split(bytes, left);
  const header = parseHeader(head);
  const contentType = fieldOf(header, "content-type") ?? fallback;
  const type = /^\s*([\w.+-]{1,60}\/[\w.+-]{1,80})/.exec(contentType)?.[1]?.toLowerCase() ?? fallback;
  const parameters = parametersOf(contentType);
  const disposition = parametersOf(fieldOf(header, "content-disposition") ?? "");
  const part: Part = {
    header,
    type,
    parameters,
    name: disposition.get("filename") ?? parameters.get("name") ?? null,
    encoding: (fieldOf(header, "content-transfer-encoding") ?? "").toLowerCase().trim(),
    body,
    children: [],
  };
  if (!type.startsWith("multipart/")) return part;
  const boundary = parameters.get("boundary") ?? "";
  if (boundary === "" || boundary.length > 200) {
    left.problems.add("A multipart names no boundary: it is read as one text.");
    return { ...part, type: "text/plain" };
  }
  if (depth >= limits.depth) {
    left.problems.add(`Parts nested more than ${limits.depth} deep were left out.`);
    return part;
  }
  const pieces = piecesOf(body, boundary, left);
  if (pieces.length === 0) {
    left.problems.add("The boundary of a multipart never comes: it is read as one text.");
    return { ...part, type: "text/plain" };
  }
  // RFC 2046 §5.1.5: parts of a digest are messages where nothing else is said.
  const inner = type === "multipart/digest" ? "message/rfc822" : "text/plain";
  return { ...part, children: pieces.map((piece) => readPart(piece, left, depth + 1, inner)) };
}

/** The part and all below it, in order; not those of embedded messages. */
export function* partsOf(part: Part): Generator<Part> {
  yield part;
  for (const child of part.children) yield* partsOf(child);
}

/** The decoded bytes of a part, at most so many. */
export function bytesOfPart(part: Part, most: number, problems: Set<string>): Buffer {
  const { bytes, cut } = decodeTransfer(part.body, part.encoding, most);
  if (cut) problems.add(`A part was read up to ${most} bytes only.`);
  return bytes;
}

/** The text of a part, with `\n` for line ends; HTML without its markup. */
export function textOfPart(part: Part, problems: Set<string>): string {
  const bytes = bytesOfPart(part, limits.textBytes, problems);
  const charset = part.parameters.get("charset") ?? null;
  const { text, known } = decodeText(bytes, charset);
  if (!known)
    problems.add(
      `The character set "${charset?.slice(0, 40)}" is not known: its text is read as UTF-8 or Windows-1252.`,
    );
  const lines = text.replace(/\r\n?/g, "\n");
  return part.type === "text/html" ? htmlWords(lines) : lines;
}

/** Header section and body. Empty lines and an mbox's `From ` line before the first field are passed over. */
function split(bytes: Buffer, left: Budget): { head: string; body: Buffer } {
  let start = 0;
  while (bytes[start] === 0x0a || bytes[start] === 0x0d || bytes[start] === 0x20 || bytes[start] === 0xef) {
    if (bytes[start] === 0xef) {
      if (bytes[start + 1] !== 0xbb || bytes[start + 2] !== 0xbf) break;
      start += 2; // a byte order mark
    }
    start += 1;
  }
  // A part that begins with an empty line has no header (RFC 2046 §5.1); a message always has one.
  if (start > 0 && !/^[>!-9;-~]{1,80}(?:[ \t]*:|[ \t])/.test(bytes.toString("latin1", start, start + 90)))
    return { head: "", body: bytes };
  if (
    bytes
      .toString("latin1", start, start + 6)
      .replace(">", "")
      .startsWith("From ")
  ) {
    const end = bytes.indexOf(0x0a, start);
    start = end < 0 ? bytes.length : end + 1;
  }
  const end = emptyLine(bytes, start);
  if (end.at - start > limits.headerBytes)
    left.problems.add(`A header section was read up to ${limits.headerBytes} bytes only.`);
  const head = bytes.toString("latin1", start, Math.min(end.at, start + limits.headerBytes));
  return { head: fromWire(head.replace(/[\0\r]/g, "")), body: bytes.subarray(end.next) };
}

/** The first empty line: `\n\n` or `\n\r\n`. */
function emptyLine(bytes: Buffer, from: number): { readonly at: number; readonly next: number } {
  if (bytes[from] === 0x0a) return { at: from, next: from + 1 };
  if (bytes[from] === 0x0d && bytes[from + 1] === 0x0a) return { at: from, next: from + 2 };
  for (let at = bytes.indexOf(0x0a, from); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at + 1] === 0x0a) return { at, next: at + 2 };
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return { at, next: at + 3 };
  }
  return { at: bytes.length, next: bytes.length };
}

/** What lies between the boundary lines (RFC 2046 §5.1.1); a missing last one ends with the body. */
function piecesOf(body: Buffer, boundary: string, left: Budget): readonly Buffer[] {
  const delimiter = Buffer.from(`--${boundary}`, "latin1");
  const pieces: Buffer[] = [];
  let start = -1;
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + delimiter.length)) {
    const after = body[at + delimiter.length];
    const isLine = at === 0 || body[at - 1] === 0x0a;
    const last = after === 0x2d && body[at + delimiter.length + 1] === 0x2d;
    const ends = after === undefined || after === 0x0a || after === 0x0d || after === 0x20 || after === 0x09;
    if (!isLine || !(last || ends)) continue;
    if (start >= 0) pieces.push(body.subarray(start, lineEndBefore(body, at, start)));
    const line = body.indexOf(0x0a, at + delimiter.length);
    start = line < 0 ? body.length : line + 1;
    if (last) return pieces;
    if (pieces.length >= left.parts) {
      left.problems.add(`Parts beyond the ${limits.parts}th were left out.`);
      return pieces;
    }
  }
  if (start >= 0) {
    left.problems.add("The last boundary of a multipart is missing: the message may have been cut.");
    pieces.push(body.subarray(start));
  }
  return pieces;
}

/** The line end before a boundary belongs to the boundary. */
function lineEndBefore(body: Buffer, at: number, least: number): number {
  const end = body[at - 2] === 0x0d ? at - 2 : at - 1;
  return Math.max(end, least);
}

/** Parameters of a structured field (RFC 2045 §5.1), continued and encoded ones included (RFC 2231). */
function parametersOf(value: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const match of value.slice(0, 4000).matchAll(/;\s*([^\s=;"]{1,60})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)/g)) {
    const [, name = "", raw = ""] = match;
    const text = raw.startsWith('"') ? raw.replace(/^"|"$/g, "").replace(/\\(.)/g, "$1") : raw.trim();
    const key = name.toLowerCase();
    const [base = "", number] = key.split("*");
    if (key === base) {
      if (!found.has(key)) found.set(key, text);
    } else
      found.set(
        base,
        (number === "" || number === "0" ? "" : (found.get(base) ?? "")) + percent(text, key.endsWith("*")),
      );
  }
  return found;
}

function percent(text: string, encoded: boolean): string {
  if (!encoded) return text;
  try {
    return decodeURIComponent(text.replace(/^[^']{0,40}'[^']{0,40}'/, ""));
  } catch {
    return text;
  }
}
