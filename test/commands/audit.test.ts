import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
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
  [["audit"], 64, "missing required argument"],
  [["audit", "nowhere"], 66, "there is no such file"],
  [["audit", ".", "--product", "postfx"], 64, "Did you mean postfix?"],
] as const)
  test(`fencepost ${args.join(" ")} ends with ${code}`, async () => {
    const ran = await fencepost(args);
    expect([ran.code, ran.out]).toEqual([code, ""]);
    expect(ran.err).toContain(says);
  });

test("audit --help has examples", async () => {
  const ran = await fencepost(["audit", "--help"]);
  expect([ran.code, ran.err]).toEqual([0, ""]);
  expect(ran.out).toContain("Examples:\n  $ fencepost ");
  for (const line of ran.out.split("\n")) expect(line.length, line).toBeLessThan(121);
});
