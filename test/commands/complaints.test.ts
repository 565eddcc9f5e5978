/** `fencepost complaints read` as a person types it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ComplaintsDocument, complaintsDocumentSchema } from "../../src/complaints/result.ts";
import { arf, plain } from "../complaints/mails.ts";
import { fencepost, newFolder } from "./run.ts";

const siteText = `name: Our College
domains: [ourcollege.ac.uk]
networks: [192.0.2.0/24]
mailers: [{ name: mx1, host: mx1.ourcollege.ac.uk, addresses: [192.0.2.25], ports: [25] }]
`;

function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = newFolder();
  writeFileSync(join(folder, "site.yaml"), siteText);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const from = "From x@victim.example Tue Nov 24 09:00:00 2026";
const mbox = `${from}\n${arf()}\n\n${from}\n${plain(["Subject: lunch"], ["At noon?"])}\n`;

for (const [name, args, files, code] of [
  ["about us", ["read", "box"], { box: mbox }, 1],
  ["not told", ["read", "one.eml"], { "one.eml": plain(["Subject: spam"], ["You send me spam."]) }, 2],
  ["none", ["read", "one.eml"], { "one.eml": plain(["Subject: lunch"], ["At noon?"]) }, 0],
  ["no message", ["read", "empty"], { empty: "" }, 65],
  ["no file", ["read", "nothing"], {}, 66],
  ["no path", ["read"], {}, 64],
  ["nagios", ["read", "box", "--format", "nagios"], { box: mbox }, 2],
] as const)
  test(`complaints: ${name}`, async () => {
    const ran = await fencepost(["complaints", ...args], { cwd: folderWith(files) });
    expect([ran.code, ran.code === code ? "" : ran.err]).toEqual([code, ""]);
  });

test("the JSON document is what the schema says, and the text says the same", async () => {
  const cwd = folderWith({ box: mbox });
  const json = await fencepost(["complaints", "read", "box", "--json"], { cwd });
  const document: ComplaintsDocument = complaintsDocumentSchema.parse(JSON.parse(json.out));
  expect(document.reports.map(({ mailer, kind, source }) => [mailer, kind, source.message])).toEqual([
    ["mx1", "open-relay", 1],
    [null, "not-a-report", 2],
  ]);
  const text = await fencepost(["complaints", "read", "box"], { cwd });
  expect(text.out).toContain("ABOUT US");
  expect(text.out).toContain("it came in without a login from 203.0.113.77, queue id 9Z8Y7X");
  const html = await fencepost(["complaints", "read", "box", "--format", "html"], { cwd });
  expect(html.out).toMatch(/^<!doctype html>/);
});
