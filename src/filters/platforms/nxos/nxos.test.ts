import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { isEntry, laws } from "../../../../test/filters/laws.ts";
import { nxos } from "./nxos.ts";

const port = (lines: string, attach = "ip access-group EDGE in"): string =>
  `feature interface-vlan\nbanner motd #\ninterface Ethernet1/9\n  ip access-group X in\n#\n${lines}\ninterface Ethernet1/1\n  no switchport\n  ${attach}\ninterface mgmt0\n  ip access-group MGMT in\n`;

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";

describe("entries", () => {
  for (const [entry, text, want] of [
    ["10 permit tcp any 192.0.2.25/32 eq smtp", toMailer, "permit"],
    ["10 permit tcp any 192.0.2.0 0.0.0.31 eq 25", toMailer, "permit"],
    ["10 permit tcp any 192.0.2.0/28 eq 25", toMailer, "deny"],
    ["10 permit tcp 203.0.113.0/24 gt 1023 host 192.0.2.25 range 20 25 log", toMailer, "permit"],
    ["10 permit tcp any any established", toMailer, "deny"],
    // All flags that are named must be set.
    ["10 permit tcp any any syn ack", toMailer, "deny"],
    ["10 permit tcp any any syn ack", `${toMailer} syn ack`, "permit"],
    ["10 permit tcp any any dscp af11", toMailer, "unknown"],
    ["10 permit tcp any any packet-length gt 100", toMailer, "unknown"],
    ["10 permit tcp any addrgroup NONE eq 25", toMailer, "unknown"],
    ["10 permit tcp any any portgroup NONE", toMailer, "unknown"],
    ["10 permit tcp any any shiny", toMailer, "unknown"],
    ["10 permit tcp any any eq 25", `${toMailer} fragment`, "deny"],
    ["fragments permit-all\n  10 permit tcp any any eq 25", `${toMailer} fragment`, "permit"],
    ["fragments permit-all\n  10 deny ip any any", `${toMailer} fragment`, "deny"],
    ["statistics per-entry\n  10 permit tcp any any eq 25", toMailer, "permit"],
  ] as const)
    test(`${entry}: ${text} ${want}`, () => {
      expect(ask(nxos, port(`ip access-list EDGE\n  ${entry}\n`), text).action).toBe(want);
    });
});

test("numbers decide, remarks have numbers too, and the same number is the new entry", () => {
  const list = (...lines: readonly string[]): string =>
    port(`ip access-list EDGE\n${lines.map((line) => `  ${line}\n`).join("")}`);
  expect(ask(nxos, list("20 permit ip any any", "10 deny tcp any any eq smtp"), toHost).action).toBe("deny");
  // The remark is 10, so that the entry is 20, behind the permit.
  expect(ask(nxos, list("15 permit ip any any", "remark to come", "deny tcp any any eq smtp"), toHost).action).toBe(
    "permit",
  );
  expect(ask(nxos, list("10 deny tcp any any eq 25", "10 permit ip any any"), toHost).action).toBe("permit");
  expect(ask(nxos, list("10 permit udp any any"), toHost)).toMatchObject({
    action: "deny",
    text: "implicit deny ip any any",
  });
});

test("groups of addresses and ports", () => {
  const config = port(
    [
      "object-group ip address MX",
      "  10 host 192.0.2.25",
      "  20 198.51.100.0/25",
      "object-group ipv6 address MX6",
      "  10 2001:db8:25::/64",
      "object-group ip port MAIL",
      "  10 eq 25",
      "  20 range 465 587",
      "ip access-list EDGE",
      "  10 permit tcp any addrgroup MX portgroup MAIL",
      "ipv6 access-list EDGE6",
      "  10 permit tcp any addrgroup MX6 portgroup MAIL",
    ].join("\n"),
    "ip access-group EDGE in\n  ipv6 traffic-filter EDGE6 in",
  );
  expect(nxos.read("f", config).troubles).toEqual([]);
  expect(ask(nxos, config, toMailer).action).toBe("permit");
  expect(ask(nxos, config, toHost).action).toBe("deny");
  expect(ask(nxos, config, "tcp 203.0.113.9:4000 > 198.51.100.127:500").action).toBe("permit");
  expect(ask(nxos, config, "tcp [2001:db8:f::1]:4000 > [2001:db8:25::9]:25").action).toBe("permit");
  expect(ask(nxos, config, "icmp6 [fe80::1] > [ff02::1]:34304").action).toBe("permit");
});

test("port, VLAN and interface in sequence; a list that is missing", () => {
  const lists =
    "ip access-list OPEN\n  10 permit ip any any\nip access-list EDGE\n  10 deny tcp any any eq 25\n  20 permit ip any any\n";
  expect(ask(nxos, port(lists, "ip port access-group OPEN in\n  ip access-group EDGE in"), toHost)).toMatchObject({
    action: "deny",
    attachment: "list OPEN on Ethernet1/1, in, port (IPv4); list EDGE on Ethernet1/1, in (IPv4)",
  });
  expect(ask(nxos, port(lists, "ip access-group GONE in"), toHost).action).toBe("unknown");
  expect(ask(nxos, port(lists, "no ip access-group EDGE in"), toHost, { at: "eth1/1" }).attachment).toBe(
    "no IPv4 filter on Ethernet1/1, in",
  );
  const vlan = `${lists}vlan access-map V 10\n  match ip address EDGE\n  action forward\nvlan filter V vlan-list 20\ninterface Vlan20\n`;
  expect(ask(nxos, vlan, toHost).action).toBe("deny");
  expect(ask(nxos, vlan, toHost.replace(":25", ":80")).action).toBe("permit");
});

laws(nxos, {
  idle: /^\s*!/,
  existing: {
    list: "EDGE",
    text: [
      "ip access-list EDGE",
      "  10 deny ip 10.0.0.0/8 any",
      "  20 deny tcp any any eq telnet",
      "  30 permit ip any any",
      "ipv6 access-list EDGE",
      "  10 deny ipv6 fc00::/7 any",
      "  20 permit ipv6 any any",
      "interface Ethernet1/1",
      "  ip access-group EDGE in",
      "  ipv6 traffic-filter EDGE in",
      "",
    ].join("\n"),
  },
  samples: [
    "interface Ethernet1/1",
    "  ip access-group EDGE in",
    "  ip port access-group EDGE in",
    "  ipv6 traffic-filter EDGE out",
    "ip access-list EDGE",
    "  statistics per-entry",
    "  fragments deny-all",
    "  10 permit tcp any addrgroup MX portgroup MAIL established",
    "  deny tcp any 192.0.2.0/24 eq 25 syn ack",
    "  no 10",
    "ipv6 access-list EDGE",
    "  10 permit tcp any 2001:db8::/32 eq 25",
    "object-group ip address MX",
    "  10 host 192.0.2.25",
    "object-group ip port MAIL",
    "  range 1 5",
    "resequence ip access-list EDGE 10 10",
    "vlan access-map V 10",
    "  match ip address EDGE",
    "  action drop",
    "vlan filter V vlan-list 10",
  ],
  needed: isEntry,
});
