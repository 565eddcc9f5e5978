// Rulesets made up from a seed: every kind of condition that the readers understand, over few addresses and ports, so
// that much is met. Loaded by a shell script on the router.

import type { Random } from "./random.ts";
import { hosts, ports } from "./traffic.ts";

export interface Ruleset {
  /** For the platform's reader. */
  readonly text: string;
  /** Loads it, in place of all that was there. */
  readonly script: (text: string) => string;
  /**
   * Later fragments can be sent: connection tracking would put them together first, and nf_tables takes their bytes for
   * ports (seen on Linux 6.18), so that what becomes of them is chance.
   */
  readonly fragments: boolean;
  /** Prints what the kernel holds, in forms that the reader reads as well. */
  readonly printed: readonly string[];
}

const emptyTables = Object.entries({
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
})
  .map(([table, chains]) => [`*${table}`, ...chains.map((chain) => `:${chain} ACCEPT`), "COMMIT", ""].join("\n"))
  .join("");

/** Takes all filters away. */
export const clear = `set -e
nft flush ruleset
for f in iptables-legacy ip6tables-legacy; do
$f-restore <<'END'
${emptyTables}END
done
# Lists let go of their members, and rules of their sets a little after they were flushed.
ipset flush
n=0
until ipset destroy 2>/dev/null; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
`;

const all = { 4: [...hosts.inside4, ...hosts.outside4], 6: [...hosts.inside6, ...hosts.outside6] } as const;
const nets = {
  4: [
    "192.0.2.0/24",
    "192.0.2.0/25",
    "192.0.2.24/30",
    "198.51.100.0/25",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "203.0.113.0/28",
    "0.0.0.0/0",
  ],
  6: [
    "2001:db8:25::/48",
    "2001:db8:25::/64",
    "2001:db8:25:8000::/49",
    "2001:db8:f::/48",
    "2001:db8::/32",
    "2001:db8:f::/64",
    "::/0",
  ],
} as const;

type Family = 4 | 6;
/** With its sign and what stands before it; none but an address of nowhere is refused. */
function addressWord(random: Random, family: Family, sign: string): string {
  const negated = not(random, sign);
  const net = random.one(negated === "" ? nets[family] : nets[family].slice(0, -1));
  return `${negated}${random.chance(0.5) ? random.one(all[family]) : net}`;
}
const not = (random: Random, sign: string): string => (random.chance(0.2) ? sign : "");
const port = (random: Random): string => String(random.one([25, 25, 25, ...ports]));
const portRange = (random: Random, between: string): string => {
  const low = random.below(ports.length - 1);
  const high = low + 1 + random.below(ports.length - 1 - low);
  return `${ports[low]}${between}${ports[high]}`;
};
const joined = (parts: readonly string[]): string => parts.join(", ");

/** nft(8). */
export function nftRuleset(random: Random): Ruleset {
  const tracked = random.chance(0.6);
  const tables = random.chance(0.4)
    ? ["inet a", random.one(["ip b", "ip6 b", "inet b"])]
    : [random.one(["inet a", "ip a", "ip6 a"])];
  const text = [
    "flush ruleset",
    "define SMTP = { 25, 587 }",
    ...tables.map((table) => nftTable(random, table, tracked)),
  ].join("\n");
  return {
    text,
    script: (wanted) => `${clear}nft -f - <<'END'\n${wanted}\nEND\n`,
    fragments: false,
    printed: ["nft list ruleset", "nft -j list ruleset", "nft -s -a list ruleset"],
  };
}

function nftTable(random: Random, table: string, tracked: boolean): string {
  const families: readonly Family[] = table.startsWith("inet") ? [4, 6] : table.startsWith("ip6") ? [6] : [4];
  const sets = families.flatMap((family) => [
    `set hosts${family} { type ipv${family}_addr; elements = { ${joined(random.some(all[family]))} } }`,
    `set nets${family} { type ipv${family}_addr; flags interval; auto-merge; elements = { ${joined(random.some(nets[family].slice(0, -1)))} } }`,
    `set pairs${family} { type ipv${family}_addr . inet_service; elements = { ${joined(random.some(all[family]).map((one) => `${one} . ${port(random)}`))} } }`,
  ]);
  const verdictPorts = random.some(ports);
  const chains = ["one", "two", "three"];
  const map = `map ways { type inet_service : verdict; elements = { ${joined(
    verdictPorts.map(
      (one) => `${one} : ${random.one(["accept", "drop", "return", "goto three", "jump three", "continue"])}`,
    ),
  )} } }`;
  const rules = (count: number, targets: readonly string[]): string =>
    Array.from({ length: count }, () => `\t\t${nftRule(random, random.one(families), tracked, targets)}`).join("\n");
  const base = (name: string, hook: string, priority: string): string =>
    `\tchain ${name} {\n\t\ttype filter hook ${hook} priority ${priority}; policy ${random.chance(0.85) ? "accept" : "drop"};\n${rules(2 + random.below(5), chains)}\n\t}`;
  const late = random.chance(0.2);
  const made = [
    `table ${table} {`,
    ...sets.map(
      (set) => `\t${set.replaceAll("; ", "\n\t\t").replace("{ type", "{\n\t\ttype").replace(/ \}$/, "\n\t}")}`,
    ),
    `\tchain three {\n${rules(1 + random.below(3), [])}\n\t}`,
    `\t${map.replace("{ type", "{\n\t\ttype").replace("; ", "\n\t\t").replace(/ \}$/, "\n\t}")}`,
    `\tchain two {\n${rules(1 + random.below(3), ["three"])}\n\t}`,
    `\tchain one {\n${rules(1 + random.below(4), ["two", "three"])}\n\t}`,
    base("forward", "forward", random.one(["filter", "filter - 5", "0", "10", "mangle"])),
    ...(random.chance(0.3) ? [base("early", "prerouting", random.one(["raw", "mangle", "-310"]))] : []),
    ...(late ? [base("late", "postrouting", "mangle")] : []),
    ...(random.chance(0.2) ? [base("own", "input", "filter")] : []),
    "}",
  ].join("\n");
  // Behind routing nothing is refused with an answer.
  return late ? made.replaceAll(" reject", " drop") : made;
}

function nftRule(random: Random, family: Family, tracked: boolean, targets: readonly string[]): string {
  const ip = family === 4 ? "ip" : "ip6";
  const list = (values: readonly string[]): string => `{ ${joined(random.some(values))} }`;
  const range = (): string => `${all[family][0]}-${family === 4 ? "192.0.2.200" : "2001:db8:25:8000::ffff"}`;
  const conditions: (() => string)[] = [
    () => `${ip} ${random.one(["saddr", "daddr"])} ${addressWord(random, family, "!= ")}`,
    () => `${ip} ${random.one(["saddr", "daddr"])} ${not(random, "!= ")}${list(all[family])}`,
    () => `${ip} ${random.one(["saddr", "daddr"])} ${not(random, "!= ")}@${random.one(["hosts", "nets"])}${family}`,
    () => `${ip} daddr ${not(random, "!= ")}${range()}`,
    () =>
      `${ip} ${random.one(["saddr", "daddr"])} & ${family === 4 ? "0.0.0.255" : "::ffff"} ${random.one(["==", "!="])} ${family === 4 ? "0.0.0.25" : "::25"}`,
    () => `${ip} daddr . tcp dport ${not(random, "!= ")}@pairs${family}`,
    () => `${ip} saddr . tcp dport { ${random.one(all[family])} . 25, ${random.one(all[family])} . 20-30 }`,
    () => `tcp dport ${not(random, "!= ")}${port(random)}`,
    () => `tcp dport ${not(random, "!= ")}${portRange(random, "-")}`,
    () => `tcp dport ${not(random, "!= ")}$SMTP`,
    () => `tcp dport ${not(random, "!= ")}{ ${port(random)}, 3000-4000, smtps }`.replace("smtps", "465, 3"),
    () => `tcp dport ${random.one(["<", "<=", ">", ">="])} ${port(random)}`,
    () => `tcp sport ${not(random, "!= ")}${random.one(["25", "1024-65535", "20000-40000", "smtp"])}`,
    () => `udp dport ${not(random, "!= ")}{ 25, 53, 443 }`,
    () => `th dport ${not(random, "!= ")}${port(random)}`.replace("th ", "meta l4proto { tcp, udp } th "),
    () => `meta l4proto ${not(random, "!= ")}${random.one(["tcp", "udp", "{ tcp, udp }", "esp", "{ 50, 112 }"])}`,
    () =>
      family === 4
        ? `ip protocol ${not(random, "!= ")}${random.one(["tcp", "{ tcp, icmp }", "17"])}`
        : `ip6 nexthdr ${not(random, "!= ")}${random.one(["tcp", "{ tcp, udp }", "ipv6-icmp"])}`,
    () => `meta nfproto ${not(random, "!= ")}ipv${family}`,
    () =>
      family === 4
        ? `icmp type ${not(random, "!= ")}${random.one(["echo-request", "{ echo-reply, destination-unreachable }"])}`
        : `icmpv6 type ${not(random, "!= ")}${random.one(["echo-request", "{ echo-reply, packet-too-big }"])}`,
    () =>
      random.one([
        "tcp flags syn",
        "tcp flags == syn",
        "tcp flags & (fin|syn|rst|ack) == syn",
        "tcp flags & (syn|ack) != syn",
        "tcp flags != syn",
        "tcp flags syn,ack",
        "tcp flags & ack != 0",
        "tcp flags ! ack",
        "tcp flags { syn, ack, rst }",
      ]),
    () =>
      `${random.one(["iifname", "oifname"])} ${not(random, "!= ")}${random.one(['"wan0"', '"lan0"', '"wan*"', '{ "wan0", "lo" }'])}`,
    () =>
      (family === 4 ? `ip frag-off & 0x1fff ${random.one(["!=", "=="])} 0` : "ip6 hoplimit > 0").replace(
        "ip6 hoplimit > 0",
        "meta nfproto ipv6",
      ),
    () => `fib daddr type ${not(random, "!= ")}${random.one(["local", "unicast"])}`,
  ];
  if (tracked)
    conditions.push(
      () => `ct state ${random.one(["", "", "!= "])}${random.one(["new", "established", "invalid"])}`,
      () =>
        `ct state ${random.one(["established,related", "{ established, related }", "new,invalid", "!= established,related", "!= { new, invalid }"])}`,
    );
  const count = random.one([1, 1, 2, 2, 3]);
  const chosen = Array.from({ length: count }, () => random.one(conditions)());
  const noted = random.chance(0.3) ? ["counter"] : [];
  if (random.chance(0.12))
    return (
      [...chosen.slice(1), "tcp dport vmap @ways"].filter((_, at) => targets.length > 0 || at < 0).join(" ") ||
      "counter"
    );
  if (tracked && random.chance(0.08) && targets.length > 0)
    return `ct state vmap { established : accept, invalid : drop, new : jump ${random.one(targets)} }`;
  if (random.chance(0.06) && targets.length > 0)
    return `${ip} daddr vmap { ${random.one(all[family])} : accept, ${nets[family][4 - (family === 6 ? 1 : 0)]} : goto ${random.one(targets)} }`.replace(
      /vmap \{ (\S+) : accept, (\S+)/,
      (_, one) => `vmap { ${one} : accept, ${family === 4 ? "203.0.113.64/26" : "2001:db8:77::/48"}`,
    );
  const verdicts = [
    "accept",
    "drop",
    "drop",
    "reject",
    "return",
    ...targets.flatMap((target) => [`jump ${target}`, `goto ${target}`]),
    "counter",
    "continue",
  ];
  return [...chosen, ...noted, random.one(verdicts)].join(" ");
}

/** iptables-save, for both families; with sets if asked for. */
export function iptablesRuleset(random: Random, withSets: boolean): Ruleset {
  const tracked = random.chance(0.6);
  const legacy = random.chance(0.5) ? "-legacy" : "-nft";
  const sets = withSets ? ipsetText(random) : "";
  const four = iptablesText(random, { family: 4, tracked, withSets });
  const six = iptablesText(random, { family: 6, tracked, withSets });
  return {
    text: `${sets}# iptables\n${four}# ip6tables\n${six}`,
    script: () =>
      `${clear}${sets === "" ? "" : `ipset restore <<'END'\n${sets}END\n`}iptables${legacy}-restore <<'END'\n${four}END\nip6tables${legacy}-restore <<'END'\n${six}END\n`,
    fragments: !tracked && legacy === "-legacy",
    printed: [
      `ipset save; iptables${legacy}-save; ip6tables${legacy}-save`,
      `ip6tables${legacy}-save -c; ipset save; iptables${legacy}-save -c`,
    ],
  };
}

function iptablesText(
  random: Random,
  setup: { readonly family: Family; readonly tracked: boolean; readonly withSets: boolean },
): string {
  const lines: string[] = [];
  const table = (name: string, builtIn: readonly string[], count: number): void => {
    const own = ["ONE", "TWO", "LAST"];
    lines.push(
      `*${name}`,
      ...builtIn.map(
        (chain) => `:${chain} ${random.chance(name === "filter" ? 0.75 : 0.95) ? "ACCEPT" : "DROP"} [0:0]`,
      ),
    );
    lines.push(...own.map((chain) => `:${chain} - [0:0]`));
    const rule = (chain: string, targets: readonly string[]): string =>
      `-A ${chain} ${iptablesRule(random, { ...setup, chain, targets, table: name })}`;
    for (let made = 0; made < count; made += 1) lines.push(rule(random.one(builtIn), own));
    for (let made = 0; made < 4; made += 1) lines.push(rule("ONE", ["TWO", "LAST"]));
    for (let made = 0; made < 3; made += 1) lines.push(rule("TWO", ["LAST"]));
    for (let made = 0; made < 2; made += 1) lines.push(rule("LAST", []));
    lines.push("COMMIT");
  };
  if (random.chance(0.3)) table("raw", ["PREROUTING"], 2);
  if (random.chance(0.3)) table("mangle", ["PREROUTING", "FORWARD", "POSTROUTING"], 3);
  table("filter", random.chance(0.2) ? ["FORWARD", "INPUT"] : ["FORWARD"], 6);
  return `${lines.join("\n")}\n`;
}

const setNames = {
  4: ["hosts4", "nets4", "pairs4", "ports", "netports4", "both"],
  6: ["hosts6", "nets6", "pairs6", "ports", "netports6", "both"],
} as const;

function ipsetText(random: Random): string {
  const lines: string[] = [
    "create ports bitmap:port range 0-65535",
    ...random.some(ports).map((one) => `add ports ${one}`),
  ];
  for (const family of [4, 6] as const) {
    const word = family === 4 ? "inet" : "inet6";
    const narrower = nets[family].slice(0, -1);
    const held = random.some(narrower);
    lines.push(
      `create hosts${family} hash:ip family ${word} hashsize 1024 maxelem 65536`,
      ...random.some(all[family]).map((one) => `add hosts${family} ${one}`),
      `create nets${family} hash:net family ${word}`,
      ...held.map((one) => `add nets${family} ${one}`),
      ...(random.chance(0.6) ? [`add nets${family} ${random.one(all[family])} nomatch`] : []),
      `create pairs${family} hash:ip,port family ${word}`,
      ...random
        .some(all[family])
        .map(
          (one) =>
            `add pairs${family} ${one},${random.one(["tcp:25", "udp:25", "tcp:587", `${family === 4 ? "icmp" : "icmpv6"}:echo-request`])}`,
        ),
      `create netports${family} hash:net,port family ${word}`,
      ...random.some(narrower).map((one) => `add netports${family} ${one},tcp:${random.one(["25", "443", "20-30"])}`),
    );
  }
  lines.push("create both list:set", "add both hosts4", "add both nets6");
  return `${lines.join("\n")}\n`;
}

function iptablesRule(
  random: Random,
  {
    family,
    tracked,
    withSets,
    chain,
    targets,
    table,
  }: {
    readonly family: Family;
    readonly tracked: boolean;
    readonly withSets: boolean;
    readonly chain: string;
    readonly targets: readonly string[];
    readonly table: string;
  },
): string {
  const bang = (): string => not(random, "! ");
  const icmp = family === 4 ? "icmp" : "ipv6-icmp";
  const tcpOnes: (() => string)[] = [
    () => `-m tcp ${bang()}--dport ${random.chance(0.6) ? port(random) : portRange(random, ":")}`,
    () => `-m tcp ${bang()}--sport ${random.one(["25", "1024:65535", ":1023", "20000:"])}`,
    () => `-m multiport ${bang()}--${random.one(["dports", "sports", "ports"])} 25,${portRange(random, ":")},587`,
    () =>
      random.one([
        "-m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
        "-m tcp ! --tcp-flags SYN,ACK SYN",
        "-m tcp --syn",
        "-m tcp ! --syn",
        "-m tcp --tcp-flags ALL NONE",
      ]),
  ];
  const protocol = random.one(["tcp", "tcp", "tcp", "udp", icmp, "", "esp", "! tcp"]);
  const parts: string[] = [];
  for (const option of ["-s", "-d"])
    if (random.chance(0.5)) parts.push(addressWord(random, family, "! ").replace(/(\S+)$/, `${option} $1`));
  if (random.chance(0.1) && family === 4)
    parts.push(`-d 0.0.0.25/0.0.0.255`.replace(/^/, parts.some((part) => part.includes("-d ")) ? "# " : ""));
  if (random.chance(0.3) && chain !== "POSTROUTING")
    parts.push(`${bang()}-i ${random.one(["wan0", "lan0", "wan+", "lo"])}`);
  if (random.chance(0.2) && (chain === "FORWARD" || chain === "POSTROUTING"))
    parts.push(`${bang()}-o ${random.one(["wan0", "lan0", "la+"])}`);
  if (random.chance(0.1) && family === 4 && protocol === "") parts.push(`${bang()}-f`);
  if (protocol === "! tcp") parts.push("! -p tcp");
  else if (protocol !== "") parts.push(`-p ${protocol}`);
  // Not two of a kind: iptables-save of the nf_tables kind prints those as another rule (1.8.9).
  if (protocol === "tcp" && random.chance(0.7))
    parts.push(
      ...random
        .some(tcpOnes)
        .slice(0, 2)
        .map((make) => make()),
    );
  if (protocol === "udp" && random.chance(0.6)) parts.push(`-m udp ${bang()}--dport ${port(random)}`);
  if (protocol === icmp)
    parts.push(
      family === 4
        ? `-m icmp ${bang()}--icmp-type ${random.one(["8", "echo-request", "3/4", "0"])}`
        : `-m icmp6 ${bang()}--icmpv6-type ${random.one(["128", "echo-request", "1/4"])}`,
    );
  if (random.chance(0.15))
    parts.push(
      family === 4
        ? `-m iprange ${bang()}--dst-range 192.0.2.20-192.0.2.140`
        : `-m iprange ${bang()}--src-range 2001:db8:f::-2001:db8:f::20`,
    );
  if (tracked && random.chance(0.3))
    parts.push(
      random.one([
        `-m conntrack ${bang()}--ctstate ${random.one(["NEW", "RELATED,ESTABLISHED", "INVALID", "NEW,INVALID"])}`,
        `-m state --state ${random.one(["NEW", "ESTABLISHED"])}`,
      ]),
    );
  if (random.chance(0.1) && family === 4)
    parts.push(`-m addrtype ${bang()}--dst-type ${random.one(["LOCAL", "UNICAST"])}`);
  if (withSets && random.chance(0.7)) {
    const set = random.one(setNames[family]);
    const side = (): string => random.one(["src", "dst"]);
    parts.push(
      `-m set ${bang()}--match-set ${set} ${/pairs|netports/.test(set) ? `${side()},${random.one(["dst", "dst", "src"])}` : side()}`,
    );
  }
  if (random.chance(0.2)) parts.push('-m comment --comment "a -j DROP in words"');
  const reject =
    table === "filter"
      ? [
          family === 4
            ? "-j REJECT --reject-with icmp-port-unreachable"
            : "-j REJECT --reject-with icmp6-adm-prohibited",
        ]
      : [];
  const target = random.one([
    ...["-j ACCEPT", "-j DROP", "-j DROP", "-j RETURN", "", ...reject],
    ...targets.flatMap((name) => [`-j ${name}`, `-g ${name}`]),
  ]);
  return [...parts.filter((part) => !part.startsWith("#")), target].filter((part) => part !== "").join(" ");
}
