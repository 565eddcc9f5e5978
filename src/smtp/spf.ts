/**
 * SPF records (RFC 7208 §4.6.1, §5, §6), as far as they name addresses:
 *
 *     record    = "v=spf1" *( 1*SP ( directive / modifier ) )
 *     directive = [ "+" / "-" / "?" / "~" ] ( all / include / a / mx / ptr / ip4 / ip6 / exists )
 *
 * Pure: texts in, terms out. Who may send is asked in `tasks/spf.ts`.
 */
import { type IpAddress, parseIp, widthOf } from "../net/ip.ts";
import { type Prefix, prefixOf } from "../net/prefix.ts";

export type Qualifier = "+" | "-" | "?" | "~";

interface Directive<Kind extends string> {
  readonly kind: Kind;
  readonly qualifier: Qualifier;
  readonly text: string;
}

/** `a` and `mx`, with the prefix lengths that widen what they name. */
interface Widening<Kind extends string> extends Directive<Kind> {
  readonly domain: string | null;
  readonly length4: number;
  readonly length6: number;
}

export type SpfTerm =
  | (Directive<"network"> & { readonly prefix: Prefix })
  | Widening<"a">
  | Widening<"mx">
  | (Directive<"include"> & { readonly domain: string })
  | Directive<"exists">
  | Directive<"all">
  | Directive<"ptr">
  | { readonly kind: "redirect"; readonly domain: string; readonly text: string }
  /** What we cannot read, and modifiers that say nothing of addresses. */
  | { readonly kind: "other"; readonly text: string };

export type SpfRecord =
  | { readonly kind: "record"; readonly terms: readonly SpfTerm[] }
  | { readonly kind: "none" }
  /** More than one is an error for every receiver (RFC 7208 §4.5). */
  | { readonly kind: "several" };

/** More terms than any real record has. */
const maxTerms = 200;

/** The SPF record among the TXT records of a name. */
export function spfRecordOf(texts: readonly string[]): SpfRecord {
  const records = texts.filter((text) => /^v=spf1( |$)/i.test(text));
  if (records.length > 1) return { kind: "several" };
  const [record] = records;
  if (record === undefined) return { kind: "none" };
  const terms = record
    .split(" ")
    .slice(1)
    .filter((term) => term !== "")
    .slice(0, maxTerms);
  return { kind: "record", terms: terms.map(termOf) };
}

function termOf(text: string): SpfTerm {
  const modifier = /^([a-z][a-z0-9._-]*)=(.*)$/i.exec(text);
  if (modifier !== null)
    return modifier[1]?.toLowerCase() === "redirect"
      ? { kind: "redirect", domain: modifier[2] ?? "", text }
      : { kind: "other", text };
  const match = /^([+?~-]?)([a-z0-9]+)(?::([^/]*))?(?:\/([0-9]+))?(?:\/\/([0-9]+))?$/i.exec(text);
  const name = match?.[2]?.toLowerCase();
  const qualifier = (match?.[1] === "" ? "+" : match?.[1]) as Qualifier; // the pattern allows these four
  const domain = match?.[3];
  switch (name) {
    case "ip4":
    case "ip6":
      return networkOf(text, qualifier, name === "ip4" ? 4 : 6) ?? { kind: "other", text };
    case "a":
    case "mx":
      return {
        kind: name,
        qualifier,
        domain: domain ?? null,
        length4: lengthOf(match?.[4], 4),
        length6: lengthOf(match?.[5], 6),
        text,
      };
    case "include":
      return domain === undefined || domain === "" ? { kind: "other", text } : { kind: name, qualifier, domain, text };
    case "exists":
    case "all":
    case "ptr":
      return { kind: name, qualifier, text };
    default:
      return { kind: "other", text };
  }
}

/** Host bits may be set in SPF (RFC 7208 §5.6 compares prefixes), so they are cleared here. */
function networkOf(text: string, qualifier: Qualifier, family: 4 | 6): SpfTerm | null {
  const value = text.slice(text.indexOf(":") + 1);
  const [addressText = "", lengthText] = value.split("/");
  const address = parseIp(addressText);
  if (!address.ok || address.value.family !== family) return null;
  const length = lengthText === undefined ? widthOf(family) : /^[0-9]{1,3}$/.test(lengthText) ? Number(lengthText) : -1;
  if (length < 0 || length > widthOf(family)) return null;
  return { kind: "network", qualifier, prefix: prefixOf(address.value, length), text };
}

function lengthOf(text: string | undefined, family: 4 | 6): number {
  const length = text === undefined ? widthOf(family) : Number(text);
  return length <= widthOf(family) ? length : widthOf(family);
}

/** The prefix that an `a` or `mx` term names through this address. */
export function widened(address: IpAddress, term: { readonly length4: number; readonly length6: number }): Prefix {
  return prefixOf(address, address.family === 4 ? term.length4 : term.length6);
}
