// A configuration that names the domains by which an audit means strangers may treat them as friends: what it lets them
// do says nothing about strangers, so nothing is said.
import { expect, test } from "vitest";
import { auditTree } from "../src/audit/examine.ts";
import { treeOf } from "../src/audit/tree.ts";
import { elsewhere, strangersDomain } from "../src/witness/strangers.ts";

const own =
  "myhostname = mx1.ourcollege.ac.uk\nmydestination = ourcollege.ac.uk\nmynetworks = 127.0.0.0/8\ncompatibility_level = 3.6\n";

const open = "smtpd_relay_restrictions = check_client_access static:ok, reject_unauth_destination\n";

function audited(mainCf: string) {
  const tree = treeOf("/etc/postfix", { "/etc/postfix/main.cf": own + mainCf });
  const request = { product: null, version: null, site: null, deployment: null, follow: null, deadLists: [] };
  return auditTree("mx1", tree, request);
}

for (const [what, mainCf, want] of [
  ["nothing of the kind", "", "closed"],
  ["an ordinary example domain", "relay_domains = elsewhere.example\n", "closed"],
  ["the stranger's recipient", `relay_domains = ${elsewhere}\n`, "unknown"],
  ["the stranger's sender", `# ${strangersDomain.toUpperCase()}\n`, "unknown"],
  ["it, and everybody else's", `relay_domains = ${elsewhere}\n${open}`, "unknown"],
  ["an ordinary one, and everybody else's", `relay_domains = elsewhere.example\n${open}`, "open"],
] as const)
  test(`${what}: ${want}`, () => {
    expect(audited(mainCf).verdict).toBe(want);
  });

test("the reason names the place", () => {
  const { because } = audited(`relay_domains = ${elsewhere}\n`);
  expect(because).toContain(`/etc/postfix/main.cf:5 names ${elsewhere}`);
});
