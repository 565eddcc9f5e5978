/**
 * Finds the header section of an offending message in free text: quoted, forwarded, or pasted by a person whose program
 * re-wrapped the lines. Pure.
 */
import { limits } from "./limits.ts";

/** Fields that tell a pasted header section from other lines with a colon. */
const known =
  /^(received|return-path|delivered-to|message-id|from|to|cc|subject|date|reply-to|mime-version|content-type|content-transfer-encoding|x-[a-z0-9-]{2,60}|authentication-results|arc-[a-z-]{2,60}|received-spf|dkim-signature|sender|list-unsubscribe|x-originating-ip|envelope-to|in-reply-to|references|user-agent|precedence|thread-[a-z]{2,20}|errors-to|importance|domainkey-signature|return-receipt-to|organization|status|lines)$/i;

const strong =
  /^(received|message-id|return-path|delivered-to|x-originating-ip|authentication-results|received-spf|envelope-to)$/i;

/** Header section as text, unfolded again; and what follows it. Null: there is none. */
export function headerInText(text: string): { readonly header: string; readonly received: number } | null {
  const lines = text.split("\n", limits.lines).map((line) => unquoted(line.slice(0, limits.lineLength)));
  let best: { header: string; received: number } | null = null;
  for (let at = 0; at < lines.length; ) {
    const block = blockAt(lines, at);
    if (block === null) {
      at += 1;
      continue;
    }
    at = block.end;
    const { names } = block;
    const received = names.filter((name) => name === "received").length;
    const strongNames = new Set(names.filter((name) => strong.test(name))).size;
    const distinct = new Set(names.filter((name) => known.test(name))).size;
    if (distinct < 2 || (received === 0 && strongNames === 0 && distinct < 3)) continue;
    // The first one with a trail is the offending message's; one without a trail only counts if there is no other.
    if (received > 0) return { header: block.text, received };
    best ??= { header: block.text, received };
  }
  return best;
}

interface Block {
  readonly text: string;
  readonly names: readonly string[];
  /** The line after it. */
  readonly end: number;
}

const maxFieldLines = 2000;

const fieldLine = /^([A-Za-z][A-Za-z0-9-]{1,60})[ \t]?:(?=[ \t\u00a0]|$|[^/\s])/;

function blockAt(lines: readonly string[], start: number): Block | null {
  const first = nameOf(lines[start] ?? "");
  if (first === null || !known.test(first)) return null;
  const out: string[] = [];
  const names: string[] = [];
  let at = start;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      // Some programs double the line ends: the section goes on if what follows is a field that everybody knows.
      const next = nameOf(lines[at + 1] ?? "");
      if (next === null || !known.test(next) || (names.includes("subject") && next === "subject")) break;
      continue;
    }
    const name = nameOf(line);
    if (name !== null) {
      names.push(name);
      // A section that is cut must not end here: what follows would pass for a section of its own, without its first lines.
      if (out.length < maxFieldLines) out.push(line.trim().replace(/\u00a0/g, " "));
    } else if (out.length > 0) {
      // Folded (RFC 5322 §2.2.3), or wrapped by a program that forgot the blank.
      if (!/^[ \t\u00a0]/.test(line) && !isOpen(out.at(-1) ?? "") && !continues(lines, at)) break;
      if (out.length < maxFieldLines) out.push(` ${line.trim()}`);
    }
  }
  return { text: `${out.join("\n")}\n\n`, names, end: Math.max(at, start + 1) };
}

/** A comment was begun and not ended (RFC 5322 §3.2.2): the line goes on. */
function isOpen(line: string): boolean {
  return line.lastIndexOf("(") > line.lastIndexOf(")");
}

/** A line without indent goes on with the field above it only if more fields follow soon. */
function continues(lines: readonly string[], at: number): boolean {
  for (let next = at + 1; next <= at + 3; next += 1) {
    const line = lines[next] ?? "";
    if (line.trim() === "") return false;
    const name = nameOf(line);
    if (name !== null && known.test(name)) return true;
  }
  return false;
}

function nameOf(line: string): string | null {
  return fieldLine.exec(line)?.[1]?.toLowerCase() ?? null;
}

/** Without marks of quotation, mbox's `>From ` and markup of forwarded Outlook mail. */
function unquoted(line: string): string {
  return line.replace(/^(?:[ \t]?[>|]){1,10}[ \t]?/, "").replace(/^\*([A-Za-z-]{2,20}:)\*/, "$1");
}
