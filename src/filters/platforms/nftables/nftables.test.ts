import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { nftables } from "./nftables.ts";

const toMailer = "tcp 203.0.113.9:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.9:40000 > 192.0.2.7:25";
const six = "tcp [2001:db8:f::9]:40000 > [2001:db8:25::25]:25";

/** One rule in a chain that drops the rest. */
const forward = (rule: string, policy = "drop", more = ""): string =>
  `table inet fw {\n${more}\n chain forward {\n  type filter hook forward priority filter; policy ${policy};\n  ${rule}\n }\n}\n`;

describe("one rule", () => {
  for (const [rule, text, want] of [
    // Ports, names, ranges, sets, and comparisons.
    ["tcp dport 25 accept", toMailer, "permit"],
    ["tcp dport smtp accept", toMailer, "permit"],
    ["tcp dport { 25, 587 } accept", toMailer, "permit"],
    ["tcp dport 20-30 accept", toMailer, "permit"],
    ["tcp dport { 1-24, 26-65535 } accept", toMailer, "deny"],
    ["tcp dport != 25 accept", toMailer, "deny"],
    ["tcp dport != { 22, 80 } accept", toMailer, "permit"],
    ["tcp dport < 26 accept", toMailer, "permit"],
    ["tcp dport >= 26 accept", toMailer, "deny"],
    ["tcp sport 1024-65535 tcp dport 25 accept", toMailer, "permit"],
    ["udp dport 25 accept", toMailer, "deny"],
    ["th dport 25 accept", toMailer, "permit"],
    ["meta l4proto { tcp, udp } th dport 25 accept", toMailer, "permit"],
    ["@th,16,16 25 accept", toMailer, "permit"],
    ["tcp dport 25 ip daddr 192.0.2.25 accept", toMailer, "permit"],
    ["tcp dport 25 ip daddr 192.0.2.25 accept", toHost, "deny"],
    // Addresses: prefixes, ranges, masks with holes, and two of them on one side.
    ["ip daddr 192.0.2.0/24 ip daddr != 192.0.2.25 accept", toMailer, "deny"],
    ["ip daddr 192.0.2.0/24 ip daddr != 192.0.2.25 accept", toHost, "permit"],
    ["ip daddr 192.0.2.20-192.0.2.30 accept", toMailer, "permit"],
    ["ip daddr & 0.0.0.255 == 0.0.0.25 accept", toMailer, "permit"],
    ["ip daddr & 0.0.0.255 == 0.0.0.25 accept", toHost, "deny"],
    ["ip daddr & 0.0.0.255 != 0.0.0.25 accept", toHost, "permit"],
    ["ip daddr . tcp dport { 192.0.2.25 . 25, 192.0.2.7 . 80 } accept", toMailer, "permit"],
    ["ip daddr . tcp dport { 192.0.2.25 . 25, 192.0.2.7 . 80 } accept", toHost, "deny"],
    ["ip daddr . tcp dport != { 192.0.2.25 . 25, 192.0.2.7 . 80 } accept", toMailer, "deny"],
    ["ip daddr . tcp dport != { 192.0.2.25 . 25, 192.0.2.7 . 80 } accept", toHost, "permit"],
    // Families: what is said of one says nothing of the other.
    ["ip protocol tcp accept", six, "deny"],
    ["ip6 nexthdr tcp accept", six, "permit"],
    ["ip6 nexthdr tcp accept", `${six} extended`, "deny"],
    ["ip6 nexthdr != tcp accept", `${six} extended`, "permit"],
    ["meta l4proto tcp accept", `${six} extended`, "permit"],
    ["meta nfproto ipv6 accept", six, "permit"],
    ["meta nfproto ipv6 accept", toMailer, "deny"],
    ["meta protocol ip accept", toMailer, "permit"],
    // An answer that one family has takes the family for granted, and nft prints no more of it.
    ["reject with icmpv6 port-unreachable", toMailer, "deny"],
    ["icmp type echo-request accept", "icmp 203.0.113.9 > 192.0.2.7:2048", "permit"],
    [
      "icmpv6 type { echo-request, nd-neighbor-solicit } accept",
      "icmp6 [2001:db8:f::9] > [2001:db8:25::1]:32768",
      "permit",
    ],
    // Flags: words without braces are any of them, two states at once are never equal.
    ["tcp flags syn accept", toMailer, "permit"],
    ["tcp flags == syn accept", `${toMailer} syn ack`, "deny"],
    ["tcp flags syn,ack accept", `${toMailer} ack`, "permit"],
    ["tcp flags & (fin|syn|rst|ack) == syn accept", toMailer, "permit"],
    ["tcp flags syn / fin,syn,rst,ack accept", toMailer, "permit"],
    ["tcp flags & (fin|syn|rst|ack) != syn accept", toMailer, "deny"],
    ["tcp flags ! syn accept", toMailer, "deny"],
    ["ct state established,related accept", toMailer, "deny"],
    ["ct state { established, related } accept", `${toMailer} ack`, "permit"],
    ["ct state != established,related accept", `${toMailer} ack`, "permit"],
    ["ct state != { established, related } accept", `${toMailer} ack`, "deny"],
    ["ct state & (established|related) != 0 accept", `${toMailer} ack`, "permit"],
    ["ct state vmap { established : accept, related : accept, invalid : drop } tcp dport 25 accept", toMailer, "deny"],
    // Fragments.
    ["tcp dport 25 accept", `${toMailer} fragment`, "deny"],
    ["meta l4proto tcp accept", `${toMailer} fragment`, "permit"],
    ["ip frag-off & 0x1fff != 0 accept", `${toMailer} fragment`, "permit"],
    // Maps.
    ["tcp dport vmap { 25 : accept, 80 : drop }", toMailer, "permit"],
    ["tcp dport vmap { 20-30 : drop, * : accept }", "tcp 203.0.113.9:40000 > 192.0.2.7:80", "permit"],
    ["tcp dport vmap { 20-30 : drop, * : accept }", toMailer, "deny"],
    // Limits decide only where there is a verdict.
    ["tcp dport 25 limit rate 10/minute accept", toMailer, "unknown"],
    ['tcp dport 25 limit rate 10/minute log prefix "smtp "', toMailer, "deny"],
    ["tcp dport 25 ct count over 10 reject", toMailer, "deny"],
    ["tcp dport 25 add @seen { ip saddr } accept", toMailer, "permit"],
    ["tcp dport 25 add @seen { ip saddr limit rate 3/minute } accept", toMailer, "unknown"],
    ["ip saddr @seen tcp dport 25 accept", toMailer, "unknown"],
    ["tcp dport 25 meta mark 0x1 accept", toMailer, "unknown"],
    ["tcp dport 25 meta mark set 0x1 accept", toMailer, "permit"],
    ["tcp dport 25 ip dscp ef accept", toMailer, "unknown"],
    ["tcp dport 25 queue num 1-3 bypass", toMailer, "unknown"],
    ["tcp dport 587 meta mark 0x1 accept", toMailer, "deny"],
    // Routing: an honest packet to a host behind is for no address of this machine.
    ["fib daddr type local accept", toMailer, "deny"],
    ["fib saddr . iif oif missing drop", toMailer, "deny"],
    ["fib saddr . mark . iif oif exists accept", toMailer, "permit"],
    // What is not understood is not guessed.
    ["tcp dport 25 frobnicate accept", toMailer, "unknown"],
    ["udp dport 25 frobnicate accept", toMailer, "deny"],
    ["tcp dport madeup accept", toMailer, "unknown"],
    ["ip daddr @nowhere accept", toMailer, "unknown"],
    ["jump nowhere", toMailer, "unknown"],
    ["ip daddr $NOTHING accept", toMailer, "unknown"],
    ["jump { tcp dport 25 accept; }", toMailer, "permit"],
    // Interfaces.
    ['iifname "wan0" tcp dport 25 accept', toMailer, "permit"],
    ['iifname "wan*" tcp dport 25 accept', toMailer, "permit"],
    ['iifname != "wan0" tcp dport 25 accept', toMailer, "deny"],
    ['iifname { "lan0", "lo" } accept', toMailer, "deny"],
    ["iif wan0 oifname lan0 accept", `${toMailer} inside=1`, "permit"],
  ] as const)
    test(`${rule}: ${text} ${want}`, () => {
      const sets = " set seen {\n  type ipv4_addr\n  flags dynamic\n }\n";
      expect(ask(nftables, forward(rule, "drop", sets), text, { at: "wan0" }).action).toBe(want);
    });
});

describe("chains", () => {
  const config = `#!/usr/sbin/nft -f
flush ruleset
define WAN = "wan0"
define MAILERS = { 192.0.2.25, 192.0.2.26 }
define SITE = { 192.0.2.0/24, 198.51.100.0/24 }
table inet fw {
	set mailers {
		type ipv4_addr; flags interval; auto-merge
		elements = { $MAILERS, 198.51.100.25 comment "the other one" }
	}
	map services {
		type inet_service : verdict
		elements = { 25 : jump smtp, 22 : drop }
	}
	chain smtp {
		ip daddr @mailers return
		ip daddr $SITE counter packets 12 bytes 720 drop comment "not a mailer; tcp dport 25 accept"
	}
	chain forward {
		type filter hook forward priority filter - 5; policy accept;
		iifname $WAN tcp dport vmap @services
	}
	chain raw {
		type filter hook prerouting priority raw; policy accept;
		ip saddr 203.0.113.66 drop
		ct state established accept
		oifname "wan0" drop
	}
	chain srcnat {
		type nat hook postrouting priority srcnat; policy accept;
		oifname $WAN masquerade
	}
}
`;
  for (const [text, want, line] of [
    [toMailer, "permit", 20],
    [toHost, "deny", 17],
    ["tcp 203.0.113.9:40000 > 198.51.100.25:25", "permit", 20],
    ["tcp 203.0.113.66:40000 > 192.0.2.25:25", "deny", 25],
    ["tcp 203.0.113.9:40000 > 192.0.2.7:22", "deny", 21],
    ["tcp 203.0.113.9:40000 > 192.0.2.7:80", "permit", 20],
  ] as const)
    test(`${text}: ${want} by line ${line}`, () => {
      expect(ask(nftables, config, text, { at: "wan0" })).toMatchObject({ action: want, line });
    });

  test("the attachment says hooks, priorities and translation", () => {
    const { attachment } = ask(nftables, config, toMailer, { at: "wan0" });
    expect(attachment).toMatch(/inet fw raw \[prerouting -300\], then inet fw forward \[forward -5\]/);
    expect(attachment).toMatch(/translated in inet fw srcnat/);
  });

  test("an accept is final in its own chain alone", () => {
    const text = `${forward("tcp dport 25 accept", "accept")}table ip late {\n chain f {\n  type filter hook forward priority 400\n  tcp dport 25 drop\n }\n}\n`;
    expect(ask(nftables, text, toMailer)).toMatchObject({ action: "deny", line: 11 });
  });

  test("goto does not come back, jump does", () => {
    const text = (verb: string) =>
      `table ip t {\n chain a {\n  tcp dport 80 accept\n }\n chain f {\n  type filter hook forward priority 0\n  ${verb} a\n  tcp dport 25 drop\n }\n}\n`;
    expect(ask(nftables, text("jump"), toMailer).action).toBe("deny");
    expect(ask(nftables, text("goto"), toMailer).action).toBe("permit");
  });

  test("a chain that leads back to itself is unknown", () => {
    const text =
      "table ip t {\n chain a {\n  jump f\n }\n chain f {\n  type filter hook forward priority 0\n  jump a\n }\n}\n";
    expect(ask(nftables, text, toMailer).action).toBe("unknown");
  });

  test("commands come to the same as blocks", () => {
    const text = [
      "add table inet t",
      "add chain inet t f { type filter hook forward priority 0; policy accept; }",
      "add rule inet t f tcp dport 25 drop",
      "insert rule inet t f ip daddr 192.0.2.25 tcp dport 25 accept",
      "add set inet t s { type ipv4_addr; }",
      "add element inet t s { 192.0.2.7, 192.0.2.8 }",
      "insert rule inet t f ip daddr @s accept",
      "add rule inet t f index 0 ip daddr 192.0.2.8 drop",
    ].join("\n");
    expect(ask(nftables, text, toMailer)).toMatchObject({ action: "permit", line: 4 });
    expect(ask(nftables, text, toHost)).toMatchObject({ action: "permit", line: 7 });
    expect(ask(nftables, `${text}\nflush chain inet t f`, toHost)).toMatchObject({ action: "permit", line: 2 });
    expect(ask(nftables, `${text}\ndelete table inet t`, toHost).attachment).toMatch(/no filter/);
    expect(ask(nftables, `${text}\ndelete rule inet t f handle 7`, toHost).action).toBe("unknown");
    const script =
      "nft add table inet t\nnft 'add chain inet t f { type filter hook forward priority 0 ; policy drop ; }'\n";
    expect(ask(nftables, script, toMailer).action).toBe("deny");
  });

  test("a packet taken out of tracking has no state any more", () => {
    const text = `table inet r {\n chain p {\n  type filter hook prerouting priority raw\n  tcp dport 25 notrack\n }\n}\n${forward("ct state new accept")}`;
    expect(ask(nftables, text, toMailer).action).toBe("unknown");
    expect(ask(nftables, text, "tcp 203.0.113.9:40000 > 192.0.2.7:443").action).toBe("permit");
  });
});

describe("what is not there", () => {
  test("an include may hold anything", () => {
    expect(ask(nftables, `include "/etc/nftables.d/*.nft"\n${forward("tcp dport 25 accept")}`, toMailer).action).toBe(
      "unknown",
    );
    expect(ask(nftables, `include "/etc/nftables.d/*.nft"\n${forward("tcp dport 25 drop")}`, toMailer).action).toBe(
      "deny",
    );
    expect(ask(nftables, forward('include "more.nft"\n  tcp dport 25 drop'), toMailer).action).toBe("unknown");
  });

  test("a brace that is not closed", () => {
    expect(ask(nftables, "table inet t {\n chain f {\n", toMailer).action).toBe("unknown");
  });

  test("a dormant table filters nothing", () => {
    const text = forward("tcp dport 25 drop").replace("{", "{\n flags dormant");
    expect(ask(nftables, text, toMailer)).toMatchObject({ action: "permit" });
  });

  test("interfaces have to be told apart", () => {
    expect(ask(nftables, forward('iifname "wan0" tcp dport 25 accept'), toMailer)).toMatchObject({
      action: "unknown",
      why: expect.stringMatching(/wan0/),
    });
  });
});

describe("a machine that is no router", () => {
  const config = `table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		ct state vmap { established : accept, related : accept, invalid : drop }
		iifname "lo" accept
		fib daddr type local tcp dport { 22, 25 } accept
		oifname "eth0" accept
	}
	chain forward {
		type filter hook forward priority filter; policy drop;
	}
	chain output {
		type filter hook output priority filter; policy accept;
		oifname "eth0" tcp dport 25 meta skuid != "postfix" reject
	}
}
`;
  test("input and output are asked", () => {
    expect(ask(nftables, config, toMailer, { at: "eth0" })).toMatchObject({ action: "permit", line: 6 });
    expect(ask(nftables, config, "tcp 203.0.113.9:4000 > 192.0.2.25:80", { at: "eth0" })).toMatchObject({
      action: "deny",
      line: 3,
    });
    expect(ask(nftables, config, "tcp 192.0.2.25:4000 > 203.0.113.9:25", { at: "eth0", direction: "out" }).action).toBe(
      "unknown",
    );
  });

  test("and what passes through, if it is asked for", () => {
    expect(ask(nftables, config, toMailer, { at: "eth0", list: "hook forward" }).action).toBe("deny");
    expect(ask(nftables, config, toMailer, { list: "inet filter forward" }).action).toBe("deny");
  });
});

describe("JSON", () => {
  const rule = (...expr: readonly unknown[]) => ({ rule: { family: "inet", table: "t", chain: "f", handle: 4, expr } });
  const field = (protocol: string, name: string) => ({ payload: { protocol, field: name } });
  const match = (op: string, left: unknown, right: unknown) => ({ match: { op, left, right } });
  const dump = (...rules: readonly unknown[]): string =>
    JSON.stringify(
      {
        nftables: [
          { metainfo: { version: "1.0.6", json_schema_version: 1 } },
          { table: { family: "inet", name: "t", handle: 1 } },
          {
            set: {
              family: "inet",
              table: "t",
              name: "m",
              type: "ipv4_addr",
              flags: ["interval"],
              elem: ["192.0.2.25", { prefix: { addr: "198.51.100.0", len: 24 } }],
            },
          },
          {
            chain: {
              family: "inet",
              table: "t",
              name: "f",
              handle: 2,
              type: "filter",
              hook: "forward",
              prio: 0,
              policy: "drop",
            },
          },
          ...rules,
        ],
      },
      null,
      1,
    );
  test("rules, sets and maps", () => {
    const text = dump(
      rule(match("in", { ct: { key: "state" } }, ["established", "related"]), { accept: null }),
      rule(
        match("==", field("tcp", "dport"), { set: [25, { range: [500, 600] }] }),
        match("==", field("ip", "daddr"), "@m"),
        { counter: { packets: 0, bytes: 0 } },
        { accept: null },
      ),
      rule({
        vmap: {
          key: field("tcp", "dport"),
          data: {
            set: [
              [80, { accept: null }],
              ["*", { drop: null }],
            ],
          },
        },
      }),
    );
    expect(ask(nftables, text, toMailer).action).toBe("permit");
    expect(ask(nftables, text, toHost).action).toBe("deny");
    expect(ask(nftables, text, "tcp 203.0.113.9:4000 > 192.0.2.7:80").action).toBe("permit");
    expect(ask(nftables, text, `${toHost} ack`).action).toBe("permit");
    expect(ask(nftables, text, toMailer).line).toBeGreaterThan(40);
  });
  test("what is not understood", () => {
    expect(
      ask(nftables, dump(rule(match("==", field("tcp", "dport"), 25), { frobnicate: null })), toMailer).action,
    ).toBe("unknown");
    expect(ask(nftables, dump(rule({ xt: { type: "match", name: "u32" } })), toMailer).action).toBe("unknown");
    expect(ask(nftables, dump().slice(0, -20), toMailer).action).toBe("unknown");
    expect(ask(nftables, '{"a": 1}', toMailer).action).toBe("unknown");
  });
});

laws(nftables, {
  brokenOff: "told",
  rollback: "reads",
  samples: [
    "table inet t {",
    " set s { type ipv4_addr; flags interval; elements = { 192.0.2.1, 192.0.2.8/29 } }",
    " chain forward { type filter hook forward priority filter - 5; policy drop; }",
    " chain x {",
    '  iifname "wan0" tcp dport { 25, 587 } ip daddr != @s counter packets 1 bytes 2 jump y',
    "  ct state vmap { established : accept, invalid : drop }",
    '  tcp flags & (fin|syn) == syn limit rate 3/minute burst 5 packets log prefix "a b" level warn',
    "  ip6 saddr . tcp dport vmap { 2001:db8::1 . 25 : accept, * : drop }",
    " }",
    "}",
    "define A = { 1, $B, 2001:db8::/32 }",
    "add rule inet t x index 2 meta mark set 0x1 or 0x2 return",
    "delete rule inet t x handle 9",
    '{"nftables": [{"rule": {"family": "inet", "table": "t", "chain": "x", "expr": [{"accept": null}]}}]}',
  ],
  needed: /jump smtp_in|counter drop|return|reject/,
  idle: /^$/,
  existing: {
    text: "table inet fw {\n chain forward {\n  type filter hook forward priority filter; policy drop;\n  ct state established,related accept\n  ip saddr 203.0.113.99 drop\n  accept\n }\n}\n",
    list: "inet fw forward",
  },
});
