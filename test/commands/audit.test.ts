import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { auditDocumentSchema } from "../../src/audit/result.ts";
import { fencepost, newFolder } from "./run.ts";

vi.setConfig({ testTimeout: 90_000 });

const closed =
  "compatibility_level = 3.6\nmyhostname = mx.ours.example\nmydestination = ours.example\nmynetworks = 127.0.0.0/8\n";

function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = newFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("a closed configuration ends with 0, an open one with 1, an unknown one with 2", async () => {
  const cwd = newFolder();
  for (const [name, main] of [
    ["closed", closed],
    ["open", `${closed}smtpd_relay_restrictions = check_helo_access inline:{friend=OK}, reject_unauth_destination\n`],
    ["unknown", `${closed}relay_domains = ldap:/etc/postfix/ldap.cf\n`],
  ] as const) {
    mkdirSync(join(cwd, name));
    writeFileSync(join(cwd, name, "main.cf"), main);
  }
  for (const [args, code] of [
    [["closed"], 0],
    [["open"], 1],
    [["unknown"], 2],
    [["a=closed", "b=open"], 1],
  ] as const) {
    const ran = await fencepost(["audit", ...args, "--json"], { cwd });
    expect([ran.code, ran.err]).toEqual([code, ""]);
    const document = auditDocumentSchema.parse(JSON.parse(ran.out));
    expect(document.results.length).toBe(args.length);
  }
  const text = await fencepost(["audit", "open"], { cwd });
  expect(text.out).toContain("C: EHLO friend");
  expect(text.out).toContain("+smtpd_relay_restrictions = reject_unauth_destination");
  const html = await fencepost(["audit", "open", "closed", "--format", "html"], { cwd });
  expect(html.out).toMatch(/^<!doctype html>/i);
});

test("what cannot be read is said, and never closed", async () => {
  const outside = folderWith({ secret: "x OK\n" });
  const cwd = folderWith({
    "main.cf": `${closed}smtpd_relay_restrictions = check_sender_access texthash:/etc/postfix/link, reject_unauth_destination\n`,
    "binary.cf": Buffer.from([0x6d, 0, 0xff]),
  });
  symlinkSync(join(outside, "secret"), join(cwd, "link"));
  const ran = await fencepost(["audit", "."], { cwd });
  expect(ran.code).toBe(2);
  expect(ran.out).toMatch(/a link that leads out of\s+the folder/);
  const binary = await fencepost(["audit", "binary.cf"], { cwd });
  expect(binary.code).toBe(2);
});

for (const [args, code, says] of [
  [["audit"], 64, "Name the configuration to audit"],
  [["audit", ".", "--local"], 64, "not both"],
  [["audit", ".", "--changed", "--no-store"], 64, "--changed compares with the store"],
  [["audit", ".", "--deployment", "nowhere"], 66, "nowhere: there is no such file"],
  [["audit", ".", "--deployment", "."], 65, "no deployment was found"],
  [["audit", "nowhere"], 66, "there is no such file"],
  [["audit", ".", "--product", "postfx"], 64, "Did you mean postfix?"],
] as const)
  test(`fencepost ${args.join(" ")} ends with ${code}`, async () => {
    const ran = await fencepost(args);
    expect([ran.code, ran.out]).toEqual([code, ""]);
    expect(ran.err).toContain(says);
  });

test("what was found is on record: the next audit says what changed, --changed only what did", async () => {
  const cwd = newFolder();
  mkdirSync(join(cwd, "mx"));
  const main = join(cwd, "mx", "main.cf");
  writeFileSync(main, `${closed}mynetworks = 0.0.0.0/0\n`);
  const first = await fencepost(["audit", "mx", "--changed"], { cwd });
  expect(first.out).toContain("OPEN RELAY");
  const again = await fencepost(["audit", "mx", "--changed"], { cwd });
  expect([again.code, again.out]).toEqual([1, expect.stringMatching(/^OPEN RELAY +mx, unchanged since .* UTC\n$/)]);
  writeFileSync(main, closed);
  const mended = await fencepost(["audit", "mx", "--changed"], { cwd });
  expect(mended.code).toBe(0);
  expect(mended.err).toMatch(/mx was open on .* UTC, is closed now/);
  const shown = await fencepost(["history", "latest", "--json"], { cwd });
  expect(auditDocumentSchema.parse(JSON.parse(shown.out)).results.map(({ verdict }) => verdict)).toEqual(["closed"]);
  expect((await fencepost(["history"], { cwd })).out).toMatch(/closed/i);
});

test("--fix writes what mends it, keeps what was, and says what is left", async () => {
  const cwd = newFolder();
  mkdirSync(join(cwd, "mx"));
  const main = join(cwd, "mx", "main.cf");
  const open = `${closed}smtpd_relay_restrictions = check_helo_access inline:{friend=OK}, check_sender_access inline:{boss@ours.example=OK}, reject_unauth_destination\nsmtpd_client_restrictions = reject_rbl_client relays.ordb.org\n`;
  writeFileSync(main, open, { mode: 0o640 });
  const ran = await fencepost(["audit", "mx", "--fix", "--json"], { cwd });
  expect([ran.code, ran.err]).toEqual([0, ""]);
  const [result] = auditDocumentSchema.parse(JSON.parse(ran.out)).results;
  expect(result?.verdict).toBe("closed");
  expect(result?.fixed?.map(({ tag }) => tag)).toContain("PFX_HELO_OK");
  // What no patch mends is still told.
  expect(result?.findings.map(({ tag }) => tag)).toEqual(["AUDIT_DEAD_LIST"]);
  const [{ backup } = { backup: "" }] = result?.written ?? [];
  expect(readFileSync(backup, "utf8")).toBe(open);
  expect(readFileSync(main, "utf8")).toContain("smtpd_relay_restrictions = reject_unauth_destination");
  expect((await fencepost(["audit", "mx"], { cwd })).code).toBe(0);
  const again = await fencepost(["audit", "mx", "--fix", "--json"], { cwd });
  expect(auditDocumentSchema.parse(JSON.parse(again.out)).results[0]?.fixed).toBe(undefined);
});

test("only an audit of this machine reads what the files name elsewhere", async () => {
  const outside = folderWith({ table: "friend OK\n" });
  const cwd = folderWith({
    "main.cf": `${closed}smtpd_relay_restrictions = check_helo_access texthash:${join(outside, "table")}, reject_unauth_destination\n`,
  });
  expect((await fencepost(["audit", "main.cf"], { cwd })).code).toBe(2);
});

test("audit --help has examples", async () => {
  const ran = await fencepost(["audit", "--help"]);
  expect([ran.code, ran.err]).toEqual([0, ""]);
  expect(ran.out).toContain("Examples:\n  $ fencepost ");
  for (const line of ran.out.split("\n")) expect(line.length, line).toBeLessThan(121);
});
