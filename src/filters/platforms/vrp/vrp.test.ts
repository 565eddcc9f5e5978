import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { vrp } from "./vrp.ts";

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";
const toHost6 = "tcp [2001:db8:f::9]:40000 > [2001:db8:25::7]:25";
const at = { at: "GE0/0/1" } as const;

const interfaces = (attach: string): string =>
  `#\ninterface GigabitEthernet0/0/1\n description to the ISP\n ip address 203.0.113.2 255.255.255.252\n ${attach}\n#\ninterface GigabitEthernet0/0/2\n#\nreturn\n`;
const acl = (
  rules: readonly string[],
  header = "acl number 3000",
  attach = "traffic-filter inbound acl 3000",
): string =>
  `sysname edge\n#\n${header}\n description mail\n${rules.map((rule) => ` ${rule}`).join("\n")}\n${interfaces(attach)}`;

describe("rules", () => {
  for (const [rule, packet, want] of [
    ["rule 5 deny tcp destination 192.0.2.0 0.0.0.255 destination-port eq smtp", toHost, "deny"],
    ["rule 5 deny tcp destination 192.0.2.25 0 destination-port eq 25", toMailer, "deny"],
    ["rule 5 deny tcp destination 192.0.2.25 0 destination-port eq 25", toHost, "permit"],
    ["rule 5 deny tcp destination 192.0.2.25 0.0.0.0", toMailer, "deny"],
    ["rule 5 deny tcp destination 192.0.0.7 0.0.255.0", toHost, "deny"],
    ["rule 5 deny tcp destination 192.0.2.0 255.255.255.0", toHost, "permit"],
    ["rule 5 deny tcp source any destination any", toHost, "deny"],
    ["rule 5 deny tcp source-port eq smtp", toHost, "permit"],
    ["rule 5 deny tcp destination-port range 20 25", toHost, "deny"],
    ["rule 5 deny tcp destination-port gt 24", toHost, "deny"],
    ["rule 5 deny tcp destination-port lt 25", toHost, "permit"],
    ["rule 5 deny tcp destination-port neq 25", toHost, "permit"],
    ["rule 5 deny tcp destination-port eq 22 25 80", toHost, "deny"],
    ["rule 5 deny udp destination-port eq 25", toHost, "permit"],
    ["rule 5 deny 6", toHost, "deny"],
    ["rule 5 deny ip", toHost, "deny"],
    ["rule 5 deny", toHost, "deny"],
    ["rule deny tcp", toHost, "deny"],
    ["rule 5 name mail deny tcp logging", toHost, "deny"],
    // Flags, fragments, ICMP.
    ["rule 5 deny tcp tcp-flag syn", toHost, "deny"],
    ["rule 5 deny tcp tcp-flag established", toHost, "permit"],
    ["rule 5 deny tcp tcp-flag established", `${toHost} ack`, "deny"],
    ["rule 5 deny tcp tcp-flag 2 mask 18", toHost, "deny"],
    ["rule 5 deny tcp established", toHost, "permit"],
    ["rule 5 deny tcp syn 1 ack 0", toHost, "deny"],
    ["rule 5 deny ip fragment", `${toHost} fragment`, "deny"],
    ["rule 5 deny ip fragment", toHost, "permit"],
    ["rule 5 deny ip fragment-type non-subseq", toHost, "deny"],
    ["rule 5 deny tcp destination-port eq 25", `${toHost} fragment`, "permit"],
    ["rule 5 deny icmp icmp-type echo", "icmp 203.0.113.99 > 192.0.2.7:2048", "deny"],
    ["rule 5 deny icmp icmp-type 3 4", "icmp 203.0.113.99 > 192.0.2.7:772", "deny"],
    ["rule 5 deny icmp icmp-type 3 4", "icmp 203.0.113.99 > 192.0.2.7:771", "permit"],
    // What the model does not hold, and what is not known.
    ["rule 5 deny tcp time-range night", toHost, "unknown"],
    ["rule 5 deny tcp dscp ef", toHost, "unknown"],
    ["rule 5 deny tcp vpn-instance x", toHost, "unknown"],
    ["rule 5 deny tcp destination-port eq madeup", toHost, "unknown"],
    ["rule 5 deny tcp frobnicate", toHost, "unknown"],
    ["rule 5 deny madeup", toHost, "unknown"],
    ["rule 5 frobnicate tcp", toHost, "unknown"],
    ["frobnicate 5", toHost, "unknown"],
    ["rule 5 description deny tcp", toHost, "permit"],
    ["step 10", toHost, "permit"],
  ] as const)
    test(`${rule} :: ${packet}`, () => expect(ask(vrp, acl([rule]), packet, at).action).toBe(want));

  test("the number decides, not the place; what no rule names is forwarded", () => {
    const two = ["rule 10 deny tcp destination-port eq 25", "rule 5 permit tcp destination 192.0.2.25 0"];
    expect(ask(vrp, acl(two), toMailer, at)).toMatchObject({ action: "permit", line: 6 });
    expect(ask(vrp, acl(two), toHost, at).action).toBe("deny");
    expect(ask(vrp, acl(two), "tcp 203.0.113.99:40000 > 192.0.2.7:80", at)).toMatchObject({
      action: "permit",
      text: "no rule: forwarded",
    });
    expect(ask(vrp, acl([...two, "rule 10 permit tcp destination-port eq 25"]), toHost, at).action).toBe("permit");
    expect(ask(vrp, acl([...two, "undo rule 10"]), toHost, at).action).toBe("permit");
    // Without numbers they come in order, each at the next step.
    expect(ask(vrp, acl(["rule deny tcp", "rule permit tcp", "rule 1 permit udp"]), toHost, at).action).toBe("deny");
  });

  test("match-order auto: the more exact rule first", () => {
    const rules = [
      "rule 5 permit ip",
      "rule 10 deny tcp destination 192.0.2.0 0.0.0.255",
      "rule 15 permit tcp destination 192.0.2.25 0",
    ];
    expect(ask(vrp, acl(rules), toHost, at).action).toBe("permit");
    const auto = acl(rules, "acl number 3000 match-order auto");
    expect([ask(vrp, auto, toHost, at).action, ask(vrp, auto, toMailer, at).action]).toEqual(["deny", "permit"]);
  });

  test("kinds of lists", () => {
    expect(
      ask(
        vrp,
        acl(["rule 5 deny source 203.0.113.0 0.0.0.255"], "acl number 2000", "traffic-filter inbound acl 2000"),
        toHost,
        at,
      ).action,
    ).toBe("deny");
    expect(
      ask(
        vrp,
        acl(["rule 5 deny source-mac 0000-0000-0001"], "acl number 4000", "traffic-filter inbound acl 4000"),
        toHost,
        at,
      ).action,
    ).toBe("unknown");
    for (const header of [
      "acl name EDGE 3999",
      "acl name EDGE advance",
      "acl number 3001 name EDGE",
      "acl advanced name EDGE",
      "acl name EDGE",
    ])
      expect(
        ask(vrp, acl(["rule 5 deny tcp"], header, "traffic-filter inbound acl name EDGE"), toHost, at).action,
      ).toBe("deny");
    expect(ask(vrp, acl(["rule 5 deny tcp"], "acl 3000"), toHost, at).action).toBe("deny");
    const six = acl(
      ["rule 5 deny tcp destination 2001:DB8:25::/48 destination-port eq smtp"],
      "acl ipv6 name EDGE6 advance",
      "traffic-filter inbound acl ipv6 name EDGE6",
    );
    expect(ask(vrp, six, toHost6, at).action).toBe("deny");
    expect(ask(vrp, six, toHost, at)).toMatchObject({
      action: "permit",
      attachment: "no IPv4 filter on GigabitEthernet0/0/1, in",
    });
    expect(
      ask(
        vrp,
        acl(
          ["rule 5 deny tcp destination 2001:DB8:25:: 48"],
          "acl ipv6 number 3000",
          "traffic-filter inbound ipv6 acl 3000",
        ),
        toHost6,
        at,
      ).action,
    ).toBe("deny");
  });

  test("pools of addresses", () => {
    const pool = `acl ip-pool HOSTS\n ip address 192.0.2.0 0.0.0.15\n ip address 192.0.2.25 0\n#\n${acl(["rule 0 deny tcp destination-pool HOSTS destination-port eq 25"])}`;
    expect([
      ask(vrp, pool, toHost, at).action,
      ask(vrp, pool, "tcp 203.0.113.9:4000 > 192.0.2.99:25", at).action,
    ]).toEqual(["deny", "permit"]);
  });
});

describe("where filters stand", () => {
  test("interfaces, directions, and lists that are not there", () => {
    const text = acl(["rule 5 deny tcp"], "acl number 3000", "traffic-filter outbound acl 3000");
    expect(ask(vrp, text, toHost, at).action).toBe("permit");
    expect(ask(vrp, text, toHost, { ...at, direction: "out" }).action).toBe("deny");
    expect(
      ask(vrp, acl(["rule 5 deny tcp"], "acl number 3000", "traffic-filter inbound acl 3001"), toHost, at).action,
    ).toBe("unknown");
    expect(
      ask(vrp, acl(["rule 5 deny tcp"], "acl number 3000", "traffic-filter sideways acl 3000"), toHost, at).action,
    ).toBe("unknown");
    expect(ask(vrp, acl(["rule 5 deny tcp"]), toHost, { at: "GE0/0/9" }).action).toBe("unknown");
    const undone = acl(
      ["rule 5 deny tcp"],
      "acl number 3000",
      "traffic-filter inbound acl 3000\n undo traffic-filter inbound",
    );
    expect(ask(vrp, undone, toHost, at).attachment).toMatch(/^no IPv4 filter/);
    const reading = vrp.read("f", text);
    expect(
      ["ge0/0/1", "Gi0/0/1", "gigabitethernet 0/0/1", "XGE0/0/1"].map((name) => reading.interfaceNamed(name)),
    ).toEqual([...Array(3).fill("GigabitEthernet0/0/1"), null]);
    expect(reading.crossing(null, { family: 4, direction: "out" }).attachment).toBe(
      "access list 3000 on GigabitEthernet0/0/1, IPv4, out",
    );
  });

  test("on the whole device, and in a VLAN", () => {
    const device = `${acl(["rule 5 deny tcp"], "acl number 3000", "undo shutdown")}traffic-filter inbound acl 3000\n`;
    expect(ask(vrp, device, toHost, at).action).toBe("deny");
    const vlan = `traffic-filter vlan 10 inbound acl 3000\n${acl(["rule 5 deny tcp"], "acl number 3000", "undo shutdown")}interface Vlanif10\n#\n`;
    expect([ask(vrp, vlan, toHost, { at: "vlanif10" }).action, ask(vrp, vlan, toHost, at).action]).toEqual([
      "deny",
      "permit",
    ]);
  });

  const mqc = (classifier: string, behavior: string, rules = ["rule 5 permit tcp destination-port eq 25"]): string =>
    `${acl(rules, "acl number 3000", "traffic-policy P inbound")}#\ntraffic classifier C ${classifier}\n#\ntraffic behavior B\n ${behavior}\n#\ntraffic policy P match-order config\n classifier C behavior B\n#\n`;
  for (const [classifier, behavior, rules, packet, want] of [
    ["operator or\n if-match acl 3000", "deny", undefined, toHost, "deny"],
    ["operator or\n if-match acl 3000", "deny", undefined, "tcp 203.0.113.99:4000 > 192.0.2.7:80", "permit"],
    ["operator or\n if-match acl 3000", "permit", undefined, toHost, "permit"],
    // A deny in the list denies whatever the behaviour is.
    ["operator or\n if-match acl 3000", "permit", ["rule 5 deny tcp destination-port eq 25"], toHost, "deny"],
    ["operator or\n if-match any", "deny", undefined, toHost, "deny"],
    ["operator or\n if-match ipv6 acl 3000", "deny", undefined, toHost, "permit"],
    ["operator and\n if-match acl 3000\n if-match dscp ef", "deny", undefined, toHost, "unknown"],
    ["operator or\n if-match acl 3000\n if-match dscp ef", "deny", undefined, toHost, "deny"],
    ["operator and\n if-match acl 3000\n if-match protocol ipv6", "deny", undefined, toHost, "permit"],
    ["operator and\n if-match acl 3000\n if-match protocol ip", "deny", undefined, toHost, "deny"],
    ["operator or\n if-match acl 3009", "deny", undefined, toHost, "unknown"],
    ["operator or\n if-match acl 3000", "car cir 1000", undefined, toHost, "permit"],
  ] as const)
    test(`policy: ${classifier.replaceAll("\n", ";")} ${behavior}`, () =>
      expect(ask(vrp, mqc(classifier, behavior, rules === undefined ? undefined : [...rules]), packet, at).action).toBe(
        want,
      ));

  test("a policy with what is not there", () => {
    expect(
      ask(vrp, mqc("operator or\n if-match acl 3000", "deny").replace("behavior B\n#\n", "behavior Z\n#\n"), toHost, at)
        .action,
    ).toBe("unknown");
    expect(
      ask(
        vrp,
        mqc("operator or\n if-match acl 3000", "deny").replace("traffic-policy P", "traffic-policy Z"),
        toHost,
        at,
      ).action,
    ).toBe("unknown");
  });

  test("Comware's packet filters, whose default may be to deny", () => {
    const comware = (attach: string, more = ""): string =>
      `${more}\n${acl(["rule 0 permit tcp destination-port eq 443"], "acl advanced 3000", attach)}`;
    expect(ask(vrp, comware("packet-filter 3000 inbound"), toHost, at).action).toBe("permit");
    expect(ask(vrp, comware("packet-filter 3000 inbound", "packet-filter default deny"), toHost, at)).toMatchObject({
      action: "deny",
      text: "packet-filter default deny",
    });
    expect(
      ask(vrp, comware("firewall packet-filter 3000 inbound", "firewall packet-filter default deny"), toHost, at)
        .action,
    ).toBe("deny");
    expect(ask(vrp, comware("packet-filter 3000 inbound", "packet-filter default deny"), toHost6, at).action).toBe(
      "permit",
    );
    expect(ask(vrp, comware("packet-filter name MISSING inbound"), toHost, at).action).toBe("unknown");
  });

  test("zones are not read, and said", () => {
    expect(
      ask(vrp, `${acl(["rule 5 deny tcp"])}firewall zone untrust\n add interface GigabitEthernet0/0/1\n#\n`, toHost, at)
        .action,
    ).toBe("unknown");
  });
});

describe("laws", () => {
  laws(vrp, {
    brokenOff: "told",
    rollback: "reads",
    needed: /^ rule \d+ (permit|deny)/,
    idle: /^(#|quit)/,
    samples: [
      "acl number 3000 match-order auto",
      " rule 5 deny tcp destination 192.0.2.0 0.0.0.255 destination-port eq smtp",
      " rule permit tcp source 192.0.2.25 0",
      "acl ipv6 name X advance",
      " rule 1 deny tcp destination 2001:db8::/32 tcp-flag syn",
      "interface GigabitEthernet0/0/1",
      " traffic-filter inbound acl 3000",
      "traffic classifier C operator or precedence 5",
      " if-match acl 3000",
      "traffic behavior B",
      " deny",
      "traffic policy P",
      " classifier C behavior B precedence 5",
      "packet-filter default deny",
      "#",
    ],
    existing: {
      list: "EDGE",
      // Who may reach a mailer cannot be told by a few denies.
      site: (site) => site.replace(/, acceptFrom: \[[^\]]*\]/g, ""),
      text: [
        ...["acl name EDGE advance", "acl ipv6 name EDGE advance"].flatMap((header) => [
          header,
          " rule 5 deny tcp destination-port eq telnet",
          " rule 10 permit ip",
          "#",
        ]),
        "interface GigabitEthernet0/0/1",
        " traffic-filter inbound acl name EDGE",
        " traffic-filter inbound acl ipv6 name EDGE",
        "#\n",
      ]
        .join("\n")
        .replace(/(ipv6 name EDGE advance\n.*\n rule 10 permit) ip/, "$1 ipv6"),
    },
  });
});
