import fc from "fast-check";
import { expect, test } from "vitest";
import { eximVariants } from "../../../../test/lab/mailers/exim.ts";
import { parseSite } from "../../../site/site.ts";
import { deriveListeners } from "../../derive.ts";
import { worstVerdict } from "../../result.ts";
import { treeOf } from "../../tree.ts";
import { readExim } from "./exim.ts";

const site = parseSite(
  `name: Our College
domains: [ourcollege.ac.uk, "*.ourcollege.ac.uk"]
networks: [10.1.1.0/24, "2001:db8:1::/48"]
mailers: [{name: mx1, host: mx1.ourcollege.ac.uk, addresses: [10.1.1.2, "2001:db8:1::2"]}]
`,
  "site.yaml",
);

/** The worst listener's verdict. */
function audited(files: Readonly<Record<string, string>>, root = "/etc/exim4"): string {
  if (!site.ok) throw new Error(JSON.stringify(site.errors));
  const configuration = readExim(treeOf(root, files), null);
  if (configuration === null) return "no Exim";
  return worstVerdict(deriveListeners(configuration, site.site).map(({ result }) => result.verdict));
}

for (const { name, files, truth } of eximVariants) {
  // The outer mailer of the chain is open only together with the inner one.
  const want = name === "exim-bang-chain" ? "conditional" : truth;
  test(`the lab's ${name} is ${want}`, () => expect(audited(files)).toBe(want));
}

const college = (parts: { readonly lists?: string; readonly early?: string; readonly rule?: string }): string =>
  `primary_hostname = mx1.ourcollege.ac.uk
domainlist local_domains = ourcollege.ac.uk
${parts.lists ?? "domainlist relay_to_domains ="}
acl_smtp_rcpt = check
begin acl
check:
${parts.early ?? ""}
${parts.rule ?? "  require domains = +local_domains : +relay_to_domains"}
  accept
begin routers
out:
  driver = dnslookup
  domains = ! +local_domains
  transport = smtp
  no_more
here:
  driver = accept
  transport = box
begin transports
smtp:
  driver = smtp
box:
  driver = appendfile
`;
const forced = "$" + "{lookup{$sender_address}lsearch{/etc/exim4/none}{yes}fail}";

// What the running Exim 4.96 did, in `exim -bh`.
for (const [what, text, want] of [
  ["the plain rule", college({}), "closed"],
  ["a list that ends negated", college({ lists: "domainlist relay_to_domains = !bad.example" }), "open"],
  ["a file whose last line is negated", college({ lists: "domainlist relay_to_domains = /etc/exim4/tail" }), "open"],
  ["a comment in a file", college({ lists: "domainlist relay_to_domains = /etc/exim4/comment" }), "closed"],
  ["a star in a file", college({ lists: "domainlist relay_to_domains = /etc/exim4/star" }), "open"],
  ["a file that was not given", college({ lists: "domainlist relay_to_domains = /srv/list" }), "unknown"],
  ["a forced failure in a condition", college({ early: `  accept condition = ${forced}` }), "open"],
  ["a forced failure in a list", college({ early: `  accept senders = ${forced}` }), "closed"],
  ["an empty condition", college({ early: "  accept condition =" }), "closed"],
  ["warn in place of deny", college({ rule: "  warn domains = !+local_domains" }), "open"],
  ["a dollar that cannot be expanded", college({ early: "  accept local_parts = ^p.*e$" }), "closed"],
  ["single colons in IPv6", college({ early: "  accept hosts = 127.0.0.1 : ::1" }), "closed"],
  ["clients without a name", college({ early: "  accept hosts = +include_unknown : *.ourcollege.ac.uk" }), "open"],
  ["an included file that is missing", college({ early: ".include /srv/acl" }), "unknown"],
] as const)
  test(`${what}: ${want}`, () =>
    expect(
      audited({
        "/etc/exim4/exim4.conf": text,
        "/etc/exim4/none": "",
        "/etc/exim4/tail": "partner.example\n!bad.example\n",
        "/etc/exim4/comment": "ourcollege.ac.uk # *\n",
        "/etc/exim4/star": "*\n",
      }),
    ).toBe(want));

test("whatever the file holds, the reading ends, and says nothing better than it knows", () => {
  const word = fc.constantFrom(
    ..."begin acl routers transports rewrite acl_smtp_rcpt = check: accept deny warn require defer drop domains hosts senders condition = + ! : ; @ @[] * \\ \n .include .ifdef .endif domainlist hostlist local_domains net-lsearch; lsearch; \u0024{if \u0024{lookup \u0024{ } {yes}{no} $sender_address $domain ^.*@ 0.0.0.0/0 ::/0 driver redirect data dnslookup manualroute # \0".split(
      " ",
    ),
    "\n",
    "\n\n",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 80 }), (words) => {
      const text = `primary_hostname = mx.example\nacl_smtp_rcpt = check\n${words.join(" ")}\n`;
      expect(["open", "closed", "conditional", "unknown", "no Exim"]).toContain(
        audited({ "/etc/exim4/exim4.conf": text }),
      );
    }),
    { numRuns: 150, seed: 11 },
  );
});
