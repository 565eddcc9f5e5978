// The lab's Postfix configurations, audited from their files: the verdict is the truth that was seen by delivery, or
// honestly less; and every patch makes a configuration whose audit no longer has the hole.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { auditTree } from "../src/audit/examine.ts";
import type { AuditResult } from "../src/audit/result.ts";
import { treeOf } from "../src/audit/tree.ts";
import { parseSite } from "../src/site/site.ts";
import { requestOf, treeOfMailer } from "./lab/audit-tree.ts";
import { postfixVariants } from "./lab/mailers/postfix.ts";
import { packagedMaster } from "./lab/postfix-master.ts";
import { siteYaml } from "./lab/site-file.ts";
import type { Variant } from "./lab/variant.ts";
import { variants } from "./lab/variants.ts";

function filesOf(variant: Variant): Record<string, string> {
  const { "/etc/postfix/master.lab": master = "", ...files } = variant.files;
  return { ...files, "/etc/postfix/master.cf": packagedMaster + master };
}

function auditOf(variant: Variant, files: Readonly<Record<string, string>>): AuditResult {
  const site = parseSite(siteYaml(variant), "site.yaml");
  if (!site.ok) throw new Error("the lab's site file cannot be read");
  return auditTree(variant.name, treeOf("/etc/postfix", files), {
    site: site.site,
    product: null,
    version: null,
    deployment: null,
    follow: null,
    deadLists: [],
  });
}

/** Where the files cannot tell the truth: what the audit says instead, and what it must name. */
const less: Readonly<Record<string, readonly [string, RegExp]>> = {
  // Closed alone; the chain behind is not in these files.
  "postfix-chain-closed": ["conditional", /ourcollege\.ac\.uk acts on routing/],
  "postfix-percent-chain": ["conditional", /ourcollege\.ac\.uk acts on routing/],
  "postfix-quoted-chain": ["conditional", /ourcollege\.ac\.uk acts on routing/],
  // Open to neighbours, to whom no public address belongs.
  "postfix-class-a": ["conditional", /10\.0\.0\.0\/8/],
  "postfix-mx-backup": ["conditional", /later MX/],
  // The login service believes everybody; Postfix's files only name it.
  "postfix-any-password": ["closed", /login service \(dovecot at inet:127\.0\.0\.1:12345\)/],
};

for (const variant of postfixVariants) {
  test(`${variant.name} is ${variant.truth}`, () => {
    const files = filesOf(variant);
    const result = auditOf(variant, files);
    const [verdict, names] = less[variant.name] ?? [variant.truth, /./];
    expect(result.verdict).toBe(verdict);
    const said = JSON.stringify([result.listeners, result.assumes]);
    expect(said).toMatch(names);
    if (verdict !== "open") return;
    const open = result.findings.filter(({ data }) => data.certainty === "open");
    expect(open.length).toBeGreaterThan(0);
    for (const finding of open) {
      expect(finding.where?.file).toMatch(/^\/etc\/postfix\//);
      expect(finding.witness).not.toBeNull();
      // A door for proxies is mended by the packet filter, not by a line.
      if (finding.tag === "PFX_PROXYPROTO") continue;
      expect(finding.patch).not.toBeNull();
      const after = auditOf(variant, patched(files, finding.patch ?? ""));
      expect(after.verdict).not.toBe("open");
      expect(after.listeners[0]?.cells["external-to-internal"]).toBe(
        result.listeners[0]?.cells["external-to-internal"],
      );
    }
  });
}

/** As patch(1) does it. */
function patched(files: Readonly<Record<string, string>>, patch: string): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "fencepost-patch-"));
  try {
    const result: Record<string, string> = { ...files };
    for (const part of patch.split(/^(?=--- )/m).filter(Boolean)) {
      const path = `/${/^--- a\/(.*)$/m.exec(part)?.[1] ?? ""}`;
      const file = join(folder, "file");
      writeFileSync(file, files[path] ?? "");
      const ran = spawnSync("patch", ["--silent", file], { input: part, encoding: "utf8" });
      expect(`${ran.stdout}${ran.stderr}`).toBe("");
      result[path] = readFileSync(file, "utf8");
    }
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const request = { site: null, product: "postfix", version: null, deployment: null, follow: null, deadLists: [] };

test("whatever the files hold, the audit ends, and says nothing better than it knows", () => {
  const word = fc.constantFrom(
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "mynetworks",
    "relay_domains",
    "mydestination",
    "=",
    "$",
    "${",
    "}",
    "{",
    "permit",
    "reject",
    "check_sender_access",
    "hash:/x",
    "regexp:/etc/postfix/t",
    "inline:{",
    "permit_mynetworks",
    "\n",
    " ",
    ",",
    "#",
    "0.0.0.0/0",
    "!",
    "static:OK",
    "warn_if_reject",
    "$mynetworks",
    `${"$"}{x?{a}:{b}}`,
    "smtpd_restriction_classes",
    "a",
    "\0",
    "-o",
    "[",
    "]",
    "::/0",
  );
  const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(text, text, text, (main, master, table) => {
      const tree = treeOf("/etc/postfix", {
        "/etc/postfix/main.cf": main,
        "/etc/postfix/master.cf": master,
        "/etc/postfix/t": table,
      });
      expect(["open", "closed", "conditional", "unknown"]).toContain(auditTree("x", tree, request).verdict);
    }),
    { numRuns: 60, seed: 7 },
  );
});

for (const [what, files, verdict] of [
  ["nothing at all", {}, "unknown"],
  [
    "no listener",
    { "/etc/postfix/main.cf": "myhostname = a.example\n", "/etc/postfix/master.cf": "pickup unix n - n 60 1 pickup\n" },
    "unknown",
  ],
  [
    "a table that is not there",
    {
      "/etc/postfix/main.cf":
        "compatibility_level=3.6\nsmtpd_relay_restrictions = check_sender_access hash:/etc/postfix/gone, reject_unauth_destination\n",
    },
    "unknown",
  ],
  [
    "a policy service before the refusal",
    {
      "/etc/postfix/main.cf":
        "compatibility_level=3.6\nsmtpd_relay_restrictions = check_policy_service inet:127.0.0.1:10023, reject_unauth_destination\n",
    },
    "unknown",
  ],
  [
    "a policy service behind it",
    {
      "/etc/postfix/main.cf":
        "compatibility_level=3.6\nsmtpd_relay_restrictions = reject_unauth_destination, check_policy_service inet:127.0.0.1:10023\n",
    },
    "closed",
  ],
  [
    "an SQL map of relay domains",
    { "/etc/postfix/main.cf": "compatibility_level=3.6\nrelay_domains = mysql:/etc/postfix/sql.cf\n" },
    "unknown",
  ],
  [
    "a circle of classes",
    {
      "/etc/postfix/main.cf":
        "compatibility_level=3.6\nsmtpd_restriction_classes = a b\na = b\nb = a\nsmtpd_relay_restrictions = a, reject_unauth_destination\n",
    },
    "closed",
  ],
  [
    "a circle of parameters",
    { "/etc/postfix/main.cf": "compatibility_level=3.6\na = $b\nb = $a\nmynetworks = 127.0.0.0/8 $a\n" },
    "closed",
  ],
  [
    "a network that may relay with one sender",
    {
      "/etc/postfix/main.cf":
        "compatibility_level=3.6\nsmtpd_restriction_classes = partner\npartner = check_sender_access inline:{boss@ours.example=OK}\nsmtpd_relay_restrictions = check_client_access cidr:/etc/postfix/partners, reject_unauth_destination\n",
      "/etc/postfix/partners": "198.51.100.0/24 partner\n",
    },
    "conditional",
  ],
  [
    // postconf(5): OK is not taken here, for safety.
    "a name in reverse DNS that nobody confirms",
    {
      "/etc/postfix/main.cf":
        "compatibility_level=3.6\nsmtpd_relay_restrictions = check_reverse_client_hostname_access inline:{friend.example=OK}, reject_unauth_destination\n",
    },
    "closed",
  ],
  [
    "no compatibility level: the subnet is trusted",
    { "/etc/postfix/main.cf": "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n" },
    "conditional",
  ],
] as const)
  test(`${what}: ${verdict}`, () => {
    expect(auditTree("x", treeOf("/etc/postfix", files), request).verdict).toBe(verdict);
  });

test("a hundred thousand entries and five thousand lines are audited in seconds", () => {
  const entries = Array.from(
    { length: 100_000 },
    (_, n) => `user${n}@d${n % 977}.example ${n === 77_777 ? "OK" : "DUNNO"}\n`,
  ).join("");
  const lines = Array.from({ length: 5000 }, (_, n) => `user_parameter_${n} = $user_parameter_${n + 1}\n`).join("");
  const main = `compatibility_level = 3.6\n${lines}smtpd_relay_restrictions = permit_mynetworks, check_sender_access hash:/etc/postfix/big, reject_unauth_destination\n`;
  const started = Date.now();
  const result = auditTree(
    "x",
    treeOf("/etc/postfix", { "/etc/postfix/main.cf": main, "/etc/postfix/big": entries }),
    request,
  );
  expect(result.verdict).toBe("open");
  expect(result.findings[0]?.where).toMatchObject({ file: "/etc/postfix/big", line: 77_778 });
  expect(Date.now() - started).toBeLessThan(15_000);
});

test("what a forged sender opens is open to both address families, by one finding", () => {
  const closed = postfixVariants.find(({ name }) => name === "postfix-closed")!;
  const files = filesOf(closed);
  const main = `${files["/etc/postfix/main.cf"]}\nsmtpd_relay_restrictions = check_sender_access inline:{ourcollege.ac.uk=OK}, reject_unauth_destination\n`;
  const result = auditOf(closed, { ...files, "/etc/postfix/main.cf": main });
  expect(result.listeners.find(({ port }) => port === 25)?.families).toEqual({ ipv4: "open", ipv6: "open" });
  const tags = result.findings
    .filter(({ data }) => data.certainty === "open")
    .map(({ tag, subject }) => `${tag} ${subject}`);
  expect(new Set(tags).size).toBe(tags.length);
});

test("a patch keeps the site's own networks trusted", () => {
  const variant = variants.find(({ name }) => name === "postfix-everyone")!;
  const [finding] = auditTree("mx1", treeOfMailer(variant), requestOf(variant)).findings;
  expect(finding?.patch).toMatch(/^\+mynetworks = .* 10\.1\.1\.0\/24 \[2001:db8:1::\]\/48$/m);
  expect(finding?.data.cutsOff).toBe(undefined);
});

test("a patch that also stops clients of the site says so", () => {
  const variant = variants.find(({ name }) => name === "courier-everyone")!;
  const files = Object.fromEntries(Object.entries(variant.files).filter(([path]) => !path.includes("smtpaccess")));
  const [finding] = auditTree("mx1", treeOfMailer({ ...variant, files }), requestOf(variant)).findings;
  expect(finding?.patch).toMatch(/^-RELAYCLIENT=$/m);
  expect([finding?.data.cutsOff, finding?.remedy]).toEqual([true, expect.stringMatching(/clients of your own/)]);
});

test("abuse is looked at apart from postmaster", () => {
  const variant = variants.find(({ name }) => name === "postfix-closed")!;
  const tags = (recipients: string) => {
    const main = `${variant.files["/etc/postfix/main.cf"]}local_recipient_maps = inline:{${recipients}}\n`;
    const files = { ...variant.files, "/etc/postfix/main.cf": main };
    return auditTree("mx1", treeOfMailer({ ...variant, files }), requestOf(variant)).findings.map(({ tag }) => tag);
  };
  expect(tags("postmaster=alice, abuse=alice")).not.toContain("AUDIT_ABUSE_REFUSED");
  expect(tags("postmaster=alice")).toContain("AUDIT_ABUSE_REFUSED");
  expect(tags("abuse=alice")).toContain("AUDIT_LOCAL_REFUSED");
});
