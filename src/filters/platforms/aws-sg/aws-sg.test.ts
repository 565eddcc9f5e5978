import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { awsSg } from "./aws-sg.ts";

const toMailer = "tcp 203.0.113.9:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.9:40000 > 192.0.2.7:25";
const out = "tcp 192.0.2.7:40000 > 203.0.113.9:25";

const permission = (protocol: string, from: number | null, to: number | null, more: object) => ({
  IpProtocol: protocol,
  ...(from === null ? {} : { FromPort: from, ToPort: to }),
  IpRanges: [],
  Ipv6Ranges: [],
  PrefixListIds: [],
  UserIdGroupPairs: [],
  ...more,
});
const anyone = { IpRanges: [{ CidrIp: "0.0.0.0/0" }] };
const group = (id: string, name: string, ingress: readonly object[], egress: readonly object[] = []) => ({
  Description: "for tests",
  GroupName: name,
  GroupId: id,
  IpPermissions: ingress,
  IpPermissionsEgress: egress,
  VpcId: "vpc-1",
});
const text = (...groups: readonly object[]): string => `${JSON.stringify({ SecurityGroups: groups }, null, 4)}\n`;

describe("one permission", () => {
  for (const [what, packet, want] of [
    [permission("tcp", 25, 25, anyone), toMailer, "permit"],
    [permission("6", 20, 30, anyone), toMailer, "permit"],
    [permission("tcp", 587, 587, anyone), toMailer, "deny"],
    [permission("-1", null, null, anyone), toMailer, "permit"],
    [permission("udp", 25, 25, anyone), toMailer, "deny"],
    [permission("tcp", 0, 65535, { Ipv6Ranges: [{ CidrIpv6: "::/0" }] }), toMailer, "deny"],
    [
      permission("tcp", 25, 25, { Ipv6Ranges: [{ CidrIpv6: "::/0" }] }),
      "tcp [2001:db8:f::9]:4 > [2001:db8:25::1]:25",
      "permit",
    ],
    [permission("tcp", 25, 25, { IpRanges: [{ CidrIp: "203.0.113.0/28", Description: "relay" }] }), toMailer, "permit"],
    [permission("tcp", 25, 25, { IpRanges: [{ CidrIp: "198.51.100.0/24" }] }), toMailer, "deny"],
    [permission("icmp", 8, -1, anyone), "icmp 203.0.113.9 > 192.0.2.7:2048", "permit"],
    [permission("icmp", -1, -1, anyone), "icmp 203.0.113.9 > 192.0.2.7:768", "permit"],
    // Members of a group are no strangers; what a prefix list holds is not told.
    [permission("tcp", 25, 25, { UserIdGroupPairs: [{ GroupId: "sg-2", UserId: "1" }] }), toMailer, "deny"],
    [
      permission("tcp", 25, 25, { UserIdGroupPairs: [{ GroupId: "sg-2" }] }),
      "tcp 10.0.0.7:4 > 192.0.2.25:25",
      "unknown",
    ],
    [permission("tcp", 25, 25, { PrefixListIds: [{ PrefixListId: "pl-1" }] }), toMailer, "unknown"],
    [permission("frobnicate", 25, 25, anyone), toMailer, "unknown"],
    [permission("tcp", 25, 25, { IpRanges: [{ CidrIp: "everyone" }] }), toMailer, "unknown"],
  ] as const)
    test(`${JSON.stringify(what)}: ${packet} ${want}`, () => {
      expect(ask(awsSg, text(group("sg-1", "mail", [what])), packet).action).toBe(want);
    });
});

describe("groups", () => {
  const two = text(
    group("sg-1", "mail", [permission("tcp", 25, 25, anyone)], [permission("-1", null, null, anyone)]),
    group("sg-2", "web", [permission("tcp", 443, 443, anyone)], [permission("tcp", 443, 443, anyone)]),
  );
  test("together they allow what one of them allows", () => {
    expect(ask(awsSg, two, toMailer)).toMatchObject({ action: "permit", line: 8 });
    expect(ask(awsSg, two, toMailer).attachment).toMatch(/sg-1 \(mail\) and sg-2 \(web\), together/);
  });
  test("one alone, by its name or id", () => {
    expect(ask(awsSg, two, toMailer, { at: "web" }).action).toBe("deny");
    expect(ask(awsSg, two, out, { at: "SG-2", direction: "out" }).action).toBe("deny");
    expect(ask(awsSg, two, out, { at: "sg-1", direction: "out" }).action).toBe("permit");
    expect(ask(awsSg, two, toMailer, { at: "sg-9" }).action).toBe("unknown");
  });
  test("answers pass", () => {
    expect(ask(awsSg, two, "tcp 203.0.113.9:25 > 192.0.2.7:40000 ack").action).toBe("permit");
  });
  test("with what describe-network-interfaces prints, each for its hosts", () => {
    const interfaces = {
      NetworkInterfaces: [
        {
          NetworkInterfaceId: "eni-1",
          Groups: [{ GroupId: "sg-1", GroupName: "mail" }],
          PrivateIpAddresses: [{ PrivateIpAddress: "192.0.2.25", Primary: true }],
          Ipv6Addresses: [{ Ipv6Address: "2001:db8:25::25" }],
        },
        {
          NetworkInterfaceId: "eni-2",
          Groups: [{ GroupId: "sg-2" }],
          PrivateIpAddresses: [{ PrivateIpAddress: "192.0.2.7" }],
        },
      ],
    };
    const both = two + JSON.stringify(interfaces);
    expect(ask(awsSg, both, toMailer).action).toBe("permit");
    expect(ask(awsSg, both, toHost).action).toBe("deny");
  });
  test("rules by themselves, and templates", () => {
    const rules = JSON.stringify({
      SecurityGroupRules: [
        {
          SecurityGroupRuleId: "sgr-1",
          GroupId: "sg-1",
          IsEgress: false,
          IpProtocol: "tcp",
          FromPort: 25,
          ToPort: 25,
          CidrIpv4: "0.0.0.0/0",
        },
      ],
    });
    expect(ask(awsSg, rules, toMailer).action).toBe("permit");
    const resources = {
      Mail: { Type: "AWS::EC2::SecurityGroup", Properties: { GroupDescription: "m" } },
      In: {
        Type: "AWS::EC2::SecurityGroupIngress",
        Properties: {
          GroupId: { "Fn::GetAtt": ["Mail", "GroupId"] },
          IpProtocol: "tcp",
          FromPort: 25,
          ToPort: 25,
          CidrIp: "0.0.0.0/0",
        },
      },
    };
    expect(ask(awsSg, JSON.stringify({ Resources: resources }), toMailer).action).toBe("permit");
    // A group that says nothing of what goes out lets everything out.
    expect(ask(awsSg, JSON.stringify({ Resources: resources }), out, { direction: "out" }).action).toBe("permit");
  });
  test("no groups, and no JSON", () => {
    expect(ask(awsSg, text(), toMailer).action).toBe("unknown");
    expect(ask(awsSg, "{}", toMailer).action).toBe("unknown");
    expect(ask(awsSg, "sg-1", toMailer).action).toBe("unknown");
    expect(ask(awsSg, two.slice(0, -9), toMailer).action).toBe("unknown");
  });
});

laws(awsSg, {
  torn: "never exact",
  samples: [
    '{"SecurityGroups": [',
    JSON.stringify(group("sg-1", "mail", [permission("tcp", 25, 25, anyone)])),
    "]}",
    '"IpPermissions": [ { "IpProtocol": "-1" } ],',
    "[[[[[{",
    text(group("sg-1", "mail", [permission("tcp", 25, 25, { UserIdGroupPairs: [{ GroupId: "sg-2" }] })])),
  ],
  needed: null,
});
