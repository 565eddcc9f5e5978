// Whatever the files hold: the audit ends, and says nothing better than it knows.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ConfigTree, TreeFile } from "../../../ports.ts";
import { deriveListeners } from "../../derive.ts";
import { auditVerdicts, worstVerdict } from "../../result.ts";
import { treeOf } from "../../tree.ts";
import { readSendmail } from "./sendmail.ts";

/** The worst listener's verdict; nothing that listens is no verdict of ours. */
function verdictOf(tree: ConfigTree): string {
  const configuration = readSendmail(tree, null);
  if (configuration === null) return "no Sendmail";
  return worstVerdict(deriveListeners(configuration, null).map(({ result }) => result.verdict));
}

const plainMc = (more: string): string => `include(\`/usr/share/sendmail-cf/m4/cf.m4')dnl
OSTYPE(\`linux')dnl
define(\`confDOMAIN_NAME', \`mx1.ourcollege.ac.uk')dnl
FEATURE(\`use_cw_file')dnl
FEATURE(\`access_db')dnl
${more}
MAILER(\`smtp')dnl
`;
const tables = {
  "/etc/mail/access": "Connect:127\tRELAY\n",
  "/etc/mail/local-host-names": "ourcollege.ac.uk\n",
};
const withMc = (more: string, files: Readonly<Record<string, string>> = tables): ConfigTree =>
  treeOf("/etc/mail", { ...files, "/etc/mail/sendmail.mc": plainMc(more) });

for (const [what, tree, want] of [
  ["the plain configuration", withMc(""), "closed"],
  ["promiscuous", withMc("FEATURE(`promiscuous_relay')dnl"), "open"],
  ["deferred delivery", withMc("define(`confDELIVERY_MODE', `deferred')dnl"), "open"],
  ["a feature that is not known", withMc("FEATURE(`from_next_year')dnl"), "unknown"],
  ["a hack", withMc("HACK(`ours')dnl"), "unknown"],
  ["a domain file of its own", withMc("DOMAIN(`ourcollege')dnl"), "unknown"],
  ["an included file that was not given", withMc("include(`/etc/mail/more.m4')dnl"), "unknown"],
  ["a file that includes itself", withMc("include(`/etc/mail/sendmail.mc')dnl"), "unknown"],
  ["a command", withMc("esyscmd(`cat more')dnl"), "unknown"],
  ["a map of addresses of logins elsewhere", withMc("FEATURE(`drac')dnl"), "unknown"],
  ["an access map that is not there", withMc("", { "/etc/mail/local-host-names": "ourcollege.ac.uk\n" }), "unknown"],
  ["an access map in a directory service", withMc("define(`x')FEATURE(`access_db', `LDAP')dnl"), "unknown"],
  ["names that are not there", withMc("", { "/etc/mail/access": "" }), "unknown"],
  ["a class out of a program", withMc("LOCAL_CONFIG\nF{R}|/usr/bin/hosts\n"), "unknown"],
  [
    "a check of names that everyone can get",
    withMc("FEATURE(`require_rdns')dnl\nFEATURE(`relay_local_from')dnl"),
    "open",
  ],
  [
    "a login without a password",
    withMc("TRUST_AUTH_MECH(`ANONYMOUS')dnl\ndefine(`confAUTH_MECHANISMS', `ANONYMOUS')dnl"),
    "open",
  ],
  ["a login with one", withMc("TRUST_AUTH_MECH(`PLAIN')dnl\ndefine(`confAUTH_MECHANISMS', `PLAIN')dnl"), "closed"],
  [
    "certificates of everybody's authorities",
    withMc(
      "TRUST_AUTH_MECH(`EXTERNAL')dnl\ndefine(`confCACERT_PATH', `/etc/ssl/certs')dnl\ndefine(`confSERVER_CERT', `/etc/mail/x')dnl",
    ),
    "open",
  ],
  ["a rule without end", withMc("LOCAL_RULESETS\nSLocal_check_rcpt\nR$*\tx $1\n"), "unknown"],
  ["a rule that is not understood", withMc("LOCAL_RULESETS\nSLocal_check_rcpt\nR$?x\t$# OK\n"), "unknown"],
  ["rules instead of those that are made", withMc("LOCAL_RULESETS\nSRelay_ok\nR$*\t$@ RELAY\n"), "unknown"],
  [
    "a socket that only this machine reaches",
    withMc("DAEMON_OPTIONS(`Addr=127.0.0.1')dnl\nFEATURE(`no_default_msa')dnl\nFEATURE(`promiscuous_relay')dnl"),
    "closed",
  ],
] as const)
  test(`${what}: ${want}`, () => expect(verdictOf(tree)).toBe(want));

test("a table whose source is missing is unknown, whatever lies beside it", () => {
  const files = new Map<string, TreeFile>(withMc("").files);
  files.delete("/etc/mail/access");
  files.set("/etc/mail/access.db", { kind: "binary" } as TreeFile);
  expect(verdictOf({ root: "/etc/mail", files, incomplete: false })).toBe("unknown");
});

// A hundred thousand are in bench/audit.ts.
test("twenty thousand entries are audited", { timeout: 120_000 }, () => {
  const access = Array.from(
    { length: 20_000 },
    (_, n) => `Connect:198.${n % 250}.${Math.floor(n / 250) % 250}.${n % 7}\tREJECT\n`,
  ).join("");
  const verdict = verdictOf(withMc("", { ...tables, "/etc/mail/access": `${access}Connect:203\tRELAY\n` }));
  expect(verdict).toBe("open");
});

const words = fc.constantFrom(
  ...'R$* R$+ R$- $* $+ $@ $: $# $1 $2 $| $> $>3 $( $) $[ $] access OK RELAY error < > @ % ! . , ; " ( ) [ ] \\ S K C F O D V10 Sparse=0 Scheck_rcpt'.split(
    " ",
  ),
  ..."FEATURE( define( ifdef( ifelse( include( divert( ` ' ) dnl MAILER(smtp) OSTYPE(linux) LOCAL_RULESETS LOCAL_CONFIG".split(
    " ",
  ),
  ..."\n|\t|\n|\t|\0|R$*\t$: $>check_rcpt $1\n|Scheck_rcpt\n|Cw a.example\n|Kaccess hash /etc/mail/access\n|O DaemonPortOptions=Port=25\n".split(
    "|",
  ),
);
const text = fc.array(words, { maxLength: 80 }).map((parts) => parts.join(" "));

test("any text at all", () => {
  fc.assert(
    fc.property(text, text, fc.boolean(), (main, table, isCf) => {
      const file = isCf ? `V10\nSparse=0\nScheck_rcpt\n${main}` : `include(\`cf.m4')\nOSTYPE(\`linux')\n${main}`;
      const tree = treeOf("/etc/mail", {
        [`/etc/mail/sendmail.${isCf ? "cf" : "mc"}`]: file,
        "/etc/mail/access": table,
      });
      expect([...auditVerdicts, "no Sendmail"]).toContain(verdictOf(tree));
    }),
    { numRuns: 60, seed: 7 },
  );
}, 60_000);
