import { describe, expect, test } from "vitest";
import { ask } from "../../../../test/filters/ask.ts";
import { laws } from "../../../../test/filters/laws.ts";
import { azureNsg } from "./azure-nsg.ts";

const toMailer = "tcp 203.0.113.9:40000 > 192.0.2.25:25";
const toHost = "tcp 203.0.113.9:40000 > 192.0.2.7:25";
const out = "tcp 192.0.2.7:40000 > 203.0.113.9:25";

const rule = (priority: number, access: string, more: object = {}) => ({
  name: `r${priority}`,
  priority,
  access,
  direction: "Inbound",
  protocol: "Tcp",
  sourceAddressPrefix: "*",
  sourceAddressPrefixes: [],
  sourcePortRange: "*",
  destinationAddressPrefix: "*",
  destinationPortRange: "25",
  destinationPortRanges: [],
  ...more,
});
const text = (...rules: readonly object[]): string =>
  `${JSON.stringify({ name: "edge", location: "x", securityRules: rules }, null, 2)}\n`;

describe("one rule", () => {
  for (const [what, packet, want] of [
    [rule(200, "Allow"), toMailer, "permit"],
    [rule(200, "Allow", { destinationPortRange: "20-30" }), toMailer, "permit"],
    [rule(200, "Allow", { destinationPortRange: "", destinationPortRanges: ["587", "20-30"] }), toMailer, "permit"],
    [rule(200, "Allow", { destinationPortRange: "80,25" }), toMailer, "permit"],
    [rule(200, "Allow", { protocol: "*", destinationPortRange: "*" }), toMailer, "permit"],
    [rule(200, "Allow", { protocol: "Udp" }), toMailer, "deny"],
    [rule(200, "Allow", { direction: "Outbound" }), toMailer, "deny"],
    [rule(200, "Allow", { sourceAddressPrefix: "Internet" }), toMailer, "permit"],
    [rule(200, "Allow", { sourceAddressPrefix: "VirtualNetwork" }), toMailer, "deny"],
    [rule(200, "Allow", { destinationAddressPrefix: "VirtualNetwork" }), toMailer, "permit"],
    [
      rule(200, "Allow", { sourceAddressPrefix: undefined, sourceAddressPrefixes: ["203.0.113.0/28", "198.51.100.1"] }),
      toMailer,
      "permit",
    ],
    [rule(200, "Allow", { destinationAddressPrefix: "192.0.2.25" }), toHost, "deny"],
    [rule(200, "Allow", { sourceAddressPrefix: "AzureCloud.westeurope" }), toMailer, "unknown"],
    [
      rule(200, "Allow", { destinationAddressPrefix: "", destinationApplicationSecurityGroups: [{ id: "mail" }] }),
      toMailer,
      "unknown",
    ],
    [rule(200, "Allow", { protocol: "frobnicate" }), toMailer, "unknown"],
    [rule(200, "Allow", { destinationPortRange: "smtp" }), toMailer, "unknown"],
    [rule(200, "Perhaps"), toMailer, "unknown"],
    // Defaults: nothing comes in from the Internet, all goes out to it.
    [rule(200, "Allow", { protocol: "Udp" }), "tcp 10.0.0.7:4 > 192.0.2.25:25", "permit"],
    [rule(200, "Allow"), "tcp 203.0.113.9:4 > 192.0.2.7:80", "deny"],
    [rule(200, "Allow"), "tcp 203.0.113.9:25 > 192.0.2.7:40000 ack", "permit"],
  ] as const)
    test(`${JSON.stringify(what)}: ${packet} ${want}`, () => {
      expect(ask(azureNsg, text(what), packet).action).toBe(want);
    });
});

describe("groups", () => {
  test("the lowest priority decides, whatever the order of the text", () => {
    const rules = text(rule(300, "Deny"), rule(200, "Allow", { destinationAddressPrefix: "192.0.2.25" }));
    expect(ask(azureNsg, rules, toMailer).action).toBe("permit");
    expect(ask(azureNsg, rules, toHost)).toMatchObject({ action: "deny", line: 5 });
  });
  test("going out", () => {
    expect(ask(azureNsg, text(), out, { direction: "out" }).action).toBe("permit");
    const deny = rule(300, "Deny", {
      direction: "Outbound",
      sourceAddressPrefix: "192.0.2.7",
      destinationAddressPrefix: "Internet",
    });
    expect(ask(azureNsg, text(deny), out, { direction: "out" }).action).toBe("deny");
    expect(ask(azureNsg, text(deny), "tcp 192.0.2.25:4 > 203.0.113.9:25", { direction: "out" }).action).toBe("permit");
  });
  test("default rules that the text gives, and rules with properties", () => {
    const group = {
      type: "Microsoft.Network/networkSecurityGroups",
      name: "edge",
      properties: {
        securityRules: [{ name: "a", properties: rule(400, "Deny") }],
        defaultSecurityRules: [
          { name: "AllowAll", properties: rule(65000, "Allow", { protocol: "*", destinationPortRange: "*" }) },
        ],
      },
    };
    expect(ask(azureNsg, JSON.stringify([group]), toMailer).action).toBe("deny");
    expect(ask(azureNsg, JSON.stringify([group]), "tcp 203.0.113.9:4 > 192.0.2.7:80").action).toBe("permit");
  });
  test("several groups have to be told apart", () => {
    const two = `[${text(rule(200, "Allow"))},${text(rule(200, "Deny")).replace("edge", "other")}]`;
    expect(ask(azureNsg, two, toMailer)).toMatchObject({
      action: "unknown",
      why: expect.stringMatching(/edge, other/),
    });
    expect(ask(azureNsg, two, toMailer, { at: "EDGE" }).action).toBe("permit");
    expect(ask(azureNsg, two, toMailer, { list: "other" }).action).toBe("deny");
    expect(ask(azureNsg, two, toMailer, { at: "third" }).action).toBe("unknown");
  });
  test("no group, and no JSON", () => {
    expect(ask(azureNsg, "{}", toMailer).action).toBe("unknown");
    expect(ask(azureNsg, text(rule(200, "Allow")).slice(0, -8), toMailer).action).toBe("unknown");
  });
});

laws(azureNsg, {
  torn: "never exact",
  samples: [
    '{"name": "edge", "securityRules": [',
    JSON.stringify(rule(200, "Allow")),
    "]}",
    '"properties": {',
    "[[[[{",
    text(rule(200, "Allow", { destinationAddressPrefix: "192.0.2.25" })),
  ],
  needed: null,
});
