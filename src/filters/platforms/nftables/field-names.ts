/** What a rule can look at, by its name in nft(8); only names, not what they mean. */
import type { Cursor } from "./tokens.ts";

/** One more word says which part. */
const headers = new Set(
  "ether vlan arp ip ip6 icmp icmpv6 igmp tcp udp udplite sctp dccp ah esp comp th gre gretap geneve vxlan rt socket".split(
    " ",
  ),
);
/** Extension headers of IPv6. */
const extensions = new Set("frag hbh dst mh rt0 rt2 rt4 srh".split(" "));
/** `meta` may be left out. */
const bareMeta = new Set(
  (
    "iif oif iifname oifname iifgroup oifgroup iiftype oiftype mark skuid skgid cgroup pkttype cpu nftrace rtclassid " +
    "ibrname obrname ibriport obriport ibrpvid ibrvproto l4proto nfproto protocol ipsec secpath random priority length"
  ).split(" "),
);
const knownMeta = new Set([...bareMeta, "time", "hour", "day", "sdif", "sdifname", "broute", "ibrhwaddr"]);

/** Reads a field; null if none stands here, with the cursor where it was. */
export function fieldIn(cursor: Cursor): string | null {
  if (cursor.done || cursor.here.quoted === true) return null;
  const first = cursor.text;
  const second = cursor.peek(1);
  const take = (count: number, name: string): string => {
    cursor.at += count;
    return name;
  };
  if (first === "meta" && knownMeta.has(second)) return take(2, bareMeta.has(second) ? second : `meta ${second}`);
  if (first === "ct") return ct(cursor);
  if (first === "fib") return fib(cursor);
  if (first === "exthdr") return take(2, `exthdr ${second}`);
  if (first === "osf") {
    cursor.take();
    if (cursor.accept("ttl")) cursor.take();
    cursor.accept("name", "version");
    return "osf";
  }
  if (first === "ipsec") {
    cursor.take();
    while (
      cursor.accept("in", "out", "spnum", "ip", "ip6", "saddr", "daddr", "spi", "reqid") ||
      /^\d+$/.test(cursor.text)
    )
      if (/^\d+$/.test(cursor.text)) cursor.take();
    return "ipsec";
  }
  if (first === "numgen" || first === "symhash") {
    cursor.take();
    cursor.accept("random", "inc");
    while (cursor.accept("mod", "offset")) cursor.take();
    return first;
  }
  if (first === "jhash") {
    cursor.take();
    do fieldIn(cursor);
    while (cursor.accept("."));
    while (cursor.accept("mod", "seed", "offset")) cursor.take();
    return first;
  }
  if (first.startsWith("@") && cursor.peek(1) === "," && cursor.peek(3) === ",")
    return take(5, `${first},${cursor.peek(2)},${cursor.peek(4)}`);
  if ((first === "tcp" || first === "ip") && second === "option") {
    cursor.at += 3;
    // Names of the option's parts.
    cursor.accept("size", "kind", "length", "count", "left", "right", "tsval", "tsecr", "type", "ptr", "value", "addr");
    return `${first} option`;
  }
  if (first === "sctp" && second === "chunk") {
    cursor.at += 3;
    if (/^[a-z-]+$/.test(cursor.text) && !["exists", "missing"].includes(cursor.text)) cursor.take();
    return "sctp chunk";
  }
  if (extensions.has(first) || headers.has(first)) return take(2, `${first} ${second}`);
  if (bareMeta.has(first)) return take(1, first);
  return null;
}

function ct(cursor: Cursor): string {
  cursor.take();
  const direction = cursor.accept("original", "reply");
  cursor.accept("ip", "ip6");
  const key = cursor.take().text;
  return direction ? `ct directed ${key}` : `ct ${key}`;
}

/** `fib saddr . mark . iif oif` */
function fib(cursor: Cursor): string {
  cursor.take();
  const flags = [cursor.take().text];
  while (cursor.accept(".")) flags.push(cursor.take().text);
  return `fib ${flags.join(" . ")} ${cursor.take().text}`;
}
