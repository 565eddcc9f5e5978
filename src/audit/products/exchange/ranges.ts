/** Ranges of addresses as Exchange writes them: one address, `first-last`, CIDR, or with a mask; and as objects. */
import { parseIp, widthOf } from "../../../net/ip.ts";
import { type IpRange, prefixOf, prefixRange } from "../../../net/prefix.ts";
import type { Json } from "./json.ts";
import { field, textOf } from "./powershell.ts";

/** `null`: it cannot be read. */
export function rangeOf(value: Json): IpRange | null {
  if (value.kind !== "object") return rangeOfText(textOf(value) ?? "");
  const whole = textOf(field(value, "Expression"));
  if (whole !== null) return rangeOfText(whole);
  const lower = textOf(bound(field(value, "LowerBound")));
  const upper = textOf(bound(field(value, "UpperBound")));
  return lower === null || upper === null ? null : rangeOfText(`${lower}-${upper}`);
}

const bound = (value: Json | undefined): Json | undefined => field(value, "IPAddressToString", "Address") ?? value;

function rangeOfText(text: string): IpRange | null {
  const dash = /^\s*([0-9a-fA-F.:]+)\s*-\s*([0-9a-fA-F.:]+)\s*$/.exec(text);
  if (dash !== null) {
    const first = parseIp(dash[1] ?? "");
    const last = parseIp(dash[2] ?? "");
    if (!first.ok || !last.ok || first.value.family !== last.value.family || first.value.bits > last.value.bits)
      return null;
    return { family: first.value.family, first: first.value.bits, last: last.value.bits };
  }
  const masked = /^\s*([0-9.]+)\s*\(\s*([0-9.]+)\s*\)\s*$/.exec(text);
  const cidr = /^\s*([0-9a-fA-F.:]+)\/([0-9]{1,3})\s*$/.exec(text);
  const address = parseIp(masked?.[1] ?? cidr?.[1] ?? text.trim());
  if (!address.ok) return null;
  const length = masked !== null ? lengthOfMask(masked[2] ?? "") : Number(cidr?.[2] ?? widthOf(address.value.family));
  if (length === null || length > widthOf(address.value.family)) return null;
  // Host bits are cleared, as Exchange does.
  return prefixRange(prefixOf(address.value, length));
}

function lengthOfMask(text: string): number | null {
  const mask = parseIp(text);
  if (!mask.ok || mask.value.family !== 4) return null;
  const ones = mask.value.bits.toString(2).padStart(32, "0");
  return /^1*0*$/.test(ones) ? ones.replace(/0/g, "").length : null;
}
