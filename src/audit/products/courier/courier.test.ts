import fc from "fast-check";
import { expect, test } from "vitest";
import { courierVariants } from "../../../../test/lab/mailers/courier.ts";
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

const packaged = 'PORT=smtp\nACCESSFILE=$sysconfdir/smtpaccess\nESMTPAUTH=""\nAUTH_REQUIRED=0\n';

/** The lab appends its settings to the packaged ones; the submission daemon runs only where it has some. */
function filesOf(files: Readonly<Record<string, string>>): Record<string, string> {
  const { "/etc/courier/esmtpd.lab": own = "", "/etc/courier/esmtpd-msa.lab": msa, ...rest } = files;
  return {
    ...rest,
    "/etc/courier/esmtpd": packaged + own,
    ...(msa === undefined ? {} : { "/etc/courier/esmtpd-msa": `PORT=587\n${msa}` }),
  };
}

const audited = (files: Readonly<Record<string, string>>): AuditResult => auditedTree(treeOf("/etc/courier", files));

function auditedTree(tree: ConfigTree): AuditResult {
  if (!site.ok) throw new Error(JSON.stringify(site.errors));
  return auditTree("mx1", tree, {
    site: site.site,
    product: "courier",
    version: null,
    deployment: null,
    follow: null,
    deadLists: [],
  });
}

for (const { name, files, truth } of courierVariants) {
  // The outer mailer of the chain is open only together with the inner one.
  const want = name === "courier-percent-chain" ? "conditional" : truth;
  test(`the lab's ${name} is ${want}`, () => {
    const result = audited(filesOf(files));
    expect(result.verdict).toBe(want);
    for (const { patch, witness, where, data } of result.findings) {
      if (data.certainty !== "open") continue;
      expect(patch).not.toBeNull();
      expect(witness).not.toBeNull();
      expect(where?.file).toMatch(/^\/etc\/courier\//);
    }
  });
}

const right: Readonly<Record<string, string>> = {
  esmtpd: packaged,
  me: "mx1.ourcollege.ac.uk\n",
  locals: "ourcollege.ac.uk\nlocalhost\n",
  "esmtpacceptmailfor.dir/system": "ourcollege.ac.uk\n",
};

for (const [what, files, want] of [
  ["the right lists", {}, "closed"],
  ["a network of ours", { "smtpaccess/default": "10.1.1\tallow,RELAYCLIENT\n" }, "closed"],
  ["the packaged trust in 10", { "smtpaccess/default": "10\tallow,RELAYCLIENT\n" }, "conditional"],
  ["a star", { "smtpaccess/default": "*\tallow,RELAYCLIENT\n" }, "open"],
  ["a star that a longer entry denies", { "smtpaccess/default": "*\tallow,RELAYCLIENT\n203\tdeny\n" }, "open"],
  ["a blank where the tab belongs", { "smtpaccess/default": "203 allow,RELAYCLIENT\n" }, "closed"],
  ["no allow before it", { "smtpaccess/default": "203\tRELAYCLIENT=\n" }, "open"],
  ["a length that needs Net::CIDR", { "smtpaccess/default": "203.0.0.0/8\tallow,RELAYCLIENT\n" }, "unknown"],
  ["an entry that comes twice", { "smtpaccess/default": "203\tdeny\n203\tallow,RELAYCLIENT\n" }, "unknown"],
  [
    "short groups of IPv6, to which no client comes",
    { "smtpaccess/default": ":2001:db8\tallow,RELAYCLIENT\n" },
    "closed",
  ],
  ["IPv6 by its groups", { "smtpaccess/default": ":2001\tallow,RELAYCLIENT\n" }, "open"],
  ["a backup file", { "smtpaccess/default~": "*\tallow,RELAYCLIENT\n" }, "closed"],
  ["no access file", { esmtpd: "ACCESSFILE=\n", "smtpaccess/default": "*\tallow,RELAYCLIENT\n" }, "closed"],
  ["RELAYCLIENT for all", { esmtpd: `${packaged}export RELAYCLIENT=""\n` }, "open"],
  ["shell code", { esmtpd: `${packaged}[ -f x ] && RELAYCLIENT=\n` }, "unknown"],
  ["a list that may set variables", { esmtpd: `${packaged}BLACKLISTS="-allow=list.example,RELAYCLIENT"\n` }, "unknown"],
  ["a login required", { esmtpd: `${packaged}AUTH_REQUIRED=1\nRELAYCLIENT=\n` }, "closed"],
  ["a top level", { "esmtpacceptmailfor.dir/system": ".example\n" }, "open"],
  ["a top level in the text file", { esmtpacceptmailfor: "ourcollege.ac.uk\n.example\n" }, "open"],
  ["an exception first", { esmtpacceptmailfor: "!elsewhere.example\nourcollege.ac.uk\n" }, "closed"],
  ["hosts to unfold", { esmtppercentrelay: "elsewhere.example\n" }, "open"],
] as const)
  test(`${what}: ${want}`, () => {
    const all = Object.entries({ ...right, ...files }).map(([name, text]) => [`/etc/courier/${name}`, text] as const);
    expect(audited(Object.fromEntries(all)).verdict).toBe(want);
  });

for (const file of [{ kind: "binary" }, { kind: "too-large", bytes: 50_000_000 }] as const)
  test(`a list of clients that is ${file.kind}: unknown`, () => {
    const tree = treeOf(
      "/etc/courier",
      Object.fromEntries(Object.entries(right).map(([one, text]) => [`/etc/courier/${one}`, text])),
    );
    const files = new Map([...tree.files, ["/etc/courier/smtpaccess/default", file] as const]);
    expect(auditedTree({ ...tree, files }).verdict).toBe("unknown");
  });

test("whatever stands in the files, the audit ends, and one that relays for all is never closed", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom("$(x)", "a\tb\na\tc", "\0", "((", '"', "10.1.1\tallow"),
  );
  fc.assert(
    fc.property(text, text, text, (settings, access, domains) => {
      const result = audited({
        "/etc/courier/esmtpd": `${settings.replace(/\bACCESSFILE|\bAUTH_|\bPORT|\bESMTP/g, "X")}\nRELAYCLIENT=\n`,
        "/etc/courier/smtpaccess/default": access,
        "/etc/courier/esmtpacceptmailfor": domains,
        "/etc/courier/locals": "ourcollege.ac.uk\n",
      });
      expect(result.verdict).not.toBe("closed");
    }),
    { numRuns: 60 },
  );
});
