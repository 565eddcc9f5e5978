/**
 * Who may be sent a message. The engine asks this for every recipient just before DATA, whatever the catalogue says: a
 * row can try any spelling, but a message only leaves if every host named in the path is the catcher's or the target's
 * own, and the path carries our token or is the site's consenting recipient.
 */
import { formatIp, type IpAddress, parseIp } from "../net/ip.ts";
import type { Resolver } from "../ports.ts";
import type { Tokens } from "./token.ts";

export interface RecipientRule {
  readonly catchDomains: readonly string[];
  readonly catcherAddresses: readonly IpAddress[];
  /** Host names under which the catcher takes mail. */
  readonly catcherHosts: readonly string[];
  /** Names and literals of the target itself, in lower case: mail that stays there troubles nobody else. */
  readonly targetNames: readonly string[];
  readonly localRecipient: string | null;
  readonly resolver: Resolver;
  readonly tokens: Tokens;
}

/** @param path the text after `RCPT TO:` (or the whole line), one character a byte */
export async function mayReceive(path: string, rule: RecipientRule, signal: AbortSignal): Promise<boolean> {
  const spellings = spellingsOf(path);
  const local = rule.localRecipient?.toLowerCase() ?? null;
  const own = local !== null && spellings.some((text) => text.includes(local));
  if (!own && !spellings.some((text) => rule.tokens.find(text).length > 0)) return false;
  for (const host of new Set(spellings.flatMap(hostsIn))) if (!(await allowed(host, rule, signal))) return false;
  return true;
}

/** The path as it is and as the usual encodings would have it read. */
function spellingsOf(path: string): readonly string[] {
  // Only punctuation is worth encoding, and only it is decoded: `%ca` in `fp-…%catch.example` is no octet.
  const decoded = path.replace(/[+=%](2[1-9a-f]|3[a-f]|40|5[b-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const wide = Buffer.from(path, "latin1").toString("utf8").normalize("NFKC").replaceAll("。", ".");
  const sevenBit = path.replace(/[\x80-\xff]/g, (character) => String.fromCharCode(character.charCodeAt(0) & 0x7f));
  return [path, decoded, wide, sevenBit].map((text) => text.toLowerCase());
}

/** Everything in the text that a mailer might take for a host: what follows an @, and whatever looks like a name or an address. */
function hostsIn(text: string): readonly string[] {
  const afterAt = [...text.matchAll(/@(\[[^\]]*\]|[^\s@<>,;:!%"'()[\]\\=+\0]*)/g)].map((match) => match[1] ?? "");
  const names = [...text.matchAll(/[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+/g)].map((match) => match[0]);
  return [...afterAt, ...names].map((host) => host.replace(/\.$/, "")).filter((host) => host !== "");
}

async function allowed(host: string, rule: RecipientRule, signal: AbortSignal): Promise<boolean> {
  if (rule.targetNames.includes(host) || rule.catcherHosts.includes(host)) return true;
  if (rule.catchDomains.some((domain) => host === domain || host.endsWith(`.${domain}`))) return true;
  // The token itself as the name of something below the target's own domain.
  if (rule.targetNames.some((name) => host.endsWith(`.${name}`) && rule.tokens.find(host).length > 0)) return true;
  const address = parseIp(host.replace(/^\[(ipv6:)?|\]$/g, "").replace(/^ipv6:/, ""));
  if (address.ok) return rule.catcherAddresses.some((one) => formatIp(one) === formatIp(address.value));
  const dword = /^[[#]?(\d{1,10})\]?$/.exec(host);
  if (dword !== null) return rule.catcherAddresses.some((one) => one.family === 4 && one.bits === BigInt(dword[1]!));
  // A word with our token and no domain of its own: `fp-token.at`, `smtp`, a local-part.
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(host)) return rule.tokens.find(host).length > 0;
  const mx = await rule.resolver.mx(host, signal);
  return (
    mx.kind === "answer" &&
    mx.records.every((record) => rule.catcherHosts.includes(record.exchange.toLowerCase().replace(/\.$/, "")))
  );
}
