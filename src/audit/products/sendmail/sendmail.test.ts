import { expect, test } from "vitest";
import { sendmailVariants } from "../../../../test/lab/mailers/sendmail.ts";
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

function audited(files: Readonly<Record<string, string>>): AuditResult {
  if (!site.ok) throw new Error(JSON.stringify(site.errors));
  const request = { site: site.site, product: null, version: null, deployment: null, follow: null, deadLists: [] };
  return auditTree("lab", treeOf("/etc/mail", files), request);
}

/** Where the files cannot tell the truth: what is said instead, and what is named. */
const less: Readonly<Record<string, readonly [string, RegExp]>> = {
  // Open to every customer of a provider, who writes the DNS.
  "sendmail-provider-name": ["conditional", /whoever controls the DNS of isp\.example/],
  "sendmail-mx-backup": ["conditional", /later MX/],
  // The outer mailer of the chain is open only together with the inner one.
  "sendmail-percent-chain": ["conditional", /ourcollege\.ac\.uk acts on routing/],
};

/** The findings that a variant is made for; others that follow from it may stand beside them. */
const tags: Readonly<Record<string, string>> = {
  "sendmail-promiscuous": "SM_PROMISCUOUS",
  "sendmail-local-sender": "SM_LOCAL_FROM",
  "sendmail-top-level-domain": "SM_ACCESS_DOMAIN",
  "sendmail-provider-name": "SM_CLIENT_NAME",
  "sendmail-ipv6-only": "SM_NET_WIDE",
  "sendmail-helo": "SM_LOCAL_RULE",
  "sendmail-mx-backup": "SM_MX",
  "sendmail-percent-chain": "SM_PASS_ON",
};

for (const { name, files, truth } of sendmailVariants) {
  const [want, names] = less[name] ?? [truth, /./];
  test(`the lab's ${name} is ${want}`, () => {
    const result = audited(files);
    expect([result.verdict, result.unknowns]).toEqual([want, []]);
    expect(JSON.stringify(result.listeners)).toMatch(names);
    const tag = tags[name];
    if (tag === undefined) expect(result.findings.filter(({ tag }) => tag.startsWith("SM_"))).toEqual([]);
    else expect(result.findings.map((finding) => finding.tag)).toContain(tag);
    for (const finding of result.findings.filter(({ data }) => data.certainty === "open"))
      expect([finding.tag, finding.patch]).not.toEqual([finding.tag, null]);
  });
}
