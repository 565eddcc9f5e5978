import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { awsNacl } from "./aws-nacl.ts";

const toMailer = "tcp 203.0.113.9:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.9:40000 > 192.0.2.7:25";
const answer = "tcp 203.0.113.9:25 > 192.0.2.7:40000 ack";

const entry = (number: number, action: string, protocol: string, more: object = {}) => ({
  CidrBlock: "0.0.0.0/0",
  Egress: false,
  Protocol: protocol,
  RuleAction: action,
  RuleNumber: number,
  ...more,
});
const smtp = { PortRange: { From: 25, To: 25 } };
const six = { CidrBlock: undefined, Ipv6CidrBlock: "::/0" };
const acl = (id: string, subnet: string, ...entries: readonly object[]) => ({
  Associations: [{ NetworkAclAssociationId: "a", NetworkAclId: id, SubnetId: subnet }],
  Entries: [...entries, entry(32767, "deny", "-1"), entry(32767, "deny", "-1", { Egress: true })],
  NetworkAclId: id,
  VpcId: "vpc-1",
});
const text = (...acls: readonly object[]): string => `${JSON.stringify({ NetworkAcls: acls }, null, 4)}\n`;

describe("entries", () => {
  test("the lowest number decides, whatever the order of the text", () => {
    const list = text(acl("acl-1", "subnet-1", entry(100, "allow", "-1"), entry(50, "deny", "6", smtp)));
    expect(ask(awsNacl, list, toMailer)).toMatchObject({ action: "deny" });
    expect(ask(awsNacl, list, "tcp 203.0.113.9:4 > 192.0.2.7:80").action).toBe("permit");
  });
  for (const [what, packet, want] of [
    [entry(10, "allow", "6", smtp), toMailer, "permit"],
    [entry(10, "allow", "tcp", { PortRange: { From: 1, To: 1024 } }), toMailer, "permit"],
    [entry(10, "allow", "17", smtp), toMailer, "deny"],
    [entry(10, "allow", "-1", { CidrBlock: "198.51.100.0/24" }), toMailer, "deny"],
    [entry(10, "allow", "-1", six), toMailer, "deny"],
    [entry(10, "allow", "6", { ...smtp, Egress: true }), toMailer, "deny"],
    [entry(10, "allow", "1", { IcmpTypeCode: { Code: -1, Type: 8 } }), "icmp 203.0.113.9 > 192.0.2.7:2048", "permit"],
    // It knows no state: an answer needs an entry of its own.
    [entry(10, "allow", "6", smtp), answer, "deny"],
    [entry(10, "allow", "6", { PortRange: { From: 1024, To: 65535 } }), answer, "permit"],
    [entry(10, "perhaps", "-1"), toMailer, "unknown"],
    [entry(10, "allow", "frobnicate"), toMailer, "unknown"],
  ] as const)
    test(`${JSON.stringify(what)}: ${packet} ${want}`, () => {
      expect(ask(awsNacl, text(acl("acl-1", "subnet-1", what)), packet).action).toBe(want);
    });
});

describe("several lists", () => {
  const lists = text(
    acl("acl-1", "subnet-1", entry(100, "allow", "-1")),
    acl("acl-2", "subnet-2", entry(50, "deny", "6", smtp), entry(100, "allow", "-1")),
  );
  const subnets = JSON.stringify({
    Subnets: [
      { SubnetId: "subnet-1", CidrBlock: "192.0.2.16/28" },
      { SubnetId: "subnet-2", CidrBlock: "192.0.2.0/28" },
    ],
  });
  test("which one has to be said", () => {
    expect(ask(awsNacl, lists, toMailer)).toMatchObject({
      action: "unknown",
      why: expect.stringMatching(/acl-1, acl-2/),
    });
    expect(ask(awsNacl, lists, toMailer, { at: "acl-1" }).action).toBe("permit");
    expect(ask(awsNacl, lists, toMailer, { list: "acl-2" }).action).toBe("deny");
  });
  test("with what describe-subnets prints, each for what is behind it", () => {
    expect(ask(awsNacl, lists + subnets, toMailer).action).toBe("permit");
    expect(ask(awsNacl, lists + subnets, toHost).action).toBe("deny");
    expect(ask(awsNacl, lists + subnets, "tcp 203.0.113.9:4 > 192.0.2.200:25").action).toBe("unknown");
  });
  test("entries without their list", () => {
    const template = JSON.stringify({
      Resources: {
        E: {
          Type: "AWS::EC2::NetworkAclEntry",
          Properties: { NetworkAclId: "acl-1", ...entry(50, "deny", "6", smtp) },
        },
      },
    });
    expect(ask(awsNacl, template, toMailer).action).toBe("deny");
    expect(ask(awsNacl, template, "tcp 203.0.113.9:4 > 192.0.2.7:80").action).toBe("unknown");
  });
  test("no list, and no JSON", () => {
    expect(ask(awsNacl, text(), toMailer).action).toBe("unknown");
    expect(ask(awsNacl, lists.slice(0, 100), toMailer).action).toBe("unknown");
  });
});

laws(awsNacl, {
  torn: "never exact",
  samples: [
    '{"NetworkAcls": [',
    JSON.stringify(acl("acl-1", "subnet-1", entry(50, "deny", "6", smtp))),
    "]}",
    '"Entries": [',
    "[[[[{",
    text(acl("acl-1", "s", entry(1, "allow", "-1"))),
  ],
  needed: null,
});
