import fc from "fast-check";
import { expect, test } from "vitest";
import { opensmtpdVariants } from "../../../../test/lab/mailers/opensmtpd.ts";
import type { ConfigTree } from "../../../ports.ts";
import { parseSite } from "../../../site/site.ts";
import { auditTree } from "../../examine.ts";
import type { AuditResult } from "../../result.ts";
import { treeOf } from "../../tree.ts";

const site = parseSite(
  `name: Our College
domains: [ourcollege.ac.uk, "*.ourcollege.ac.uk"]
networks: [10.1.1.0/24, "2001:db8:1::/48"]
mailers: [{name: mx1, host: mx1.ourcollege.ac.uk, addresses: [10.1.1.2, "2001:db8:1::2"]}]
`,
  "site.yaml",
);

/** What the lab puts onto every machine. */
const machine = {
  "/etc/mailname": "ourcollege.ac.uk\n",
  "/etc/aliases": "postmaster: alice\nbob: bob@forwarded.example\n",
};

const audited = (files: Readonly<Record<string, string>>): AuditResult =>
  auditedTree(treeOf("/etc", { ...machine, ...files }));

function auditedTree(tree: ConfigTree): AuditResult {
  if (!site.ok) throw new Error(JSON.stringify(site.errors));
  return auditTree("mx1", tree, {
    site: site.site,
    product: "opensmtpd",
    version: null,
    deployment: null,
    follow: null,

    deadLists: [],
  });
}

for (const { name, files, truth } of opensmtpdVariants)
  test(`the lab's ${name} is ${truth}`, () => {
    const result = audited(files);
    expect(result.verdict).toBe(truth);
    for (const { patch, witness, where } of result.findings) {
      expect(patch).not.toBeNull();
      expect(witness).not.toBeNull();
      expect(where?.file).toBe("/etc/smtpd.conf");
    }
  });

const config = (rules: string, more = ""): string => `listen on 0.0.0.0
${more}
action "local" mbox alias <aliases>
action "outbound" relay
action "inner" relay host smtp://mail.ourcollege.ac.uk
${rules}
match from local for any action "outbound"
`;
const aliases = "table aliases file:/etc/aliases\n";
const right = 'match from any for domain "ourcollege.ac.uk" action "local"';

for (const [what, rules, want] of [
  ["the plain rules", right, "closed"],
  ["what is not said is local", `${right}\nmatch for any action "outbound"`, "closed"],
  ["a login from anywhere", `${right}\nmatch auth from any for any action "outbound"`, "closed"],
  ["from auth", `${right}\nmatch from auth for any action "outbound"`, "closed"],
  ["! from auth", `${right}\nmatch ! from auth for any action "outbound"`, "open"],
  ["a negated source", `${right}\nmatch ! from src { "192.0.2.0/24" } for any action "outbound"`, "open"],
  ["from mail-from", `${right}\nmatch from mail-from "@ourcollege.ac.uk" for any action "outbound"`, "open"],
  ["from rdns", `${right}\nmatch from rdns for any action "outbound"`, "open"],
  ["all domains but ours", `${right}\nmatch from any ! for domain "ourcollege.ac.uk" action "outbound"`, "open"],
  ["a reject first", `match from any for any reject\nmatch from any for any action "outbound"`, "closed"],
  [
    "a reject of one domain first",
    `match from any for domain "spam.example" reject\nmatch from any for any action "outbound"`,
    "open",
  ],
  ["tls, which smtpd cannot tell", `match tls from any for any action "outbound"`, "closed"],
  ["an account named in no domain", `${right}\nmatch from any for rcpt-to "postmaster" action "outbound"`, "open"],
  ["a catch-all", `match from any for any action "local"`, "conditional"],
  ["a gateway", `match from any for domain "ourcollege.ac.uk" action "inner"`, "conditional"],
  ["a table that a program answers", `match from any for domain <sql> action "outbound"`, "unknown"],
  ["a file that is missing", `include "/etc/mail/rules.conf"`, "unknown"],
  ["a file that includes itself", `include "/etc/smtpd.conf"`, "unknown"],
  ["a macro", `wide = "0.0.0.0/0"\nmatch from src $wide for any action "outbound"`, "open"],
  ["a macro that is not set", `match from src $narrow for any action "outbound"`, "unknown"],
  ["a word that is none", `match from anyone for any action "outbound"`, "unknown"],
  ["an action that is none", `match from any for any action "nowhere"`, "unknown"],
  ["a comment", `# match from any for any action "outbound"\n${right}`, "closed"],
  ["a comment that goes on", `# comment \\\nmatch from any for any action "outbound"\n${right}`, "closed"],
  ["a quoted string without an end", `match from any for domain "x action "outbound"\n${right}`, "unknown"],
] as const)
  test(`${what}: ${want}`, () =>
    expect(audited({ "/etc/smtpd.conf": config(rules, `${aliases}table sql "sqlite:/etc/sql.conf"`) }).verdict).toBe(
      want,
    ));

for (const [what, rules, want] of [
  ["the usual rules", "accept from any for domain ourcollege.ac.uk deliver to mbox\naccept for any relay", "closed"],
  ["everybody", "accept from any for any relay", "open"],
  ["a source", 'accept from source { "0.0.0.0/0" } for any relay via "smtp://relay.example"', "open"],
  ["a sender", 'accept from any sender "@ourcollege.ac.uk" for any relay', "open"],
  ["all but one", "accept from ! source 192.0.2.0/24 for any relay", "open"],
] as const)
  test(`before 6.4, ${what}: ${want}`, () =>
    expect(audited({ "/etc/mail/smtpd.conf": `listen on egress tls auth-optional\n${rules}\n` }).verdict).toBe(want));

for (const [what, path, file] of [
  ["the main file too large", "/etc/smtpd.conf", { kind: "too-large", bytes: 50_000_000 }],
  ["the main file binary", "/etc/smtpd.conf", { kind: "binary" }],
  ["a table too large", "/etc/nets", { kind: "too-large", bytes: 50_000_000 }],
  ["an included file binary", "/etc/more.conf", { kind: "binary" }],
] as const)
  test(`${what}: unknown`, () => {
    const text = config(
      'include "/etc/more.conf"\nmatch from src <nets> for any action "outbound"',
      `${aliases}table nets file:/etc/nets`,
    );
    const main = path === "/etc/smtpd.conf" ? {} : { "/etc/smtpd.conf": text };
    const tree = treeOf("/etc", {
      ...main,
      ...(path === "/etc/nets" ? { "/etc/more.conf": "" } : { "/etc/nets": "10.1.1.0/24\n" }),
    });
    const files = new Map([...(path === "/etc/smtpd.conf" ? [] : tree.files), [path, file] as const]);
    expect(auditedTree({ ...tree, files }).verdict).toBe("unknown");
  });

test("a table of 50,000 domains and a circle of macros take no time to speak of", () => {
  const domains = Array.from({ length: 50_000 }, (_, index) => `d${index}.example`).join("\n");
  const text = config(
    `a = "$b"\nb = "$a"\nmatch from any for domain <many> action "local"`,
    `${aliases}table many file:/etc/many`,
  );
  const started = performance.now();
  audited({ "/etc/smtpd.conf": text, "/etc/many": domains });
  expect(performance.now() - started).toBeLessThan(10_000);
});

test("whatever stands in the files, the audit ends and never calls a broken rule closed", () => {
  const words = [
    "match",
    "from",
    "any",
    "for",
    "domain",
    "action",
    '"x"',
    "{",
    "}",
    "<t>",
    "!",
    "\n",
    "$m",
    "\\",
    '"',
    "listen on ::",
    "table t",
    "=",
    "relay",
    "\0",
  ];
  const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 8 })), { maxLength: 60 });
  fc.assert(
    fc.property(text, (parts) => {
      const result = audited({
        "/etc/smtpd.conf": `${parts.join(" ")}\n${config('match from any for any action "outbound"', aliases)}`,
      });
      expect(result.verdict).not.toBe("closed");
    }),
    { numRuns: 100 },
  );
});
