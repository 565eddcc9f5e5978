/**
 * How Courier reads a recipient (module.esmtp/esmtp.C, rwrecip and rwinput): of several at signs the last counts and the
 * others become `%`, and `user%host` at one of our domains is unfolded for hosts in esmtppercentrelay, after it was
 * judged. Source routes, names without a domain and `host!user` are refused.
 */
export interface CourierAddress {
  readonly user: string;
  readonly domain: string;
  /** Where the percent sign sends it. */
  readonly unfolded: { readonly user: string; readonly domain: string } | null;
}

export interface AddressLists {
  readonly isLocal: (domain: string) => boolean;
  readonly unfolds: (domain: string) => boolean;
}

/** `null`: it is refused as no address. */
export function readRecipient(path: string, lists: AddressLists): CourierAddress | null {
  const text = /^<(.*)>$/s.exec(path)?.[1];
  if (text === undefined || text.startsWith("@") || /[\s<>!]/.test(text.replace(/"[^"]*"/g, ""))) return null;
  if (!endsInDomain(text)) return null;
  const { head, domain } = splitLast(text);
  const user = outsideQuotes(head, (part) => part.replace(/@/g, "%"));
  const lower = domain.toLowerCase();
  const percent = lastOutsideQuotes(user, "%");
  const behind = percent < 0 ? "" : user.slice(percent + 1).toLowerCase();
  const unfolds = percent > 0 && lists.isLocal(lower) && lists.unfolds(behind);
  return { user, domain: lower, unfolded: unfolds ? { user: user.slice(0, percent), domain: behind } : null };
}

/** The domain of a sender must have a dot; the null reverse-path is taken. */
export function isSender(path: string): boolean {
  return path === "<>" || endsInDomain(path.replace(/^<|>$/g, ""));
}

/** A name with a dot in it behind the last at sign; also at its end. No literal. */
function endsInDomain(text: string): boolean {
  const { domain } = splitLast(text);
  return domain.includes(".") && /^[^\s.@%:!"()[\]<>,;]+(?:\.[^\s.@%:!"()[\]<>,;]+)*\.?$/.test(domain);
}

function splitLast(text: string): { readonly head: string; readonly domain: string } {
  const at = lastOutsideQuotes(text, "@");
  return at < 0 ? { head: text, domain: "" } : { head: text.slice(0, at), domain: text.slice(at + 1) };
}

/** Where a sign stands last outside quoted strings; -1: nowhere. */
function lastOutsideQuotes(text: string, sign: string): number {
  let last = -1;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (quoted && text[at] === "\\") at += 1;
    else if (text[at] === '"') quoted = !quoted;
    else if (!quoted && text[at] === sign) last = at;
  }
  return last;
}

const outsideQuotes = (text: string, change: (part: string) => string): string =>
  text
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join("");
