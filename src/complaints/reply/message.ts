/**
 * An answer as bytes: a plain text message (RFC 5322, RFC 2045) in ASCII alone, or the request that passes one on. Nothing that
 * came from a report reaches a header but through `unstructured`, `formatMailbox` and the strict form of identifiers: no line
 * end can. Pure.
 */
import { formatMailbox, type Mailbox } from "../../smtp/path.ts";

export interface Letter {
  readonly from: { readonly name: string; readonly mailbox: Mailbox };
  readonly replyTo: Mailbox | null;
  readonly to: Mailbox;
  readonly subject: string;
  /** With brackets, as are the others; decided before it is first sent. */
  readonly messageId: string;
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly date: Date;
  readonly text: string;
  /** A finished message to be passed on. */
  readonly attached: string | null;
}

/** Lines end in CRLF; every character is ASCII; no line is longer than 998 (RFC 5322 §2.1.1). */
export function messageText(letter: Letter): string {
  const { from, replyTo, to, subject, messageId, inReplyTo, references, date, text, attached } = letter;
  const header = [
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `From: ${displayName(from.name)}<${formatMailbox(from.mailbox)}>`,
    ...(replyTo === null ? [] : [`Reply-To: <${formatMailbox(replyTo)}>`]),
    `To: <${formatMailbox(to)}>`,
    `Subject: ${unstructured(subject)}`,
    `Message-ID: ${identified(messageId)}`,
    ...(inReplyTo === null ? [] : [`In-Reply-To: ${identified(inReplyTo)}`]),
    ...(references.length === 0 ? [] : [`References: ${references.map(identified).join("\r\n ")}`]),
    // A person read and approved it, so it is no automatic reply (RFC 3834 §5). Out-of-office programs need not answer it.
    "X-Auto-Response-Suppress: OOF, AutoReply",
    "MIME-Version: 1.0",
  ];
  if (attached === null) return `${[...header, ...textPart(text)].join("\r\n")}\r\n`;
  const boundary = `=_${messageId.replace(/[^A-Za-z0-9]/g, "").slice(0, 40)}`;
  return `${[
    ...header,
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    "",
    `--${boundary}`,
    ...textPart(text),
    `--${boundary}`,
    "Content-Type: message/rfc822",
    "Content-Disposition: attachment; filename=answer.eml",
    "",
    attached.replace(/\r\n$/, ""),
    `--${boundary}--`,
  ].join("\r\n")}\r\n`;
}

/** A subject for an answer: `Re: ` once, whatever the others put before it. */
export function answerSubject(subject: string, otherwise: string): string {
  const bare = oneLine(subject).replace(/^(?:(?:re|aw|antw?|sv|vs|rif|fwd?|wg)(?:\[\d{1,3}\])?:\s*)+/i, "");
  return `Re: ${bare === "" ? otherwise : bare.slice(0, 200)}`;
}

/** Fields are text that others may have written: whatever could end a line is gone before anything else is looked at. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** RFC 2047 §5: words where it is not ASCII, or would be read as such words. */
function unstructured(value: string): string {
  const text = oneLine(value);
  return /^[ -~]*$/.test(text) && !text.includes("=?") ? folded(text) : encodedWords(text);
}

function displayName(name: string): string {
  const text = oneLine(name);
  if (text === "") return "";
  if (/^[ -~]*$/.test(text) && !text.includes("=?")) return `"${text.replace(/["\\]/g, "\\$&")}" `;
  return `${encodedWords(text)} `;
}

/** At blanks, so that no line is longer than 78 where that can be (RFC 5322 §2.1.1). */
function folded(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > 65) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\r\n ");
}

/** No word is longer than 75, and none ends within a character (RFC 2047 §2, §5). */
function encodedWords(text: string): string {
  const words: string[] = [];
  let part = "";
  for (const character of text) {
    if (Buffer.byteLength(part + character) > 42) {
      words.push(part);
      part = "";
    }
    part += character;
  }
  return [...words, part].map((one) => `=?UTF-8?B?${Buffer.from(one).toString("base64")}?=`).join("\r\n ");
}

function identified(id: string): string {
  if (!/^<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,200}>$/.test(id)) throw new Error(`no message identifier: ${oneLine(id)}`);
  return id;
}

function textPart(text: string): readonly string[] {
  const lines = text
    .replace(/\r\n?/g, "\n")
    .replace(/[^\P{Cc}\n\t]|\p{Cs}/gu, " ")
    .replace(/\n+$/, "")
    .split("\n");
  const plain = lines.every((line) => /^[\t -~]{0,900}$/.test(line));
  return [
    `Content-Type: text/plain; charset=${plain ? "us-ascii" : "utf-8"}`,
    `Content-Transfer-Encoding: ${plain ? "7bit" : "quoted-printable"}`,
    "",
    ...(plain ? lines : lines.map(quoted)),
  ];
}

/** RFC 2045 §6.7: 76 characters a line, and no blank at the end of one. */
function quoted(line: string): string {
  const units = [...Buffer.from(line)].map((byte, at, all) =>
    (byte >= 33 && byte <= 126 && byte !== 61) || ((byte === 32 || byte === 9) && at < all.length - 1)
      ? String.fromCharCode(byte)
      : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`,
  );
  const lines: string[] = [];
  let current = "";
  for (const unit of units) {
    if (current.length + unit.length > 75) {
      lines.push(`${current}=`);
      current = "";
    }
    current += unit;
  }
  return [...lines, current].join("\r\n");
}
