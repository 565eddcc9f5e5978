/** Answers to reports as a person drafts, reads and sends them. */
import { spawn } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type RepliesDocument, repliesDocumentSchema } from "../../src/complaints/reply/result.ts";
import { arf, plain } from "../complaints/mails.ts";
import { startSubmissionServer } from "../fakes/submission-server.ts";
import { fencepost, newFolder } from "./run.ts";

const from = "From x@victim.example Tue Nov 24 09:00:00 2026";
const evil = plain(
  ["Subject: =?utf-8?q?spam=0D=0ABcc:_x@y.example?= \x1b[2J", "Message-ID: <b@victim.example>"],
  ["You send me spam."],
);
const box = `${from}\n${arf()}\n\n${from}\n${evil}\n`;

function folderWith(port: number, more = ""): string {
  const folder = newFolder();
  writeFileSync(
    join(folder, "site.yaml"),
    `name: Our College
domains: [ourcollege.ac.uk]
networks: [192.0.2.0/24]
mailers: [{ name: mx1, host: mx1.ourcollege.ac.uk, addresses: [192.0.2.25], ports: [25] }]
mail: { submit: "smtp://127.0.0.1:${port}"${more} }
`,
  );
  writeFileSync(join(folder, "box"), box);
  return folder;
}

/** With what is typed as its standard input. */
async function typed(args: readonly string[], lines: readonly string[], cwd: string, env: Record<string, string> = {}) {
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, XDG_STATE_HOME: cwd, HOME: cwd, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (text) => (out += String(text)));
  child.stderr.on("data", (text) => (err += String(text)));
  child.stdin.end(`${lines.join("\n")}\n`);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, err };
}

const documentOf = (text: string): RepliesDocument => repliesDocumentSchema.parse(JSON.parse(text));

test("draft writes answers and sends none; send sends those that are named", async () => {
  await using server = await startSubmissionServer();
  const cwd = folderWith(server.port);
  const drafted = await fencepost(["complaints", "draft", "box", "--out", "answers", "--json"], { cwd });
  const { replies, counts } = documentOf(drafted.out);
  expect([drafted.code, counts.drafted, readdirSync(join(cwd, "answers")).length]).toEqual([0, 2, 2]);
  expect((await fencepost(["complaints", "send"], { cwd })).code).toBe(0);
  expect(server.taken).toEqual([]);
  const [first] = replies;
  const sent = await fencepost(["complaints", "send", first!.id, "--out", "sent", "--json"], { cwd });
  expect([sent.code, documentOf(sent.out).counts.sent]).toEqual([0, 1]);
  expect(server.taken.map(({ to }) => to)).toEqual([first!.reporter]);
  const copy = readFileSync(join(cwd, "sent", `sent-${first!.id}.eml`), "latin1");
  expect(`${server.taken[0]!.data}\r\n`).toBe(copy);
  // Read again, nothing is new.
  expect(documentOf((await fencepost(["complaints", "draft", "box", "--json"], { cwd })).out).counts.drafted).toBe(0);
});

test("reply: one screen each, a letter for each decision, and nothing goes without a yes", async () => {
  await using server = await startSubmissionServer();
  const cwd = folderWith(server.port);
  const held = await typed(["complaints", "reply", "box"], ["a", "n", "n"], cwd);
  expect([held.code, server.taken]).toEqual([0, []]);
  // What a stranger wrote does not steer the terminal.
  expect(held.err).not.toContain("\x1b");
  expect(held.err).toContain("Answer 1 of 2");
  const sent = await typed(["complaints", "reply", "--json"], ["y"], cwd);
  expect([sent.code, documentOf(sent.out).verdict]).toEqual([0, "done"]);
  expect(server.taken.map(({ to }) => to)).toEqual(["abuse@victim.example"]);
});

test("reply: a text of one's own, in another language", async () => {
  await using server = await startSubmissionServer();
  const cwd = folderWith(server.port, ", language: de, wordings: words.yaml");
  writeFileSync(join(cwd, "words.yaml"), "de: { received: 'Danke, {server} wird repariert.' }\n");
  writeFileSync(join(cwd, "editor"), '#!/bin/sh\necho "Grüße." >>"$1"\n');
  chmodSync(join(cwd, "editor"), 0o755);
  const { code } = await typed(["complaints", "reply", "box"], ["e", "a", "", "y"], cwd, {
    VISUAL: join(cwd, "editor"),
  });
  expect(code).toBe(0);
  const [only] = server.taken;
  expect(only?.data).toContain("Danke, mx1.ourcollege.ac.uk (192.0.2.25) wird repariert.");
  expect(only?.data).toContain("Gr=C3=BC=C3=9Fe.");
});

for (const [name, conduct, code] of [
  ["refused", { dot: "554 5.7.1 listed" }, 1],
  ["lost under way", { dot: "hang-up" }, 2],
  ["put off", { rcpt: "451 4.7.1 later" }, 2],
] as const)
  test(`send: ${name}`, async () => {
    await using server = await startSubmissionServer(() => conduct);
    const cwd = folderWith(server.port);
    const { replies } = documentOf((await fencepost(["complaints", "draft", "box", "--json"], { cwd })).out);
    expect((await fencepost(["complaints", "send", replies[0]!.id], { cwd })).code).toBe(code);
  });

for (const [args, env, code, says] of [
  [["draft", "nothing"], {}, 66, "no such file"],
  [["draft"], {}, 64, "mail.abuseMailbox"],
  [["draft", "imap://127.0.0.1/x"], {}, 78, "names the account"],
  [["draft", "imap://a@127.0.0.1:1/x"], {}, 78, "FENCEPOST_MAILBOX_PASSWORD"],
  [["draft", "imap://a@127.0.0.1:1/x"], { FENCEPOST_MAILBOX_PASSWORD: "secret" }, 69, "imap://a@127.0.0.1:1/x"],
  [["send", "nonsense"], {}, 64, "no answer nonsense"],
  [["send", "--no-store"], {}, 64, "cannot do without"],
] as const)
  test(`what makes no sense is said: ${args.join(" ")}, ${code}`, async () => {
    const ran = await fencepost(["complaints", ...args], { cwd: folderWith(1), env });
    expect([ran.code, ran.err.includes(says) ? says : ran.err, ran.err.includes("secret")]).toEqual([
      code,
      says,
      false,
    ]);
  });
