import { expect, test } from "vitest";
import { parseIp } from "../net/ip.ts";
import { parseSite } from "../site/site.ts";
import { guardRule } from "./decide.ts";

const text = `name: Our College
domains: [ourcollege.example]
networks: [192.0.2.0/24]
mailers: [{name: mx1, host: mx1.ourcollege.example, addresses: [198.51.100.25]}]
contacts: {postmaster: postmaster@ourcollege.example}
`;

function ruleFor(yaml: string) {
  const read = parseSite(yaml, "site.yaml");
  if (!read.ok) throw new Error(read.errors[0]?.message);
  return guardRule(read.site);
}

const asked = (client: string | null, forwardPath: string, authenticated = false) => {
  const address = parseIp(client ?? "");
  return {
    client: address.ok ? address.value : null,
    authenticated,
    reversePath: "<someone@elsewhere.example>",
    forwardPath,
    recipient: "unknown" as const,
  };
};

const rule = ruleFor(text);

for (const [who, client, path, login, want] of [
  ["a stranger to us", "203.0.113.9", "<a@ourcollege.example>", false, "pass"],
  ["a stranger to a stranger", "203.0.113.9", "<a@elsewhere.example>", false, "550 5.7.1"],
  ["a stranger who logged in", "203.0.113.9", "<a@elsewhere.example>", true, "pass"],
  ["one of ours", "192.0.2.7", "<a@elsewhere.example>", false, "pass"],
  ["a managed mailer outside our networks", "198.51.100.25", "<a@elsewhere.example>", false, "pass"],
  ["nobody", null, "<a@elsewhere.example>", false, "550 5.7.1"],
  ["a route through us", "203.0.113.9", "<a%elsewhere.example@ourcollege.example>", false, "550 5.7.1"],
  ["no address at all", "203.0.113.9", "a@b@c", false, "553 5.1.3"],
] as const)
  test(`${who}: ${want}`, () => {
    const ruling = rule(asked(client, path, login));
    expect(ruling.action === "pass" ? "pass" : `${ruling.code} ${ruling.enhanced}`).toBe(want);
  });

test("the refused learn whom to tell", () => {
  expect(rule(asked("203.0.113.9", "<a@elsewhere.example>"))).toMatchObject({
    text: expect.stringMatching(/ \[203\.0\.113\.9\]; if this is wrong, tell postmaster@ourcollege\.example$/),
  });
  const mute = ruleFor(text.replace(/contacts.*\n/, ""));
  expect(mute(asked("203.0.113.9", "<a@elsewhere.example>"))).toMatchObject({
    text: expect.stringMatching(/\[203\.0\.113\.9\]$/),
  });
});
