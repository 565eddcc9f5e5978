import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { fortios } from "./fortios.ts";

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";
const toHost6 = "tcp [2001:db8:f::9]:40000 > [2001:db8:25::7]:25";
const at = { at: "wan1" } as const;

const base = (
  version = "7.0.12",
): string => `#config-version=FGT60F-${version}-FW-build0523-230516:opmode=0:vdom=0:user=admin
config system global
    set hostname "edge"
    set alias "with \\"quotes\\" and
a second line"
end
config system interface
    edit "wan1"
        set vdom "root"
        set alias "ISP"
    next
    edit "port1"
        set vdom "root"
    next
    edit "port2"
        set vdom "root"
    next
end
config system zone
    edit "inside"
        set interface "port1" "port2"
    next
end
config firewall address
    edit "all"
        set uuid 00000000-0000-0000-0000-000000000000
    next
    edit "none"
        set subnet 0.0.0.0 255.255.255.255
    next
    edit "mx"
        set subnet 192.0.2.25 255.255.255.255
    next
    edit "site"
        set subnet 192.0.2.0 255.255.255.0
        set color 3
    next
    edit "hosts"
        set type iprange
        set start-ip 192.0.2.5
        set end-ip 192.0.2.9
    next
    edit "holes"
        set type wildcard
        set wildcard 192.0.0.7 255.255.0.255
    next
    edit "named"
        set type fqdn
        set fqdn "mail.ourcollege.example"
    next
    edit "land"
        set type geography
        set country "ZZ"
    next
end
config firewall addrgrp
    edit "mailers"
        set member "mx" "mailers"
    next
    edit "others"
        set member "site"
        set exclude enable
        set exclude-member "mailers"
    next
end
config firewall address6
    edit "all"
    next
    edit "site6"
        set ip6 2001:db8:25::/48
    next
end
config firewall service custom
    edit "ALL"
        set category "General"
        set protocol IP
    next
    edit "SMTP"
        set tcp-portrange 25
    next
    edit "many"
        set tcp-portrange 20-25:1024-65535 587
        set udp-portrange 53
    next
    edit "echo"
        set protocol ICMP
        set icmptype 8
        unset icmpcode
    next
    edit "to-mx"
        set iprange 192.0.2.25
        set tcp-portrange 25
    next
    edit "gmail"
        set tcp-portrange 2525
    next
end
config firewall service group
    edit "mail"
        set member "SMTP" "IMAP"
    next
end
config firewall schedule recurring
    edit "always"
        set day sunday monday tuesday wednesday thursday friday saturday
    next
    edit "office"
        set day monday
        set start 08:00
        set end 17:00
    next
end
`;
const policy = (text: string, id = 1): string => {
  const settings: Record<string, string> = {
    srcintf: '"wan1"',
    dstintf: '"inside"',
    srcaddr: '"all"',
    dstaddr: '"all"',
    action: "accept",
    schedule: '"always"',
    service: '"ALL"',
  };
  for (const [, key = "", value = ""] of text.matchAll(/(\S+)=("[^=]*"|\S+)(?=\s|$)/g)) settings[key] = value;
  return [
    `    edit ${id}`,
    ...Object.entries(settings)
      .filter(([, value]) => value !== "-")
      .map(([key, value]) => `        set ${key} ${value}`),
    "    next",
  ].join("\n");
};
const config = (...policies: readonly string[]): string =>
  `${base()}config firewall policy\n${policies.join("\n")}\nend\n`;

describe("policies", () => {
  for (const [text, packet, want] of [
    ['dstaddr="mx" service="SMTP"', toMailer, "permit"],
    ['dstaddr="mx" service="SMTP"', toHost, "deny"],
    ['dstaddr="mailers"', toMailer, "permit"],
    ['dstaddr="others"', toHost, "permit"],
    ['dstaddr="others"', toMailer, "deny"],
    ['dstaddr="hosts" "mx"', toHost, "permit"],
    ['dstaddr="holes"', "tcp 203.0.113.99:40000 > 192.0.99.7:25", "permit"],
    ['dstaddr="named"', toHost, "unknown"],
    ['srcaddr="land"', toHost, "unknown"],
    ['dstaddr="none"', toHost, "deny"],
    ['dstaddr="gone"', toHost, "unknown"],
    ['dstaddr="mailers" dstaddr-negate=enable', toHost, "permit"],
    ['dstaddr="mailers" dstaddr-negate=enable', toMailer, "deny"],
    ['srcaddr="site" srcaddr-negate=enable', toHost, "permit"],
    // Services.
    ['service="many"', toHost, "permit"],
    ['service="many"', "tcp 203.0.113.99:25 > 192.0.2.7:25", "deny"],
    ['service="mail"', toHost, "permit"],
    ['service="gmail"', toHost, "deny"],
    ['service="HTTPS" "SMTP"', toHost, "permit"],
    ['service="ALL_TCP"', toHost, "permit"],
    ['service="to-mx"', toHost, "deny"],
    ['service="to-mx"', toMailer, "permit"],
    ['service="echo"', "icmp 203.0.113.99 > 192.0.2.7:2048", "permit"],
    ['service="echo"', "icmp 203.0.113.99 > 192.0.2.7:0", "deny"],
    ['service="madeup"', toHost, "unknown"],
    ['service="SMTP" service-negate=enable', toHost, "deny"],
    ['service="HTTPS" service-negate=enable', toHost, "permit"],
    // Interfaces and zones.
    ['srcintf="any" dstintf="any"', toHost, "permit"],
    ['dstintf="wan1"', toHost, "deny"],
    ['srcintf="port1"', toHost, "deny"],
    ['dstintf="inside" "wan1"', toHost, "permit"],
    // What a policy is without saying it, and what switches it off.
    ["action=-", toHost, "deny"],
    ["status=disable", toHost, "deny"],
    ["action=frobnicate", toHost, "unknown"],
    // What the model does not hold.
    ['schedule="office"', toHost, "unknown"],
    ['groups="staff"', toHost, "unknown"],
    ["internet-service=enable", toHost, "unknown"],
    ["frobnicate=enable", toHost, "unknown"],
    ['utm-status=enable av-profile="default" logtraffic=all nat=enable ips-sensor="x" comments="y"', toHost, "permit"],
    ["srcaddr=-", toHost, "unknown"],
  ] as const)
    test(`${text} :: ${packet}`, () => expect(ask(fortios, config(policy(text)), packet, at).action).toBe(want));

  test("the order is that of the text, until something is moved", () => {
    const two = [policy('service="SMTP" action=deny', 9), policy("", 2)];
    expect(ask(fortios, config(...two), toHost, at)).toMatchObject({ action: "deny", text: "edit 9" });
    expect(ask(fortios, config(...two.toReversed()), toHost, at).action).toBe("permit");
    expect(ask(fortios, config(...two.toReversed(), "    move 9 before 2"), toHost, at).action).toBe("deny");
    expect(ask(fortios, config(...two, "    delete 9"), toHost, at).action).toBe("permit");
    expect(
      ask(
        fortios,
        config(
          ...two,
          "    edit 9",
          "        append service HTTP",
          "        unset action",
          "        set action accept",
          "    next",
        ),
        toHost,
        at,
      ).action,
    ).toBe("permit");
    expect(ask(fortios, config(), toHost, at).text).toBe("implicit deny (policy 0)");
    expect(ask(fortios, config(...two), `${toHost} established`, at).action).toBe("permit");
  });

  test("IPv6: in the same policy, or in policy6 of older versions", () => {
    expect(ask(fortios, config(policy("")), toHost6, at)).toMatchObject({ action: "deny" });
    expect(ask(fortios, config(policy('srcaddr6="all" dstaddr6="site6"')), toHost6, at).action).toBe("permit");
    expect(ask(fortios, config(policy('srcaddr=- dstaddr=- srcaddr6="all" dstaddr6="site6"')), toHost, at).action).toBe(
      "deny",
    );
    const old = `${config(policy(""))}config firewall policy6\n${policy('dstaddr="site6" service="SMTP"')}\nend\n`;
    expect(ask(fortios, old, toHost6, at)).toMatchObject({
      action: "permit",
      attachment: expect.stringContaining("policy6"),
    });
  });

  test("virtual IPs", () => {
    const vips = `config firewall vip
    edit "vip-mx"
        set extip 198.51.100.25
        set mappedip "10.0.0.25"
        set extintf "wan1"
    next
    edit "vip-port"
        set extip 198.51.100.26
        set mappedip "10.0.0.26"
        set extintf "any"
        set portforward enable
        set extport 25
        set mappedport 2525
    next
end
`;
    const vip = (...policies: readonly string[]): string =>
      `${base()}${vips}config firewall policy\n${policies.join("\n")}\nend\n`;
    const toVip = "tcp 203.0.113.99:40000 > 198.51.100.25:25";
    const toPort = "tcp 203.0.113.99:40000 > 198.51.100.26:25";
    const both = vip(policy('dstaddr="vip-mx" service="SMTP"'), policy('dstaddr="vip-port" service="gmail"', 2));
    expect(ask(fortios, both, toVip, at).action).toBe("permit");
    expect(ask(fortios, both, "tcp 203.0.113.99:40000 > 198.51.100.25:80", at).action).toBe("deny");
    // The service is that of the mapped port.
    expect(ask(fortios, both, toPort, at).action).toBe("permit");
    expect(ask(fortios, vip(policy('dstaddr="vip-port" service="SMTP"')), toPort, at).action).toBe("deny");
    expect(
      ask(fortios, vip(policy('dstaddr="vip-port" service="ALL"')), "tcp 203.0.113.99:40000 > 198.51.100.26:80", at)
        .action,
    ).toBe("deny");
    // A deny of all passes over virtual IPs, unless it is told to match them (by itself from 7.2.4 on).
    const deny = vip(policy('service="SMTP" action=deny'), policy('dstaddr="vip-mx"', 2));
    expect(ask(fortios, deny, toVip, at).action).toBe("permit");
    expect(
      ask(fortios, deny.replace("set action deny", "set action deny\n        set match-vip enable"), toVip, at).action,
    ).toBe("deny");
    expect(ask(fortios, deny.replace("7.0.12", "7.4.1"), toVip, at).action).toBe("deny");
    expect(ask(fortios, deny.replace(/^#config-version.*$/m, ""), toVip, at).action).toBe("unknown");
    // One that no policy names translates nothing.
    expect(ask(fortios, vip(policy("")), toVip, at).action).toBe("permit");
  });

  test("virtual domains keep their own", () => {
    const text = `config vdom
edit root
next
edit guest
next
end
config global
config system interface
    edit "wan1"
        set vdom "root"
    next
    edit "wan2"
        set vdom "guest"
    next
end
end
config vdom
edit root
config firewall policy
${policy('dstintf="any" action=deny')}
end
next
edit guest
config firewall policy
${policy('srcintf="wan2" dstintf="any"')}
end
next
end
`;
    expect(ask(fortios, text, toHost, { at: "wan1" })).toMatchObject({
      action: "deny",
      attachment: expect.stringContaining("root/policy"),
    });
    expect(ask(fortios, text, toHost, { at: "wan2" }).action).toBe("permit");
    expect(fortios.read("f", text).lists).toEqual(["root/policy", "guest/policy"]);
  });

  test("SD-WAN's members are its zone", () => {
    const text = `${base()}config system sdwan
    set status enable
    config zone
        edit "virtual-wan-link"
        next
    end
    config members
        edit 1
            set interface "wan1"
        next
    end
end
config firewall policy\n${policy('srcintf="virtual-wan-link"')}\nend\n`;
    expect(ask(fortios, text, toHost, at).action).toBe("permit");
    expect(fortios.read("f", text).troubles).toEqual([]);
  });

  test("what stands before and beside the policies", () => {
    const acl = `${config(policy(""))}config firewall acl\n    edit 1\n        set interface "wan1"\n        set srcaddr "all"\n        set dstaddr "site"\n        set service "SMTP"\n    next\nend\n`;
    expect(ask(fortios, acl, toHost, at)).toMatchObject({ action: "deny", attachment: expect.stringContaining("acl") });
    const ngfw = `config system settings\n    set ngfw-mode policy-based\nend\n${config(policy(""))}`;
    expect(ask(fortios, ngfw, toHost, at).action).toBe("unknown");
    const local = `${config(policy(""))}config firewall local-in-policy\n    edit 1\n        set intf "wan1"\n        set srcaddr "all"\n        set dstaddr "all"\n        set service "SMTP"\n        set schedule "always"\n    next\nend\n`;
    expect(ask(fortios, local, toHost, { list: "local-in-policy", at: "wan1" }).action).toBe("deny");
    expect(ask(fortios, local, toHost, at).action).toBe("permit");
  });

  test("texts in either kind of quotes, over several lines", () => {
    const odd = `config system replacemsg mail "x"\n    set buffer 'it is\n"half quoted'\nend\n${config(policy('service="SMTP" action=deny'))}`;
    expect(ask(fortios, odd, toHost, at).action).toBe("deny");
    expect(fortios.read("f", odd).troubles).toEqual([]);
  });

  test("interfaces, and what is not there", () => {
    const reading = fortios.read("f", config(policy("")));
    expect(["WAN1", "isp", "inside", "port9"].map((name) => reading.interfaceNamed(name))).toEqual([
      "wan1",
      "wan1",
      "inside",
      null,
    ]);
    expect(reading.interfaces).toEqual(["inside", "wan1"]);
    expect(ask(fortios, config(policy("")), toHost, { at: "wan9" }).action).toBe("unknown");
    expect(fortios.read("f", config(policy("")).slice(0, -5)).troubles).toHaveLength(1);
    expect(
      fortios.read("f", 'config firewall policy\n    edit 1\n        set name "x\n').troubles.length,
    ).toBeGreaterThan(0);
  });
});

describe("laws", () => {
  laws(fortios, {
    brokenOff: "told",
    rollback: "reads",
    needed: /set action accept/,
    idle: /^\s*#/,
    samples: [
      "config firewall policy",
      ...policy("").split("\n"),
      "end",
      "config vdom",
      "    edit root",
      "config firewall address6",
      "        set ip6 2001:db8::/32",
      "config firewall vip",
      '        set extip "198.51.100.25"',
      "config firewall service custom",
      "        set tcp-portrange 1-2:3-4 25",
      "    move 1 before 2",
      "    rename a to b",
    ],
    existing: {
      list: "policy",
      filledIn: (text) => text.replace(/^( +)# move (\d+) before FIRST$/gm, "$1move $2 before 1"),
      text: config(
        policy('srcaddr="hosts" action=deny dstintf="any"', 1),
        policy('srcaddr="all" dstaddr="all" srcaddr6="all" dstaddr6="all" dstintf="any"', 2),
        policy('srcintf="inside" dstintf="wan1" srcaddr6="all" dstaddr6="all"', 3),
      ),
    },
  });
});
