import { expect, test } from "vitest";
import { postfix } from "../../test/repair/records.ts";
import { parseSite } from "../site/site.ts";
import { brief } from "./brief.ts";
import { type BriefDocument, briefDocumentSchema } from "./brief-result.ts";

function briefOf(more: string, mailer: string, product = false): BriefDocument {
  const read = parseSite(
    `name: Our College\ndomains: [ourcollege.example, "*.dept.ourcollege.example"]\nnetworks: [192.0.2.0/24]\nmailers: [${mailer}]\n${more}`,
    "site.yaml",
  );
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  const [first] = read.site.mailers;
  if (first === undefined) throw new Error("no mailer");
  const made = brief({
    site: read.site,
    mailer: first,
    product: product ? postfix : null,
    found: [],
    whereabouts: { site: null, store: null },
    now: "2026-11-24T12:00:00.000Z",
  });
  return briefDocumentSchema.parse(made);
}

const says = ({ requirements }: BriefDocument): string => requirements.map((one) => one.says).join("\n");
const mx = "{ name: mx1, addresses: [192.0.2.25, '2001:db8:25::25'] }";

test("each address and port is named, IPv6 in brackets", () => {
  const { listeners } = briefOf("", "{ name: mx1, addresses: [192.0.2.25, '2001:db8:25::25'], ports: [25, 587] }");
  expect(listeners.map(({ listener, role }) => `${listener} ${role}`)).toEqual([
    "192.0.2.25:25 mx",
    "[2001:db8:25::25]:25 mx",
    "192.0.2.25:587 submission",
    "[2001:db8:25::25]:587 submission",
  ]);
});

test("the four cells are those of the rule, the first by local policy", () => {
  const cells = (more: string) =>
    briefOf(more, mx).cells.map(({ client, recipient, rule }) => `${client} ${recipient} ${rule}`);
  expect(cells("")).toEqual([
    "internal internal permit",
    "internal external permit",
    "external internal permit",
    "external external forbid",
  ]);
  expect(cells("policy: { internalToInternal: managed-only }")[0]).toBe("internal internal managed-only");
});

test("what strangers must not do is refused with 550 5.7.1, at RCPT TO", () => {
  const refusing = briefOf("", mx).requirements.filter(({ reply }) => reply?.startsWith("550 5.7.1") === true);
  expect(refusing.length).toBe(3);
  expect(refusing[0]?.cites).toContain("RFC 5321 §7.9");
});

for (const [what, more, mailer, wants, wantsNot] of [
  // The acceptance is about what this mailer is for.
  [
    "a submission port",
    "",
    "{ name: s, addresses: [192.0.2.25], ports: [587] }",
    /only after a login/,
    /whatever the sender, <>/,
  ],
  [
    "a site without logins",
    "policy: { auth: refuse }",
    "{ name: s, addresses: [192.0.2.25], ports: [587] }",
    /AUTH MUST NOT be offered/,
    /nor logged in/,
  ],
  ["a plain mx", "", mx, /not in the networks above/, /only after a login/],
  [
    "a gateway in front",
    "",
    "{ name: mx1, addresses: [192.0.2.25], acceptFrom: [203.0.113.0/24] }",
    /from 203\.0\.113\.0\/24, and nobody else/,
    /behind NAT/,
  ],
  ["behind NAT", "", "{ name: mx1, addresses: [192.0.2.25], inside: [10.1.1.2] }", /behind NAT/, /nobody else/],
  [
    "senders that are ours",
    "policy: { internalSenderOnly: true }",
    mx,
    /MUST use a sender in the domains/,
    /behind NAT/,
  ],
] as const)
  test(`${what}: the requirements say so`, () => {
    expect(says(briefOf(more, mailer))).toMatch(wants);
    expect(says(briefOf(more, mailer))).not.toMatch(wantsNot);
  });

test("the acceptance test is the command, and what it must say", () => {
  const { acceptance } = briefOf("", mx, true);
  expect(acceptance.command).toBe("fencepost check mx1 --profile full");
  expect(acceptance.expects.join(" ")).toMatch(/CLOSED for every address and port above, and exit code 0/);
  expect(acceptance.also.join(" ")).toMatch(/fencepost audit mx1=PATH/);
});

test("the product's own words stand beside the requirement that they bring about", () => {
  const { requirements, product } = briefOf("", mx, true);
  expect(product).toEqual({ id: "postfix", name: "Postfix", checkedAgainst: "running" });
  expect(requirements.filter((one) => one.product.length > 0).map(({ product: words }) => words)).toEqual([
    ["smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination"],
  ]);
});

test("every requirement says where it is written", () => {
  for (const { id, cites } of briefOf("policy: { internalSenderOnly: true }", mx).requirements) {
    expect(cites.length, id).toBeGreaterThan(0);
    for (const cite of cites) expect(cite).toMatch(/^RFC \d{3,4} (§[0-9.]+|appendix [A-Z])$/);
  }
});
