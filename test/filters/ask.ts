/** For tests: asks a configuration what becomes of a packet, written in one line. */

import { type Direction, type Packet, protocolNumbers, tcpFlags } from "../../src/filters/packet.ts";
import type { Platform } from "../../src/filters/platform.ts";
import { query } from "../../src/filters/query.ts";
import type { QueryDocument } from "../../src/filters/result.ts";
import { parseIp } from "../../src/net/ip.ts";

/** `tcp 203.0.113.9:40000 > 192.0.2.25:25 ack`; IPv6 as `[2001:db8::1]:25`. Words behind: flags, `established`, `fragment`, `extended`. */
export function packet(text: string): Packet {
  const [name = "", source = "", , destination = "", ...words] = text.split(" ");
  const [from, fromPort] = end(source);
  const [to, toPort] = end(destination);
  const flags = tcpFlags.reduce((sum, flag, bit) => sum | (words.includes(flag) ? 1 << bit : 0), 0);
  return {
    source: from,
    destination: to,
    protocol: protocolNumbers[name as keyof typeof protocolNumbers] ?? Number(name),
    sourcePort: fromPort,
    destinationPort: toPort,
    flags: flags === 0 && name === "tcp" ? 1 << tcpFlags.indexOf("syn") : flags,
    state: words.includes("established") || words.includes("ack") ? "established" : "new",
    laterFragment: words.includes("fragment"),
    extended: words.includes("extended"),
    inside: Number(words.find((word) => word.startsWith("inside="))?.slice(7) ?? 0),
  };
}

function end(text: string): readonly [Packet["source"], number] {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  const read = parseIp(six ?? four ?? "");
  if (!read.ok) throw new Error(text);
  return [read.value, Number(port ?? 0)];
}

/** Asks at an interface (null: the one that there is) or, with `list`, in a list alone. */
export function ask(
  platform: Platform,
  config: string,
  text: string,
  {
    at = null,
    direction = "in",
    list = null,
  }: { readonly at?: string | null; readonly direction?: Direction; readonly list?: string | null } = {},
): QueryDocument {
  const reading = platform.read("running-config", config);
  const outside = at === null ? null : (reading.interfaceNamed(at) ?? at);
  return query({ platform, reading, outside, list, direction, packet: packet(text) });
}
