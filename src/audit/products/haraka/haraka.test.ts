import fc from "fast-check";
import { expect, test } from "vitest";
import { harakaVariants } from "../../../../test/lab/mailers/haraka.ts";
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

const audited = (files: Readonly<Record<string, string>>): AuditResult => auditedTree(treeOf("/srv/haraka", files));

function auditedTree(tree: ConfigTree): AuditResult {
  if (!site.ok) throw new Error(JSON.stringify(site.errors));
  return auditTree("mx1", tree, {
    site: site.site,
    product: "haraka",
    version: null,
    deployment: null,
    follow: null,
    deadLists: [],
  });
}

/** Where the files cannot tell the truth: a plugin of the site's own decides. */
const less: Readonly<Record<string, string>> = { "haraka-local-sender": "unknown", "haraka-starttls": "unknown" };

for (const { name, files, truth } of harakaVariants) {
  const want = less[name] ?? truth;
  test(`the lab's ${name} is ${want}`, () => {
    const result = audited(files);
    expect(result.verdict).toBe(want);
    for (const { patch, witness, where, data } of result.findings) {
      if (data.certainty !== "open") continue;
      expect(patch).not.toBeNull();
      expect(witness).not.toBeNull();
      expect(where?.file).toMatch(/^\/srv\/haraka\/config\//);
    }
  });
}

const right: Readonly<Record<string, string>> = {
  "/srv/haraka/config/plugins": "relay\nrcpt_to.in_host_list\n",
  "/srv/haraka/config/host_list": "ourcollege.ac.uk\n",
  "/srv/haraka/config/smtp.ini": "listen=[::0]:25\n",
};
const config = (name: string): string => `/srv/haraka/config/${name}`;

for (const [what, files, want] of [
  ["the right lists", {}, "closed"],
  ["a network of ours", { relay_acl_allow: "10.1.1.0/24\n" }, "closed"],
  ["the whole Internet as /0, which is one address", { relay_acl_allow: "0.0.0.0/0\n::/0\n" }, "closed"],
  ["the whole Internet in halves", { relay_acl_allow: "0.0.0.0/1\n128.0.0.0/1\n" }, "open"],
  ["an IPv6 address without a length, which is a /32", { relay_acl_allow: "2001:db8:1::25\n" }, "open"],
  ["an IPv6 address with its length", { relay_acl_allow: "2001:db8:1::25/128\n" }, "closed"],
  ["a list that is switched off", { "relay.ini": "[relay]\nacl=false\n", relay_acl_allow: "128.0.0.0/1\n" }, "closed"],
  ["all=true in no section, which is not read", { "relay.ini": "all=true\n" }, "closed"],
  ["all=true", { "relay.ini": "[relay]\nall = yes\n" }, "open"],
  ["a comment", { relay_acl_allow: "# 128.0.0.0/1\n;0.0.0.0/1\n" }, "closed"],
  ["a plugin that is not known", { plugins: "relay\nour_own\nrcpt_to.in_host_list\n" }, "unknown"],
  [
    "a pattern that covers everything",
    { host_list_regex: ".*\n", plugins: "rcpt_to.in_host_list\nqueue/smtp_forward\n" },
    "open",
  ],
  ["a pattern that is not understood", { host_list_regex: "(a*)*b\n" }, "unknown"],
  [
    "proxies everywhere",
    { "connection.ini": "[haproxy]\nhosts[]=0.0.0.0/0\n", relay_acl_allow: "10.1.1.0/24\n" },
    "open",
  ],
  [
    "a submission port",
    { "smtp.ini": "listen=[::0]:587\n", plugins: "tls\nauth/flat_file\nrcpt_to.in_host_list\n" },
    "closed",
  ],
] as const)
  test(`${what}: ${want}`, () => {
    const own = Object.fromEntries(Object.entries(files).map(([name, text]) => [config(name), text]));
    expect(audited({ ...right, ...own }).verdict).toBe(want);
  });

const plugin = (code: string) => ({
  ...right,
  [config("plugins")]: "ours\nrcpt_to.in_host_list\n",
  "/srv/haraka/plugins/ours.js": code,
});

for (const [what, code, want] of [
  ["refuses", 'exports.hook_rcpt = (next) => next(DENY, "no");', "closed"],
  ["queues", "exports.hook_queue = (next) => next(OK);", "closed"],
  ["sets relaying", "exports.hook_mail = (next, c) => { c.relaying = true; next(); };", "unknown"],
  ["sets it by name", 'exports.hook_mail = (next, c) => { c["relaying"] = true; next(); };', "unknown"],
  ["sets it otherwise", 'exports.hook_mail = (next, c) => { c.set("relaying", true); next(); };', "unknown"],
  ["builds the name", 'exports.hook_mail = (next, c) => { c["re" + "laying"] = true; next(); };', "unknown"],
  ["accepts recipients", "exports.hook_rcpt = (next) => next(OK);", "unknown"],
  ["registers its hook", 'exports.register = function () { this.register_hook("rcpt", "check"); };', "unknown"],
  ["loads another file", 'const x = require("./x");', "unknown"],
  ["is empty", "", "unknown"],
] as const)
  test(`a plugin of our own that ${what}: ${want}`, () => expect(audited(plugin(code)).verdict).toBe(want));

for (const file of [{ kind: "binary" }, { kind: "too-large", bytes: 50_000_000 }] as const)
  test(`a list of clients that is ${file.kind}: unknown`, () => {
    const tree = treeOf("/srv/haraka", right);
    const files = new Map([...tree.files, [config("relay_acl_allow"), file] as const]);
    expect(auditedTree({ ...tree, files }).verdict).toBe("unknown");
  });

test("whatever stands in the files, the audit ends, and one that relays for all is never closed", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom("[relay]\nacl=false", "::/0", "\0", "a=b\\\n", "(((", "[[["),
  );
  fc.assert(
    fc.property(text, text, text, (plugins, ini, list) => {
      const result = audited({
        ...right,
        [config("plugins")]: `relay\n${plugins}\n`,
        [config("relay.ini")]: `[relay]\nall=true\n[main]\n${ini.replace(/^\s*\[?relay.*|^\s*all.*/gim, "")}`,
        [config("relay_acl_allow")]: list,
        [config("host_list_regex")]: list,
      });
      expect(result.verdict).not.toBe("closed");
    }),
    { numRuns: 60 },
  );
});
