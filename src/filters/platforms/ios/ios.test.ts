import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { isEntry, laws } from "../../../../test/filters/laws.ts";
import { ios } from "./ios.ts";

const wan = (lines: string, attach = "ip access-group EDGE in"): string =>
  `hostname border\n!\n${lines}\ninterface GigabitEthernet0/0/1\n ip address 203.0.113.2 255.255.255.252\n ${attach}\n!\nend\n`;

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";

describe("entries", () => {
  for (const [entry, text, want] of [
    // Operators and names.
    ["permit tcp any any eq smtp", toMailer, "permit"],
    ["permit tcp any any eq 25 587", toMailer, "permit"],
    ["permit tcp any any eq 22 smtp www", toMailer, "permit"],
    ["permit tcp any any neq www", toMailer, "permit"],
    ["permit tcp any any neq 25", toMailer, "deny"],
    ["permit tcp any any gt 24", toMailer, "permit"],
    ["permit tcp any any gt 25", toMailer, "deny"],
    ["permit tcp any any lt 26", toMailer, "permit"],
    ["permit tcp any any range 20 25", toMailer, "permit"],
    ["permit tcp any any range ftp smtp", toMailer, "permit"],
    ["permit tcp any gt 1023 any eq smtp log", toMailer, "permit"],
    ["permit tcp any eq smtp any", toMailer, "deny"],
    ["permit udp any any eq 25", toMailer, "deny"],
    ["permit 6 any any", toMailer, "permit"],
    ["permit tcp any any eq madeup", toMailer, "unknown"],
    ["permit tcp any any eq smtp madeup", toHost, "unknown"],
    // Wildcards, with holes too.
    ["permit tcp any 192.0.2.0 0.0.0.255", toMailer, "permit"],
    ["permit tcp any 192.0.2.25 255.255.255.0", "tcp 203.0.113.99:4000 > 198.51.100.25:25", "permit"],
    ["permit tcp any 192.0.2.25 255.255.255.0", toHost, "deny"],
    ["permit tcp any 192.0.2.1 0.0.0.254", toMailer, "permit"],
    ["permit tcp any 192.0.2.1 0.0.0.254", "tcp 203.0.113.99:4000 > 192.0.2.24:25", "deny"],
    ["permit tcp 203.0.113.96 0.0.0.31 host 192.0.2.25", toMailer, "permit"],
    // Flags.
    ["permit tcp any any established", toMailer, "deny"],
    ["permit tcp any any established", `${toMailer} ack`, "permit"],
    ["permit tcp any any established", `${toMailer} rst`, "permit"],
    ["permit tcp any any syn", toMailer, "permit"],
    ["permit tcp any any match-all +syn -ack", toMailer, "permit"],
    ["permit tcp any any match-all +syn +ack", toMailer, "deny"],
    ["permit tcp any any match-any +ack +syn", toMailer, "permit"],
    // Later fragments: a permit with ports takes them, a deny with ports does not (IOS).
    ["permit tcp any any eq 25", `${toMailer} fragment`, "permit"],
    ["permit tcp any host 192.0.2.25 eq 25", `${toHost} fragment`, "deny"],
    ["permit tcp any any fragments", `${toMailer} fragment`, "permit"],
    ["permit tcp any any fragments", toMailer, "deny"],
    // ICMP.
    ["permit icmp any any echo", "icmp 203.0.113.99 > 192.0.2.7:2048", "permit"],
    ["permit icmp any any echo", "icmp 203.0.113.99 > 192.0.2.7:0", "deny"],
    ["permit icmp any any 3 4", "icmp 203.0.113.99 > 192.0.2.7:772", "permit"],
    ["permit icmp any any unreachable", "icmp 203.0.113.99 > 192.0.2.7:772", "permit"],
    ["permit icmp any any packet-too-big", "icmp 203.0.113.99 > 192.0.2.7:769", "deny"],
    // What the model does not hold.
    ["permit tcp any any eq 25 time-range NIGHT", toMailer, "unknown"],
    ["permit tcp any any dscp ef", toMailer, "unknown"],
    ["permit tcp any any ttl lt 5 log-input", toMailer, "unknown"],
    ["permit tcp any any eq 25 log MYCOOKIE", toMailer, "permit"],
    ["permit tcp any any option any-options", toMailer, "deny"],
    ["dynamic unlock timeout 5 permit tcp any any", toMailer, "unknown"],
    ["evaluate MIRROR", toMailer, "deny"],
    ["permit esp host any any", "50 203.0.113.99 > 192.0.2.25", "unknown"],
    ["permit frobnicate any any", toMailer, "unknown"],
    ["frobnicate", toMailer, "unknown"],
    ["permit tcp any object-group NONE eq smtp", toMailer, "unknown"],
    ["permit tcp any host mx.ourcollege.example eq smtp", toMailer, "unknown"],
  ] as const)
    test(`${entry}: ${text} ${want}`, () => {
      expect(ask(ios, wan(`ip access-list extended EDGE\n ${entry}\n`), text).action).toBe(want);
    });

  test("a deny with ports is passed over by later fragments", () => {
    const config = wan("ip access-list extended EDGE\n deny tcp any any eq 25\n permit ip any any\n");
    expect(ask(ios, config, `${toHost} fragment`).action).toBe("permit");
    expect(ask(ios, config, toHost)).toMatchObject({ action: "deny", line: 4, text: "deny tcp any any eq 25" });
  });
});

describe("lists", () => {
  test("numbers decide, not the order of lines; the end denies", () => {
    const config = wan(
      "ip access-list extended EDGE\n 30 permit ip any any\n 10 permit tcp any host 192.0.2.25 eq smtp\n 20 deny tcp any any eq smtp\n",
    );
    expect(ask(ios, config, toMailer).action).toBe("permit");
    expect(ask(ios, config, toHost)).toMatchObject({ action: "deny", text: "20 deny tcp any any eq smtp" });
    expect(ask(ios, wan("ip access-list extended EDGE\n permit udp any any\n"), toHost)).toMatchObject({
      action: "deny",
      line: null,
      text: "implicit deny ip any any",
    });
  });

  test("numbered, standard and unindented ones", () => {
    const numbered = wan(
      "access-list 101 remark mail\naccess-list 101 permit tcp any host 192.0.2.25 eq smtp\naccess-list 101 deny   tcp any any eq smtp\naccess-list 101 permit ip any any\n",
      "ip access-group 101 in",
    );
    expect(ask(ios, numbered, toMailer).action).toBe("permit");
    expect(ask(ios, numbered, toHost)).toMatchObject({ action: "deny", line: 5 });
    const standard = wan(
      "access-list 10 deny   203.0.113.99\naccess-list 10 permit 203.0.113.0 0.0.0.255 log\naccess-list 10 deny any\n",
      "ip access-group 10 in",
    );
    expect(ask(ios, standard, toMailer).action).toBe("deny");
    expect(ask(ios, standard, toMailer.replace(".99", ".98")).action).toBe("permit");
    const bare =
      "ip access-list extended EDGE\npermit tcp any host 192.0.2.25 eq smtp\ndeny tcp any any eq smtp\npermit ip any any\nexit\nlogging host 10.0.0.1\ninterface Serial0/0\nip access-group EDGE in\n";
    expect(ask(ios, bare, toHost, { at: "s0/0" }).action).toBe("deny");
    expect(ios.read("f", bare).troubles).toEqual([]);
    const typed =
      "R1(config)# ip access-list extended EDGE\nR1(config-ext-nacl)# deny tcp any any eq smtp ! no mail\nR1(config)#int s0/0\nR1(config-if)#ip access-group EDGE in\n";
    expect(ask(ios, typed, toHost, { at: "s0/0" })).toMatchObject({ action: "deny", line: 2 });
  });

  test("changes of a list: no, the same number again, other numbers", () => {
    const list = "ip access-list extended EDGE\n 10 deny tcp any any eq 25\n 20 permit ip any any\n";
    expect(ask(ios, wan(`${list} no 10\n`), toHost).action).toBe("permit");
    expect(ask(ios, wan(`${list} no deny tcp any any eq 25\n`), toHost).action).toBe("permit");
    expect(ask(ios, wan(`${list} 10 permit ip any any\n`), toHost).action).toBe("unknown");
    const renumbered = `${list}!\nip access-list resequence EDGE 1000 10\nip access-list extended EDGE\n 20 permit tcp any any eq 25\n`;
    expect(ask(ios, wan(renumbered), toHost).action).toBe("permit");
    expect(ask(ios, wan(`no ip access-list extended EDGE\n${list}`), toHost).action).toBe("deny");
  });

  test("an attached list that is missing or empty lets everything pass", () => {
    expect(ask(ios, wan(""), toHost)).toMatchObject({
      action: "permit",
      attachment: "list EDGE on GigabitEthernet0/0/1, in: the list is not in the configuration, so everything passes",
    });
    expect(ask(ios, wan("ip access-list extended EDGE\n remark to come\n"), toHost).action).toBe("permit");
  });

  test("neighbour discovery passes a list of IPv6 that does not deny it", () => {
    const solicitation = "icmp6 [fe80::1] > [ff02::1:ff00:1]:34560";
    const attach = "ipv6 traffic-filter EDGE6 in";
    const list = "ipv6 access-list EDGE6\n sequence 10 permit tcp any host 2001:DB8:25::25 eq smtp\n";
    expect(ask(ios, wan(list, attach), solicitation)).toMatchObject({ action: "permit", line: null });
    expect(ask(ios, wan(`${list} deny ipv6 any any\n`, attach), solicitation).action).toBe("deny");
    expect(ask(ios, wan(list, attach), "tcp [2001:db8:f::9]:4000 > [2001:db8:25::25]:25").action).toBe("permit");
    expect(ask(ios, wan(list, attach), "tcp [2001:db8:f::9]:4000 > [2001:db8:25::7]:25").action).toBe("deny");
    expect(ask(ios, wan(list, attach), toHost).attachment).toBe("no IPv4 filter on GigabitEthernet0/0/1, in");
  });

  test("headers that an ordinary packet does not have", () => {
    const list =
      "ipv6 access-list EDGE6\n deny ipv6 any any log undetermined-transport\n deny ipv6 any any routing-type 0\n permit tcp any host 2001:db8:25::25 eq smtp sequence 30\n";
    const config = wan(list, "ipv6 traffic-filter EDGE6 in");
    expect(ask(ios, config, "tcp [2001:db8:f::9]:4000 > [2001:db8:25::25]:25").action).toBe("permit");
    expect(ask(ios, config, "tcp [2001:db8:f::9]:4000 > [2001:db8:25::25]:25 extended").action).toBe("unknown");
  });

  test("groups of addresses have netmasks, groups of services ports of both ends", () => {
    const config = wan(
      [
        "object-group network MX",
        " description mail",
        " host 192.0.2.25",
        " group-object MORE",
        "object-group network MORE",
        " 198.51.100.0 255.255.255.128",
        " range 192.0.2.30 192.0.2.33",
        " group-object MX",
        "object-group service MAIL",
        " tcp eq smtp",
        " tcp source gt 1023 eq 587",
        " group-object WEB",
        "object-group service WEB",
        " tcp-udp range 80 81",
        "ip access-list extended EDGE",
        " permit object-group MAIL any object-group MX",
        " deny tcp any any eq 25",
        " permit ip any any",
      ].join("\n"),
    );
    expect(ios.read("f", config).troubles).toEqual([]);
    for (const [host, port, want] of [
      ["192.0.2.25", 25, "permit"],
      ["198.51.100.127", 25, "permit"],
      ["198.51.100.128", 25, "deny"],
      ["192.0.2.33", 25, "permit"],
      ["192.0.2.34", 25, "deny"],
    ] as const)
      expect(ask(ios, config, `tcp 203.0.113.99:40000 > ${host}:${port}`).action, host).toBe(want);
  });
});

describe("attachment", () => {
  test("the last one of a direction holds; the other direction is another", () => {
    const config = wan(
      "ip access-list extended EDGE\n deny tcp any any eq smtp\n permit ip any any\nip access-list extended OPEN\n permit ip any any\n",
      "ip access-group OPEN in\n ip access-group EDGE in\n ip access-group OPEN out",
    );
    expect(ask(ios, config, toHost)).toMatchObject({
      action: "deny",
      attachment: "list EDGE on GigabitEthernet0/0/1, in (IPv4)",
    });
    expect(ask(ios, config, toHost, { direction: "out" }).action).toBe("permit");
  });

  test("which interface is meant", () => {
    const reading = ios.read(
      "f",
      "interface GigabitEthernet0/0/1\ninterface GigabitEthernet0/0/1.100\ninterface Port-channel1\ninterface TenGigabitEthernet0/0/1\ninterface Serial0/1/0 point-to-point\n",
    );
    for (const [text, want] of [
      ["Gi0/0/1", "GigabitEthernet0/0/1"],
      ["gigabitethernet 0/0/1.100", "GigabitEthernet0/0/1.100"],
      ["po1", "Port-channel1"],
      ["Te0/0/1", "TenGigabitEthernet0/0/1"],
      ["se0/1/0", "Serial0/1/0"],
      ["Gi0/0/2", null],
    ] as const)
      expect(reading.interfaceNamed(text), text).toBe(want);
  });

  test("without a name it is the only one that filters, or unknown", () => {
    const list = "ip access-list extended EDGE\n permit ip any any\n";
    expect(ask(ios, `${wan(list)}interface Vlan10\n`, toHost).action).toBe("permit");
    expect(ask(ios, `${wan(list)}interface Vlan10\n ip access-group EDGE out\n`, toHost)).toMatchObject({
      action: "unknown",
      why: "several interfaces have filters, and which is the outside one is not said: GigabitEthernet0/0/1, Vlan10",
    });
    expect(ask(ios, "hostname r\n", toHost).attachment).toBe("no filter is attached to any interface");
  });

  test("what looks like a filter and is none", () => {
    const config = [
      "banner motd ^C",
      "interface GigabitEthernet0/0/1",
      " ip access-group NOTHING in",
      "^C",
      "banner login #unauthorised",
      "ip access-list extended EDGE",
      " permit ip any any#",
      "macro name uplink",
      "interface $INT",
      "ip access-group EDGE in",
      "@",
      "ip access-list extended EDGE",
      " deny tcp any any eq smtp",
      " permit ip any any",
      "event manager applet open",
      ' action 1 cli command "ip access-list extended EDGE"',
      ' action 2 cli command "1 permit ip any any"',
      "line vty 0 4",
      " access-class 23 in",
      "crypto map VPN 10 ipsec-isakmp",
      " match address EDGE",
      "interface GigabitEthernet0/0/1",
      " service instance 10 ethernet",
      "  ip access-group OTHER in",
      " ip access-group EDGE in",
      "",
    ].join("\n");
    expect(ask(ios, config, toHost)).toMatchObject({ action: "deny", line: 13 });
    expect(ios.read("f", config)).toMatchObject({
      troubles: [],
      lists: ["EDGE"],
      interfaces: ["GigabitEthernet0/0/1"],
    });
  });
});

describe("more than lists", () => {
  const zones = (policy: string): string =>
    [
      "ip access-list extended TO-MX",
      " permit tcp any host 192.0.2.25 eq smtp",
      " permit tcp any host 192.0.2.26",
      "class-map type inspect match-all IN-MAIL",
      " match access-group name TO-MX",
      " match protocol smtp",
      "class-map type inspect match-any OUT-ALL",
      " match protocol tcp",
      " match protocol udp",
      "policy-map type inspect OUT-IN",
      policy,
      " class class-default",
      "  drop log",
      "policy-map type inspect IN-OUT",
      " class type inspect OUT-ALL",
      "  inspect",
      " class class-default",
      "  drop",
      "zone security OUTSIDE",
      "zone security INSIDE",
      "zone-pair security ZP-IN source OUTSIDE destination INSIDE",
      " service-policy type inspect OUT-IN",
      "zone-pair security ZP-OUT source INSIDE destination OUTSIDE",
      " service-policy type inspect IN-OUT",
      "interface GigabitEthernet0/0",
      " zone-member security OUTSIDE",
      "interface GigabitEthernet0/1",
      " zone-member security INSIDE",
      "interface GigabitEthernet0/2",
      "",
    ].join("\n");
  const inspected = zones(" class type inspect IN-MAIL\n  inspect");

  test("zone pairs: all criteria of a class, the class's action, nothing without a pair", () => {
    const at = { at: "Gi0/0" };
    expect(ask(ios, inspected, `${toMailer} inside=1`, at).action).toBe("permit");
    expect(ask(ios, inspected, "tcp 203.0.113.9:4000 > 192.0.2.26:25 inside=1", at).action).toBe("permit");
    expect(ask(ios, inspected, "tcp 203.0.113.9:4000 > 192.0.2.26:80 inside=1", at).action).toBe("deny");
    expect(ask(ios, inspected, `${toHost} inside=1`, at).action).toBe("deny");
    expect(ask(ios, inspected, `${toHost} established inside=1`, at).action).toBe("permit");
    // An interface in no zone.
    expect(ask(ios, inspected, `${toMailer} inside=2`, at).action).toBe("deny");
    expect(ask(ios, inspected, `${toHost} inside=1`, { ...at, direction: "out" }).action).toBe("permit");
    expect(ask(ios, inspected, toMailer, at).attachment).toBe(
      "no IPv4 filter on GigabitEthernet0/0, in; zone OUTSIDE: ZP-IN (policies see addresses as inside of NAT)",
    );
    expect(ask(ios, zones(" class type inspect IN-MAIL\n  drop"), `${toMailer} inside=1`, at).action).toBe("deny");
    expect(ask(ios, zones(" class type inspect MISSING\n  inspect"), `${toMailer} inside=1`, at).action).toBe(
      "unknown",
    );
  });

  test("inspection (CBAC) lets answers pass", () => {
    const list = "ip inspect name FW tcp\nip access-list extended EDGE\n permit tcp any host 192.0.2.25 eq smtp\n";
    const answer = "tcp 203.0.113.9:25 > 192.0.2.7:40000 ack";
    expect(ask(ios, wan(list, "ip access-group EDGE in\n ip inspect FW out"), answer).action).toBe("permit");
    expect(ask(ios, wan(list), answer).action).toBe("deny");
    expect(ask(ios, wan(list, "ip access-group EDGE in\n ip inspect FW out"), toHost).action).toBe("deny");
  });

  test("reflexive lists only perhaps let answers pass", () => {
    const lists =
      "ip access-list extended GOING\n permit tcp any any reflect MIRROR timeout 60\nip access-list extended EDGE\n permit tcp any host 192.0.2.25 eq smtp\n evaluate MIRROR\n";
    expect(ask(ios, wan(lists), "tcp 203.0.113.9:25 > 192.0.2.7:40000 ack").action).toBe("unknown");
    expect(ask(ios, wan(lists), toHost).action).toBe("deny");
  });

  test("a policy that drops, a VLAN map", () => {
    const policy =
      "ip access-list extended SMTP\n permit tcp any any eq smtp\nclass-map match-all MAIL\n match access-group name SMTP\npolicy-map EDGE-QOS\n class MAIL\n  drop\n class class-default\n  fair-queue\n";
    expect(ask(ios, wan(policy, "service-policy input EDGE-QOS"), toHost, { at: "gi0/0/1" }).action).toBe("deny");
    expect(ask(ios, wan(policy, "service-policy output EDGE-QOS"), toHost, { at: "gi0/0/1" }).action).toBe("permit");
    const vlan =
      "ip access-list extended SMTP\n permit tcp any any eq smtp\nvlan access-map V 10\n match ip address SMTP\n action drop\nvlan access-map V 20\n action forward\nvlan filter V vlan-list 5,10-12\ninterface Vlan11\n";
    expect(ask(ios, vlan, toHost).action).toBe("deny");
    expect(ask(ios, vlan, toHost.replace(":25", ":80")).action).toBe("permit");
  });
});

laws(ios, {
  idle: /^\s*!/,
  existing: {
    list: "EDGE",
    text: [
      "ip access-list extended EDGE",
      " 10 deny ip 10.0.0.0 0.255.255.255 any",
      " 20 deny tcp any any eq telnet",
      " 30 permit ip any any",
      "ipv6 access-list EDGE",
      " sequence 10 deny ipv6 fc00::/7 any",
      " sequence 20 permit ipv6 any any",
      "interface GigabitEthernet0/0/0",
      " ip access-group EDGE in",
      " ipv6 traffic-filter EDGE in",
      "",
    ].join("\n"),
  },
  samples: [
    "interface GigabitEthernet0/0/0",
    " ip access-group EDGE in",
    " ipv6 traffic-filter EDGE6 out",
    " zone-member security OUTSIDE",
    " service-policy input QOS",
    "ip access-list extended EDGE",
    " permit tcp any host 192.0.2.25 eq smtp 587 log",
    " 20 deny tcp any object-group SITE range 20 25 established",
    " permit icmp any any echo",
    " evaluate MIRROR",
    " dynamic X permit tcp any any reflect MIRROR",
    " no 20",
    "ip access-list resequence EDGE 10 10",
    "access-list 101 deny ip any any",
    "access-list 7 permit 192.0.2.1",
    "ipv6 access-list EDGE6",
    " sequence 10 permit tcp any 2001:db8::/32 eq 25",
    "object-group network SITE",
    " 192.0.2.0 255.255.255.0",
    " group-object SITE",
    "object-group service MAIL",
    " tcp source eq 25 range 1 5",
    "class-map type inspect match-all C",
    " match access-group name EDGE",
    " match class-map C",
    "policy-map type inspect P",
    " class type inspect C",
    "  inspect",
    "zone-pair security Z source OUTSIDE destination INSIDE",
    " service-policy type inspect P",
    "vlan access-map V 10",
    " match ip address EDGE",
    " action drop",
    "vlan filter V vlan-list 10",
    "banner motd ^C",
    "end",
  ],
  needed: isEntry,
});
