/**
 * SMTP replies (RFC 5321 §4.2) with enhanced status codes (RFC 3463, RFC 2034):
 *
 *     Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
 *
 * Pure: lines go in, replies come out, and what is not a reply is said to be garbled rather than guessed at.
 */

export interface Reply {
  readonly code: number;
  /** Enhanced status of the last line that has one, e.g. `5.7.1`; null if there is none. */
  readonly enhanced: string | null;
  /** The text of all lines without codes, joined by line feeds. */
  readonly text: string;
}

/** RFC 5321 §4.5.3.1.5 allows 512 octets a line; real servers exceed it. Beyond these bounds a peer is hostile. */
export const replyLimits = { line: 2048, lines: 128, bytes: 65_536 } as const;

export interface ReplyLine {
  readonly code: number;
  readonly last: boolean;
  readonly text: string;
}

/** One reply line, or null if it is not one. A code alone is a last line: seen in the wild (RFC 5321 §4.2.1 SHOULDs the space). */
export function parseReplyLine(line: string): ReplyLine | null {
  const match = /^([2-5][0-9][0-9])(?:([ -])(.*))?$/s.exec(line.replace(/\r+$/, ""));
  if (match === null) return null;
  return { code: Number(match[1]), last: match[2] !== "-", text: match[3] ?? "" };
}

/**
 * The reply made of these lines. If the codes differ the last one counts (RFC 5321 §4.2.1 forbids it; a client has to
 * choose, and the last line is where a reply is known to be complete).
 */
export function replyOf(lines: readonly ReplyLine[]): Reply {
  const code = lines.at(-1)?.code ?? 0;
  let enhanced: string | null = null;
  const text = lines.map((line) => {
    const status = /^([245]\.\d{1,3}\.\d{1,3})(?=\s|$)/.exec(line.text);
    // RFC 2034 §4: the class repeats the first digit of the reply code; anything else is text that looks like one.
    if (status?.[1] === undefined || !status[1].startsWith(String(Math.trunc(line.code / 100)))) return line.text;
    enhanced = status[1];
    return line.text.slice(status[1].length).trimStart();
  });
  return { code, enhanced, text: text.join("\n") };
}

/** 2xx: the command was carried out. */
export const isPositive = (reply: Reply): boolean => reply.code >= 200 && reply.code < 300;
/** 4xx: it may work later (RFC 5321 §4.2.1). */
export const isTransient = (reply: Reply): boolean => reply.code >= 400 && reply.code < 500;
/** One line for people: `550 5.7.1 Relaying denied`. */
export function formatReply(reply: Reply): string {
  const text = reply.text.replaceAll("\n", " / ");
  return [String(reply.code), reply.enhanced, text].filter((part) => part !== null && part !== "").join(" ");
}

/** The lines a server writes for this reply, each ending in CRLF, enhanced status on every line (RFC 2034 §4). */
export function writeReply(reply: Reply): string {
  const lines = reply.text.split("\n");
  const status = reply.enhanced === null ? "" : `${reply.enhanced} `;
  return lines
    .map((line, index) => `${reply.code}${index === lines.length - 1 ? " " : "-"}${status}${line}\r\n`)
    .join("");
}

/** A reply written in one line of code: `reply(550, "5.7.1", "Relaying denied")`. */
export function reply(code: number, enhanced: string | null, text: string): Reply {
  return { code, enhanced, text };
}
