/**
 * What a refusal is about. The code alone does not say: Postfix refuses relaying with `454 4.7.1`, `530` may mean
 * STARTTLS first, and checks of client and sender are often put off until RCPT. So code, enhanced status and text are
 * read together, the most telling first. Pure.
 */
import type { Reply } from "../smtp/reply.ts";

export type Meaning =
  /** The rule at work: this recipient is not served for this client. */
  | "relay-denied"
  | "authentication-required"
  | "starttls-first"
  /** About the tester: its address is on a list, has no name, or comes too often. */
  | "tester"
  /** This client is refused whatever it asks for, without a list being named. */
  | "client"
  | "sender"
  | "helo"
  | "greylisted"
  /** The address is unknown, malformed or not wanted. */
  | "address"
  | "limit"
  | "sequence"
  | "temporary"
  | "other";

/** Ordered: the first that fits decides. `transient` limits a row to 4xx replies. */
const rows: readonly { readonly means: Meaning; readonly text: RegExp; readonly transient?: true }[] = [
  {
    means: "starttls-first",
    text: /starttls (command )?(first|is required)|must (first )?issue a starttls|(tls|encryption) (is )?(required|needed)|requires? (tls|encryption)/i,
  },
  {
    means: "tester",
    text: /\b(dnsbl|rbl|blocklist|black ?list(ed)?|blacklist|spamhaus|spamcop|barracuda|sorbs|uceprotect)\b|blocked using|listed (in|at|by|on)|(poor|bad|low) reputation|(no|without|missing|cannot find your) (ptr|reverse|rdns)|reverse (dns|hostname|lookup)[^.]*(fail|missing|required|does not)|too many (concurrent )?(connections|sessions)|connection rate|rate limit|banned/i,
  },
  {
    means: "sender",
    text: /sender address rejected|sender (verify|verification)|domain of sender|sender domain|sender .*(not allowed|rejected|refused|denied|unknown|does not exist)|\b(spf|dmarc)\b|not owned by user|domain name required|mail from .*(not|denied|refused)/i,
  },
  {
    means: "helo",
    text: /(helo|ehlo)[^.]*(rejected|refused|denied|invalid|required|must|need|syntactically)|invalid (helo|ehlo)|access denied - invalid helo/i,
  },
  {
    means: "relay-denied",
    text: /relay|rcpthosts|not (a|an) (open )?gateway|cannot deliver mail for|use submission|not accepting (e-?mail|mail) for|delivery is not allowed to this address|non-?local|not local|administrative prohibition|mail for that domain|don't handle mail for|not (our|my|a local) (domain|customer)/i,
  },
  {
    means: "authentication-required",
    text: /authenticat|auth(entication)? (is )?required|log ?in (first|required)|must (first )?log ?in|not logged in/i,
  },
  {
    means: "client",
    text: /client host rejected|client host|access denied|connection (refused|rejected|denied)|host .*(rejected|refused|denied|not allowed)/i,
  },
  { means: "limit", text: /too many (recipients|messages|errors)|insufficient|over quota|size/i },
  {
    means: "greylisted",
    text: /gr[ea]y ?list|try again|try later|temporar(y|ily)|defer|come back|retry/i,
    transient: true,
  },
];

export function meaningOf(reply: Reply): Meaning {
  const transient = reply.code < 500;
  const status = reply.enhanced ?? "";
  // RFC 3207 §4 and RFC 4954 §6 use 530 for both; only the text tells, and authentication is the commoner.
  for (const row of rows) if (row.text.test(reply.text) && (row.transient === undefined || transient)) return row.means;
  if (reply.code === 530 || reply.code === 535) return "authentication-required";
  if (reply.code === 503) return "sequence";
  if (reply.code === 452 || /^[45]\.5\.3$/.test(status)) return "limit";
  if (/^[45]\.1\.[78]$/.test(status)) return "sender";
  if (/^[45]\.7\./.test(status)) return transient ? "temporary" : "relay-denied";
  if (/^[45]\.1\./.test(status) || [501, 550, 551, 553, 555].includes(reply.code)) return "address";
  return transient ? "temporary" : "other";
}

/** Replies a mailer counts against a client as bad syntax; Exim ends the session after three of them. */
export function isSyntaxComplaint(reply: Reply): boolean {
  return [500, 501, 502, 503, 504, 555].includes(reply.code);
}

/** The server asks for a slower client (RFC 5321 §3.8, and what servers write). */
export function isThrottle(reply: Reply): boolean {
  return (
    reply.code === 421 ||
    (reply.code >= 400 && reply.code < 500 && /too (many|fast|quick)|rate|slow down|throttl/i.test(reply.text))
  );
}
