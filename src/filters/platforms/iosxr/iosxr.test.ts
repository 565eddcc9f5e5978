import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { isEntry, laws } from "../../../../test/filters/laws.ts";
import { iosxr } from "./iosxr.ts";

const wan = (lines: string, attach = "ipv4 access-group EDGE ingress"): string =>
  `!! IOS XR Configuration 7.3.2\nhostname border\n${lines}\n!\ninterface TenGigE0/0/0/1\n ipv4 address 203.0.113.2 255.255.255.252\n ${attach}\n!\nend\n`;

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";

describe("entries", () => {
  for (const [entry, text, want] of [
    ["10 permit tcp any host 192.0.2.25 eq smtp", toMailer, "permit"],
    ["10 permit tcp any 192.0.2.0/27 eq smtp", toMailer, "permit"],
    ["10 permit tcp any 192.0.2.0 0.0.0.31 eq smtp log-input", toMailer, "permit"],
    ["10 permit ipv4 any any nexthop1 ipv4 198.51.100.1 nexthop2 ipv4 198.51.100.2", toMailer, "permit"],
    ["10 permit tcp any any match-all + syn - ack", toMailer, "permit"],
    ["10 permit tcp any any established capture", toMailer, "deny"],
    ["10 permit tcp any any ttl eq 5", toMailer, "unknown"],
    ["10 permit tcp any any packet-length range 10 50", toMailer, "unknown"],
    ["10 permit tcp any any eq 25 counter mail", toMailer, "permit"],
    ["10 permit tcp any any eq 25", `${toMailer} fragment`, "permit"],
    ["10 deny tcp any any eq 25\n 20 permit ipv4 any any", `${toMailer} fragment`, "permit"],
    ["10 permit tcp any any eq 25 whatever", toMailer, "unknown"],
    ["10 permit tcp any net-group NONE eq 25", toMailer, "unknown"],
  ] as const)
    test(`${entry}: ${text} ${want}`, () => {
      expect(ask(iosxr, wan(`ipv4 access-list EDGE\n ${entry}\n`), text).action).toBe(want);
    });
});

test("blocks and lines of one name are one list, in the order of numbers", () => {
  const config = wan(
    [
      "ipv4 access-list EDGE",
      " 100 permit ipv4 any any",
      "!",
      "ipv4 access-list EDGE 31 permit tcp any host 192.0.2.25 eq smtp",
      "ipv4 access-list EDGE",
      " 40 deny tcp any any eq smtp",
    ].join("\n"),
  );
  expect(ask(iosxr, config, toMailer).action).toBe("permit");
  expect(ask(iosxr, config, toHost).action).toBe("deny");
  expect(ask(iosxr, config, toHost.replace(":25", ":80")).action).toBe("permit");
});

test("groups of networks and ports", () => {
  const config = wan(
    [
      "object-group network ipv4 MX",
      " description mail",
      " host 192.0.2.25",
      " 198.51.100.0/25",
      " range 192.0.2.30 192.0.2.31",
      " object-group MORE",
      "!",
      "object-group network ipv4 MORE",
      " 192.0.2.64/26",
      "!",
      "object-group network ipv6 MX6",
      " 2001:db8:25::/64",
      "!",
      "object-group port MAIL",
      " eq smtp",
      " range 465 587",
      "!",
      "ipv4 access-list EDGE",
      " 10 permit tcp any net-group MX port-group MAIL",
      "!",
      "ipv6 access-list EDGE",
      " 10 permit tcp any net-group MX6 port-group MAIL",
    ].join("\n"),
    "ipv4 access-group EDGE ingress compress level 3\n ipv6 access-group EDGE ingress",
  );
  expect(iosxr.read("f", config).troubles).toEqual([]);
  expect(ask(iosxr, config, toMailer).action).toBe("permit");
  expect(ask(iosxr, config, toHost).action).toBe("deny");
  expect(ask(iosxr, config, toHost.replace("2.7", "2.31")).action).toBe("permit");
  expect(ask(iosxr, config, toHost.replace("2.7", "2.65")).action).toBe("permit");
  expect(ask(iosxr, config, "tcp [2001:db8:f::1]:4000 > [2001:db8:25::9]:25")).toMatchObject({
    action: "permit",
    attachment: "list EDGE on TenGigE0/0/0/1, in (IPv6)",
  });
  expect(ask(iosxr, config, "tcp [2001:db8:f::1]:4000 > [2001:db8:26::9]:25").action).toBe("deny");
});

test("common lists, missing ones, groups of configuration", () => {
  const lists =
    "ipv4 access-list FIRST\n 10 deny tcp any host 192.0.2.7 eq smtp\n!\nipv4 access-list EDGE\n 10 permit ipv4 any any\n!";
  const common = wan(lists, "ipv4 access-group common FIRST EDGE ingress");
  expect(ask(iosxr, common, toHost).action).toBe("deny");
  expect(ask(iosxr, common, toMailer)).toMatchObject({
    action: "permit",
    attachment: "list FIRST, then EDGE, on TenGigE0/0/0/1, in (IPv4)",
  });
  expect(ask(iosxr, wan(lists, "ipv4 access-group GONE ingress"), toHost).action).toBe("unknown");
  expect(ask(iosxr, wan(lists, "ipv4 access-group EDGE egress"), toHost).attachment).toBe(
    "no IPv4 filter on TenGigE0/0/0/1, in",
  );
  const group = "group EDGES\n interface 'TenGigE.*'\n  ipv4 access-group FIRST ingress\n !\nend-group\n";
  expect(ask(iosxr, `${group}apply-group EDGES\n${wan(lists, "mtu 9000")}`, toHost, { at: "te0/0/0/1" }).action).toBe(
    "unknown",
  );
  expect(ask(iosxr, `${group}apply-group EDGES\n${wan(lists)}`, toHost).action).toBe("permit");
  expect(
    iosxr.read("f", "interface Bundle-Ether1.20\ninterface preconfigure HundredGigE0/1/0/0\n").interfaceNamed("BE1.20"),
  ).toBe("Bundle-Ether1.20");
});

laws(iosxr, {
  idle: /^\s*!/,
  existing: {
    list: "EDGE",
    text: [
      "ipv4 access-list EDGE",
      " 10 deny ipv4 10.0.0.0 0.255.255.255 any",
      " 20 deny tcp any any eq telnet",
      " 30 permit ipv4 any any",
      "!",
      "ipv6 access-list EDGE",
      " 10 deny ipv6 fc00::/7 any",
      " 20 permit ipv6 any any",
      "!",
      "interface GigabitEthernet0/0/0/0",
      " ipv4 access-group EDGE ingress",
      " ipv6 access-group EDGE ingress",
      "!",
      "",
    ].join("\n"),
  },
  samples: [
    "interface GigabitEthernet0/0/0/0",
    " ipv4 access-group common A EDGE ingress compress level 1",
    " ipv6 access-group EDGE egress",
    " apply-group G",
    "ipv4 access-list EDGE",
    " 10 permit tcp any net-group MX port-group MAIL established",
    " deny tcp any 192.0.2.0/24 eq 25",
    " no 10",
    "ipv4 access-list EDGE 30 permit ipv4 any any",
    "ipv6 access-list EDGE",
    " 10 permit tcp any 2001:db8::/32 eq 25",
    "object-group network ipv4 MX",
    " host 192.0.2.25",
    " object-group MX",
    "object-group port MAIL",
    " range 1 5",
    "group G",
    " interface 'Gig.*'",
    "  ipv4 access-group EDGE ingress",
    "end-group",
    "policy-map type pbr P",
    " drop",
  ],
  needed: isEntry,
});
