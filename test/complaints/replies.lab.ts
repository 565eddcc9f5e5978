// The whole way through real servers: reports lie in a mailbox of Dovecot, answers go by Postfix's submission port with a login
// over TLS, and the reporter finds them in a mailbox.
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, test } from "vitest";
import { repliesDocumentSchema } from "../../src/complaints/reply/result.ts";
import { complaintsDocumentSchema } from "../../src/complaints/result.ts";
import { available } from "../lab/available.ts";
import { recipeFor } from "../lab/recipes.ts";
import { ensureRoots } from "../lab/roots.ts";
import { password, startMailhost } from "./mailhost.ts";
import { arf, plain } from "./mails.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const flagsOf = fileURLToPath(new URL("flags.ts", import.meta.url));
const can = await available();

beforeAll(async () => {
  if (can.ok) await ensureRoots([recipeFor("mailhost")]);
});

const report = arf().toString("latin1").replace("abuse@victim", "ann@victim");

test("from a report in a mailbox to an answer in another", { timeout: 300_000 }, async ({ expect, skip }) => {
  if (!can.ok && process.env.CI !== "true") skip(can.reason);
  expect(can).toEqual({ ok: true });
  await using host = await startMailhost({
    "1.a.mx1": report,
    "2.b.mx1": plain(["Subject: lunch"], ["At noon?"]).toString("latin1"),
  });
  const cwd = await mkdtemp(join(tmpdir(), "fencepost-run-"));
  await writeFile(
    join(cwd, "site.yaml"),
    `name: Our College
domains: [ourcollege.ac.uk]
networks: [192.0.2.0/24]
mailers: [{ name: mx1, host: mx1.ourcollege.ac.uk, addresses: [192.0.2.25], ports: [25] }]
mail:
  submit: "smtp://abuse@${host.address}:587"
  abuseMailbox: "imaps://abuse@${host.address}/INBOX"
  passwordFile: passwords
`,
  );
  const secrets = (text: string): Promise<void> => writeFile(join(cwd, "passwords"), text);
  const env = { XDG_STATE_HOME: cwd, HOME: cwd, NODE_EXTRA_CA_CERTS: host.certificate };
  const fencepost = (...args: readonly string[]) => host.exec([process.execPath, cli, "complaints", ...args], env, cwd);
  const documentOf = (text: string) => repliesDocumentSchema.parse(JSON.parse(text));
  const marks = async (): Promise<unknown> => {
    const ran = await host.exec([process.execPath, flagsOf, `imaps://abuse@${host.address}`, password], env, cwd);
    return JSON.parse(ran.stdout);
  };

  await secrets("wrong\n");
  const locked = await fencepost("draft");
  expect([locked.code, locked.stderr.includes("wrong")], host.log()).toEqual([69, false]);

  // Reading leaves no trace; drafting leaves a keyword, and nothing counts as read by a person.
  await secrets(`submit=${password}\nabuseMailbox=${password}\n`);
  const read = await fencepost("read", `imaps://abuse@${host.address}/INBOX`, "--json");
  expect(complaintsDocumentSchema.parse(JSON.parse(read.stdout)).messages, read.stderr).toBe(2);
  const untouched = JSON.stringify(await marks());
  expect(untouched).not.toContain("Fencepost");
  const drafted = await fencepost("draft", "--json");
  const { replies, counts } = documentOf(drafted.stdout);
  expect([drafted.code, counts.drafted], drafted.stderr).toEqual([0, 1]);
  expect(JSON.stringify(await marks())).toMatch(
    /^\[\["\$FencepostDone"(,"\\\\Recent")?\],\["\$FencepostDone"(,"\\\\Recent")?\]\]$/,
  );
  const again = documentOf((await fencepost("draft", "--json")).stdout);
  expect([again.counts.drafted, again.counts.covered]).toEqual([0, 0]);

  // A login that fails sends nothing, and loses nothing.
  await secrets(`submit=wrong\nabuseMailbox=${password}\n`);
  const refused = await fencepost("send", replies[0]!.id, "--json");
  expect([refused.code, documentOf(refused.stdout).replies[0]?.state]).toEqual([2, "approved"]);
  await secrets(`submit=${password}\nabuseMailbox=${password}\n`);
  const sent = await fencepost("send", "--json");
  expect([sent.code, documentOf(sent.stdout).counts.sent], sent.stderr + host.log().slice(-3000)).toEqual([0, 1]);
  expect(documentOf((await fencepost("send", "--json")).stdout).counts.sent).toBe(0);

  // What arrived is what was decided before it was sent.
  const theirs = { ...env, FENCEPOST_MAILBOX_PASSWORD: password };
  const inbox = `imaps://ann@${host.address}/INBOX`;
  for (let tries = 0; tries < 20; tries += 1) {
    const { stdout } = await host.exec([process.execPath, cli, "complaints", "read", inbox, "--json"], theirs, cwd);
    if (stdout !== "") {
      const { messages, reports } = complaintsDocumentSchema.parse(JSON.parse(stdout));
      expect([messages, reports[0]?.thread.messageId, reports[0]?.thread.references]).toEqual([
        1,
        replies[0]!.messageId,
        ["<r1@victim.example>"],
      ]);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`it did not arrive:\n${host.log().slice(-3000)}`);
});
