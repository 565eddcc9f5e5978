/**
 * Trace information (RFC 5321 §4.4): who says to have taken a message from whom. Only the topmost line, written by a
 * server of our own, is knowledge; all below are claims. Never throws.
 */
import { formatIp, parseIp } from "../net/ip.ts";
import type { HeaderField } from "./header.ts";

/** One Received line as a claim. */
export interface ReceivedClaim {
  /** What the client called itself. */
  readonly from: string | null;
  /** The client's address as the server saw it, if the line holds one. */
  readonly address: string | null;
  /** The server that wrote the line. */
  readonly by: string | null;
  /** With which protocol, e.g. `ESMTPSA` (RFC 3848: an A means authenticated). */
  readonly with: string | null;
}

const maxLines = 100;

/** The Received lines, topmost (latest) first. */
export function receivedTrail(fields: readonly HeaderField[]): readonly ReceivedClaim[] {
  return fields
    .filter((field) => field.name === "received")
    .slice(0, maxLines)
    .map((field) => parseReceived(field.value));
}

export function parseReceived(value: string): ReceivedClaim {
  const text = value.slice(0, 2000);
  const word = (keyword: string): string | null =>
    new RegExp(`(?:^|\\s)${keyword}\\s+([^\\s;()]{1,255})`, "i").exec(text)?.[1] ?? null;
  // A line without a client begins with the server: its own address is nobody's.
  const untilBy = text.split(/(?:^|\s)by\s/i)[0] ?? "";
  return { from: word("from"), address: addressIn(untilBy), by: word("by"), with: word("with") };
}

/** The last address in brackets or parentheses: servers write what the client said first and what they saw after it. */
function addressIn(text: string): string | null {
  const candidates = [...text.matchAll(/[[(\s](?:IPv6:)?([0-9a-fA-F:.]{3,45})(?=[\])\s]|:\d+[\])])/g)];
  for (const candidate of candidates.reverse()) {
    const parsed = parseIp(candidate[1] ?? "");
    if (parsed.ok) return formatIp(parsed.value);
  }
  return null;
}
