import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { asa } from "./asa.ts";

const box = (lines: string, release = "9.12(4)"): string =>
  [
    ": Saved",
    `ASA Version ${release}`,
    "hostname fw",
    "names",
    "name 192.0.2.25 mx description mail",
    "interface GigabitEthernet0/0",
    " nameif outside",
    " security-level 0",
    " ip address 203.0.113.2 255.255.255.252",
    "interface GigabitEthernet0/1",
    " nameif inside",
    " security-level 100",
    " ip address 10.0.0.1 255.255.255.0",
    "interface GigabitEthernet0/2",
    " nameif dmz",
    " security-level 50",
    "banner motd interface outside",
    lines,
    "",
  ].join("\n");

const edge = (...entries: readonly string[]): string =>
  box(
    [...entries.map((entry) => `access-list EDGE ${entry}`), "access-group EDGE in interface outside", ""].join("\n"),
  );

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";
const at = { at: "outside" };

describe("entries", () => {
  for (const [entry, text, want] of [
    ["extended permit tcp any host 192.0.2.25 eq smtp log informational interval 300", toMailer, "permit"],
    ["permit tcp any host mx eq smtp", toMailer, "permit"],
    ["line 1 extended permit tcp any4 192.0.2.0 255.255.255.128 eq 25 (hitcnt=17) 0x5a3c", toMailer, "permit"],
    ["extended permit tcp any 192.0.2.0 255.255.255.128 range 20 25", "tcp 203.0.113.9:4000 > 192.0.2.128:25", "deny"],
    ["extended permit tcp any6 any eq 25", toMailer, "deny"],
    ["extended permit tcp any any eq 25", "tcp [2001:db8:f::1]:4000 > [2001:db8:25::1]:25", "permit"],
    ["extended permit tcp any4 any eq 25", "tcp [2001:db8:f::1]:4000 > [2001:db8:25::1]:25", "deny"],
    ["extended permit tcp any 2001:db8:25::/48 eq 25", "tcp [2001:db8:f::1]:4000 > [2001:db8:25::1]:25", "permit"],
    ["extended permit tcp any any eq smtp inactive", toMailer, "deny"],
    ["extended permit tcp any any eq smtp time-range NIGHT", toMailer, "unknown"],
    ["extended permit tcp user ANY\\x any any eq smtp", toMailer, "unknown"],
    ["extended permit tcp any interface outside eq smtp", "tcp 203.0.113.9:4000 > 203.0.113.2:25", "permit"],
    ["extended permit tcp any interface dmz eq smtp", toMailer, "unknown"],
    ["extended permit icmp any any echo", "icmp 203.0.113.9 > 192.0.2.7:2048", "permit"],
    ["extended permit tcp any object NONE eq smtp", toMailer, "unknown"],
    ["extended permit tcp any any eq madeup", toMailer, "unknown"],
    ["extended permit tcp any any established", toMailer, "unknown"],
    ["extended permit tcp any host", toMailer, "unknown"],
    ["extended allow tcp any any", toMailer, "unknown"],
    ["extended permit tcp any any eq 25", `${toMailer} fragment`, "unknown"],
  ] as const)
    test(`${entry}: ${text} ${want}`, () => {
      expect(ask(asa, edge(entry), text, at).action).toBe(want);
    });
});

test("objects, groups in groups, groups of services before and behind", () => {
  const config = box(
    [
      "object network MX",
      " host 192.0.2.25",
      "object network POOL",
      " range 192.0.2.30 192.0.2.39",
      "object network CLOUD",
      " fqdn v4 mail.ourcollege.example",
      "object service SUBMIT",
      " service tcp source gt 1023 destination eq 587",
      "object-group network MAILERS",
      " description who takes mail",
      " network-object object MX",
      " group-object MORE",
      "object-group network MORE",
      " network-object object POOL",
      " network-object 198.51.100.0 255.255.255.128",
      " network-object 2001:db8:25::/64",
      " group-object MAILERS",
      "object-group service MAIL tcp",
      " port-object eq smtp",
      " port-object range 465 470",
      "object-group service ALSO",
      " service-object tcp destination eq pop3",
      " service-object object SUBMIT",
      "object-group protocol BOTH",
      " protocol-object tcp",
      " protocol-object udp",
      "access-list EDGE extended permit tcp any object-group MAILERS object-group MAIL",
      "access-list EDGE extended permit object-group ALSO any object-group MAILERS",
      "access-list EDGE extended permit object-group BOTH any object MX eq domain",
      "access-list EDGE extended permit tcp any object CLOUD eq 2525",
      "access-group EDGE in interface outside",
      "object network MX",
      " nat (dmz,outside) static 203.0.113.25",
    ].join("\n"),
  );
  expect(asa.read("f", config).troubles).toEqual([]);
  for (const [text, want] of [
    [toMailer, "permit"],
    ["tcp 203.0.113.9:4000 > 192.0.2.39:466", "permit"],
    ["tcp 203.0.113.9:4000 > 192.0.2.40:466", "deny"],
    ["tcp 203.0.113.9:4000 > 198.51.100.127:25", "permit"],
    ["tcp [2001:db8:f::9]:4000 > [2001:db8:25::7]:25", "permit"],
    ["tcp 203.0.113.9:4000 > 192.0.2.25:587", "permit"],
    ["tcp 203.0.113.9:400 > 192.0.2.25:587", "deny"],
    ["udp 203.0.113.9:4000 > 192.0.2.25:53", "permit"],
    ["tcp 203.0.113.9:4000 > 192.0.2.25:110", "permit"],
    ["udp 203.0.113.9:4000 > 192.0.2.25:25", "deny"],
    ["tcp 203.0.113.9:4000 > 192.0.2.99:2525", "unknown"],
  ] as const)
    expect(ask(asa, config, text, at), text).toMatchObject({ action: want });
});

describe("what stands where", () => {
  test("without a list the levels decide, and sessions pass", () => {
    expect(ask(asa, box(""), toHost, at)).toMatchObject({
      action: "deny",
      text: "implicit: nothing passes from outside (level 0) to higher levels",
      attachment: "no IPv4 list on outside, in; its level 0 decides",
    });
    expect(ask(asa, box(""), `${toHost} established`, at).action).toBe("permit");
    expect(ask(asa, box(""), "tcp 192.0.2.7:4000 > 203.0.113.9:25", { ...at, direction: "out" })).toMatchObject({
      action: "permit",
      text: "implicit: from inside (level 100) to outside (level 0)",
    });
  });

  test("a list of an inside interface takes the place of its level", () => {
    const lists =
      "access-list IN extended permit tcp host 192.0.2.25 any eq smtp\naccess-list IN extended deny tcp any any eq smtp\naccess-list IN extended permit ip any any\n";
    const inside = `${lists}access-group IN in interface inside\n`;
    const out = { ...at, direction: "out" } as const;
    expect(ask(asa, box(inside), "tcp 192.0.2.7:4000 > 203.0.113.9:25 inside=1", out)).toMatchObject({
      action: "deny",
      text: "access-list IN extended deny tcp any any eq smtp",
    });
    // The other one has its level only.
    expect(ask(asa, box(inside), "tcp 192.0.2.7:4000 > 203.0.113.9:25", out)).toMatchObject({
      action: "permit",
      why: "So it is at the inside interface dmz.",
    });
    const both = `${inside}access-group IN in interface dmz\n`;
    expect(ask(asa, box(both), "tcp 192.0.2.7:4000 > 203.0.113.9:25", out).action).toBe("deny");
    expect(
      ask(asa, box(`${lists}access-group IN out interface outside\n`), "tcp 192.0.2.7:4000 > 203.0.113.9:25", out)
        .action,
    ).toBe("deny");
  });

  test("the global list comes behind the interface's, then all is denied", () => {
    const config = box(
      [
        "access-list EDGE extended deny tcp any host 192.0.2.7 eq smtp",
        "access-list ALL extended permit tcp any any eq smtp",
        "access-group EDGE in interface outside",
        "access-group ALL global",
      ].join("\n"),
    );
    expect(ask(asa, config, toHost, at).action).toBe("deny");
    expect(ask(asa, config, toMailer, at)).toMatchObject({
      action: "permit",
      attachment: "list EDGE on outside, in; list ALL, global",
    });
    expect(ask(asa, config, "tcp 203.0.113.9:4000 > 192.0.2.25:80", at).action).toBe("deny");
  });

  test("a list behind the firewall, going out to the inside", () => {
    const config = box(
      "access-list EDGE extended permit ip any any\naccess-list DMZ extended permit tcp any host mx eq 25\naccess-group EDGE in interface outside\naccess-group DMZ out interface dmz\n",
    );
    expect(ask(asa, config, `${toHost} inside=2`, at).action).toBe("deny");
    expect(ask(asa, config, `${toHost} inside=1`, at).action).toBe("permit");
  });

  test("before release 9.0 IPv6 has lists of its own", () => {
    const lists =
      "access-list EDGE extended permit tcp any any eq 25\nipv6 access-list EDGE6 permit tcp any host 2001:db8:25::25 eq 25\naccess-group EDGE in interface outside\naccess-group EDGE6 in interface outside\n";
    const six = "tcp [2001:db8:f::1]:4000 > [2001:db8:25::7]:25";
    expect(ask(asa, box(lists, "8.4(2)"), six, at)).toMatchObject({
      action: "deny",
      attachment: "list EDGE6 on outside, in",
    });
    expect(ask(asa, box(lists, "8.4(2)"), six.replace("::7", "::25"), at).action).toBe("permit");
    expect(ask(asa, box(lists, "8.2(1)"), toMailer, at)).toMatchObject({
      action: "permit",
      attachment: "list EDGE on outside, in; before release 8.3 lists see addresses as outside of NAT",
    });
  });

  test("lists that are missing, of routes, for the box itself", () => {
    expect(ask(asa, box("access-group GONE in interface outside\n"), toHost, at).action).toBe("unknown");
    const config = edge("remark nothing", "extended permit tcp any any eq 25");
    const more = `${config}access-list SPLIT standard permit 10.0.0.0 255.0.0.0\naccess-list MGMT extended deny ip any any\naccess-group MGMT in interface outside control-plane\n`;
    expect(ask(asa, more, toMailer, at).action).toBe("permit");
    expect(asa.read("f", more).lists).toEqual(["EDGE", "MGMT"]);
    expect(
      ask(
        asa,
        edge("remark nothing").replace("access-list EDGE remark nothing\n", "conduit permit tcp any any\n"),
        toHost,
        at,
      ).action,
    ).toBe("unknown");
  });

  test("names of interfaces", () => {
    const reading = asa.read("f", box(""));
    for (const [text, want] of [
      ["Outside", "outside"],
      ["gi0/1", "inside"],
      ["GigabitEthernet0/2", "dmz"],
      ["gi0/7", null],
    ] as const)
      expect(reading.interfaceNamed(text)).toBe(want);
    const bare =
      "ASA Version 9.1\ninterface Ethernet0/0\nnameif outside\nsecurity-level 0\ninterface Ethernet0/1\nnameif inside\nsecurity-level 100\n";
    expect(asa.read("f", bare).interfaces).toEqual(["outside", "inside"]);
    const old = "PIX Version 6.3(5)\nnameif ethernet0 outside security0\nnameif ethernet1 inside security100\n";
    expect(asa.read("f", old).interfaces).toEqual(["outside", "inside"]);
  });

  test("FTD: interfaces in entries, and rules that look into the contents", () => {
    const config = [
      "NGFW Version 7.0.4",
      "interface Ethernet1/1",
      " nameif outside",
      "interface Ethernet1/2",
      " nameif inside",
      "access-list CSM_FW_ACL_ remark rule-id 268434432: L4 RULE: mail",
      "access-list CSM_FW_ACL_ advanced permit tcp ifc outside any ifc inside host 192.0.2.25 eq smtp rule-id 268434432 event-log both",
      "access-list CSM_FW_ACL_ remark rule-id 268434433: L7 RULE: web",
      "access-list CSM_FW_ACL_ advanced permit tcp any host 192.0.2.80 rule-id 268434433",
      "access-list CSM_FW_ACL_ advanced deny ip any any rule-id 268434434 event-log flow-start",
      "access-group CSM_FW_ACL_ global",
      "",
    ].join("\n");
    expect(ask(asa, config, `${toMailer} inside=1`, at).action).toBe("permit");
    expect(ask(asa, config, toHost, at).action).toBe("deny");
    expect(ask(asa, config, "tcp 203.0.113.9:4000 > 192.0.2.80:80", at).action).toBe("unknown");
    expect(ask(asa, config, toMailer.replace("203.0.113.99", "203.0.113.98"), { ...at, direction: "out" }).action).toBe(
      "deny",
    );
  });
});

laws(asa, {
  idle: /^\s*!/,
  existing: {
    list: "EDGE",
    text: [
      "interface GigabitEthernet0/0",
      " nameif outside",
      " security-level 0",
      "interface GigabitEthernet0/1",
      " nameif inside",
      " security-level 100",
      "access-list EDGE extended deny ip 10.0.0.0 255.0.0.0 any",
      "access-list EDGE extended deny tcp any any eq telnet",
      "access-list EDGE extended permit ip any any",
      "access-group EDGE in interface outside",
      "",
    ].join("\n"),
  },
  samples: [
    "interface GigabitEthernet0/0",
    " nameif outside",
    " security-level 0",
    " ip address 192.0.2.1 255.255.255.0",
    "name 192.0.2.25 mx",
    "object network MX",
    " host 192.0.2.25",
    "object-group network G",
    " network-object object MX",
    " group-object G",
    "object-group service S tcp",
    " port-object eq smtp",
    "object-group service T",
    " service-object tcp destination range 1 5",
    "access-list EDGE extended permit tcp any object-group G object-group S log 6 interval 5",
    "access-list EDGE extended deny object-group T any interface outside inactive",
    "access-list EDGE advanced trust icmp ifc outside any any echo rule-id 5",
    "ipv6 access-list SIX permit ip any any",
    "access-group EDGE in interface outside",
    "access-group EDGE global",
    "no access-list EDGE extended permit ip any any",
    "clear configure access-list EDGE",
    "same-security-traffic permit inter-interface",
  ],
  // A deny without a permit behind it is for those who add one later.
  needed: (line) => /^access-list \S+ extended permit/.test(line) && !/permit ip any any/.test(line),
});
