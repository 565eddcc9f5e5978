/**
 * Domain names as mail uses them: letters, digits, hyphens and underscores (RFC 5321 §2.3.5, RFC 2181 §11), or
 * internationalised labels, which are kept as A-labels (RFC 5890 §2.3.2.1) so that both spellings are one value.
 */
import { domainToASCII, domainToUnicode } from "node:url";
import { notParsed, type Parsed, parsed } from "../text/parsed.ts";

declare const brand: unique symbol;

/** Lower case, A-labels, no trailing dot. Only `parseDomain` makes one. */
export type DomainName = string & { readonly [brand]: "DomainName" };

/** A name, or all names below it (`*.example`). */
export interface DomainPattern {
  readonly covers: "exactly" | "below";
  readonly name: DomainName;
}

/** Names and wildcards; a lookup costs one step a label, however many there are. */
export interface DomainSet {
  has(name: DomainName): boolean;
}

/** Reads a domain name. One trailing dot is allowed: it only says that the name is complete (RFC 1034 §3.1). */
export function parseDomain(text: string): Parsed<DomainName> {
  // Nearly every name is one of these, and a mailer reads one for every recipient.
  if (text.length <= 253 && plain.test(text)) return parsed(text as DomainName);
  const end = text.endsWith(".") ? text.length - 1 : text.length;
  if (end === 0) return notParsed(0, "expected a domain name, such as example.org");
  const labels: string[] = [];
  for (let at = 0; at <= end; ) {
    const dot = text.indexOf(".", at);
    const next = dot < 0 || dot > end ? end : dot;
    const label = parseLabel(text.slice(at, next));
    if (label === null) {
      return notParsed(at, "expected a domain name: labels of letters, digits and inner hyphens, parted by dots");
    }
    labels.push(label);
    at = next + 1;
  }
  // A name that looks like an address is a mistake or a trick: addresses are written in brackets (RFC 5321 §4.1.3).
  if (/^[0-9]+$/.test(labels.at(-1) ?? "")) {
    return notParsed(text.lastIndexOf(".", end - 1) + 1, "expected a domain name, whose last label is no number");
  }
  const name = labels.join(".");
  if (name.length > 253) return notParsed(253, "expected a domain name of at most 253 characters");
  return parsed(name as DomainName); // checked label by label
}

/** Reads `example.org` or `*.example.org`. */
export function parseDomainPattern(text: string): Parsed<DomainPattern> {
  const below = text.startsWith("*.");
  const name = parseDomain(below ? text.slice(2) : text);
  if (!name.ok) return below ? notParsed(name.at + 2, name.expected) : name;
  return parsed({ covers: below ? "below" : "exactly", name: name.value });
}

export function formatDomainPattern({ covers, name }: DomainPattern): string {
  return covers === "below" ? `*.${name}` : name;
}

/** Whether `name` is a proper sub-domain of `parent`. */
export function isBelow(name: DomainName, parent: DomainName): boolean {
  return name.length > parent.length && name.endsWith(parent) && name[name.length - parent.length - 1] === ".";
}

/** Whether `name` is `parent` or below it. */
export function isAtOrBelow(name: DomainName, parent: DomainName): boolean {
  return name === parent || isBelow(name, parent);
}

/** The name without its first label, or `null` for a name of one label. */
export function parentOf(name: DomainName): DomainName | null {
  const dot = name.indexOf(".");
  return dot < 0 ? null : (name.slice(dot + 1) as DomainName); // what remains of a domain name is one
}

/** The set of names that any of the patterns covers. */
export function domainSet(patterns: Iterable<DomainPattern>): DomainSet {
  const exactly = new Set<string>();
  const below = new Set<string>();
  for (const { covers, name } of patterns) (covers === "below" ? below : exactly).add(name);
  return {
    has(name) {
      if (exactly.has(name)) return true;
      if (below.size === 0) return false;
      for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
        if (below.has(name.slice(dot + 1))) return true;
      }
      return false;
    },
  };
}

/** Lower-case labels, the last of them not only digits. */
const plain = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ldh = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** The label in lower case, as an A-label if it is internationalised, or `null`. */
function parseLabel(text: string): string | null {
  const lower = text.toLowerCase();
  // A fake A-label (RFC 5890 §2.3.1) is still a name in the DNS, and no U-label ever becomes it.
  if (isAscii(text)) return ldh.test(lower) ? lower : null;
  if (text.length > 63 || !/^[a-z0-9_\-\u0080-\u{10ffff}]+$/u.test(lower)) return null;
  // Asked label by label: Node reads a whole name as the host of a URL, where 1.2.3 is an address.
  const aLabel = domainToASCII(lower);
  if (!aLabel.startsWith("xn--") || !ldh.test(aLabel)) return null;
  // Mapped characters (full-width letters, for one) are no U-label (RFC 5890 §2.3.2.1): mailers differ on them.
  return lower.normalize("NFC") === domainToUnicode(aLabel) ? aLabel : null;
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}
