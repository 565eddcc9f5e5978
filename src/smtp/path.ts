/**
 * Reverse-paths and forward-paths (RFC 5321 §4.1.2), read leniently: what relay probes are made of — source routes,
 * second destinations in the local-part, 8-bit characters — must be held, not refused.
 *
 *     Path          = "<" [ A-d-l ":" ] Mailbox ">"
 *     A-d-l         = At-domain *( "," At-domain )
 *     Mailbox       = Local-part "@" ( Domain / address-literal )
 *     Local-part    = Dot-string / Quoted-string
 *
 * Beyond the grammar: brackets may be missing, dots may stand anywhere in an unquoted local-part, non-ASCII characters
 * count as letters (RFC 6531 §3.3; `fromWire` decodes them), a source route may pass through address
 * literals, the domain may end in a dot. Everything else is malformed and kept as it was written.
 */
import { type DomainName, parseDomain } from "../net/domain.ts";
import type { IpAddress } from "../net/ip.ts";
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";
import { formatLiteral, parseLiteral } from "./literal.ts";

declare const brand: unique symbol;

/** A local-part as it is meant: quotes and backslashes removed (`"a b"` and `"a\ b"` are one, RFC 5321 §4.1.2). */
export type LocalPart = string & { readonly [brand]: "LocalPart" };

/** The one local-part that every mailer serves (RFC 5321 §4.5.1). */
export const postmaster = "postmaster" as LocalPart;

/** What stands to the right of the `@`. */
export type MailDomain =
  | { readonly kind: "name"; readonly name: DomainName }
  | { readonly kind: "literal"; readonly address: IpAddress };

export interface Mailbox {
  readonly localPart: LocalPart;
  readonly domain: MailDomain;
}

/** Forms that both paths share. */
type AnyPath =
  /** `route` is the source route, nearest hop first; almost always empty (RFC 5321 §C). */
  | { readonly kind: "mailbox"; readonly route: readonly MailDomain[]; readonly mailbox: Mailbox }
  /** A local-part without a domain, which RFC 5321 allows only for Postmaster. */
  | { readonly kind: "local"; readonly localPart: LocalPart }
  /** Not understood; the text as it was written, brackets included. */
  | { readonly kind: "malformed"; readonly text: string };

/** What MAIL FROM names: where a bounce would go. It never grants anything. */
export type ReversePath =
  /** `<>`: a bounce, which must not be answered with another (RFC 5321 §4.5.5). */
  { readonly kind: "null" } | AnyPath;

/** What RCPT TO names. */
export type ForwardPath =
  /** `<Postmaster>`, in any case (RFC 5321 §4.1.1.3). */
  { readonly kind: "postmaster" } | AnyPath;

/** Reads the text after `MAIL FROM:`, without parameters. */
export function parseReversePath(text: string): Parsed<ReversePath> {
  return text === "<>" ? parsed({ kind: "null" }) : parsePath(text);
}

/** Reads the text after `RCPT TO:`, without parameters. */
export function parseForwardPath(text: string): Parsed<ForwardPath> {
  const path = parsePath(text);
  const bare = path.ok && path.value.kind === "local" && path.value.localPart.toLowerCase() === "postmaster";
  return bare ? parsed({ kind: "postmaster" }) : path;
}

/** As `parseReversePath`; what cannot be read is kept as malformed. */
export function readReversePath(text: string): ReversePath {
  const path = parseReversePath(text);
  return path.ok ? path.value : { kind: "malformed", text };
}

/** As `parseForwardPath`; what cannot be read is kept as malformed, so that the rule can be applied to it. */
export function readForwardPath(text: string): ForwardPath {
  const path = parseForwardPath(text);
  return path.ok ? path.value : { kind: "malformed", text };
}

/** Writes a path as on the wire, brackets included. Reading it again gives an equal path. */
export function formatPath(path: ReversePath | ForwardPath): string {
  switch (path.kind) {
    case "null":
      return "<>";
    case "postmaster":
      return "<Postmaster>";
    case "malformed":
      return path.text;
    case "local":
      return `<${formatLocalPart(path.localPart)}>`;
    case "mailbox": {
      const route = path.route.map((hop) => `@${formatMailDomain(hop)}`).join(",");
      return `<${route}${route === "" ? "" : ":"}${formatMailbox(path.mailbox)}>`;
    }
  }
}

/** Reads `local-part@domain`, without brackets or route. */
export function parseMailbox(text: string): Parsed<Mailbox> {
  const local = scanLocalPart(text, 0);
  if (!local.ok) return local;
  const { value, end } = local.value;
  if (text[end] !== "@") return notParsed(end, 'expected "@" after the local-part');
  const domain = parseMailDomain(text.slice(end + 1));
  if (!domain.ok) return notParsed(end + 1 + domain.at, domain.expected);
  return parsed({ localPart: value, domain: domain.value });
}

/** Writes `local-part@domain`, quoting the local-part only if it needs it (RFC 5321 §4.1.2). */
export function formatMailbox({ localPart, domain }: Mailbox): string {
  return `${formatLocalPart(localPart)}@${formatMailDomain(domain)}`;
}

/** Reads a domain name or an address literal. */
export function parseMailDomain(text: string): Parsed<MailDomain> {
  if (text.startsWith("[")) {
    const address = parseLiteral(text);
    return address.ok ? parsed({ kind: "literal", address: address.value }) : address;
  }
  const name = parseDomain(text);
  return name.ok ? parsed({ kind: "name", name: name.value }) : name;
}

export function formatMailDomain(domain: MailDomain): string {
  return domain.kind === "name" ? domain.name : formatLiteral(domain.address);
}

/** No path of RFC 5321 needs more (§4.5.3.1.3 asks for 256), and no line of a stranger may cost more. */
const maxPath = 2048;

function parsePath(text: string): Parsed<AnyPath> {
  if (text.length > maxPath) return notParsed(maxPath, `expected a path of at most ${maxPath} characters`);
  const bracketed = text.startsWith("<");
  if (bracketed && !text.endsWith(">")) return notParsed(text.length, 'expected ">" at the end of the path');
  const start = bracketed ? 1 : 0;
  const inner = bracketed ? text.slice(1, -1) : text;
  const path = parseInner(inner);
  return path.ok ? path : notParsed(start + path.at, path.expected);
}

function parseInner(text: string): Parsed<AnyPath> {
  const route: MailDomain[] = [];
  let at = 0;
  while (text[at] === "@") {
    const end = endOfHop(text, at + 1);
    const hop = parseMailDomain(text.slice(at + 1, end));
    if (!hop.ok) return notParsed(at + 1 + hop.at, hop.expected);
    route.push(hop.value);
    const comma = text[end] === ",";
    if (!comma && text[end] !== ":") return notParsed(end, 'expected "," or ":" in the source route');
    at = end + 1;
    if (comma && text[at] !== "@") return notParsed(at, 'expected "@" after the comma of the source route');
    if (!comma) break;
  }
  const rest = text.slice(at);
  const local = scanLocalPart(rest, 0);
  if (local.ok && local.value.end === rest.length && route.length === 0) {
    return parsed({ kind: "local", localPart: local.value.value });
  }
  const mailbox = parseMailbox(rest);
  if (!mailbox.ok) return notParsed(at + mailbox.at, mailbox.expected);
  return parsed({ kind: "mailbox", route, mailbox: mailbox.value });
}

/** Where a hop of a source route ends: a colon inside a literal belongs to it. */
function endOfHop(text: string, from: number): number {
  const bracket = text[from] === "[" ? text.indexOf("]", from) : from;
  for (let at = bracket < 0 ? text.length : bracket; at < text.length; at += 1) {
    if (text[at] === "," || text[at] === ":") return at;
  }
  return text.length;
}

// Runs of atext (RFC 5322 §3.2.3) with UTF8-non-ascii (RFC 6531 §3.3), and dots wherever they stand.
const unquoted = /[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff.-]+/y;

/** Reads the local-part that begins at `from`, up to where it ends. */
function scanLocalPart(text: string, from: number): Parsed<{ readonly value: LocalPart; readonly end: number }> {
  if (text[from] === '"') return scanQuoted(text, from + 1);
  unquoted.lastIndex = from;
  const run = unquoted.exec(text)?.[0];
  if (run === undefined) return notParsed(from, "expected a local-part");
  return parsed({ value: run as LocalPart, end: from + run.length }); // a local-part without quotes means itself
}

function scanQuoted(text: string, from: number): Parsed<{ readonly value: LocalPart; readonly end: number }> {
  let value = "";
  let at = from;
  for (; text[at] !== '"'; at += 1) {
    if (text[at] === "\\") at += 1; // quoted-pairSMTP
    const char = text[at];
    if (char === undefined) return notParsed(text.length, 'expected a closing quote (")');
    // Control characters end lines, headers and strings in some mailer or other (RFC 5321 §4.1.2 has none).
    if (char < " " || char === "\x7f") return notParsed(at, "expected no control characters");
    value += char;
  }
  return parsed({ value: value as LocalPart, end: at + 1 }); // the quotes are off: what it means is left
}

const dotString = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+)*$/;

function formatLocalPart(localPart: LocalPart): string {
  return dotString.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, "\\$&")}"`;
}
