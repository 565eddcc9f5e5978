import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { panos } from "./panos.ts";

const toMailer = "tcp 203.0.113.99:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.99:40000 > 192.0.2.7:25";
const at = { at: "untrust" } as const;

const objects = [
  "set zone untrust network layer3 ethernet1/1",
  "set zone trust network layer3 [ ethernet1/2 ethernet1/3 ]",
  "set zone dmz network layer3 ethernet1/4",
  "set address mx ip-netmask 192.0.2.25",
  "set address site ip-netmask 192.0.2.1/24",
  "set address hosts ip-range 192.0.2.5-192.0.2.9",
  "set address named fqdn mail.ourcollege.example",
  "set address holes ip-wildcard 192.0.2.7/0.0.255.0",
  "set address-group mailers static [ mx mailers ]",
  "set address-group tagged dynamic filter \"'mail'\"",
  "set external-list drop type ip url http://lists.example/drop.txt",
  "set service tcp-25 protocol tcp port 25",
  "set service many protocol tcp port 20-24,25,1000-2000",
  "set service high protocol tcp port 25 source-port 1024-65535",
  "set service-group mail members [ tcp-25 service-https ]",
  "set application-group mail-apps members [ smtp imap ]",
  "set application own-app default port tcp/25",
].join("\n");
const rule = (text: string, name = "r"): string => {
  const defaults: Record<string, string> = {
    from: "untrust",
    to: "trust",
    source: "any",
    destination: "any",
    application: "any",
    service: "any",
    action: "allow",
  };
  for (const [, key = "", value = ""] of text.matchAll(/(\S+)=(\[[^\]]*\]|\S+)/g)) defaults[key] = value;
  return Object.entries(defaults)
    .map(([key, value]) => `set rulebase security rules ${name} ${key} ${value}`)
    .join("\n");
};

describe("rules", () => {
  for (const [text, packet, want] of [
    ["destination=mx service=tcp-25", toMailer, "permit"],
    ["destination=mx service=tcp-25", toHost, "deny"],
    ["destination=mailers", toMailer, "permit"],
    ["destination=site", toHost, "permit"],
    ["destination=[ hosts mx ]", toHost, "permit"],
    ["destination=192.0.2.0/24", toHost, "permit"],
    ["destination=192.0.2.1-192.0.2.20", toHost, "permit"],
    ["destination=holes", "tcp 203.0.113.99:40000 > 192.0.77.7:25", "permit"],
    ["destination=named", toHost, "unknown"],
    ["destination=tagged", toHost, "unknown"],
    ["destination=gone", toHost, "unknown"],
    ["source=drop", toHost, "unknown"],
    ["source=RU", toHost, "unknown"],
    ["destination=mailers negate-destination=yes", toHost, "permit"],
    ["destination=mailers negate-destination=yes", toMailer, "deny"],
    ["source=site negate-source=yes", toHost, "permit"],
    // Services.
    ["service=many", toHost, "permit"],
    ["service=[ mail service-http ]", toHost, "permit"],
    ["service=service-https", toHost, "deny"],
    ["service=high", "tcp 203.0.113.99:25 > 192.0.2.7:25", "deny"],
    ["service=gone", toHost, "unknown"],
    // Applications are known only after some packets; SMTP at port 25 is what a rule for smtp allows.
    ["application=smtp service=application-default", toHost, "permit"],
    ["application=mail-apps service=application-default", toHost, "permit"],
    ["application=any service=application-default", toHost, "permit"],
    ["application=[ web-browsing ssl ] service=application-default", toHost, "deny"],
    ["application=ping service=application-default", toHost, "deny"],
    ["application=web-browsing service=any", toHost, "unknown"],
    ["application=madeup service=application-default", toHost, "unknown"],
    ["application=own-app service=application-default", toHost, "unknown"],
    ["application=own-app service=application-default", "tcp 203.0.113.99:40000 > 192.0.2.7:80", "deny"],
    // Zones.
    ["from=any to=any", toHost, "permit"],
    ["from=trust", toHost, "deny"],
    ["to=[ dmz trust ]", toHost, "permit"],
    ["rule-type=intrazone", toHost, "deny"],
    ["rule-type=interzone", toHost, "permit"],
    // What the model does not hold, and what changes nothing.
    ["source-user=staff", toHost, "unknown"],
    ["source-user=any category=any hip-profiles=any log-end=yes profile-setting=x", toHost, "permit"],
    ["category=spam-urls", toHost, "unknown"],
    ["schedule=night", toHost, "unknown"],
    ["frobnicate=x", toHost, "unknown"],
    ["disabled=yes", toHost, "deny"],
    ["action=reset-both", toHost, "deny"],
    ["action=frobnicate", toHost, "unknown"],
  ] as const)
    test(`${text} :: ${packet}`, () => expect(ask(panos, `${objects}\n${rule(text)}`, packet, at).action).toBe(want));

  test("a deny with an application lets the handshake pass", () => {
    const text = [objects, rule("application=smtp service=application-default action=deny"), rule("", "all")].join(
      "\n",
    );
    expect(ask(panos, text, toHost, at).action).toBe("unknown");
  });

  test("order, move and delete", () => {
    const text = [objects, rule("", "all"), rule("service=tcp-25 action=drop", "no")].join("\n");
    expect(ask(panos, text, toHost, at).action).toBe("permit");
    expect(ask(panos, `${text}\nmove rulebase security rules no top`, toHost, at).action).toBe("deny");
    expect(ask(panos, `${text}\nmove rulebase security rules no before all`, toHost, at).action).toBe("deny");
    expect(ask(panos, `${text}\nmove rulebase security rules all bottom`, toHost, at).action).toBe("deny");
    expect(ask(panos, `${text}\ndelete rulebase security rules all`, toHost, at).action).toBe("deny");
    expect(
      ask(
        panos,
        text.replace("all action allow", "all action allow\nset rulebase security rules all action deny"),
        toHost,
        at,
      ).action,
    ).toBe("deny");
  });

  test("one line may say everything", () => {
    const text =
      "set rulebase security rules r from untrust to trust source any destination any application any service any action allow";
    expect(ask(panos, `${objects}\n${text}`, toHost, at).action).toBe("permit");
  });

  test("what no rule decides", () => {
    expect(ask(panos, objects, toHost, at)).toMatchObject({ action: "deny", text: "interzone-default: deny" });
    const open = `${objects}\nset rulebase default-security-rules rules interzone-default action allow`;
    expect(ask(panos, open, toHost, at).action).toBe("permit");
    expect(ask(panos, objects, `${toHost} established`, at).action).toBe("permit");
  });

  test("pre-rules and post-rules of Panorama stand around the firewall's own", () => {
    const around = (place: string, text: string): string =>
      rule(text, place).replaceAll("set rulebase", `set policy panorama ${place}-rulebase`);
    const own = rule("service=tcp-25 action=deny", "own");
    expect(ask(panos, [objects, own, around("pre", "destination=mx")].join("\n"), toMailer, at).action).toBe("permit");
    expect(ask(panos, [objects, own, around("post", "destination=mx")].join("\n"), toMailer, at).action).toBe("deny");
  });

  test("device groups with their parents", () => {
    const group = (name: string, place: string, text: string): string =>
      rule(text, `${name}-${place}`).replaceAll("set rulebase", `set device-group ${name} ${place}-rulebase`);
    const text = [
      "set template T config devices localhost.localdomain vsys vsys1 zone untrust network layer3 ethernet1/1",
      "set shared address mx ip-netmask 192.0.2.25",
      "set device-group edge devices 0001",
      "set device-group edge parent-dg all",
      group("edge", "pre", "service=any action=deny"),
      group("all", "pre", "destination=mx"),
      "set device-group all description top",
    ].join("\n");
    const reading = panos.read("f", text);
    expect(reading.lists).toEqual(["device-group edge", "device-group all"]);
    expect(reading.crossing("untrust", { family: 4, direction: "in" }).unknown).toContain("device-group edge");
    expect(ask(panos, text, toMailer, { list: "device-group edge", at: "untrust" }).action).toBe("permit");
    expect(ask(panos, text, toHost, { list: "device-group edge", at: "untrust" }).action).toBe("deny");
  });
});

const xml = (rules: string, more = ""): string => `<?xml version="1.0"?>
<config version="10.1.0" urldb="paloaltonetworks">
  <shared><address><entry name="mx"><ip-netmask>192.0.2.25/32</ip-netmask></entry></address></shared>
  <devices><entry name="localhost.localdomain">
    <deviceconfig><setting><session><ipv6-firewalling>${more}</ipv6-firewalling></session></setting></deviceconfig>
    <vsys>
      <entry name="vsys1">
        <zone>
          <entry name="untrust"><network><layer3><member>ethernet1/1</member></layer3></network></entry>
          <entry name="trust"><network><layer3><member>ethernet1/2</member></layer3></network></entry>
        </zone>
        <service><entry name="tcp-25"><protocol><tcp><port>25</port><override><no/></override></tcp></protocol></entry></service>
        <rulebase><security><rules>
          ${rules}
        </rules></security></rulebase>
      </entry>
    </vsys>
  </entry></devices>
</config>
`;
const entry = (name: string, action: string, destination: string): string =>
  `<entry name="${name}" uuid="1"><from><member>untrust</member></from><to><member>trust</member></to><source><member>any</member></source>
   <destination><member>${destination}</member></destination><source-user><member>any</member></source-user><category><member>any</member></category>
   <application><member>any</member></application><service><member>tcp-25</member></service><action>${action}</action>
   <target><negate>no</negate></target><description>a &amp; b &lt;c&gt;</description></entry>`;

describe("XML", () => {
  test("says the same", () => {
    const text = xml(`${entry("in mail", "allow", "mx")}${entry("no mail", "deny", "any")}`);
    expect(ask(panos, text, toMailer, at)).toMatchObject({
      action: "permit",
      line: 14,
      attachment: expect.stringContaining("vsys1"),
    });
    expect(ask(panos, text, toHost, { at: "ethernet1/1" }).action).toBe("deny");
    expect(panos.read("f", text).troubles).toEqual([]);
  });
  test("that breaks off is said to", () => {
    const text = xml(entry("in", "allow", "mx"));
    expect(panos.read("f", text.slice(0, text.length - 40)).troubles.length).toBeGreaterThan(0);
    expect(panos.read("f", text.replace("</rules>", "")).troubles.length).toBeGreaterThan(0);
  });
  test("IPv6 that is switched off meets no rules", () => {
    const packet = "tcp [2001:db8:f::1]:40000 > [2001:db8:25::1]:25";
    expect(ask(panos, xml(entry("in", "allow", "any"), "no"), packet, at).action).toBe("unknown");
    expect(ask(panos, xml(entry("in", "allow", "any"), "yes"), packet, at).action).toBe("permit");
  });
  test("the brace form says the same", () => {
    const braces = `config { devices { localhost.localdomain { vsys { vsys1 {
      zone { untrust { network { layer3 ethernet1/1; } } trust { network { layer3 [ ethernet1/2 ]; } } }
      rulebase { security { rules { "in mail" { from untrust; to [ trust ]; source any; destination 192.0.2.25/32; application any; service any; action allow; } } } }
    } } } } }`;
    expect(ask(panos, braces, toMailer, at).action).toBe("permit");
    expect(ask(panos, braces, toHost, at).action).toBe("deny");
  });
  test("several virtual systems: the zone's", () => {
    const two = [1, 2].flatMap((number) => [
      `set vsys vsys${number} zone out${number} network layer3 ethernet1/${number}`,
      rule(`from=out${number} to=any action=${number === 1 ? "allow" : "deny"}`).replaceAll(
        "set rulebase",
        `set vsys vsys${number} rulebase`,
      ),
    ]);
    expect(ask(panos, two.join("\n"), toHost, { at: "ethernet1/1" }).action).toBe("permit");
    expect(ask(panos, two.join("\n"), toHost, { at: "out2" }).action).toBe("deny");
  });
});

describe("laws", () => {
  laws(panos, {
    brokenOff: "told",
    rollback: "reads",
    needed: /^set .* action allow$/,
    idle: /^(#|move )/,
    samples: [
      ...objects.split("\n"),
      ...rule("service=tcp-25").split("\n"),
      "move rulebase security rules r top",
      "delete rulebase security rules r",
      '<entry name="x"><member>any</member></entry>',
      "rulebase { security { rules { x { from any; } } } }",
    ],
    existing: {
      list: "vsys1",
      text: `${[objects, rule("source=198.18.0.0/15 action=deny", "bogons"), rule("", "all"), rule("from=trust to=untrust", "out")].join("\n")}\n`,
    },
  });
});
