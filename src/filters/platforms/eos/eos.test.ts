import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { isEntry, laws } from "../../../../test/filters/laws.ts";
import { eos } from "./eos.ts";

const port = (lines: string, attach = "ip access-group EDGE in"): string =>
  `banner login\ninterface Ethernet1\n   ip access-group X in\nEOF\n!\n${lines}\n!\ninterface Ethernet1\n   no switchport\n   ${attach}\n!\ninterface Management1\n   ip access-group MGMT in\n!\nsystem control-plane\n   ip access-group CPU in\n`;

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";

describe("entries", () => {
  for (const [entry, text, want] of [
    ["10 permit tcp any host 192.0.2.25 eq smtp", toMailer, "permit"],
    ["10 permit tcp any 192.0.2.0/27 eq smtp https", toMailer, "permit"],
    ["10 permit tcp any 192.0.2.0 0.0.0.31 eq 25 log", toMailer, "permit"],
    ["10 permit tcp any 192.0.2.0/28", toMailer, "deny"],
    ["10 permit tcp any any established", toMailer, "deny"],
    ["10 permit tcp any any syn", toMailer, "permit"],
    ["10 permit tcp any any syn ack", toMailer, "unknown"],
    ["10 permit tcp any any ttl eq 255", toMailer, "unknown"],
    ["10 permit tcp any any tracked", toMailer, "unknown"],
    ["10 permit vlan 10 0xfff tcp any any", toMailer, "unknown"],
    ["10 permit tcp any any eq 25", `${toMailer} fragment`, "deny"],
    ["counters per-entry\n   10 permit tcp any any eq 25", toMailer, "permit"],
    ["20 permit ip any any\n   10 deny tcp any any eq smtp", toMailer, "deny"],
    [
      "10 deny tcp any any eq smtp\n   20 permit ip any any\n   resequence 100 10\n   10 permit tcp any any",
      toMailer,
      "permit",
    ],
  ] as const)
    test(`${entry}: ${text} ${want}`, () => {
      expect(ask(eos, port(`ip access-list EDGE\n   ${entry}\n`), text).action).toBe(want);
    });
});

test("standard lists, lists of IPv6, missing ones", () => {
  const standard = port("ip access-list standard EDGE\n   10 deny 203.0.113.0/25\n   20 permit any\n");
  expect(ask(eos, standard, toMailer).action).toBe("deny");
  expect(ask(eos, standard, toMailer.replace(".99:", ".199:")).action).toBe("permit");
  const six = port(
    "ipv6 access-list EDGE\n   10 permit tcp any host 2001:db8:25::25 eq smtp\n",
    "ipv6 access-group EDGE in",
  );
  expect(ask(eos, six, "tcp [2001:db8:f::1]:4000 > [2001:db8:25::25]:25").action).toBe("permit");
  expect(ask(eos, six, "tcp [2001:db8:f::1]:4000 > [2001:db8:25::26]:25").action).toBe("deny");
  expect(ask(eos, six, toHost).attachment).toBe("no IPv4 filter on Ethernet1, in");
  expect(ask(eos, port(""), toHost).action).toBe("unknown");
  expect(eos.read("f", six).interfaceNamed("et1")).toBe("Ethernet1");
});

describe("traffic policies", () => {
  const policy = (...lines: readonly string[]): string =>
    port(
      [
        "traffic-policies",
        "   field-set ipv4 prefix MX",
        "      192.0.2.0/24 198.51.100.0/25",
        "      except 192.0.2.128/25",
        "   !",
        "   field-set l4-port MAIL",
        "      25, 465-587",
        "   !",
        "   no traffic-policy EDGE",
        "   traffic-policy EDGE",
        "      counter blocked",
        ...lines.map((line) => `      ${line}`),
      ].join("\n"),
      "traffic-policy input EDGE",
    );
  const drop = ["   !", "   actions", "      count blocked", "      drop", "!"];

  test("the first match decides, without a drop it passes, and so does the rest", () => {
    const config = policy(
      "match MAIL ipv4",
      "   destination prefix 192.0.2.25/32",
      "   protocol tcp destination port 25",
      "   !",
      "   actions",
      "      count mail",
      "!",
      "match BLOCK ipv4",
      "   destination prefix field-set MX",
      "   protocol tcp source port 1024-65535 destination port field-set MAIL",
      ...drop,
      "match ipv6-all-default ipv6",
      ...drop,
      "match V6 ipv6",
      "   destination prefix 2001:db8:25::25/128",
    );
    expect(eos.read("f", config).troubles).toEqual([]);
    for (const [text, want] of [
      [toMailer, "permit"],
      [toHost, "deny"],
      ["tcp 203.0.113.9:4000 > 192.0.2.129:25", "permit"],
      ["tcp 203.0.113.9:4000 > 198.51.100.9:500", "deny"],
      ["tcp 203.0.113.9:400 > 198.51.100.9:500", "permit"],
      ["tcp 203.0.113.9:4000 > 198.51.100.9:80", "permit"],
      ["tcp [2001:db8:f::1]:4000 > [2001:db8:25::25]:25", "permit"],
      ["tcp [2001:db8:f::1]:4000 > [2001:db8:25::26]:25", "deny"],
    ] as const)
      expect(ask(eos, config, text), text).toMatchObject({ action: want });
    expect(ask(eos, config, toHost).attachment).toBe("traffic policy EDGE on Ethernet1, in");
    expect(eos.read("f", config).lists).toEqual(["EDGE"]);
    expect(ask(eos, config, toHost, { list: "EDGE" }).action).toBe("deny");
  });

  for (const [line, text, want] of [
    ["protocol tcp", toHost, "deny"],
    ["protocol tcp flags established", toHost, "permit"],
    ["protocol tcp flags established", `${toHost} ack`, "deny"],
    ["protocol tcp flags initial destination port 25", toHost, "deny"],
    ["protocol udp\n         protocol tcp destination port 25,80", toHost, "deny"],
    ["protocol 1-16", toHost, "deny"],
    ["protocol 17, 18", toHost, "permit"],
    ["protocol icmp type 8 code 0", "icmp 203.0.113.9 > 192.0.2.7:2048", "deny"],
    ["protocol icmp type 8 code 0", toHost, "permit"],
    ["protocol tcp destination port field-set NONE", toHost, "unknown"],
    ["protocol neighbors bgp", toHost, "unknown"],
    ["destination prefix field-set NONE", toHost, "unknown"],
    ["ttl 1-5", toHost, "unknown"],
    ["fragment", toHost, "permit"],
    ["fragment", `${toHost} fragment`, "deny"],
  ] as const)
    test(`${line}: ${text} ${want}`, () => {
      expect(ask(eos, policy("match X ipv4", `   ${line}`, ...drop), text).action).toBe(want);
    });

  test("a policy that is missing", () => {
    expect(ask(eos, port("", "traffic-policy input GONE"), toHost).action).toBe("unknown");
  });
});

laws(eos, {
  idle: /^\s*!/,
  existing: {
    list: "EDGE",
    text: [
      "ip access-list EDGE",
      "   10 deny ip 10.0.0.0/8 any",
      "   20 deny tcp any any eq telnet",
      "   30 permit ip any any",
      "ipv6 access-list EDGE",
      "   10 deny ipv6 fc00::/7 any",
      "   20 permit ipv6 any any",
      "interface Ethernet1",
      "   ip access-group EDGE in",
      "   ipv6 access-group EDGE in",
      "",
    ].join("\n"),
  },
  samples: [
    "interface Ethernet1",
    "   ip access-group EDGE in",
    "   traffic-policy input EDGE",
    "ip access-list EDGE",
    "   10 permit tcp any 192.0.2.0/24 eq 25 syn ack",
    "   deny tcp any host 192.0.2.1 range 1 5",
    "   no 10",
    "ipv6 access-list EDGE",
    "   10 permit tcp any 2001:db8::/32 eq 25",
    "traffic-policies",
    "   field-set ipv4 prefix MX",
    "      192.0.2.0/24 except",
    "   field-set l4-port P",
    "      25, 80-90",
    "   traffic-policy EDGE",
    "      match A ipv4 before B",
    "         source prefix field-set MX",
    "         protocol tcp flags established source port 5 destination port field-set P",
    "         protocol icmp type 1-300 code 5",
    "         actions",
    "            drop",
  ],
  needed: isEntry,
});
