/**
 * The ways in which mailers take an address apart after they have decided to accept it. Each gives the address that the
 * mail then goes on to, or `null` if the form is not there. Text in, text out: what they read is malformed on purpose.
 */

/** Whether a domain, as it is written behind the `@`, is the mailer's own. */
export type IsOwn = (domain: string) => boolean;

/** @param address what stands between the brackets */
export type Rewriting = (address: string, isOwn: IsOwn) => string | null;

/** Local-part and domain at the last `@` outside quotes; without one the domain is `null`. */
export function partsOf(address: string): { readonly local: string; readonly domain: string | null } {
  let quoted = false;
  let at = -1;
  for (let index = 0; index < address.length; index += 1) {
    if (address[index] === "\\") index += 1;
    else if (address[index] === '"') quoted = !quoted;
    else if (address[index] === "@" && !quoted) at = index;
  }
  return at < 0
    ? { local: address, domain: null }
    : { local: address.slice(0, at), domain: address.slice(at + 1).toLowerCase() };
}

/** The local-part, if the address is the mailer's own or has no domain. */
function ownLocalPart(address: string, isOwn: IsOwn): string | null {
  const { local, domain } = partsOf(address);
  return domain === null || isOwn(domain) ? local : null;
}

const quotes = /^"(.*)"$/s;

/** `user%elsewhere@here` → `user@elsewhere` (RFC 1123 §5.2.16). */
export const percentHack: Rewriting = (address, isOwn) => {
  const local = ownLocalPart(address, isOwn)?.replace(quotes, "$1") ?? null;
  const match = local === null ? null : /^([^%@!]+)%([^%@!]+)$/.exec(local);
  return match === null ? null : `${match[1]}@${match[2]}`;
};

/** `elsewhere!user@here` → `user@elsewhere` (RFC 976 §2.4). */
export const bangPath: Rewriting = (address, isOwn) => {
  const local = ownLocalPart(address, isOwn)?.replace(quotes, "$1") ?? null;
  const match = local === null ? null : /^([^%@!]+)!([^%@!]+)$/.exec(local);
  return match === null ? null : `${match[2]}@${match[1]}`;
};

/** `@here:user@elsewhere` → `user@elsewhere` (RFC 5321 §C). */
export const sourceRoute: Rewriting = (address, isOwn) => {
  const match = /^@([^,:@]+):([^,:]+)$/.exec(address);
  return match?.[1] !== undefined && isOwn(match[1].toLowerCase()) ? (match[2] ?? null) : null;
};

/** `"user@elsewhere"@here` → `user@elsewhere`: the quotes are taken off before the address is read again. */
export const quotedAt: Rewriting = (address, isOwn) => {
  const inner = quotes.exec(ownLocalPart(address, isOwn) ?? "")?.[1];
  return inner !== undefined && /^[^@"\s]+@[^@"\s]+$/.test(inner) ? inner : null;
};

/** `user@elsewhere@here` → `user@elsewhere`. */
export const doubleAt: Rewriting = (address, isOwn) => {
  const local = ownLocalPart(address, isOwn);
  return local !== null && /^[^@"%!:,]+@[^@"%!:,]+$/.test(local) ? local : null;
};

/** `SRS0=hash=time=elsewhere=user@here` → `user@elsewhere`, whatever the hash. */
export const unsignedSrs: Rewriting = (address, isOwn) => {
  const match = /^srs0[=+-][^=]+=[^=]+=([^=]+)=(.+)$/i.exec(ownLocalPart(address, isOwn) ?? "");
  return match === null ? null : `${match[2]}@${match[1]}`;
};
