/** Addresses and ranges as Unix filters write them: `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `a-b`. */

import { type IpAddress, parseIp, widthOf } from "../../../net/ip.ts";
import { ipSet } from "../../../net/ip-set.ts";
import { prefixOf } from "../../../net/prefix.ts";
import { ofPrefixes, ofRange } from "../../addresses.ts";
import type { Addresses, Range } from "../../model.ts";
import type { Family } from "../../packet.ts";

/** An address; IPv4-mapped text is IPv6 here, as every kernel takes it. */
export function addressOf(text: string, family?: Family): IpAddress | null {
  const read = parseIp(text);
  if (!read.ok) return null;
  const address: IpAddress =
    read.value.family === 4 && text.includes(":")
      ? { family: 6, bits: (0xffffn << 32n) | read.value.bits }
      : read.value;
  return family === undefined || address.family === family ? address : null;
}

/** With a length, or with a mask that may have holes; what is beyond it does not count. */
export function addressesOf(text: string, family?: Family): Addresses | null {
  const slash = text.indexOf("/");
  const address = addressOf(slash < 0 ? text : text.slice(0, slash), family);
  if (address === null) return null;
  const width = widthOf(address.family);
  if (slash < 0) return ofPrefixes([{ address, length: width }]);
  const rest = text.slice(slash + 1);
  if (/^[0-9]{1,3}$/.test(rest)) return Number(rest) <= width ? ofPrefixes([prefixOf(address, Number(rest))]) : null;
  const mask = addressOf(rest, address.family);
  return mask === null ? null : underMask(address, mask.bits);
}

/** The bits under the mask are those of the address. */
export function underMask({ family, bits }: IpAddress, care: bigint): Addresses {
  const width = widthOf(family);
  const holes = ((1n << BigInt(width)) - 1n) & ~care;
  if ((holes & (holes + 1n)) === 0n) return ofPrefixes([prefixOf({ family, bits }, width - bitLength(holes))]);
  return { set: ipSet([]), masked: [{ family, value: bits & care, care }] };
}

const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);

/** `first-last`. */
export function addressRange(text: string, family?: Family): Addresses | null {
  const dash = text.indexOf("-");
  const first = addressOf(text.slice(0, dash), family);
  const last = addressOf(text.slice(dash + 1), family);
  if (dash < 0 || first === null || last === null || first.family !== last.family || first.bits > last.bits)
    return null;
  return ofRange({ family: first.family, first: first.bits, last: last.bits });
}

/** `a<between>b`, or one; an end that is left out is the first or the last there is. */
export function numberRange(
  text: string,
  between: string,
  numberOf: (text: string) => number | null,
  last: number,
): Range | null {
  const whole = numberOf(text);
  if (whole !== null) return { first: whole, last: whole };
  // A name may hold the sign itself (`ftp-data-ssh`): whichever place makes both ends known.
  for (let at = text.indexOf(between); at >= 0; at = text.indexOf(between, at + 1)) {
    const [low, high] = [text.slice(0, at), text.slice(at + between.length)];
    const from = low === "" && between === ":" ? 0 : numberOf(low);
    const to = high === "" && between === ":" ? last : numberOf(high);
    if (from !== null && to !== null && from <= to && text !== between) return { first: from, last: to };
  }
  return null;
}
