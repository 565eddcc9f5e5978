import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { routeros } from "./routeros.ts";

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";
const toHost6 = "tcp [2001:db8:f::9]:40000 > [2001:db8:25::7]:25";
const at = { at: "ether1" } as const;

const base = `# 2026-11-24 10:00:00 by RouterOS 7.15.3
# model = CCR2004
/interface bridge
add name=bridge1
/interface ethernet
set [ find default-name=ether1 ] comment="to the ISP"
set [ find default-name=ether2 ] name=ether2-lan
/interface pppoe-client
add disabled=no interface=ether1 name=pppoe-out1 user=x
/interface list
add name=WAN
add name=LAN
add include=WAN name=OUTER
/interface bridge port
add bridge=bridge1 interface=ether3
/interface list member
add interface=ether1 list=WAN
add interface=bridge1 list=LAN
add disabled=yes interface=ether2-lan list=WAN
/ip firewall address-list
add address=192.0.2.25 list=mailers
add address=192.0.2.0/24 list=site
add address=192.0.2.5-192.0.2.9 list=hosts
add address=203.0.113.99 disabled=yes list=bad
add address=mail.ourcollege.example list=named
`;
const filter = (...rules: readonly string[]): string =>
  `${base}/ip firewall filter\n${rules.map((rule) => `add ${rule}`).join("\n")}\n`;
const drop = "chain=forward action=drop";

describe("rules", () => {
  for (const [rule, packet, want] of [
    [`${drop} protocol=tcp dst-port=25`, toHost, "deny"],
    [`${drop} dst-port=22,25,1000-2000 protocol=tcp`, toHost, "deny"],
    [`${drop} protocol=tcp dst-port=!25`, toHost, "permit"],
    [`${drop} protocol=!tcp`, toHost, "permit"],
    [`${drop} protocol=6`, toHost, "deny"],
    [`${drop} protocol=tcp port=25`, "tcp 203.0.113.99:25 > 192.0.2.7:40000", "deny"],
    [`${drop} protocol=tcp src-port=25`, toHost, "permit"],
    [`${drop} dst-address=192.0.2.0/24`, toHost, "deny"],
    [`${drop} dst-address=192.0.2.1-192.0.2.9`, toHost, "deny"],
    [`${drop} dst-address=!192.0.2.25`, toMailer, "permit"],
    [`${drop} dst-address-list=hosts`, toHost, "deny"],
    [`${drop} dst-address-list=!mailers`, toMailer, "permit"],
    [`${drop} dst-address-list=!mailers`, toHost, "deny"],
    [`${drop} dst-address-list=empty`, toHost, "permit"],
    [`${drop} src-address-list=bad`, toHost, "permit"],
    [`${drop} dst-address-list=named`, toHost, "unknown"],
    // Interfaces and lists of them.
    [`${drop} in-interface=ether1`, toHost, "deny"],
    [`${drop} in-interface=!ether1`, toHost, "permit"],
    [`${drop} in-interface-list=WAN`, toHost, "deny"],
    [`${drop} in-interface-list=OUTER`, toHost, "deny"],
    [`${drop} in-interface-list=!LAN`, toHost, "deny"],
    [`${drop} in-interface-list=LAN`, toHost, "permit"],
    [`${drop} in-interface-list=all`, toHost, "deny"],
    [`${drop} in-interface=all-ethernet`, toHost, "deny"],
    [`${drop} in-interface=all-ppp`, toHost, "permit"],
    [`${drop} out-interface=ether1`, toHost, "permit"],
    [`${drop} in-interface-list=dynamic`, toHost, "unknown"],
    // States, flags, fragments, ICMP.
    [`${drop} connection-state=new`, toHost, "deny"],
    [`${drop} connection-state=!established,related`, toHost, "deny"],
    [`${drop} connection-state=!established,related`, `${toHost} ack`, "permit"],
    [`${drop} connection-state=invalid`, toHost, "permit"],
    [`${drop} protocol=tcp tcp-flags=syn,!ack`, toHost, "deny"],
    [`${drop} protocol=tcp tcp-flags=!syn`, toHost, "permit"],
    [`${drop} fragment=yes`, `${toHost} fragment`, "deny"],
    [`${drop} fragment=yes`, toHost, "permit"],
    [`${drop} protocol=icmp icmp-options=8:0-255`, "icmp 203.0.113.99 > 192.0.2.7:2048", "deny"],
    [`${drop} protocol=icmp icmp-options=3:4`, "icmp 203.0.113.99 > 192.0.2.7:771", "permit"],
    [`${drop} ipsec-policy=in,ipsec`, toHost, "permit"],
    [`${drop} ipsec-policy=in,none`, toHost, "deny"],
    // Without destination NAT nothing is translated.
    [`${drop} connection-nat-state=!dstnat connection-state=new`, toHost, "deny"],
    [`${drop} connection-nat-state=dstnat`, toHost, "permit"],
    // What the model does not hold, what is not known, and what is not there.
    [`${drop} time=8h-17h,mon,tue`, toHost, "unknown"],
    [`${drop} limit=10,5:packet`, toHost, "unknown"],
    [`${drop} frobnicate=1`, toHost, "unknown"],
    [`${drop} protocol=madeup`, toHost, "unknown"],
    [`${drop} disabled=yes`, toHost, "permit"],
    [`${drop} disabled=no !content !src-port log=yes log-prefix="a b" comment="x; y"`, toHost, "deny"],
    ["chain=forward", toHost, "permit"],
    ["chain=forward action=tarpit protocol=tcp", toHost, "deny"],
    ["chain=forward action=reject reject-with=tcp-reset protocol=tcp", toHost, "deny"],
    ["chain=forward action=frobnicate", toHost, "unknown"],
    ["chain=input action=drop", toHost, "permit"],
  ] as const)
    test(`${rule} :: ${packet}`, () => expect(ask(routeros, filter(rule), packet, at).action).toBe(want));

  test("what does not decide goes on", () => {
    const passing = ["log", "passthrough", "add-src-to-address-list address-list=seen", "fasttrack-connection"];
    for (const action of passing)
      expect(ask(routeros, filter(`chain=forward action=${action}`, drop), toHost, at).action).toBe("deny");
    // A list that rules add to may hold anybody.
    const learning = filter(
      "chain=forward action=add-src-to-address-list address-list=bad",
      `${drop} src-address-list=bad`,
    );
    expect(ask(routeros, learning, toHost, at).action).toBe("unknown");
  });

  test("chains", () => {
    const chains = filter(
      "chain=forward action=jump jump-target=mail protocol=tcp dst-port=25 in-interface-list=WAN",
      "chain=mail action=return dst-address-list=mailers",
      "chain=mail action=drop dst-address-list=site",
      "chain=forward action=jump jump-target=nothing",
    );
    expect(ask(routeros, chains, toHost, at)).toMatchObject({
      action: "deny",
      text: expect.stringContaining("chain=mail action=drop"),
    });
    expect(ask(routeros, chains, toMailer, at)).toMatchObject({
      action: "permit",
      text: "end of the chain forward: accept",
    });
    expect(ask(routeros, chains, toHost, { ...at, direction: "out" }).action).toBe("permit");
    expect(ask(routeros, chains, toHost, { list: "mail", at: "ether1" }).action).toBe("deny");
    const circle = filter("chain=forward action=jump jump-target=a", "chain=a action=jump jump-target=a");
    expect(ask(routeros, circle, toHost, at).action).toBe("unknown");
  });

  test("an allow list with nothing behind it allows everything", () => {
    expect(
      ask(routeros, filter("chain=forward action=accept protocol=tcp dst-port=25 dst-address-list=mailers"), toHost, at)
        .action,
    ).toBe("permit");
  });

  test("raw comes first, without state", () => {
    const raw = `${filter("chain=forward action=accept")}/ip firewall raw\nadd action=drop chain=prerouting dst-address-list=!mailers dst-port=25 in-interface-list=WAN protocol=tcp\n`;
    expect(ask(routeros, raw, toHost, at)).toMatchObject({
      action: "deny",
      attachment: expect.stringContaining("raw prerouting, then forward"),
    });
    expect(ask(routeros, raw, `${toHost} established`, at).action).toBe("deny");
    expect(ask(routeros, raw, toMailer, at).action).toBe("permit");
  });

  test("IPv6 has rules of its own", () => {
    expect(ask(routeros, filter(drop), toHost6, at)).toMatchObject({
      action: "permit",
      attachment: expect.stringMatching(/^no IPv6 rules/),
    });
    const six = `${base}/ipv6 firewall address-list\nadd address=2001:db8:25::/48 list=site\n/ipv6 firewall filter\nadd action=drop chain=forward dst-address-list=site dst-port=25 protocol=tcp\nadd action=accept chain=forward protocol=icmpv6\n`;
    expect(ask(routeros, six, toHost6, at).action).toBe("deny");
  });

  test("destination NAT: only what it leads to may be translated", () => {
    const nat = `${filter(`${drop} connection-nat-state=!dstnat connection-state=new in-interface-list=WAN`)}/ip firewall nat\nadd action=dst-nat chain=dstnat dst-port=25 protocol=tcp to-addresses=192.0.2.25\n`;
    expect(ask(routeros, nat, toHost, at).action).toBe("deny");
    expect(ask(routeros, nat, toMailer, at).action).toBe("unknown");
  });
});

describe("text", () => {
  test("lines go on, also inside a value", () => {
    const text = `${base}/ip firewall filter\nadd action=drop chain=\\\n    forward comment="a long \\\n    comment" dst-port=25 \\\n    protocol=tcp\n`;
    expect(ask(routeros, text, toHost, at)).toMatchObject({ action: "deny", line: 27 });
    expect(routeros.read("f", text).troubles).toEqual([]);
  });
  test("menus and commands on one line, in both versions' forms", () => {
    for (const line of [
      "/ip firewall filter add chain=forward action=drop",
      "/ip/firewall/filter add chain=forward action=drop",
      "/ip/firewall/filter/add chain=forward action=drop",
    ])
      expect(ask(routeros, `${base}${line}\n`, toHost, at).action).toBe("deny");
  });
  test("commands change what is there", () => {
    const two = filter("chain=forward action=accept comment=old", `${drop} comment="fencepost block"`);
    expect(ask(routeros, two, toHost, at).action).toBe("permit");
    for (const line of [
      'move [find comment~"^fencepost"] destination=0',
      "move 1 0",
      "remove [find comment=old]",
      "disable 0",
      "set 0 action=drop",
      'remove [ find where comment~"old$" ]',
    ])
      expect(ask(routeros, `${two}${line}\n`, toHost, at).action).toBe("deny");
    expect(ask(routeros, filter("chain=forward action=accept", `${drop} place-before=0`), toHost, at).action).toBe(
      "deny",
    );
    expect(ask(routeros, `${two}remove [find comment~"^f.*"]\n`, toHost, at).action).toBe("unknown");
    expect(ask(routeros, `${two}frobnicate all\n`, toHost, at).action).toBe("unknown");
  });
  test("interfaces", () => {
    const reading = routeros.read("f", filter(drop));
    expect(["ETHER1", "ether2", "WAN", "ether3", "nowhere"].map((name) => reading.interfaceNamed(name))).toEqual([
      "ether1",
      "ether2-lan",
      "WAN",
      "bridge1",
      null,
    ]);
    const several = `${filter(`${drop} in-interface=ether1`)}/interface list member\nadd interface=pppoe-out1 list=WAN\n`;
    expect(ask(routeros, several, toHost, { at: "WAN" }).action).toBe("unknown");
    expect(ask(routeros, several, toHost, at).action).toBe("deny");
    expect(ask(routeros, filter(drop), toHost, { at: "nowhere" }).action).toBe("unknown");
  });
});

describe("laws", () => {
  laws(routeros, {
    brokenOff: "told",
    rollback: "reads",
    needed: /^add chain=(fp25|forward)/,
    idle: /^(#|move )/,
    samples: [
      "/ip firewall filter",
      "add action=drop chain=forward dst-port=25 protocol=tcp in-interface-list=WAN",
      'add action=jump chain=forward jump-target=x comment="a \\"b\\"" \\',
      "/ip firewall address-list",
      "add address=192.0.2.0/24 list=site",
      'remove [find comment~"^fencepost"]',
      "/interface list member",
      "add interface=ether1 list=WAN",
      "/interface list add name=WAN include=WAN exclude=LAN",
      "move 0 5",
      ":foreach i in=[find] do={remove $i}",
      "set [ find default-name=ether1 ] name=wan",
    ],
    existing: {
      list: "forward",
      text: [
        "/interface list member",
        "add interface=ether1 list=WAN",
        ...["ip", "ipv6"].flatMap((menu) => [
          `/${menu} firewall filter`,
          "add action=accept chain=forward connection-state=established,related",
          "add action=drop chain=forward dst-port=23 protocol=tcp",
          "add action=accept chain=forward in-interface-list=WAN",
        ]),
        "",
      ].join("\n"),
    },
  });
});
