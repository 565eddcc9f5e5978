import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIp } from "../net/ip.ts";
import { formatPrefix } from "../net/prefix.ts";
import { formatMailbox } from "../smtp/path.ts";
import { formatSiteProblem } from "./problem.ts";
import { siteJsonSchema } from "./schema.ts";
import { parseSite, type Site } from "./site.ts";

/** The example of the documentation, with every key. */
const full = `name: Our College
domains: [ourcollege.ac.uk, dept.ourcollege.ac.uk]
networks: [192.0.2.0/24, "2001:db8:25::/48"]
mailers:
  - name: mx1
    host: mx1.ourcollege.ac.uk
    addresses: [192.0.2.25, "2001:db8:25::25"]
    ports: [25, 587, 465, 2525, {port: 26, role: smarthost}]
    domains: [ourcollege.ac.uk]
    product: postfix
    acceptFrom: [203.0.113.0/24]
    inside: [10.1.1.2]
    sendsFrom: [192.0.2.26]
    handsTo: [hub]
  - name: hub
    addresses: [192.0.2.27]
policy: { internalToInternal: managed-only, internalSenderOnly: true, outboundPort25: managed-only, auth: refuse }
contacts: { postmaster: postmaster@ourcollege.ac.uk, csirt: irt@nren.example, tester: relaytest@nren.example }
check: { localRecipient: test@ourcollege.ac.uk, control: "mx.nren.example:2525", clientCertificate: client.pem }
catcher:
  domain: catch.fencepost-tests.example
  listen: "0.0.0.0:25"
  address: 198.51.100.9
  senderDomain: sender.fencepost-tests.example
  backupDomain: backup.fencepost-tests.example
mail:
  submit: smtp://robot@mx1.ourcollege.ac.uk
  alternative: smtps://college@provider.example
  abuseMailbox: imaps://abuse%40ourcollege.ac.uk@mx1.ourcollege.ac.uk/Complaints
  passwordFile: /etc/fencepost/password
  language: de-AT
recipients: /etc/fencepost/recipients
hostedMx: ["*.mail.protection.outlook.com", mx.provider.example]
`;

const least = "name: x\ndomains: [ours.example]\nnetworks: [192.0.2.0/24]\n";

function site(text: string): Site {
  const read = parseSite(text, "site.yaml");
  if (!read.ok) throw new Error(read.errors.map(formatSiteProblem).join("\n"));
  return read.site;
}
function errors(text: string): readonly string[] {
  const read = parseSite(text, "site.yaml");
  return read.ok ? [] : read.errors.map(formatSiteProblem);
}
function warnings(text: string): readonly string[] {
  const read = parseSite(text, "site.yaml");
  return read.ok ? read.warnings.map(formatSiteProblem) : errors(text);
}

test("every key is read", () => {
  const { mailers, check, catcher, mail, policy, recipients, hostedMx, networks } = site(full);
  expect(warnings(full)).toEqual([]);
  expect(networks.map(formatPrefix)).toEqual(["192.0.2.0/24", "2001:db8:25::/48"]);
  expect(mailers[0]?.ports).toEqual([
    { port: 25, role: "mx" },
    { port: 587, role: "submission" },
    { port: 465, role: "submission" },
    { port: 2525, role: "mx" },
    { port: 26, role: "smarthost" },
  ]);
  expect(mailers[0]?.acceptFrom?.map(formatPrefix)).toEqual(["203.0.113.0/24"]);
  expect(mailers[0]?.inside.map(formatIp)).toEqual(["10.1.1.2"]);
  expect(policy).toEqual({
    internalToInternal: "managed-only",
    internalSenderOnly: true,
    outboundPort25: "managed-only",
    auth: "refuse",
  });
  expect(check.localRecipient && formatMailbox(check.localRecipient)).toBe("test@ourcollege.ac.uk");
  expect(check.control).toEqual({ host: { kind: "name", name: "mx.nren.example" }, port: 2525 });
  expect(catcher?.addresses.map(formatIp)).toEqual(["198.51.100.9"]);
  expect(catcher?.backupDomain).toBe("backup.fencepost-tests.example");
  expect(mail.abuseMailbox).toMatchObject({
    protocol: "imaps",
    port: 993,
    user: "abuse@ourcollege.ac.uk",
    mailbox: "Complaints",
  });
  expect(mail.submit?.port).toBe(587);
  expect(recipients).toBe("/etc/fencepost/recipients");
  expect(hostedMx.map(({ covers }) => covers)).toEqual(["below", "exactly"]);
});

test("what is left out has its default", () => {
  const plain = site(`${least}mailers: [{name: mx1, addresses: [192.0.2.25]}]\n`);
  expect(plain.mailers[0]).toMatchObject({
    host: null,
    ports: [{ port: 25, role: "mx" }],
    domains: plain.domains,
    acceptFrom: null,
    handsTo: [],
  });
  expect(plain.policy).toEqual({
    internalToInternal: "permit",
    internalSenderOnly: false,
    outboundPort25: "open",
    auth: "permit",
  });
  expect(plain.catcher).toBe(null);
  expect(plain.mail.language).toBe("en");
});

for (const [text, ...want] of [
  ["", "site.yaml:1:1: expected a map with at least name, domains and networks; found nothing"],
  [
    "name: x\ndomian: [ours.example]\nnetworks: [192.0.2.0/24]\n",
    'site.yaml:1:1: "domains" is missing: expected a list of your mail domains, such as [ourcollege.ac.uk]',
    'site.yaml:2:1: unknown key "domian". Did you mean "domains"?',
  ],
  [
    `${least}policy:\n  internalSenderonly: true\n`,
    'site.yaml:5:3: policy: unknown key "internalSenderonly". Did you mean "internalSenderOnly"?',
  ],
  [
    `${least}check: {colour: red}\n`,
    'site.yaml:4:9: check: unknown key "colour". Known: localRecipient, control, clientCertificate',
  ],
  [
    "name: x\ndomains: [ours.example]\nnetworks:\n  - 10.1.1.2/23\n",
    "site.yaml:4:5: networks[0]: 10.1.1.2/23: host bits are set. Did you mean 10.1.0.0/23?",
  ],
  [
    "name: x\ndomains: [ours.example]\nnetworks: [0.0.0.0/0]\n",
    "site.yaml:3:12: networks[0]: 0.0.0.0/0: every client in 0.0.0.0/0 would count as internal. List only your own networks (/8 or longer)",
  ],
  [
    "name: x\ndomains: [ours.example]\nnetworks: [2001:db8::]\n",
    'site.yaml:3:12: networks[0]: expected a prefix, such as 192.0.2.0/24 or 2001:db8:25::/48; found a map. Put it in quotes: "2001:db8::"',
  ],
  [
    "name: 42\ndomains: [ours.example]\nnetworks: [192.0.2.0/24]\n",
    'site.yaml:1:7: name: expected the name of the organisation; found 42. Put it in quotes: "42"',
  ],
  [
    "name: x\ndomains: ours.example\nnetworks: [192.0.2.0/24]\n",
    'site.yaml:2:10: domains: expected a list of your mail domains, such as [ourcollege.ac.uk]; found "ours.example"',
  ],
  [
    "name: x\ndomains: []\nnetworks: [192.0.2.0/24]\n",
    "site.yaml:2:10: domains: expected a list of your mail domains, such as [ourcollege.ac.uk]; found a list",
  ],
  [
    `${least}policy: {auth: prmit}\n`,
    'site.yaml:4:16: policy.auth: expected permit, refuse, upstream; found "prmit". Did you mean permit?',
  ],
  [
    `${least}mailers: [{name: mx1, addresses: [192.0.2.25], ports: [{port: 25, role: smarthst}, 0]}]\n`,
    'site.yaml:4:73: mailers[0].ports[0].role: expected mx, submission, smarthost; found "smarthst". Did you mean smarthost?',
    "site.yaml:4:84: mailers[0].ports[1]: expected a port number, such as 25, or {port: 25, role: smarthost}; found 0",
  ],
  [
    `${least}mailers: [{name: mx1}]\n`,
    "site.yaml:4:18: mailers[0].name: expected a host or addresses, or nobody can tell where this mailer is",
  ],
  [
    `${least}mailers: [{name: mx1, host: a.example, handsTo: [hbu]}, {name: hub, host: b.example}, {name: hub, host: c.example}]\n`,
    "site.yaml:4:50: mailers[0].handsTo[0]: no mailer is named hbu. Did you mean hub?",
    "site.yaml:4:94: mailers[2].name: there is another mailer named hub",
  ],
  [
    `${least}check: {localRecipient: a@out.example}\n`,
    "site.yaml:4:25: check.localRecipient: a@out.example is in none of the site's domains. Test messages go only to addresses of the site",
  ],
  [
    `${least}catcher: {domain: c.ours.example}\n`,
    "site.yaml:4:19: catcher.domain: c.ours.example belongs to ours.example, a domain of the site; it must be outside, or it proves nothing",
  ],
  [
    `${least}catcher: {address: 192.0.2.9}\n`,
    "site.yaml:4:20: catcher.address: 192.0.2.9 is in the site's networks; a catcher inside proves nothing. Run it elsewhere",
  ],
  [
    `${least}mailers: [{name: mx1, host: mx.prov.example}]\nhostedMx: ["*.prov.example"]\n`,
    "site.yaml:4:29: mailers[0].host: mx.prov.example is also in hostedMx, which names what a provider runs. Take it out of one",
  ],
  // A password is not repeated.
  [
    `${least}mail: {submit: "smtp://u:s3cret@h.example"}\n`,
    "site.yaml:4:16: mail.submit: smtp://u:…@h.example: holds a password. Put it into a file and name that as mail.passwordFile",
  ],
  [
    "name: x\nname: y\ndomains: [ours.example]\nnetworks: [192.0.2.0/24]\n",
    "site.yaml:2:1: not YAML: Map keys must be unique",
  ],
  [
    "a: &a [x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d]\n",
    "site.yaml:5:20: aliases (*name) stand for too much here. Write the values out",
  ],
] as const) {
  test(`errors: ${want[0]}`, () => expect(errors(text)).toEqual(want));
}

test("values behind an alias are placed where they are written", () => {
  expect(
    errors("name: x\ndomains: &d [ours.example, -bad]\nnetworks: [192.0.2.0/24]\nhostedMx: *d\n").map((line) =>
      line.slice(0, 15),
    ),
  ).toEqual(["site.yaml:2:28:", "site.yaml:2:28:"]);
});

for (const [text, want] of [
  [
    `${least}mailers: [{name: mx1, addresses: [198.51.100.25]}]\n`,
    "site.yaml:4:35: mailers[0].addresses[0]: 198.51.100.25 is in none of the site's networks. Add its network, unless someone else runs it",
  ],
  [
    `${least}mailers: [{name: mx1, host: a.example, domains: [out.example]}]\n`,
    "site.yaml:4:50: mailers[0].domains[0]: out.example is none of the site's domains, so it counts as external",
  ],
  [
    `${least}mailers: [{name: a, addresses: [192.0.2.1]}, {name: b, addresses: [192.0.2.1]}]\n`,
    "site.yaml:4:68: mailers[1].addresses[0]: 192.0.2.1 is also an address of a",
  ],
  [
    `${least}mailers: [{name: a, host: a.example, handsTo: [b]}, {name: b, host: b.example, handsTo: [a]}]\n`,
    "site.yaml:4:47: mailers[0].handsTo: mail that a hands on comes back to it",
  ],
  [
    "name: x\ndomains: [ours.example, OURS.example.]\nnetworks: [192.0.2.0/24]\n",
    "site.yaml:2:25: domains[1]: ours.example is listed twice",
  ],
] as const) {
  test(`warnings: ${want}`, () => expect(warnings(text)).toEqual([want]));
}

test("at most 50 problems, and each on its line", () => {
  const many = errors(`name: x\ndomains: [ours.example]\nnetworks:\n${"  - nonsense\n".repeat(500)}`);
  expect(many.length).toBe(50);
  expect(many[49]?.startsWith("site.yaml:53:5: ")).toBe(true);
});

test("any text is read or refused, never thrown at", () => {
  const yamlLike = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "\n",
          ": ",
          "- ",
          "[",
          "]",
          "{",
          "}",
          "&a ",
          "*a",
          "'",
          '"',
          "|\n",
          "!!binary ",
          "name",
          "domains",
          "networks",
          "  ",
          "? ",
        ),
        fc.string({ maxLength: 4 }),
      ),
      { maxLength: 20 },
    )
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(yamlLike, (text) => {
      const read = parseSite(text, "f");
      expect(read.ok || read.errors.length > 0).toBe(true);
    }),
  );
  for (const deep of ["[".repeat(5000), "{a: ".repeat(3000), "- ".repeat(5000), `${"[".repeat(600)}${"]".repeat(600)}`])
    expect(parseSite(deep, "f").ok).toBe(false);
});

test("100,000 networks are read quickly", () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `  - 10.${(i >> 8) & 255}.${i & 255}.${i >> 16}/32\n`);
  const started = performance.now();
  expect(site(`name: x\ndomains: [ours.example]\nnetworks:\n${lines.join("")}`).networks.length).toBe(100_000);
  expect(performance.now() - started).toBeLessThan(15_000); // it takes about 1.5 s, most of it in the YAML library
});

test("schemas/site.json is the schema of the code", async () => {
  await expect(`${JSON.stringify(siteJsonSchema(), null, 2)}\n`).toMatchFileSnapshot("../../schemas/site.json");
});
