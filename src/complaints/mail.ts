/**
 * A message as readers of reports want it: who wrote it, when, what about, its parts, the messages within it. Built on the
 * bounded walk of `mime.ts`; addresses and encoded words are read by postal-mime. Never throws.
 */
import { addressParser, decodeWords } from "postal-mime";
import { fieldOf, type HeaderField } from "../message/header.ts";
import { limits } from "./limits.ts";
import { type Budget, budget, bytesOfPart, type Part, partsOf, readPart, textOfPart } from "./mime.ts";

/** A mail address as a report gives it: not validated, the domain in lower case. */
export interface Writer {
  readonly name: string;
  readonly address: string;
}

export interface Mail {
  readonly header: readonly HeaderField[];
  readonly root: Part;
  readonly subject: string;
  readonly from: Writer | null;
  readonly replyTo: readonly Writer[];
  /** As it was written. */
  readonly date: string | null;
  readonly messageId: string | null;
  /** Its own parts, in order, those of messages within it left out. */
  readonly parts: readonly Part[];
  /** How deep it lies in others. */
  readonly depth: number;
  readonly budget: Budget;
}

/** Reads the bytes of one message. */
export function readMail(bytes: Buffer): Mail {
  const left = budget();
  return mailOf(readPart(unixLines(bytes), left), 0, left);
}

/** A file that is no mail but what mails have attached: JSON, CSV, ZIP. */
export function mailOfFile(bytes: Buffer, type: string, name: string): Mail {
  const root: Part = { header: [], type, parameters: new Map(), name, encoding: "", body: bytes, children: [] };
  return mailOf(root, 0, budget());
}

/** The messages within: attached, inline, or as header alone (RFC 2046 §5.2.1, RFC 6522 §4); at any disposition. */
export function embeddedIn(mail: Mail): readonly Mail[] {
  const known = embedded.get(mail);
  if (known !== undefined) return known;
  const found = readEmbedded(mail);
  embedded.set(mail, found);
  return found;
}

const embedded = new WeakMap<Mail, readonly Mail[]>();

function readEmbedded(mail: Mail): readonly Mail[] {
  if (mail.depth >= limits.embedded) {
    if (mail.parts.some(isMessage))
      mail.budget.problems.add(`Messages more than ${limits.embedded} deep within one another were left out.`);
    return [];
  }
  const found: Mail[] = [];
  for (const part of mail.parts) {
    if (!isMessage(part) || mail.budget.parts <= 0) continue;
    const bytes =
      part.encoding === "base64" || part.encoding === "quoted-printable"
        ? bytesOfPart(part, limits.attachmentBytes, mail.budget.problems)
        : part.body;
    const inner = readPart(bytes, mail.budget);
    if (inner.header.length > 0) found.push(mailOf(inner, mail.depth + 1, mail.budget));
  }
  return found;
}

/** The words that a person would read: plain text parts, or HTML where there are none. Attachments are left out. */
export function wordsOf(mail: Mail): string {
  const known = words.get(mail);
  if (known !== undefined) return known;
  const texts = mail.parts.filter(({ type }) => type === "text/plain");
  const shown = texts.length > 0 ? texts : mail.parts.filter(({ type }) => type === "text/html");
  const text = shown
    .slice(0, 20)
    .map((part) => textOfPart(part, mail.budget.problems))
    .join("\n\n")
    .slice(0, limits.textBytes);
  words.set(mail, text);
  return text;
}

/** Every reader asks for them. */
const words = new WeakMap<Mail, string>();

/** A message that stands in a text: `header`, empty line, body. */
export function mailOfText(text: string, within: Mail): Mail {
  return mailOf(readPart(Buffer.from(text, "utf8"), within.budget), within.depth + 1, within.budget);
}

/** Decoded, on one line, without controls: postal-mime hands over line ends that were hidden in encoded words. */
export function decoded(value: string): string {
  let text = value;
  if (value.includes("=?")) {
    try {
      text = decodeWords(value);
    } catch {
      text = value;
    }
  }
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .trim()
    .slice(0, limits.value);
}

/** The mailboxes of an address field (RFC 5322 §3.4), groups opened; at most ten. */
export function writersIn(value: string | null): readonly Writer[] {
  if (value === null) return [];
  try {
    return addressParser(value.slice(0, 4000), { flatten: true })
      .flatMap((one) =>
        one.address === undefined ? [] : [{ name: decoded(one.name ?? ""), address: canonical(one.address) }],
      )
      .filter(({ address }) => /^[^\s@<>]{1,128}@[^\s@<>]{1,255}$/.test(address))
      .slice(0, 10);
  } catch {
    return [];
  }
}

function mailOf(root: Part, depth: number, left: Budget): Mail {
  const { header } = root;
  return {
    header,
    root,
    subject: decoded(fieldOf(header, "subject") ?? ""),
    from: writersIn(fieldOf(header, "from"))[0] ?? null,
    replyTo: writersIn(fieldOf(header, "reply-to")),
    date: fieldOf(header, "date"),
    messageId: fieldOf(header, "message-id"),
    parts: [...partsOf(root)],
    depth,
    budget: left,
  };
}

/** Local-parts may differ by case, domains never do (RFC 5321 §2.4). */
function canonical(address: string): string {
  const clean = address.replace(/[\p{Cc}\s]+/gu, "");
  const at = clean.lastIndexOf("@");
  return `${clean.slice(0, at)}@${clean.slice(at + 1).toLowerCase()}`;
}

function isMessage({ type, name }: Part): boolean {
  if (
    /^(message\/(rfc822|global|rfc822-headers|partial|global-headers)|text\/rfc822-headers?|text\/rfc822)$/.test(type)
  )
    return true;
  return name !== null && /\.eml$/i.test(name) && !type.startsWith("multipart/");
}

/** Old Macs end lines with a bare CR; a message that has no LF in its beginning is one of these. */
function unixLines(bytes: Buffer): Buffer {
  const start = bytes.subarray(0, 4096);
  if (start.includes(0x0a) || !start.includes(0x0d)) return bytes;
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(0x0d); at >= 0; at = copy.indexOf(0x0d, at + 1)) copy[at] = 0x0a;
  return copy;
}
