/** One end of an entry, source or destination: what its addresses are. */
import { parseIp } from "../../../net/ip.ts";
import { prefixOf, prefixRange } from "../../../net/prefix.ts";
import { ofRange, wildcard } from "../../addresses.ts";
import type { Addresses } from "../../model.ts";
import type { Family } from "../../packet.ts";
import type { Words } from "./words.ts";

/** Addresses of which some may not be known; `known` undefined: any. */
export interface End {
  readonly known?: Addresses;
  /** Why there may be more than the known ones, which then are not undefined. */
  readonly doubt?: string;
}

/** What stands behind an address without a length: bits that need not agree, or that must. */
export type Mask = "wildcard" | "netmask";

const all = { 4: (1n << 32n) - 1n, 6: (1n << 128n) - 1n } as const;

/** Texts are few and entries many: each text is read once. */
const known = new Map<string, Addresses>();
const maxKnown = 100_000;

function remembered(key: string, make: () => Addresses): Addresses {
  const old = known.get(key);
  if (old !== undefined) return old;
  if (known.size >= maxKnown) known.clear();
  const made = make();
  known.set(key, made);
  return made;
}

export const hostOf = (family: Family, bits: bigint): Addresses =>
  remembered(`${family} ${bits}`, () => ofRange({ family, first: bits, last: bits }));

export const maskedBy = (family: Family, value: bigint, mask: bigint, meaning: Mask): Addresses =>
  remembered(`${family} ${value} ${mask} ${meaning}`, () =>
    wildcard(family, value, meaning === "wildcard" ? mask : all[family] & ~mask),
  );

/** Every address of the family. */
export const everyAddress = (family: Family): Addresses => maskedBy(family, 0n, all[family], "wildcard");

/** An address of this family (null: of either); IPv4-mapped ones are none. */
export function addressOf(word: string, family: Family | null): { family: Family; bits: bigint } | null {
  const read = parseIp(word);
  if (!read.ok) return null;
  const { family: own, bits } = read.value;
  return own === (word.includes(":") ? 6 : 4) && (family === null || own === family) ? { family: own, bits } : null;
}

/** `192.0.2.0/24`; host bits are not looked at, as devices do. */
export function prefixText(word: string, family: Family | null): Addresses | null {
  const slash = word.indexOf("/");
  if (slash < 0) return null;
  const address = addressOf(word.slice(0, slash), family);
  const length = Number(word.slice(slash + 1));
  if (address === null || !/^\d{1,3}$/.test(word.slice(slash + 1)) || length > (address.family === 4 ? 32 : 128))
    return null;
  return remembered(word, () => ofRange(prefixRange(prefixOf(address, length))));
}

/** Addresses as groups and entries write them: `host A`, `A/len`, `A /len`, `A mask`; null: none stands next. */
export function readAddresses(words: Words, family: Family | null, mask: Mask): Addresses | null {
  if (words.peek() === "host") {
    const host = addressOf(words.peek(1), family);
    if (host === null) return null;
    words.skip(2);
    return hostOf(host.family, host.bits);
  }
  const prefix = prefixText(words.peek(), family);
  if (prefix !== null) {
    words.skip(1);
    return prefix;
  }
  const address = addressOf(words.peek(), family);
  if (address === null) return null;
  const behind = words.peek(1);
  if (/^\/\d{1,3}$/.test(behind)) {
    const joined = prefixText(`${words.peek()}${behind}`, family);
    if (joined !== null) words.skip(2);
    return joined;
  }
  const bits = addressOf(behind, address.family);
  if (bits === null) return null;
  words.skip(2);
  return maskedBy(address.family, address.bits, bits.bits, mask);
}

/** `range A B` or `A B` behind the word; null: no range. */
export function readRange(words: Words, family: Family | null): Addresses | null {
  const first = addressOf(words.peek(), family);
  const to = words.peek(1) === "-" || words.peek(1) === "to" ? 2 : 1;
  const last = first === null ? null : addressOf(words.peek(to), first.family);
  if (first === null || last === null || last.bits < first.bits) return null;
  words.skip(to + 1);
  return ofRange({ family: first.family, first: first.bits, last: last.bits });
}
