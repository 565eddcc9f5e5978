/**
 * How Postfix reads an address before any restriction sees it: trivial-rewrite(8). Source routes are dropped, `site!user`
 * and `user%site` are unfolded where the domain is local, a quoted local-part is opened, and what remains has a class.
 */
import { formatIp, type IpAddress } from "../../../net/ip.ts";
import { parseLiteral } from "../../../smtp/literal.ts";
import type { Span } from "../../../text/source.ts";
import type { Truth, Unknown } from "../../rules.ts";

export interface AddressRules {
  readonly swapBangPath: boolean;
  readonly percentHack: boolean;
  readonly openQuotes: boolean;
  readonly origin: string;
  readonly hostName: string;
  /** `null`: a domain without a dot stays as it is. */
  readonly appendDomain: string | null;
  readonly ownAddresses: readonly IpAddress[];
  readonly isLocal: (domain: string) => { readonly truth: Truth; readonly where: Span | null };
}

export interface ReadAddress {
  readonly localPart: string;
  readonly domain: string;
  /** In mydestination, or an address of our own. */
  readonly local: Truth;
  readonly where: Span | null;
  /** A local-part with routing in it: no destination of ours, whatever the domain, unless allow_untrusted_routing says so. */
  readonly routed: boolean;
}

type Token = { readonly kind: "atom" | "quoted" | "literal" | "operator"; readonly text: string };

/** Reads what stands between the brackets; `null`: Postfix refuses it as no address. */
export function readAddress(path: string, rules: AddressRules): ReadAddress | null {
  const inner = path.startsWith("<") ? path.replace(/^<|>$/g, "") : path;
  if (inner === "" || inner.length > 1000) return null;
  const written = scan(inner);
  if (written === null || written.length === 0) return null;
  let list: readonly Token[] = rewrite(requoted(withoutRoute(written)), rules);
  let savedDomain: string | null = null;
  let savedWhere: Span | null = null;
  for (let round = 0; round < 100; round += 1) {
    const at = lastOperator(list, "@");
    if (at >= 0) {
      const domain = textOf(list.slice(at + 1)).replace(/\.$/, "");
      if (domain === "" && at === list.length - 1) {
        list = list.slice(0, at);
        continue;
      }
      const { truth, where } = localDomain(domain, rules);
      if (truth !== "yes") {
        const localPart = meaning(list.slice(0, at));
        return { localPart, domain: domain.toLowerCase(), local: truth, where, routed: isRouted(localPart) };
      }
      list = list.slice(0, at);
      savedDomain = domain;
      savedWhere = where;
    }
    const routes =
      lastOperator(list, "@") >= 0 ||
      (rules.swapBangPath && lastOperator(list, "!") >= 0) ||
      (rules.percentHack && lastOperator(list, "%") >= 0);
    if (routes) {
      list = rewrite(list, rules);
      continue;
    }
    const only = list.length === 1 ? list[0] : undefined;
    if (rules.openQuotes && only?.kind === "quoted") {
      const opens =
        only.text.includes("@") ||
        (rules.percentHack && only.text.includes("%")) ||
        (rules.swapBangPath && only.text.includes("!"));
      const opened = opens ? scan(only.text) : null;
      if (opened !== null && opened.length > 0) {
        list = rewrite(opened, rules);
        continue;
      }
    }
    break;
  }
  const localPart = meaning(list);
  return {
    localPart,
    domain: (savedDomain ?? rules.hostName).toLowerCase(),
    local: "yes",
    where: savedWhere,
    routed: isRouted(localPart),
  };
}

/** Whatever swap_bangpath and percent_hack say: the mailer behind may act on it. */
const isRouted = (localPart: string): boolean => /[@%!]/.test(localPart);

/**
 * smtpd keeps an address without its quotes and puts them back only where the local-part needs them (quote_822_local):
 * `"a@b"` alone becomes a@b, `"a%b"@c` becomes a%b@c, and a@b@c becomes `"a@b"@c`.
 */
function requoted(list: readonly Token[]): readonly Token[] {
  const text = textOf(list);
  const at = text.lastIndexOf("@");
  const local = at < 0 ? text : text.slice(0, at);
  const domain = at < 0 ? [] : [operator("@"), ...(scan(text.slice(at + 1)) ?? [])];
  const plain = /^[^\s()<>,;:\\"@[\]\0-\x1f\x7f]+$/.test(local) && !/^\.|\.$|\.\./.test(local);
  return [...(plain ? (scan(local) ?? []) : [{ kind: "quoted", text: local } as const]), ...domain];
}

/** Without a source route. */
function withoutRoute(list: readonly Token[]): readonly Token[] {
  if (list[0]?.kind !== "operator" || list[0].text !== "@") return list;
  const colon = lastOperator(list, ":");
  return colon < 0 ? list : list.slice(colon + 1);
}

/** Source route, bang path, percent hack; a missing domain; a name without a dot. */
function rewrite(tokens: readonly Token[], rules: AddressRules): readonly Token[] {
  let list = withoutRoute(tokens);
  if (lastOperator(list, "@") < 0) {
    const bang = list.findIndex(({ kind, text }) => kind === "operator" && text === "!");
    const percent = lastOperator(list, "%");
    if (rules.swapBangPath && bang >= 0) list = [...list.slice(bang + 1), operator("@"), ...list.slice(0, bang)];
    else if (rules.percentHack && percent >= 0)
      list = [...list.slice(0, percent), operator("@"), ...list.slice(percent + 1)];
  }
  if (lastOperator(list, "@") < 0) list = [...list, operator("@"), { kind: "atom", text: rules.origin }];
  const at = lastOperator(list, "@");
  const domain = textOf(list.slice(at + 1));
  if (rules.appendDomain !== null && domain !== "" && !domain.includes(".") && !domain.startsWith("["))
    list = [...list.slice(0, at + 1), { kind: "atom", text: `${domain}.${rules.appendDomain}` }];
  return list;
}

function localDomain(domain: string, rules: AddressRules): { readonly truth: Truth; readonly where: Span | null } {
  if (!domain.startsWith("[")) return rules.isLocal(domain);
  const literal = parseLiteral(domain);
  const is = literal.ok && rules.ownAddresses.some((own) => formatIp(own) === formatIp(literal.value));
  return { truth: is ? "yes" : "no", where: null };
}

const operator = (text: string): Token => ({ kind: "operator", text });

function lastOperator(list: readonly Token[], text: string): number {
  return list.findLastIndex((token) => token.kind === "operator" && token.text === text);
}

const textOf = (list: readonly Token[]): string => list.map(({ text }) => text).join("");

/** A local-part as it is meant, quotes removed. */
const meaning = textOf;

/** Atoms, quoted strings, literals and operators; comments are dropped. `null`: an open quote or bracket. */
function scan(text: string): readonly Token[] | null {
  const list: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text[at] as string; // the index is in bounds
    if (char === '"') {
      let value = "";
      at += 1;
      while (at < text.length && text[at] !== '"') {
        if (text[at] === "\\") at += 1;
        value += text[at] ?? "";
        at += 1;
      }
      list.push({ kind: "quoted", text: value });
      at += 1;
    } else if (char === "[") {
      const end = text.indexOf("]", at);
      if (end < 0) return null;
      list.push({ kind: "literal", text: text.slice(at, end + 1) });
      at = end + 1;
    } else if (char === "(") {
      const end = text.indexOf(")", at);
      at = end < 0 ? text.length : end + 1;
    } else if ('|),:;<>@]%!"'.includes(char)) {
      list.push(operator(char));
      at += 1;
    } else if (/\s/.test(char)) at += 1;
    else {
      const run = /^[^\s"()[\]<>|,:;@%!]+/.exec(text.slice(at))?.[0] ?? char;
      list.push({ kind: "atom", text: run });
      at += run.length;
    }
  }
  return list;
}

/** The one doubt, or the answer. */
export function orUnknown(truths: readonly Truth[]): Truth {
  if (truths.includes("yes")) return "yes";
  return truths.find((truth): truth is Unknown => typeof truth !== "string") ?? "no";
}
